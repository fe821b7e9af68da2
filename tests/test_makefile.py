"""`make new-day` takes what it is given as it is: nothing in a title is run or replaced."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the Makefile and an environment in which Python only repeats its arguments."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for number, name in enumerate(("requirements.txt", "requirements-dev.txt")):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (number, number))
    tools = tmp_path / ".venv" / "bin"
    tools.mkdir(parents=True)
    (tools / "python").write_text(
        f"#!{sys.executable}\nimport sys\n"
        "print('works' if sys.argv[1] == '-c' else '|'.join(sys.argv[1:]))\n"
    )
    (tools / "python").chmod(0o755)
    for number, name in enumerate(("made", "run.done", "dev.done"), start=2):
        (tmp_path / ".venv" / name).write_text("")
        os.utime(tmp_path / ".venv" / name, (number, number))
    return tmp_path


def make(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env={**known, "LC_ALL": "C.UTF-8", **variables},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )


@pytest.mark.parametrize(
    "title",
    [
        *("$(shell touch ran)", "$x costs $$5", "`touch ran`", "it's", 'a "b" c', "--help"),
        *("a; touch ran", "a # b", "a\\b", "a\nb", "캐시 🚀"),
    ],
)
def test_a_title_is_taken_as_it_is(folder: Path, title: str) -> None:
    said = f"-m|course|new-day|--slug=|--|4|{title}\n"
    assert make(folder, "new-day", "DAY=4", f"TITLE={title}").stdout == said
    assert make(folder, "new-day", TITLE=title, DAY="4").stdout == said
    assert not (folder / "ran").exists()


@pytest.mark.parametrize("given", [("DAY=4",), ("DAY=4", "TITLE="), ("TITLE=Caching",)])
def test_a_day_without_a_number_or_a_title_is_refused_in_plain_words(
    folder: Path, given: tuple[str, ...]
) -> None:
    done = make(folder, "new-day", *given)
    assert done.returncode == 2
    assert done.stdout == 'Say which day, and its title: make new-day DAY=8 TITLE="Caching"\n'


def test_nothing_else_that_is_given_is_run(folder: Path) -> None:
    make(folder, "new-day", "DAY=$(shell touch ran)", "TITLE=a", "SLUG=$(shell touch ran)")
    assert not (folder / "ran").exists()


def test_one_day_is_checked_where_one_is_named(folder: Path) -> None:
    assert make(folder, "check", "DAY=3").stdout == "-m|course|check|--|3\n"
    assert make(folder, "check").stdout == "-m|course|check|--|\n"

"""The instructor's commands: what they print where, and what their exit code is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from connection import ConnectionFailed
from course import ROOT
from course import __main__ as command
from course.__main__ import main
from course.commands import grade, new_day
from course.commands.checking import lesson_files
from course.commands.new_day import create
from course.content import lessons
from practice import Unavailable
from tests.course.making import loaded, make_lesson


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["new-day", "0", "X"], "No day was made: day 0 is not between 1 and 999.\n"),
        (
            ["new-day", "1", "X"],
            "No day was made: lessons/day_01_connect/ is day 1 already; choose another day, or "
            "edit that one.\n",
        ),
        (
            ["translated", "99", "en"],
            "Day 99 is missing or can't be read. "
            f"Days: {', '.join(str(each.meta.day) for each in lessons())}.\n",
        ),
        (
            ["translated", "1", "ko"],
            "Nothing was recorded: ko is what the other languages are translated from.\n",
        ),
    ],
)
def test_what_a_command_cannot_do_is_told_with_what_to_do(
    given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(given) == 2
    assert tuple(capsys.readouterr()) == ("", said)


def test_a_translation_is_recorded_unless_a_text_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = loaded(tmp_path)
    monkeypatch.setattr(command, "lessons", lambda: [found])
    assert main(["translated", "7", "en"]) == 0
    said = "lessons/day_07_caching/translated.toml: en is recorded as up to date.\n"
    assert tuple(capsys.readouterr()) == (said, "")
    (found.folder / "ko.md").unlink()
    assert main(["translated", "7", "en"]) == 1
    out, err = capsys.readouterr()
    first = "Nothing was recorded; fix this first:\nlessons/day_07_caching/ko.md: cannot be read"
    assert (out, err.startswith(first)) == ("", True)


@pytest.mark.parametrize("day", ["x", "-1", "1234567", "٣"])
def test_what_is_no_days_number_is_named(day: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["translated", "--", day, "en"])
    assert ended.value.code == 2
    said = f"argument day: '{day}' isn't a day's number; write one such as 4"
    assert capsys.readouterr().err.rstrip().endswith(said)


def test_a_new_day_is_told_with_its_files_what_is_left_and_where_to_see_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_lesson(tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)  # the house format
    monkeypatch.setattr(create, "__defaults__", ("", tmp_path))
    monkeypatch.setattr(lesson_files.check_files, "__defaults__", (tmp_path, None))
    assert main(["new-day", "8", "Tool Calls"]) == 0
    out, err = capsys.readouterr()
    written, todos, see = out.split("\n\n")
    assert err == ""
    assert written.startswith("Written:\n  pages/day_08_tool_calls.py\n  lessons/day_08")
    assert len(written.splitlines()) == 11
    first, *others = todos.splitlines()
    assert first == "Still to write (`make check` lists it again):"
    assert len(others) > 10
    assert all("day_08_tool_calls" in each and "still to be written" in each for each in others)
    assert see == "See it: `make run`, then http://localhost:8501/day_08_tool_calls\n"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionFailed("local", where="no port"), "Local Cortex does not start: no port\n"),
        (
            ConnectionFailed("network"),
            "Local Cortex does not start: no session: network\n",
        ),
        (
            Unavailable("missing", "none"),
            "Programs cannot be run on this machine: none.\n",
        ),
    ],
)
def test_why_nothing_can_be_graded_is_told(
    error: Exception,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> list[grade.Row]:
        raise error

    monkeypatch.setenv("COURSE_FIRST_TOKEN", "0")
    monkeypatch.setattr(grade, "grade_files", fail)
    assert main(["grade", "a.json"]) == 1
    assert tuple(capsys.readouterr()) == ("", said)


def test_the_longest_slug_is_one_of_forty_letters(tmp_path: Path) -> None:
    make_lesson(tmp_path)
    assert create(999, "Other", "a" * new_day.MAX_SLUG, tmp_path)[0].stem == f"day_999_{'a' * 40}"

"""A lesson's examples: each runs by itself, and the prose shows what it prints."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from course.commands.checking import running
from course.commands.checking.exercise_files import programs_of, snippets
from course.commands.checking.running import run_examples, run_python
from course.content import find
from practice import load_exercises
from tests.course.making import in_section, loaded

SHOWN = "```python file=steps/example_first.py\n```\n\n```text\nseven\n```\n"


@pytest.mark.parametrize(
    ("code", "prose", "said"),
    [
        ("print('seven')\n", SHOWN, []),
        (
            "print('eight')\n",
            SHOWN,
            [
                f"{language}.md: does not show what steps/example_first.py prints. Put this into a "
                "fence with text: 'eight'."
                for language in ("ko", "en")
            ],
        ),
        ("print('eight')\n", SHOWN.replace(".py", ".py run=yes"), []),
        ("raise ValueError\n", SHOWN.replace(".py", ".py run=yes fails=yes"), []),
        (
            "raise ValueError('no')\n",
            SHOWN,
            [
                "steps/example_first.py: fails: ValueError: no. An example runs by itself; "
                "correct it."
            ],
        ),
        (
            "raise SystemExit(3)\n",
            SHOWN,
            [
                "steps/example_first.py: fails: it ended without a message. An example runs by "
                "itself; correct it."
            ],
        ),
    ],
)
def test_an_example_runs_and_the_prose_shows_what_it_prints(
    tmp_path: Path, code: str, prose: str, said: list[str]
) -> None:
    found = loaded(tmp_path, prose=in_section("theory", prose))
    (found.folder / "steps" / "example_first.py").write_text(code)
    told = [str(each).removeprefix(f"lessons/{found.name}/") for each in run_examples(found)]
    assert told == said


def test_an_example_that_does_not_end_is_named_and_its_process_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "SECONDS", 0.2)
    found = loaded(tmp_path)
    (found.folder / "steps" / "example_first.py").write_text("while True: pass\n")
    (told,) = run_examples(found)
    assert (told.what, told.fix) == ("does not end", "An example ends by itself within seconds")
    assert not running._running


def test_a_program_has_its_folder_its_environment_and_utf_8(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd(), os.environ['X'], '한'); print('é', file=sys.stderr)"
    done = run_python(["-c", code], tmp_path, {"X": "5", "LC_ALL": "C"}, 60.0)
    assert (done.stdout, done.stderr) == (f"{tmp_path.resolve()} 5 한\n", "é\n")
    with pytest.raises(subprocess.TimeoutExpired):
        run_python(["-c", "while True: pass"], tmp_path, {}, 0.0)


def test_the_programs_of_a_lesson_are_its_exercises_answers_and_snippets() -> None:
    found = find("day_01_connect")
    abouts = [each.about for each in load_exercises(found.name)]
    answers = sum(2 + len(each.wrong) + len(each.right) for each in abouts)
    assert programs_of(found) == answers + len(snippets(found)) > 5

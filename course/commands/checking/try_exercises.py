"""Tries the exercises of some lessons and prints what is wrong with them, as one line of JSON.

A script, because what answers the programs is the connection of a whole process.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from course.commands.checking.exercise_files import snippets, unproven
from course.content.lesson import find
from course.exercises.answering import Backend, try_out
from course.language import LANGUAGES
from course.settings import AnswerSettings
from course.toml_models import Place
from practice import CheckResult, Exercise, Unavailable, grade, load_exercises
from practice.exercises import RightAnswer, WrongAnswer

# File, place in it (none: as a whole), what is wrong, how to fix it, severity.
Row = tuple[str, Place, str, str, str]
# The check and the mistake of each result.
Seen = set[tuple[str, str | None]]
RUNS_PER_PROCESSOR = 8


def main(lessons: Path, names: list[str]) -> list[Row]:
    """Return what is wrong with the exercises of the lessons that are named."""
    backend = Backend(AnswerSettings())
    exercises = [each for name in names for each in load_exercises(name, lessons)]
    shown = [
        (str(lessons / name / file), *each)
        for name in names
        for file, each in snippets(find(name, lessons)).items()
    ]
    # A run waits for its model and its sleeps for most of its time; a place limits who computes.
    with ThreadPoolExecutor(max_workers=RUNS_PER_PROCESSOR * (os.cpu_count() or 1)) as pool:
        tried = [_begin(each, lessons / each.day / "practice", backend, pool) for each in exercises]
        ran = pool.map(partial(_run_snippet, backend), shown)
        return [row for rows in (*(rows() for rows in tried), *ran) for row in rows]


def _run_snippet(backend: Backend, shown: tuple[str, Exercise, bool]) -> list[Row]:
    """Run what learners can run, as it is: it ends without an error, unless it fails on purpose."""
    file, each, fails = shown
    try:
        results = grade(each, each.starter, try_out(each, each.starter, backend), "en")
    except Unavailable as error:
        return [(file, (), *_unavailable(error))]
    wrong = next((result for result in results if not result.passed), None)
    if fails and wrong is None:
        said, fix = "does not fail, though the page says so", "Drop fails=yes, or correct it"
        return [(file, (), said, fix, "error")]
    if fails or wrong is None:
        return []
    said = f"fails as a snippet of the page: {' '.join(wrong.message.split())}"
    return [(file, (), said, "Correct it, or add fails=yes if it should fail", "error")]


def _begin(
    exercise: Exercise, practice: Path, backend: Backend, pool: ThreadPoolExecutor
) -> Callable[[], list[Row]]:
    """Begin to run an exercise's programs; what is returned waits for them, and judges them."""
    folder = practice / exercise.name
    programs = ["solution", "starter", *exercise.about.wrong, *exercise.about.right]
    results = pool.map(partial(_try, exercise, folder, backend), programs)

    def rows() -> list[Row]:
        (rows, _), *others = results
        if rows:
            return rows  # what is wrong with the others follows from a solution that does not pass
        seen = set().union(*(seen for _, seen in others))
        file = str(folder / "exercise.toml")
        rows += [row for found, _ in others for row in found]
        unseen = unproven(exercise.about, seen)
        return rows + [(file, place, what, fix, "warning") for place, what, fix in unseen]

    return rows


def _try(
    exercise: Exercise, folder: Path, backend: Backend, what: str | RightAnswer
) -> tuple[list[Row], Seen]:
    """Run a program; return what is wrong, and what the checks of a wrong answer found."""
    file = str(folder / "exercise.toml")
    try:
        if isinstance(what, RightAnswer):
            code = exercise.answer_program(what)
        else:
            code = exercise.solution if what == "solution" else exercise.starter
        events = try_out(exercise, code, backend)
        graded = {name: grade(exercise, code, events, name) for name in LANGUAGES}
    except Unavailable as error:
        return [(file, (), *_unavailable(error))], set()
    except Exception as error:  # one exercise must keep no other from being tried
        named = what if isinstance(what, str) else f"answer {what.id}"
        said = f"the {named} cannot be tried: {type(error).__name__}: {error}"
        return [(file, (), said, "Look at its scenes and checks", "error")], set()
    messages: dict[Row, dict[str, str]] = {}
    for language, results in graded.items():
        first = next((result for result in results if not result.passed), None)
        if (row := _judged(exercise, folder, what, first)) is not None:
            messages.setdefault(row, {})[language] = first.message if first else ""
    rows = []
    for (path, place, said, fix, severity), told in messages.items():
        message = told.get("en") or next(iter(told.values()))
        shown = f": {' '.join(message.split())}" if message else ""
        rows.append((path, place, f"{said} ({', '.join(told)}){shown}", fix, severity))
    seen = {(each.id, each.mistake) for results in graded.values() for each in results}
    return rows, seen if isinstance(what, WrongAnswer) else set()


def _unavailable(error: Unavailable) -> tuple[str, str, str]:
    said = f"programs cannot be run here, so this was not tried: {error}"
    return said, "Try it on another machine", "warning"


def _judged(
    exercise: Exercise, folder: Path, what: str | RightAnswer, first: CheckResult | None
) -> Row | None:
    """Return what is wrong with a program whose first check that fails is ``first``."""
    if isinstance(what, WrongAnswer):
        right = first is not None and (first.id, first.mistake) == (what.check, what.mistake)
        if right and first is not None and first.message:
            return None
        got = "passes" if first is None else f"fails {_named(first.id, first.mistake)}"
        got += ", without a message" if right else ""
        said = f"wrong answer {what.id} should fail {_named(what.check, what.mistake)}, but {got}"
        place = ("wrong", exercise.about.wrong.index(what), "id")
        fix = "Fix the condition, or what the wrong answer says"
        return (str(folder / "exercise.toml"), place, said, fix, "error")
    if isinstance(what, RightAnswer) and first is not None:
        place = ("right", exercise.about.right.index(what), "id")
        said = f"right answer {what.id} fails {_named(first.id, first.mistake)}"
        fix = "Let the check accept it, or say why it is wrong"
        return (str(folder / "exercise.toml"), place, said, fix, "error")
    if what == "solution" and first is not None:
        said, fix = f"fails check {first.id}", "Fix it, or the check"
        return (str(folder / "solution.py"), (), said, fix, "error")
    if what == "starter" and first is None:
        said, fix = "passes all checks as it is", "Leave something to do"
        return (str(folder / "starter.py"), (), said, fix, "error")
    return None


def _named(check: str, mistake: str | None) -> str:
    return f"check {check}" + (f", mistake {mistake}" if mistake else "")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), sys.argv[2:])) + "\n")

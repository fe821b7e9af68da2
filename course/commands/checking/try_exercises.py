"""Tries the exercises of some lessons and prints their problems as one line of JSON.

A script, because what answers the programs is the connection of a whole process.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from course.commands.checking.exercise_files import snippets, unproven
from course.content.lesson import find
from course.exercises.answering import Backend, try_out
from course.language import LANGUAGES
from course.problems import Problem, to_json
from course.settings import AnswerSettings
from course.toml_models import Place, line_of
from practice import CheckResult, Exercise, Unavailable, grade, load_exercises
from practice.exercises import RightAnswer, WrongAnswer
from practice.sources import read_text

# The check and the mistake of each result.
Seen = set[tuple[str, str | None]]
RUNS_PER_PROCESSOR = 8


def main(lessons: Path, names: list[str]) -> list[Problem]:
    """Return what is wrong with the exercises of the lessons that are named."""
    backend = Backend(AnswerSettings())
    exercises = [each for name in names for each in load_exercises(name, lessons)]
    shown = [
        (lessons / name / file, *each)
        for name in names
        for file, each in snippets(find(name, lessons)).items()
    ]
    # A run waits for its model and its sleeps for most of its time; a place limits who computes.
    with ThreadPoolExecutor(max_workers=RUNS_PER_PROCESSOR * (os.cpu_count() or 1)) as pool:
        tried = [_begin(each, lessons / each.day / "practice", backend, pool) for each in exercises]
        ran = pool.map(partial(_run_snippet, backend), shown)
        return [row for rows in (*(rows() for rows in tried), *ran) for row in rows]


def _run_snippet(backend: Backend, shown: tuple[Path, Exercise, bool]) -> list[Problem]:
    """Run what learners can run, as it is: it ends without an error, unless it fails on purpose."""
    file, each, fails = shown
    try:
        results = grade(each, each.starter, try_out(each, each.starter, backend), "en")
    except Unavailable as error:
        return [_unavailable(file, error)]
    wrong = next((result for result in results if not result.passed), None)
    if fails and wrong is None:
        said, fix = "does not fail, though the page says so", "Drop fails=yes, or correct it"
        return [Problem(file, 0, said, fix)]
    if fails or wrong is None:
        return []
    said = f"fails as a snippet of the page: {' '.join(wrong.message.split())}"
    return [Problem(file, 0, said, "Correct it, or add fails=yes if it should fail")]


def _begin(
    exercise: Exercise, practice: Path, backend: Backend, pool: ThreadPoolExecutor
) -> Callable[[], list[Problem]]:
    """Begin to run an exercise's programs; what is returned waits for them, and judges them."""
    folder = practice / exercise.name
    programs = ["solution", "starter", *exercise.about.wrong, *exercise.about.right]
    results = pool.map(partial(_try, exercise, folder, backend), programs)

    def rows() -> list[Problem]:
        (rows, _), *others = results
        if rows:
            return rows  # what is wrong with the others follows from a solution that does not pass
        seen = set().union(*(seen for _, seen in others))
        rows += [row for found, _ in others for row in found]
        for place, what, fix in unproven(exercise.about, seen):
            rows.append(_in_toml(folder, place, what, fix, "warning"))
        return rows

    return rows


def _try(
    exercise: Exercise, folder: Path, backend: Backend, what: str | RightAnswer
) -> tuple[list[Problem], Seen]:
    """Run a program; return what is wrong, and what the checks of a wrong answer found."""
    file = folder / "exercise.toml"
    try:
        if isinstance(what, RightAnswer):
            code = exercise.answer_program(what)
        else:
            code = exercise.solution if what == "solution" else exercise.starter
        events = try_out(exercise, code, backend)
        graded = {name: grade(exercise, code, events, name) for name in LANGUAGES}
    except Unavailable as error:
        return [_unavailable(file, error)], set()
    except Exception as error:  # one exercise must keep no other from being tried
        named = what if isinstance(what, str) else f"answer {what.id}"
        said = f"the {named} cannot be tried: {type(error).__name__}: {error}"
        return [Problem(file, 0, said, "Look at its scenes and checks")], set()
    messages: dict[Problem, dict[str, str]] = {}
    for language, results in graded.items():
        first = next((result for result in results if not result.passed), None)
        if (problem := _judged(exercise, folder, what, first)) is not None:
            messages.setdefault(problem, {})[language] = first.message if first else ""
    rows = []
    for problem, told in messages.items():
        message = told.get("en") or next(iter(told.values()))
        shown = f": {' '.join(message.split())}" if message else ""
        rows.append(replace(problem, what=f"{problem.what} ({', '.join(told)}){shown}"))
    seen = {(each.id, each.mistake) for results in graded.values() for each in results}
    return rows, seen if isinstance(what, WrongAnswer) else set()


def _unavailable(file: Path, error: Unavailable) -> Problem:
    said = f"programs cannot be run here, so this was not tried: {error}"
    return Problem(file, 0, said, "Try it on another machine", "warning")


def _in_toml(folder: Path, place: Place, *said: Any) -> Problem:
    file = folder / "exercise.toml"
    return Problem(file, line_of(read_text(file), place), *said)


def _judged(
    exercise: Exercise, folder: Path, what: str | RightAnswer, first: CheckResult | None
) -> Problem | None:
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
        return _in_toml(folder, place, said, fix)
    if isinstance(what, RightAnswer) and first is not None:
        place = ("right", exercise.about.right.index(what), "id")
        said = f"right answer {what.id} fails {_named(first.id, first.mistake)}"
        fix = "Let the check accept it, or say why it is wrong"
        return _in_toml(folder, place, said, fix)
    if what == "solution" and first is not None:
        said, fix = f"fails check {first.id}", "Fix it, or the check"
        return Problem(folder / "solution.py", 0, said, fix)
    if what == "starter" and first is None:
        said, fix = "passes all checks as it is", "Leave something to do"
        return Problem(folder / "starter.py", 0, said, fix)
    return None


def _named(check: str, mistake: str | None) -> str:
    return f"check {check}" + (f", mistake {mistake}" if mistake else "")


if __name__ == "__main__":
    sys.stdout.write(to_json(main(Path(sys.argv[1]), sys.argv[2:])) + "\n")

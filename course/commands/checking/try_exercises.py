"""Tries the exercises of some lessons and prints what is wrong with them, as one line of JSON.

A script, because what answers the programs is the connection of a whole process.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from course.commands.checking.exercise_files import unproven
from course.commands.checking.wording import Place
from course.exercises.answers import Answers, try_out
from course.language import LANGUAGES
from course.settings import AnswerSettings
from practice import CheckResult, Exercise, Unavailable, grade, load_exercises
from practice.exercises import WrongAnswer

# File, place in it (none: as a whole), what is wrong, how to fix it, severity.
Row = tuple[str, Place, str, str, str]
# The check and the mistake of each result.
Seen = set[tuple[str, str | None]]


def main(lessons: Path, names: list[str]) -> list[Row]:
    """Return what is wrong with the exercises of the lessons that are named."""
    answers = Answers(AnswerSettings())
    found = [exercise for name in names for exercise in load_exercises(name, lessons)]
    jobs: list[tuple[Exercise, str | WrongAnswer]] = []
    for exercise in found:
        jobs += [(exercise, "solution"), (exercise, "starter")]
        jobs += [(exercise, wrong) for wrong in exercise.about.wrong]

    def attempt(job: tuple[Exercise, str | WrongAnswer]) -> tuple[list[Row], Seen]:
        exercise, what = job
        try:
            return _try(lessons, exercise, what, answers)
        except Exception as error:  # one exercise is to keep no other from being tried
            file = lessons / exercise.day / "practice" / exercise.name / "exercise.toml"
            named = what if isinstance(what, str) else f"wrong answer {what.id}"
            said = f"the {named} cannot be tried: {type(error).__name__}: {error}"
            return [(str(file), (), said, "Look at what its scenes and checks ask", "error")], set()

    with ThreadPoolExecutor(max_workers=2 * (os.cpu_count() or 1)) as pool:
        results = list(zip(jobs, pool.map(attempt, jobs), strict=True))
    # What is wrong with the others follows from a solution that does not pass.
    failed = {
        (each.day, each.name) for (each, what), (rows, _) in results if what == "solution" and rows
    }
    rows = [
        row
        for (each, what), (found, _) in results
        for row in found
        if what == "solution" or (each.day, each.name) not in failed
    ]
    for exercise in found:
        if (exercise.day, exercise.name) not in failed:
            seen = set().union(*(seen for (each, _), (_, seen) in results if each is exercise))
            file = str(lessons / exercise.day / "practice" / exercise.name / "exercise.toml")
            unseen = unproven(exercise.about, seen)
            rows += [(file, place, what, fix, "warning") for place, what, fix in unseen]
    return rows


def _try(
    lessons: Path, exercise: Exercise, what: str | WrongAnswer, answers: Answers
) -> tuple[list[Row], Seen]:
    if isinstance(what, WrongAnswer):
        code = exercise.wrong_program(what)
    else:
        code = exercise.solution if what == "solution" else exercise.starter
    folder = lessons / exercise.day / "practice" / exercise.name
    try:
        events = try_out(exercise, code, answers)
    except Unavailable as error:
        said = f"programs cannot be run here, so this was not tried: {error}"
        fix = "Try it on another machine"
        about = exercise.about
        # Nothing can be said of its mistakes either.
        untold: Seen = {(check.id, each.id) for check in about.checks for each in check.mistakes}
        untold |= {("runs", each.id) for each in about.errors}
        return [(str(folder / "exercise.toml"), (), said, fix, "warning")], untold
    said_in: dict[Row, dict[str, str]] = {}
    seen: Seen = set()
    for language in LANGUAGES:
        results = grade(exercise, code, events, language)
        seen |= {(result.id, result.mistake) for result in results}
        first = next((result for result in results if not result.passed), None)
        for row in _judged(exercise, folder, what, first):
            said_in.setdefault(row, {})[language] = first.message if first else ""
    rows = []
    for (file, place, said, fix, severity), told in said_in.items():
        message = told.get("en") or next(iter(told.values()))
        shown = f": {' '.join(message.split())}" if message else ""
        rows.append((file, place, f"{said} ({', '.join(told)}){shown}", fix, severity))
    return rows, seen if isinstance(what, WrongAnswer) else set()


def _judged(
    exercise: Exercise, folder: Path, what: str | WrongAnswer, first: CheckResult | None
) -> Iterator[Row]:
    if isinstance(what, WrongAnswer):
        yield from _wrong(exercise, folder, what, first)
    elif what == "solution" and first is not None:
        said = f"fails check {first.id}"
        yield (str(folder / "solution.py"), (), said, "Fix it, or the check", "error")
    elif what == "starter" and first is None:
        said = "passes all checks as it is"
        yield (str(folder / "starter.py"), (), said, "Leave something to do", "error")


def _wrong(
    exercise: Exercise, folder: Path, wrong: WrongAnswer, first: CheckResult | None
) -> Iterator[Row]:
    got = "passes" if first is None else f"fails {_named(first.id, first.mistake)}"
    if first is not None and (first.id, first.mistake) == (wrong.check, wrong.mistake):
        if first.message:
            return
        got += ", without a message"
    said = f"wrong answer {wrong.id} should fail {_named(wrong.check, wrong.mistake)}, but {got}"
    fix = "Fix the condition, or what the wrong answer says"
    place = ("wrong", exercise.about.wrong.index(wrong), "id")
    yield (str(folder / "exercise.toml"), place, said, fix, "error")


def _named(check: str, mistake: str | None) -> str:
    return f"check {check}" + (f", mistake {mistake}" if mistake else "")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), sys.argv[2:])) + "\n")

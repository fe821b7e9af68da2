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

from course.language import LANGUAGES
from course.practice_answers import Answers, AnswerSettings, try_out
from practice import CheckResult, Exercise, Unavailable, grade, load_exercises
from practice.exercises import WrongAnswer

__all__ = ["main"]

# File, id of the wrong answer or "", what is wrong, how to mend it, severity.
Row = tuple[str, str, str, str, str]


def main(lessons: Path, names: list[str]) -> list[Row]:
    """Return what is wrong with the exercises of the lessons that are named."""
    answers = Answers(AnswerSettings())
    found = [exercise for name in names for exercise in load_exercises(name, lessons)]
    jobs: list[tuple[Exercise, str | WrongAnswer]] = []
    for exercise in found:
        jobs += [(exercise, "solution"), (exercise, "starter")]
        jobs += [(exercise, wrong) for wrong in exercise.about.wrong]

    def attempt(job: tuple[Exercise, str | WrongAnswer]) -> list[Row]:
        return list(_try(lessons, job[0], job[1], answers))

    with ThreadPoolExecutor(max_workers=2 * (os.cpu_count() or 1)) as pool:
        results = list(zip(jobs, pool.map(attempt, jobs), strict=True))
    # What is wrong with the others follows from a solution that does not pass.
    failed = {
        (each.day, each.name) for (each, what), rows in results if what == "solution" and rows
    }
    return [
        row
        for (each, what), rows in results
        for row in rows
        if what == "solution" or (each.day, each.name) not in failed
    ]


def _try(
    lessons: Path, exercise: Exercise, what: str | WrongAnswer, answers: Answers
) -> Iterator[Row]:
    if isinstance(what, WrongAnswer):
        code = exercise.wrong_program(what)
    else:
        code = exercise.solution if what == "solution" else exercise.starter
    folder = lessons / exercise.day / "practice" / exercise.name
    try:
        events = try_out(exercise, code, answers)
    except Unavailable as error:
        said = f"programs cannot be run here, so this was not tried: {error}"
        yield (str(folder / "exercise.toml"), "", said, "Try it on another machine", "warning")
        return
    said_in: dict[Row, dict[str, str]] = {}
    for language in LANGUAGES:
        results = grade(exercise, code, events, language)
        first = next((result for result in results if not result.passed), None)
        for row in _judged(folder, what, first):
            said_in.setdefault(row, {})[language] = first.message if first else ""
    for (file, wrong, said, fix, severity), told in said_in.items():
        message = told.get("en") or next(iter(told.values()))
        shown = f": {' '.join(message.split())}" if message else ""
        yield (file, wrong, f"{said} ({', '.join(told)}){shown}", fix, severity)


def _judged(folder: Path, what: str | WrongAnswer, first: CheckResult | None) -> Iterator[Row]:
    if isinstance(what, WrongAnswer):
        yield from _wrong(folder, what, first)
    elif what == "solution" and first is not None:
        said = f"fails check {first.id}"
        yield (str(folder / "solution.py"), "", said, "Mend it, or the check", "error")
    elif what == "starter" and first is None:
        said = "passes all checks as it is"
        yield (str(folder / "starter.py"), "", said, "Leave something to do", "error")


def _wrong(folder: Path, wrong: WrongAnswer, first: CheckResult | None) -> Iterator[Row]:
    got = "passes" if first is None else f"fails {_named(first.id, first.mistake)}"
    if first is not None and (first.id, first.mistake) == (wrong.check, wrong.mistake):
        if first.message:
            return
        got += ", without a message"
    said = f"wrong answer {wrong.id} should fail {_named(wrong.check, wrong.mistake)}, but {got}"
    fix = "Mend the condition, or what the wrong answer says"
    yield (str(folder / "exercise.toml"), wrong.id, said, fix, "error")


def _named(check: str, mistake: str | None) -> str:
    return f"check {check}" + (f", mistake {mistake}" if mistake else "")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), sys.argv[2:])) + "\n")

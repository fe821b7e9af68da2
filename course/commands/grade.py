"""Checking learners' work again: `python -m course grade FILES...`.

The files are what learners export. Each program in them is run in the sandbox and judged as it was
on the page; what the file claims is shown beside it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, fields, replace
from functools import cache
from pathlib import Path

from course import moved
from course.exercises.answering import Backend, try_out
from course.language import Language
from course.progress.facts import EXERCISE, MAX_BYTES, Fact, ImportProblem, renamed
from course.progress.transfer import parse
from course.settings import AnswerSettings
from practice import Exercise, ExerciseError, RunLimits, grade, load_exercises
from practice.sources import SourceError, read_text


@dataclass(frozen=True)
class Row:
    """One program of one file; ``-`` where a file holds none.

    ``claimed`` is what the learner was shown, ``now`` how many checks pass, of how many. ``note``
    is ``DIFFERS`` if it was claimed to pass and does not, ``UNREAD`` if the file is no export.
    """

    file: str
    lesson: str = "-"
    exercise: str = "-"
    claimed: str = "-"
    now: str = "-"
    note: str = ""
    first: str = ""


def grade_files(files: Sequence[Path], language: Language = "en") -> Iterator[Row]:
    """Judge every program in the files: file by file, lesson by lesson.

    Raises ``ConnectionFailed`` if Local Cortex does not start, ``Unavailable`` if programs cannot
    be run on this machine.
    """
    backend = Backend(AnswerSettings())
    found = cache(load_exercises)

    def judge(item: Row | tuple[Path, Fact]) -> Row:
        return item if isinstance(item, Row) else _judge(*item, found, backend, language)

    work = [item for path in files for item in _work(path)]
    with ThreadPoolExecutor(max_workers=2 * (os.cpu_count() or 1)) as pool:
        yield from pool.map(judge, work)


def _work(path: Path) -> Iterator[Row | tuple[Path, Fact]]:
    """Yield the programs in a file, or a row that says why there are none."""
    try:
        facts = renamed(parse(read_text(path, MAX_BYTES)), moved.kept())
    except SourceError as error:
        yield Row(str(path), note="UNREAD", first=f"the file {error.what}")
        return
    except ImportProblem as error:
        yield Row(str(path), note="UNREAD", first=_why(error))
        return
    programs: dict[tuple[str, str], Fact] = {}
    for fact in facts:
        if fact.item.startswith(EXERCISE) and fact.kind in ("tried", "solved"):
            known = programs.get((fact.lesson, fact.item))
            # What passed is what counts, also where something else was tried later.
            if known is None or fact.kind == "solved":
                programs[fact.lesson, fact.item] = fact
    if not programs:
        yield Row(str(path), first="no program was run")
    for _, fact in sorted(programs.items()):
        yield path, fact


def _why(error: ImportProblem) -> str:
    if error.reason == "large":
        return f"the file is larger than {MAX_BYTES // 1_000_000} MB, so it isn't an export"
    if error.reason == "version":
        return "the file was exported by a newer course: update this one"
    where = f" (see {error.where})" if error.where else ""
    return f"the file isn't an export of this course, or was changed{where}"


def _judge(
    path: Path,
    fact: Fact,
    found: Callable[[str], list[Exercise]],
    backend: Backend,
    language: Language,
) -> Row:
    name = fact.item.removeprefix(EXERCISE)
    claimed = "passed" if fact.kind == "solved" else "tried"
    row = Row(str(path), fact.lesson, name, claimed)
    try:
        exercise = next((each for each in found(fact.lesson) if each.name == name), None)
    except ExerciseError:
        return replace(row, first="the exercise cannot be read: run `make check`")
    if exercise is None:
        return replace(row, first="the course has no such exercise")
    if len(fact.value) > RunLimits().code:
        return replace(row, first="the program is too long")
    results = grade(exercise, fact.value, try_out(exercise, fact.value, backend), language)
    passed = sum(result.passed for result in results)
    first = next((result for result in results if not result.passed), None)
    said = "" if first is None else f"{first.title}: {first.message}"
    differs = claimed == "passed" and first is not None
    now, note = f"{passed}/{len(results)}", "DIFFERS" if differs else ""
    return replace(row, now=now, note=note, first=said)


def table(rows: Sequence[Row]) -> str:
    """Return rows as a table of plain text, one line each."""
    head = tuple(each.name for each in fields(Row))
    # What a learner wrote must not write over the instructor's terminal.
    lines = [head, *(tuple(map(_plain, astuple(row))) for row in rows)]
    # The last column is as wide as it is.
    widths = [max(len(line[column]) for line in lines) for column in range(len(head) - 1)]
    return "\n".join(
        "  ".join([*map(str.ljust, line[:-1], widths), line[-1]]).rstrip() for line in lines
    )


def _plain(text: str) -> str:
    shown = " ".join(text.split())
    return "".join(each if each.isprintable() else "\ufffd" for each in shown)

"""Checking every lesson: `python -m course check`, also in CI.

First what can be seen in the files, then what can only be seen by running them: the examples, each
day's assembled program on a Local Cortex, the exercises, and every page in both languages.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from course import ROOT
from course.commands.checking.exercises import check_exercises
from course.commands.checking.files import check_files
from course.commands.checking.processes import kill_all
from course.commands.checking.running import check_page, run_code
from course.content.catalog import lessons
from course.content.lesson import Lesson
from course.language import LANGUAGES
from course.problems import Problem

__all__ = ["check"]


def check(
    root: Path = ROOT,
    say: Callable[[str], None] = lambda _: None,
    only: Collection[str] | None = None,
) -> list[Problem]:
    """Return everything that is wrong with the course.

    Args:
        root: its folder.
        say: called with a line for each step.
        only: the names of the lessons that are checked; the whole course by default.
    """
    say("Reading the lessons.")
    problems = list(dict.fromkeys(check_files(root, only)))
    found = [each for each in lessons(root / "lessons") if only is None or each.name in only]
    say("Running the lessons' code.")
    problems += _at_once(run_code, found, root)
    say("Trying the exercises: solutions, starters and wrong answers.")
    problems += check_exercises(found, root)
    say(f"Drawing the pages in {len(LANGUAGES)} languages, cold and through Home.")
    problems += _at_once(check_page, found, root)
    return sorted(dict.fromkeys(problems), key=lambda problem: (str(problem.path), problem.line))


def _at_once(
    look: Callable[[Lesson, Path], Iterator[Problem]], found: Sequence[Lesson], root: Path
) -> list[Problem]:
    """Look at several lessons at the same time."""
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        try:
            rows = list(pool.map(lambda lesson: list(look(lesson, root)), found))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            kill_all()
            raise
    return [problem for problems in rows for problem in problems]

"""Checking every lesson: `python -m course check`, also in CI.

First what can be seen in the files, then what can only be seen by running them: the examples, each
day's assembled program on a Local Cortex, the exercises, and every page in both languages.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from course.catalog import ROOT, lessons
from course.checking.exercises import check_exercises
from course.checking.files import check_files
from course.checking.processes import kill_all
from course.checking.running import check_pages, run_code
from course.language import LANGUAGES
from course.problems import Problem

__all__ = ["check"]


def check(root: Path = ROOT, say: Callable[[str], None] = lambda _: None) -> list[Problem]:
    """Return everything that is wrong with the course in ``root``; ``say`` is told of each step."""
    say("Reading the lessons.")
    problems = list(dict.fromkeys(check_files(root)))
    found = lessons(root / "lessons")
    say(f"Running the code of {len(found)} lessons.")
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        try:
            for more in pool.map(lambda lesson: list(run_code(lesson, root)), found):
                problems += more
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            kill_all()
            raise
    say("Trying the exercises: solutions, starters and wrong answers.")
    problems += check_exercises(found, root)
    say(f"Drawing {len(found)} pages in {len(LANGUAGES)} languages, cold and through Home.")
    problems += check_pages(found, root)
    return sorted(problems, key=lambda problem: (str(problem.path), problem.line))

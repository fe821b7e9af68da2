"""Checking every lesson: `python -m course check`, also in CI.

First what can be seen in the files, then what can only be seen by running them: the examples, each
day's assembled program on a Local Cortex, the exercises, and every page in both languages. Days run
side by side, and one process looks at as many of them as it can.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

from course import ROOT
from course.commands.checking.lesson_files import check_files
from course.commands.checking.running import (
    check_exercises,
    draw_charts,
    draw_pages,
    kill_all,
    run_examples,
    run_programs,
    together,
)
from course.content.lesson import Lesson, lessons
from course.content.translations import follow
from course.language import LANGUAGES
from course.problems import LessonError, Problem


def check(
    root: Path = ROOT,
    say: Callable[[str], None] = lambda _: None,
    only: Collection[str] | None = None,
) -> list[Problem]:
    """Return everything that is wrong with the course, or with the lessons that ``only`` names.

    ``say`` is called with a line for each step.
    """
    say("Reading the lessons.")
    found = [each for each in lessons(root / "lessons") if only is None or each.name in only]
    for lesson in found:
        for language in LANGUAGES:
            # check_files reports a record that can't be read; a course may be read-only.
            with suppress(LessonError, OSError):
                follow(lesson, language)
    problems = list(dict.fromkeys(check_files(root, only)))
    say(
        "Running the lessons' code, trying the exercises (solutions, starters and wrong answers), "
        f"and drawing the pages in {len(LANGUAGES)} languages, cold and through Home."
    )
    problems += _side_by_side(_jobs(found, root))
    return sorted(dict.fromkeys(problems), key=lambda problem: (str(problem.path), problem.line))


def _jobs(found: Sequence[Lesson], root: Path) -> list[Callable[[], list[Problem]]]:
    """Return what to do, the longest first."""
    processors = os.cpu_count() or 1
    shares = [found[number::processors] for number in range(processors)]
    jobs: list[Callable[[], list[Problem]]] = [
        # Its sandboxes give way to other processes, so it fills what those leave.
        partial(together, partial(check_exercises, root=root), found),
        *(partial(together, partial(draw_pages, root=root), share) for share in shares),
        *(partial(together, partial(run_programs, root=root), share) for share in shares),
        partial(together, partial(draw_charts, root=root), found),
    ]
    jobs += [partial(run_examples, lesson) for lesson in found]
    return jobs


def _side_by_side(jobs: Sequence[Callable[[], list[Problem]]]) -> list[Problem]:
    # The exercises' process mostly waits for its sandboxes.
    with ThreadPoolExecutor(max_workers=1 + (os.cpu_count() or 1)) as pool:
        try:
            rows = list(pool.map(lambda job: job(), jobs))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            kill_all()
            raise
    return [problem for problems in rows for problem in problems]

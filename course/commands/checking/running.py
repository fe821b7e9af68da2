"""What can only be seen by running a lesson: its code, its assembled program, its page."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from course.commands.checking.files import text_of
from course.commands.checking.processes import STUCK, ProcessFailed, last_line, run_python
from course.content.lesson import Lesson, program
from course.language import LANGUAGES
from course.problems import LessonError, Problem

__all__ = ["draw_charts", "draw_pages", "run_examples", "run_programs"]

DRIVER = Path(__file__).with_name("drive.py")
SECONDS = 120.0  # for one program; the clients' first import takes a second or two
PAGE_SECONDS = 300.0  # for a page, in both languages, with each button and option of its demo
#: The scripted model answers at once.
AT_ONCE = {"COURSE_FIRST_TOKEN": "0", "COURSE_TOKENS_PER_SECOND": "10000"}


def run_examples(lesson: Lesson) -> list[Problem]:
    """Run a lesson's examples, each in a process of its own: the prose shows what it prints."""
    examples = sorted(lesson.folder.glob("steps/example_*.py"))
    return [problem for example in examples for problem in _run_example(example, lesson)]


def draw_charts(lessons: Sequence[Lesson], root: Path) -> list[Problem]:
    """Make the charts of lessons.

    Raises:
        ProcessFailed: they ended the process, or never end.
    """
    folders = [str(each.folder) for each in lessons if (each.folder / "figures").is_dir()]
    if not folders:
        return []
    where = Path(folders[0]) / "figures"
    try:
        done = run_python(
            ["-m", "course.commands.checking.draw_charts", *folders],
            Path(folders[0]),
            {"PYTHONPATH": str(root)},
            SECONDS * len(folders),
        )
    except subprocess.TimeoutExpired:
        what, fix = "a chart is never done", "Look for what waits, or goes on forever"
        raise ProcessFailed(Problem(where, 0, what, fix)) from None
    rows = _rows(done)
    if done.returncode:
        what = f"the charts cannot be drawn: {last_line(done)}"
        raise ProcessFailed(Problem(where, 0, what, "Correct what ends the program"))
    fix = "Correct the chart's file, or its labels"
    return [Problem(Path(file), line, what, fix) for file, line, what in rows]


def _rows(done: subprocess.CompletedProcess[str]) -> list[list[Any]]:
    """Return what a script of ours has printed; a program that it ran may have ended it."""
    try:
        rows: list[list[Any]] = json.loads(done.stdout)
    except ValueError:
        done.returncode = done.returncode or 1
        return []
    return rows


def _run_example(example: Path, lesson: Lesson) -> list[Problem]:
    try:
        done = run_python([str(example)], example.parent, AT_ONCE, SECONDS)
    except subprocess.TimeoutExpired:
        return [Problem(example, 0, "does not end", "An example ends by itself within seconds")]
    if done.returncode:
        fix = "An example runs by itself; correct it"
        return [Problem(example, 0, f"fails: {last_line(done)}", fix)]
    shown = f"```text\n{done.stdout}```"
    what = f"does not show what steps/{example.name} prints"
    fix = f"Put this into a fence with text: {done.stdout.strip()!r}"
    prose = [lesson.folder / f"{language}.md" for language in LANGUAGES]
    return [Problem(path, 0, what, fix) for path in prose if shown not in text_of(path)]


def run_programs(lessons: Sequence[Lesson], root: Path) -> list[Problem]:
    """Run the assembled programs of lessons as their learners would, on one Local Cortex.

    Raises:
        ProcessFailed: one of them fails, or never ends.
    """
    sources = [(each, source) for each in lessons if (source := _program(each))]
    if not sources:
        return []
    names = [lesson.program_name for lesson, _ in sources]
    steps = sources[0][0].folder / "steps"
    with TemporaryDirectory() as folder:
        for name, (_, source) in zip(names, sources, strict=True):
            (Path(folder) / name).write_text(source, encoding="utf-8")
        command = ["-m", "local_cortex", "run", "--", sys.executable, str(DRIVER), *names]
        try:
            done = run_python(
                command,
                Path(folder),
                {**AT_ONCE, "PYTHONPATH": str(root)},
                SECONDS * len(names),
            )
        except subprocess.TimeoutExpired:
            fix = "It draws its page and answers each button within two minutes"
            what = f"{names[0]} does not end"
            raise ProcessFailed(Problem(steps, 0, what, fix)) from None
    if done.returncode:
        what = f"{names[0]}, the steps put together, fails: {last_line(done)}"
        fix = f"Try it: `python -m local_cortex run -- streamlit run {names[0]}`"
        raise ProcessFailed(Problem(steps, 0, what, fix))
    return []


def _program(lesson: Lesson) -> str:
    try:
        return program(lesson)
    except LessonError:
        return ""  # reading the lesson has said so already


def draw_pages(lessons: Sequence[Lesson], root: Path) -> list[Problem]:
    """Draw Home and the pages of lessons, in one process as on a server.

    Raises:
        ProcessFailed: a page ended the process, or never ends.
    """
    pages = {each.name: root / "pages" / f"{each.name}.py" for each in lessons}
    command = ["-m", "course.commands.checking.draw_pages", *pages]
    first = next(iter(pages.values()))
    seconds = PAGE_SECONDS * len(pages)
    with TemporaryDirectory() as data:
        environment = {**AT_ONCE, "COURSE_CONNECTION": "local", "COURSE_DATA": data}
        try:
            done = run_python(command, root, environment, seconds)
        except subprocess.TimeoutExpired:
            what = f"the page and its demo take more than {seconds:.0f} s to draw"
            fix = "Open it, and look for what waits"
            raise ProcessFailed(Problem(first, 0, what, fix)) from None
    rows = _rows(done)
    if done.returncode not in (0, STUCK):
        what = f"the page cannot be drawn: {last_line(done)}"
        raise ProcessFailed(Problem(first, 0, what, "See `make test`"))
    ways: dict[tuple[str, int, str], list[str]] = {}
    for name, line, way, what in rows:
        ways.setdefault((name, line, what), []).append(way)
    fix = "Open the page, and read the log"
    problems = [
        Problem(pages.get(name, root / "Home.py"), line, f"fails ({'; '.join(found)}): {what}", fix)
        for (name, line, what), found in ways.items()
    ]
    if done.returncode == STUCK:
        raise ProcessFailed(*problems)
    return problems

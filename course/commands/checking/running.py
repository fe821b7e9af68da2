"""What can only be seen by running a lesson: its code, its assembled program, its page."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from course.commands.checking.files import text_of
from course.commands.checking.processes import run_python
from course.content.lesson import Lesson, program
from course.language import LANGUAGES
from course.problems import LessonError, Problem

__all__ = ["check_page", "run_code"]

DRIVER = Path(__file__).with_name("drive.py")
SECONDS = 120.0  # for one program; the clients' first import takes a second or two
PAGE_SECONDS = 300.0  # for a page, in both languages, with each button and option of its demo
#: The scripted model answers at once.
AT_ONCE = {"COURSE_FIRST_TOKEN": "0", "COURSE_TOKENS_PER_SECOND": "10000"}


def run_code(lesson: Lesson, root: Path) -> Iterator[Problem]:
    """Run a lesson's charts, its examples, and its assembled program as its learner would."""
    if (lesson.folder / "figures").is_dir():
        yield from _draw_charts(lesson, root)
    for example in sorted(lesson.folder.glob("steps/example_*.py")):
        yield from _run_example(example, lesson)
    try:
        source = program(lesson)
    except LessonError:
        return  # reading the lesson has said so already
    if source:
        yield from _run_program(lesson, source, root)


def _draw_charts(lesson: Lesson, root: Path) -> Iterator[Problem]:
    folder = lesson.folder / "figures"
    command = ["-m", "course.commands.checking.draw_charts", str(lesson.folder)]
    try:
        done = run_python(command, lesson.folder, {"PYTHONPATH": str(root)}, SECONDS)
    except subprocess.TimeoutExpired:
        yield Problem(folder, 0, "a chart is never done", "Look for what waits, or goes on forever")
        return
    for file, line, what in _rows(done):
        yield Problem(Path(file), line, what, "Correct the chart's file, or its labels")
    if done.returncode:
        what = f"the charts cannot be drawn: {_last(done)}"
        yield Problem(folder, 0, what, "Correct what ends the program")


def _rows(done: subprocess.CompletedProcess[str]) -> list[list[Any]]:
    """Return what a script of ours has printed; a program that it ran may have ended it."""
    try:
        rows: list[list[Any]] = json.loads(done.stdout)
    except ValueError:
        done.returncode = done.returncode or 1
        return []
    return rows


def _last(done: subprocess.CompletedProcess[str]) -> str:
    return next(iter(done.stderr.strip().splitlines()[-1:]), "it ended without a message")


def _run_example(example: Path, lesson: Lesson) -> Iterator[Problem]:
    try:
        done = run_python([str(example)], example.parent, AT_ONCE, SECONDS)
    except subprocess.TimeoutExpired:
        yield Problem(example, 0, "does not end", "An example ends by itself within seconds")
        return
    if done.returncode:
        yield Problem(example, 0, f"fails: {_last(done)}", "An example runs by itself; correct it")
        return
    shown = f"```text\n{done.stdout}```"
    for language in LANGUAGES:
        path = lesson.folder / f"{language}.md"
        if shown not in text_of(path):
            what = f"does not show what steps/{example.name} prints"
            fix = f"Put this into a fence with text: {done.stdout.strip()!r}"
            yield Problem(path, 0, what, fix)


def _run_program(lesson: Lesson, source: str, root: Path) -> Iterator[Problem]:
    with TemporaryDirectory() as folder:
        (Path(folder) / lesson.program_name).write_text(source, encoding="utf-8")
        command = ["-m", "local_cortex", "run", "--", sys.executable, str(DRIVER)]
        try:
            done = run_python(
                [*command, lesson.program_name],
                Path(folder),
                {**AT_ONCE, "PYTHONPATH": str(root)},
                SECONDS,
            )
        except subprocess.TimeoutExpired:
            fix = "It draws its page and answers each button within two minutes"
            yield Problem(lesson.folder / "steps", 0, f"{lesson.program_name} does not end", fix)
            return
    if done.returncode:
        what = f"{lesson.program_name}, the steps put together, fails: {_last(done)}"
        fix = f"Try it: `python -m local_cortex run -- streamlit run {lesson.program_name}`"
        yield Problem(lesson.folder / "steps", 0, what, fix)


def check_page(lesson: Lesson, root: Path) -> Iterator[Problem]:
    """Draw Home and a lesson's page, in a process of its own.

    Streamlit keeps state for each process, and no page is to keep another from being drawn.
    """
    page = root / "pages" / f"{lesson.name}.py"
    command = ["-m", "course.commands.checking.draw_pages", lesson.name]
    with TemporaryDirectory() as data:
        environment = {**AT_ONCE, "COURSE_CONNECTION": "local", "COURSE_DATA": data}
        try:
            done = run_python(command, root, environment, PAGE_SECONDS)
        except subprocess.TimeoutExpired:
            what = f"the page and its demo take more than {PAGE_SECONDS:.0f} s to draw"
            yield Problem(page, 0, what, "Open it, and look for what waits")
            return
    rows = _rows(done)
    if done.returncode:
        yield Problem(page, 0, f"the page cannot be drawn: {_last(done)}", "See `make test`")
        return
    ways: dict[tuple[str, int, str], list[str]] = {}
    for name, line, way, what in rows:
        ways.setdefault((name, line, what), []).append(way)
    for (name, line, what), found in ways.items():
        path = page if name else root / "Home.py"
        fix = "Open the page, and read the log"
        yield Problem(path, line, f"fails ({'; '.join(found)}): {what}", fix)

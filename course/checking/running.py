"""What can only be seen by running a lesson: its code, its assembled program, its page."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from course.checking.files import text_of
from course.checking.processes import run_python
from course.language import LANGUAGES
from course.lesson import Lesson, program
from course.problems import LessonError, Problem

__all__ = ["check_pages", "run_code"]

DRIVER = Path(__file__).with_name("drive.py")
SECONDS = 120.0  # for one program; the clients' first import takes a second or two
PAGE_SECONDS = 15.0  # for each page, in both languages and both ways
#: The scripted model answers at once.
AT_ONCE = {"COURSE_FIRST_TOKEN": "0", "COURSE_TOKENS_PER_SECOND": "10000"}


def run_code(lesson: Lesson, root: Path) -> Iterator[Problem]:
    """Run a lesson's examples, and its assembled program as its learner would."""
    for example in sorted(lesson.folder.glob("steps/example_*.py")):
        yield from _run_example(example, lesson)
    try:
        source = program(lesson)
    except LessonError:
        return  # reading the lesson has said so already
    if source:
        yield from _run_program(lesson, source, root)


def _run_example(example: Path, lesson: Lesson) -> Iterator[Problem]:
    try:
        done = run_python([str(example)], example.parent, AT_ONCE, SECONDS)
    except subprocess.TimeoutExpired:
        yield Problem(example, 0, "does not end", "An example ends by itself within seconds")
        return
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        yield Problem(example, 0, f"fails: {last[0]}", "An example runs by itself; correct it")
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
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        what = f"{lesson.program_name}, the steps put together, fails: {last[0]}"
        fix = f"Try it: `python -m local_cortex run -- streamlit run {lesson.program_name}`"
        yield Problem(lesson.folder / "steps", 0, what, fix)


def check_pages(lessons: Sequence[Lesson], root: Path) -> Iterator[Problem]:
    """Draw every page in a process of its own, because Streamlit keeps state for each process."""
    if not lessons:
        return
    command = ["-m", "course.checking.draw_pages", *(lesson.name for lesson in lessons)]
    with TemporaryDirectory() as data:
        environment = {**AT_ONCE, "COURSE_CONNECTION": "local", "COURSE_DATA": data}
        seconds = SECONDS + PAGE_SECONDS * len(lessons)
        try:
            done = run_python(command, root, environment, seconds)
        except subprocess.TimeoutExpired:
            what = f"the pages are not drawn within {seconds:.0f} s"
            yield Problem(root / "pages", 0, what, "Open each of them, and look for what waits")
            return
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        yield Problem(root / "pages", 0, f"the pages cannot be drawn: {last[0]}", "See `make test`")
        return
    ways: dict[tuple[str, int, str], list[str]] = {}
    for name, line, way, what in json.loads(done.stdout):
        ways.setdefault((name, line, what), []).append(way)
    for (name, line, what), found in ways.items():
        path = root / "pages" / f"{name}.py" if name else root / "Home.py"
        fix = "Open the page, and read the log"
        yield Problem(path, line, f"fails ({'; '.join(found)}): {what}", fix)

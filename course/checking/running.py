"""What can only be seen by running a lesson: its code, its assembled program, its page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from course.language import LANGUAGES
from course.lesson import Lesson, program
from course.problems import Problem

__all__ = ["draw_pages", "run_code"]

DRIVER = Path(__file__).with_name("drive.py")
SECONDS = 120.0  # for one program; the clients' first import takes a second or two
#: The scripted model answers at once.
AT_ONCE = {"COURSE_FIRST_TOKEN": "0", "COURSE_TOKENS_PER_SECOND": "10000"}


def run_code(lesson: Lesson, root: Path) -> Iterator[Problem]:
    """Run a lesson's examples, and its assembled program as its learner would."""
    for example in sorted(lesson.folder.glob("steps/example_*.py")):
        yield from _run_example(example, lesson)
    source = program(lesson)
    if source:
        yield from _run_program(lesson, source, root)


def _run_example(example: Path, lesson: Lesson) -> Iterator[Problem]:
    try:
        done = _python([str(example)], example.parent)
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
        if shown not in _text(path):
            what = f"does not show what steps/{example.name} prints"
            fix = f"Put this into a fence with text: {done.stdout.strip()!r}"
            yield Problem(path, 0, what, fix)


def _run_program(lesson: Lesson, source: str, root: Path) -> Iterator[Problem]:
    with TemporaryDirectory() as folder:
        (Path(folder) / lesson.program_name).write_text(source, encoding="utf-8")
        command = ["-m", "local_cortex", "run", "--", sys.executable, str(DRIVER)]
        try:
            done = _python([*command, lesson.program_name], Path(folder), PYTHONPATH=str(root))
        except subprocess.TimeoutExpired:
            fix = "It draws its page and answers each button within two minutes"
            yield Problem(lesson.folder / "steps", 0, f"{lesson.program_name} does not end", fix)
            return
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        what = f"{lesson.program_name}, the steps put together, fails: {last[0]}"
        fix = f"Try it: `python -m local_cortex run -- streamlit run {lesson.program_name}`"
        yield Problem(lesson.folder / "steps", 0, what, fix)


def _python(
    arguments: Sequence[str], folder: Path, **more: str
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **AT_ONCE, **more}
    return subprocess.run(
        [sys.executable, "-X", "utf8", *arguments],
        check=False,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
        stdin=subprocess.DEVNULL,
    )


def draw_pages(lessons: Sequence[Lesson], root: Path) -> Iterator[Problem]:
    """Draw every page in a process of its own, because Streamlit keeps state for each process."""
    if not lessons:
        return
    with TemporaryDirectory() as data:
        names = [lesson.name for lesson in lessons]
        done = subprocess.run(
            [sys.executable, "-X", "utf8", "-m", "course.checking.draw_pages", *names],
            check=False,
            cwd=root,
            env={**os.environ, **AT_ONCE, "COURSE_CONNECTION": "local", "COURSE_DATA": data},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=SECONDS + 10 * len(lessons),
            stdin=subprocess.DEVNULL,
        )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        yield Problem(root / "pages", 0, f"the pages cannot be drawn: {last[0]}", "See `make test`")
        return
    for name, way, what in json.loads(done.stdout):
        path = root / "pages" / f"{name}.py"
        yield Problem(path, 0, f"fails ({way}): {what}", "Open the page, and see the log for more")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""  # reading the lesson has said so already

"""What can only be seen by running a lesson: its code, its program, its exercises, its page.

Every run is a process of its own that may never end; many lessons share one where they can.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from course.commands.checking.exercise_files import programs_of, snippets
from course.commands.checking.lesson_files import text_of
from course.content.lesson import Lesson, program
from course.language import LANGUAGES
from course.problems import LessonError, Problem, from_json

#: What a process exits with that has given up on a lesson, after naming it.
STUCK = 3
DRIVER = Path(__file__).with_name("drive.py")
SECONDS = 120.0  # for one program; the clients' first import takes a second or two
PAGE_SECONDS = 300.0  # for a page, in both languages, with each button and option of its demo
# For each program of an exercise; one takes half a second, and those that sleep a few.
EXERCISE_SECONDS = 20.0
# For the clients' imports, Local Cortex, and compiling the sandbox on a machine's first run.
START_SECONDS = 60.0
#: The scripted model answers at once, or quickly but piece by piece.
AT_ONCE = {"COURSE_FIRST_TOKEN": "0", "COURSE_TOKENS_PER_SECOND": "10000"}
QUICKLY = {"COURSE_FIRST_TOKEN": "0.05", "COURSE_TOKENS_PER_SECOND": "400"}

# What is wrong, and how to fix it.
Said = tuple[str, str]
_running: set[subprocess.Popen[str]] = set()
# After a Ctrl-C: a run that was killed is no failure to look again.
_over = threading.Event()


class ProcessFailed(Exception):
    """A process that looked at lessons did not come to its end; ``problems`` says why."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, problems)))


def together(
    look: Callable[[Sequence[Lesson]], list[Problem]], lessons: Sequence[Lesson]
) -> list[Problem]:
    """Look at lessons in one process; if it fails, look at each in a process of its own.

    Starting Python and its imports takes longer than most lessons do, and a process that failed
    can't tell which lesson ended it. ``look`` raises ``ProcessFailed``.
    """
    if not lessons:
        return []
    try:
        return look(lessons)
    except ProcessFailed as failed:
        if len(lessons) == 1:
            return failed.problems
    return [problem for lesson in lessons for problem in together(look, [lesson])]


def run_python(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run Python in ``folder`` with these variables besides our own, and return its output.

    Raises ``TimeoutExpired`` if it did not end, and has been killed, and ``ProcessFailed`` if the
    check has been interrupted.
    """
    if _over.is_set():
        raise ProcessFailed
    command = [sys.executable, "-X", "utf8", *arguments]
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        _running.add(process)
        try:
            output, errors = process.communicate(timeout=seconds)
        except BaseException:
            _kill(process)
            raise
        finally:
            _running.discard(process)
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


def kill_all() -> None:
    """End what other threads run, and start nothing more: only the main thread gets Ctrl-C."""
    _over.set()
    for process in list(_running):
        _kill(process)


def _kill(process: subprocess.Popen[str]) -> None:
    # `local_cortex run` has a child that would otherwise run on.
    if sys.platform == "win32":
        command = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(command, check=False, capture_output=True)
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    return next(iter(done.stderr.strip().splitlines()[-1:]), "it ended without a message")


def _problems_of(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    seconds: float,
    *,
    where: Path,
    late: Said,
    failed: Said,
) -> tuple[list[Problem], int]:
    """Run a script of ours; return the problems in its last line of output, and its exit code.

    Raises ``ProcessFailed``: it does not end (``late``), or something ended it (``failed``).
    """
    try:
        done = run_python(arguments, folder, environment, seconds)
    except subprocess.TimeoutExpired:
        raise ProcessFailed(Problem(where, 0, *late)) from None
    with suppress(ValueError, IndexError):  # a program that it ran may have ended it
        problems = from_json(done.stdout.splitlines()[-1])
        if done.returncode in (0, STUCK):
            return problems, done.returncode
    what, fix = failed
    raise ProcessFailed(Problem(where, 0, f"{what}: {_last_line(done)}", fix))


def run_examples(lesson: Lesson) -> list[Problem]:
    """Run a lesson's examples, each in a process of its own.

    The prose shows what one prints, unless learners run it on the page.
    """
    examples = sorted(lesson.folder.glob("steps/example_*.py"))
    return [problem for example in examples for problem in _run_example(example, lesson)]


def _run_example(example: Path, lesson: Lesson) -> list[Problem]:
    snippet, fails = snippets(lesson).get(f"steps/{example.name}", (None, False))
    if fails:
        return []  # run with the exercises, where it has to fail
    try:
        done = run_python([str(example)], example.parent, AT_ONCE, SECONDS)
    except subprocess.TimeoutExpired:
        return [Problem(example, 0, "does not end", "An example ends by itself within seconds")]
    if done.returncode:
        fix = "An example runs by itself; correct it"
        return [Problem(example, 0, f"fails: {_last_line(done)}", fix)]
    if snippet is not None:
        return []
    shown = f"```text\n{done.stdout}```"
    what = f"does not show what steps/{example.name} prints"
    fix = f"Put this into a fence with text: {done.stdout.strip()!r}"
    prose = [lesson.folder / f"{language}.md" for language in LANGUAGES]
    return [Problem(path, 0, what, fix) for path in prose if shown not in text_of(path)]


def draw_charts(lessons: Sequence[Lesson], root: Path) -> list[Problem]:
    """Make the charts of lessons. Like the functions below, it raises ``ProcessFailed``."""
    folders = [str(each.folder) for each in lessons if (each.folder / "figures").is_dir()]
    if not folders:
        return []
    problems, _ = _problems_of(
        ["-m", "course.commands.checking.drawing", "charts", *folders],
        Path(folders[0]),
        {"PYTHONPATH": str(root)},
        SECONDS * len(folders),
        where=Path(folders[0]) / "figures",
        late=("a chart is never done", "Look for what waits or never ends"),
        failed=("the charts cannot be drawn", "Correct what ends the program"),
    )
    return problems


def run_programs(lessons: Sequence[Lesson], root: Path) -> list[Problem]:
    """Run the assembled programs of lessons as their learners would, on one Local Cortex."""
    sources: dict[str, str] = {}
    for lesson in lessons:
        with suppress(LessonError):  # reading the lesson reports it
            if source := program(lesson):
                sources[lesson.program_name] = source
    if not sources:
        return []
    first = next(iter(sources))
    with TemporaryDirectory() as folder:
        for name, source in sources.items():
            (Path(folder) / name).write_text(source, encoding="utf-8")
        _problems_of(
            ["-m", "local_cortex", "run", "--", sys.executable, str(DRIVER), *sources],
            Path(folder),
            {**AT_ONCE, "PYTHONPATH": str(root)},
            SECONDS * len(sources),
            where=lessons[0].folder / "steps",
            late=(
                f"{first} does not end",
                "It must draw its page and answer each button within two minutes",
            ),
            failed=(
                f"{first}, the steps put together, fails",
                f"Try it: `python -m local_cortex run -- streamlit run {first}`",
            ),
        )
    return []


def check_exercises(lessons: Sequence[Lesson], root: Path) -> list[Problem]:
    """Try all exercises: solutions, starters and wrong answers, in both languages.

    An exercise whose files are wrong is not tried, nor are the others of its lesson.
    """
    counts = {lesson.name: count for lesson in lessons if (count := programs_of(lesson))}
    if not counts:
        return []
    with TemporaryDirectory() as data:
        problems, _ = _problems_of(
            ["-m", "course.commands.checking.try_exercises", str(root / "lessons"), *counts],
            root,
            {**QUICKLY, "COURSE_CONNECTION": "local", "COURSE_DATA": data},
            START_SECONDS + EXERCISE_SECONDS * sum(counts.values()),
            # Only the run for one lesson is reported.
            where=lessons[0].folder / "practice",
            late=("the exercises are not tried in time", "Look for a solution that sleeps long"),
            failed=("the exercises cannot be tried", "See `make test`"),
        )
    return problems


def draw_pages(lessons: Sequence[Lesson], root: Path) -> list[Problem]:
    """Draw Home and the pages of lessons, in one process as on a server."""
    pages = {each.name: root / "pages" / f"{each.name}.py" for each in lessons}
    seconds = PAGE_SECONDS * len(pages)
    with TemporaryDirectory() as data:
        problems, code = _problems_of(
            ["-m", "course.commands.checking.drawing", "pages", *pages],
            root,
            {**AT_ONCE, "COURSE_CONNECTION": "local", "COURSE_DATA": data},
            seconds,
            where=next(iter(pages.values())),
            late=(
                f"the page and its demo take more than {seconds:.0f} s to draw",
                "Open it, and look for what it waits for",
            ),
            failed=("the page cannot be drawn", "See `make test`"),
        )
    if code == STUCK:
        raise ProcessFailed(*problems)
    return problems

"""Programs that may not end, started for many lessons at once and ended with their children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from course.content.lesson import Lesson
from course.problems import Problem

__all__ = ["STUCK", "ProcessFailed", "kill_all", "last_line", "run_python", "together"]

#: What a process exits with that has given up on a lesson, after saying on which.
STUCK = 3
_running: set[subprocess.Popen[str]] = set()
# After a Ctrl-C: a look that was killed is no failure to look again.
_over = threading.Event()


class ProcessFailed(Exception):
    """A process that looked at lessons did not come to its end; ``problems`` says why."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, problems)))


def together(
    look: Callable[[Sequence[Lesson]], list[Problem]], lessons: Sequence[Lesson]
) -> list[Problem]:
    """Look at lessons in one process; if that fails, look at each in a process of its own.

    Starting Python and its imports takes longer than most lessons do, and a process that failed
    can't tell which lesson ended it.

    Args:
        look: starts the process; raises ``ProcessFailed``.
        lessons: what it looks at.
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
    """Run Python in ``folder`` with these variables besides our own, and return what it said.

    Raises:
        subprocess.TimeoutExpired: it did not end within ``seconds``, and has been killed.
        ProcessFailed: the check has been interrupted.
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


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a program that failed said last."""
    return next(iter(done.stderr.strip().splitlines()[-1:]), "it ended without a message")


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

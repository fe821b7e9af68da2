"""Running a program that may not end, and ending it with all that it has started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

__all__ = ["kill_all", "run_python"]

_running: set[subprocess.Popen[str]] = set()


def run_python(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run Python in ``folder`` with these variables besides our own, and return what it said.

    Raises:
        subprocess.TimeoutExpired: it did not end within ``seconds``, and has been killed.
    """
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
    """End what other threads are running: neither they nor another session hear of Ctrl-C."""
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

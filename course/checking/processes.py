"""Running a program that may not end, and ending it with all that it has started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["run_python"]


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
        try:
            output, errors = process.communicate(timeout=seconds)
        except BaseException:  # Ctrl-C too does not reach another session
            _kill(process)
            raise
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


def _kill(process: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        # Its own session: `local_cortex run` has a child that would otherwise run on.
        os.killpg(process.pid, signal.SIGKILL)

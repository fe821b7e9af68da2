"""A course of its own for a test: a real `streamlit run` on a free port, with an empty home."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0
#: The pace of the course that the tests share.
FIRST_TOKEN, TOKENS_PER_SECOND = 0.5, 100
#: Names that lead to this machine: a public server's, and one that an attacker's name server maps.
SERVER_NAME, REBOUND_NAME = "course.test", "evil.example"


@dataclass(frozen=True)
class Course:
    """A running course: its address, and the folder that it keeps its data in."""

    url: str
    data: Path

    @property
    def progress(self) -> Path:
        return self.data / "progress.sqlite3"

    def forget_progress(self) -> None:
        """Let nobody have learned anything; the file is opened for each use, and made again."""
        self.progress.unlink(missing_ok=True)


def environment(home: Path, **settings: str) -> dict[str, str]:
    """Return an environment with ``home`` for $HOME, no setting or proxy of ours, and these."""
    names = ("PATH", "LANG", "TMPDIR", "COURSE_PRACTICE_CACHE")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        # Not the project's own, which may hold somebody's account.
        "STREAMLIT_SECRETS_FILES": str(home / "secrets.toml"),
        **settings,
    }


# Ports of servers that have ended: at the same address, a browser has Streamlit's scripts already.
_ports: list[int] = []


def free_port() -> int:
    """Return a port that a server of this process had, or one that the system gives."""
    for port in (_ports.pop() if _ports else 0, 0):
        # Somebody else may have it by now.
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise RuntimeError("No port is free")


def streamlit_command(script: Path) -> tuple[list[str], str]:
    """Return Python's arguments for a `streamlit run` on a free port, and the address it gets."""
    port = free_port()
    command = [
        *("-m", "streamlit", "run", str(script)),
        *("--server.port", str(port), "--server.address", "127.0.0.1"),
        *("--server.headless", "true"),
        # It would read the whole checkout, .venv included, and take the processor from the pages.
        *("--server.fileWatcherType", "none"),
    ]
    return command, f"http://127.0.0.1:{port}"


@contextmanager
def streamlit_server(
    home: Path,
    script: Path = ROOT / "Home.py",
    root: Path = ROOT,
    under: Sequence[str] = (),
    **settings: str,
) -> Iterator[str]:
    """Run ``script`` in ``root`` and yield its address; the empty folder ``home`` is $HOME.

    ``under`` is a command that runs another; what is printed goes to ``streamlit.log`` in there.
    """
    command, url = streamlit_command(script)
    log = (home / "streamlit.log").open("w+b")
    process = subprocess.Popen(
        [*under, sys.executable, *command],
        cwd=root,
        env=environment(home, **settings),
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        _wait_until_it_answers(f"{url}/_stcore/health", process, log.name)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()
        _ports.append(int(url.rpartition(":")[2]))


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"Streamlit ended at once: {Path(log).read_text()}")
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"Streamlit did not answer within {START_SECONDS:g} s")

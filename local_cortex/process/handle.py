"""One process with a Local Cortex in it, as its parent sees it."""

from __future__ import annotations

import http.client
import json
import os
import queue
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from local_cortex.out_of_sight import is_secret

__all__ = ["START_SECONDS", "Child", "error"]

HOST = "127.0.0.1"
ROOT = Path(__file__).parents[2]
# Start-up takes half a second; a machine this slow has another problem.
START_SECONDS = 20.0
# It ends in a few hundredths of a second; one that is stuck is killed.
CLOSE_SECONDS = 0.5
# A process of its own group is not ended by the Ctrl-C that ends the pages; no window on Windows.
# Memory that one statement gives back is there for the next, whichever thread that is on.
ALLOCATOR = {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"}
WINDOWS_FLAGS: int = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(
    subprocess, "CREATE_NEW_PROCESS_GROUP", 0
)


class Child:
    """One process with a server in it (``child.py``).

    Args:
        environment: its own, but for what leads to an account.
        on_end: is called, in a thread, when the process has ended by itself or otherwise.

    Raises:
        OSError: no process can be started here.
    """

    def __init__(self, environment: Mapping[str, str], on_end: Callable[[], None]) -> None:
        self.port = 0
        self.engine = ""
        self.secret = secrets.token_urlsafe(24)
        self._on_end = on_end
        self._given_up = False
        self._said: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._asking: http.client.HTTPConnection | None = None
        # What a killed process leaves on the disk goes with this folder.
        self._folder = tempfile.TemporaryDirectory(
            prefix="local-cortex-", ignore_cleanup_errors=True
        )
        # -P: no file of the working directory takes the place of one of Python's.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "local_cortex.process.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(environment)
            | ALLOCATOR
            | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), self._folder.name),
            start_new_session=True,
            creationflags=WINDOWS_FLAGS,
        )
        assert self._process.stdin is not None  # noqa: S101 - it was asked for
        self._input = self._process.stdin
        with suppress(OSError):  # it has ended, which is found out below
            self._input.write(f"{self.secret}\n".encode())
            self._input.flush()
        try:
            threading.Thread(target=self._read, name="local-cortex-reader", daemon=True).start()
        except RuntimeError as refused:
            self.kill()
            raise OSError(f"a process could not be looked after: {refused}") from refused

    def wait_until_it_listens(self) -> None:
        """Return once it answers.

        Raises:
            SettingsError, ModelTableError, StartError: as ``LocalCortex.start`` does.
        """
        try:
            said = self._said.get(timeout=START_SECONDS)
        except queue.Empty:
            raise error(text=f"Local Cortex did not start within {START_SECONDS:g} s") from None
        if not said:
            raise error(text=f"Local Cortex did not start ({self.how_it_ended()})")
        report = json.loads(said)
        if "error" in report:
            raise error(report["error"], text=report["text"])
        self.port, self.engine = report["port"], report["engine"]

    @property
    def alive(self) -> bool:
        """Whether the process runs and has not been given up; it may be stuck."""
        return not self._given_up and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def answers(self, seconds: float) -> bool:
        """Tell whether its server answers within ``seconds``."""
        if self._asking is None:
            self._asking = http.client.HTTPConnection(HOST, self.port)
        self._asking.timeout = seconds
        if self._asking.sock is not None:
            self._asking.sock.settimeout(seconds)
        try:
            self._asking.request("GET", "/")
            answer = self._asking.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._asking.close()
            return False
        # 503 means that a stopped statement is still computing.
        return answer.status == http.client.OK

    def memory(self) -> int:
        """Return the bytes of memory that it has; 0 once it has ended."""
        try:
            return int(psutil.Process(self._process.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def how_it_ended(self) -> str:
        """Say so in words, within a moment of the end of its output."""
        try:
            code = self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            return "closed its output"
        return f"ended by signal {-code}" if code < 0 else f"ended with code {code}"

    def close(self) -> None:
        """End it, by force if it does not end by itself."""
        with suppress(OSError):
            self._input.close()
        try:
            self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it by force; it may be stuck."""
        # Its clients notice at once, and ask whether it was replaced.
        self._given_up = True
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(CLOSE_SECONDS)
        with suppress(OSError):
            self._input.close()
        if self._asking is not None:
            self._asking.close()

    def _read(self) -> None:
        output = self._process.stdout
        assert output is not None  # noqa: S101 - it was asked for
        with suppress(OSError), output:
            self._said.put(output.readline())
            output.read()
        self._said.put(b"")
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(CLOSE_SECONDS)
        self._folder.cleanup()
        self._on_end()


def error(kind: str = "StartError", *, text: str) -> Exception:
    """Return an error of the same class as in-process; importing the server takes a while."""
    if kind == "SettingsError":
        from local_cortex.settings import SettingsError

        return SettingsError(text)
    if kind == "ModelTableError":
        from local_cortex.models import ModelTableError

        return ModelTableError(text)
    from local_cortex.server import StartError

    return StartError(text)


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return a process's environment: what leads to an account is no business of Local Cortex."""
    kept = {
        name: value
        for name, value in given.items()
        if name.startswith("COURSE_RELAY") or not is_secret(name, value)
    }
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), kept.get("PYTHONPATH")])),
    }

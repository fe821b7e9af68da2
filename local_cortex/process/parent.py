"""Local Cortex in a process of its own, watched, and started again when it does not answer.

A thread that computes without an end or takes all memory can't be ended; a process can. It gets the
secret by standard input and tells its port by standard output; each side notices the other's end.
"""

from __future__ import annotations

import http.client
import json
import logging
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from local_cortex.environment import ModelTableError, Settings, SettingsError, StartError
from local_cortex.loopback import HOST
from local_cortex.out_of_sight import is_secret

if TYPE_CHECKING:
    from snowflake.snowpark import Session

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
MEGABYTE = 1_000_000
# Start-up takes half a second; a machine this slow has another problem.
START_SECONDS = 20.0
# It ends in a few hundredths of a second; one that is stuck is killed.
CLOSE_SECONDS = 0.5
# A busy machine takes a moment to free the memory of a killed one.
KILL_SECONDS = 10.0
# Memory that one statement gives back is there for the next, whichever thread that is on.
ALLOCATOR = {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"}
WINDOWS_FLAGS: int = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(
    subprocess, "CREATE_NEW_PROCESS_GROUP", 0
)
ERRORS = {each.__name__: each for each in (ModelTableError, SettingsError, StartError)}


@dataclass(frozen=True)
class Watching:
    """When a process is over; ``memory`` is in bytes, the rest in seconds or times."""

    every: float = 1.0
    """Seconds between two questions, and the longest that an answer to one may take."""
    patience: int = 3
    """Questions in a row without an answer: fewer happen on a busy machine, or after a sleep."""
    memory: int = 1_500 * MEGABYTE
    most: int = 3
    """Times that it is started again within ``within``."""
    within: float = 60.0

    def why_over(self, unanswered: int, memory: int) -> str | None:
        """Return why to replace a process with that many unanswered questions, or None."""
        if unanswered >= self.patience:
            return f"did not answer for {self.patience * self.every:g} s"
        if memory > self.memory:
            return f"used more than {self.memory // MEGABYTE} MB of memory"
        return None

    def wait(self, losses: Sequence[float], now: float) -> float:
        """Return the seconds until another may be started after losses at these times."""
        if len(losses) <= self.most:
            return 0.0
        return max(0.0, losses[-self.most - 1] + self.within - now)


class Child:
    """One process with a server in it (``child.py``); ``OSError`` if it can't be started."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.port = 0
        self.engine = ""
        self.secret = secrets.token_urlsafe(24)
        self._given_up = False
        # What a killed process leaves on the disk goes with this folder.
        self._folder = tempfile.TemporaryDirectory(
            prefix="local-cortex-", ignore_cleanup_errors=True
        )
        kept = {
            name: value
            for name, value in environment.items()
            if name.startswith("COURSE_RELAY") or not is_secret(name, value)
        }
        path = os.pathsep.join(filter(None, [str(ROOT), kept.get("PYTHONPATH")]))
        # -P: no file of the working directory takes the place of one of Python's. In a group of its
        # own, Ctrl-C ends the pages first.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "local_cortex.process.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=kept
            | ALLOCATOR
            | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), self._folder.name)
            | {"PYTHONPATH": path},
            start_new_session=True,
            creationflags=WINDOWS_FLAGS,
        )
        self.pid = self._process.pid

    def wait_until_it_listens(self) -> None:
        """Return once it listens, or raise what ``LocalCortex.start`` raises."""
        tell, said = self._process.stdin, self._process.stdout
        assert tell is not None  # noqa: S101 - it was asked for
        assert said is not None  # noqa: S101 - it was asked for
        late = threading.Timer(START_SECONDS, self._process.kill)
        late.daemon = True
        late.start()
        with suppress(OSError):  # it has ended
            tell.write(f"{self.secret}\n".encode())
            tell.flush()
        report = json.loads(said.readline() or "{}")
        in_time = late.is_alive()
        late.cancel()
        if not report:
            how = self.how_it_ended() if in_time else f"within {START_SECONDS:g} s"
            raise StartError(f"Local Cortex did not start ({how})")
        if "error" in report:
            raise ERRORS[report["error"]](report["text"])
        self.port, self.engine = report["port"], report["engine"]

    @property
    def alive(self) -> bool:
        """Whether the process runs and has not been given up; it may be stuck."""
        return not self._given_up and self._process.poll() is None

    def answers(self, seconds: float) -> bool:
        """Return whether its server answers within ``seconds``."""
        try:
            with closing(http.client.HTTPConnection(HOST, self.port, timeout=seconds)) as asking:
                asking.request("GET", "/")
                # 503 means that a stopped statement is still computing.
                return asking.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False

    def memory(self) -> int:
        """Return the bytes of memory that it has; 0 once it has ended."""
        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def how_it_ended(self) -> str:
        """Return in words how it ended; call it when its output has ended."""
        try:
            code = self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            return "closed its output"
        return f"ended by signal {-code}" if code < 0 else f"ended with code {code}"

    def close(self) -> None:
        """End it, by force if it does not end by itself."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(CLOSE_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it by force; it may be stuck."""
        # Its clients notice at once, and ask whether it was replaced.
        self._given_up = True
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(KILL_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._folder.cleanup()


class LocalCortexProcess:
    """A Local Cortex in a process of its own; see :meth:`start`.

    A process that ends, does not answer or grows too large is replaced by another, with a port and
    a secret of its own; ``replaced`` tells whether a session is of one that was lost. ``watching``
    has by default the memory that the settings allow.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        watching: Watching | None = None,
        clock: Callable[[], float] = time.monotonic,
        child: Callable[[Mapping[str, str]], Child] = Child,
    ) -> None:
        self._environment = os.environ if environment is None else environment
        self._watching = watching
        self._clock, self._child = clock, child
        self._lock = threading.RLock()
        self._closing = threading.Event()
        # The process that starts or runs, and the thread that starts and watches it.
        self._begun: Future[Child] | None = None
        self._thread: threading.Thread | None = None
        # When processes were lost, on the clock.
        self._losses: list[float] = []
        self._reason = ""

    @classmethod
    def start(cls, environment: Mapping[str, str] | None = None) -> LocalCortexProcess:
        """Begin to start a process and return at once; :meth:`session` waits for it."""
        started = cls(environment)
        started._begin()
        return started

    @property
    def alive(self) -> bool:
        """Whether it can be asked for sessions: it has not been closed."""
        return not self._closing.is_set()

    @property
    def replaced(self) -> int:
        """How many of its processes were lost, each with its sessions, and replaced."""
        with self._lock:
            child = self._current()
            return len(self._losses) + (child is not None and not child.alive)

    def server(self) -> Child:
        """Return what answers now; a settings, model table or start error says why none does."""
        while True:
            with self._lock:
                if not self.alive:
                    raise StartError("Local Cortex has been stopped")
                begun, thread = self._begun or self._begin(), self._thread
            failure = begun.exception()
            if not failure and begun.result().alive:
                return begun.result()
            if thread is not None:
                # After an end it begins the next process; after a failure the next call does.
                thread.join()
            with self._lock:
                if self._begun is begun:
                    self._begun = None
            if failure:
                # An exception raised twice would collect tracebacks.
                raise type(failure)(*failure.args) from failure

    def session(self) -> Session:
        """Open a new ``snowflake.snowpark.Session``, which the caller closes, on :meth:`server`."""
        from local_cortex.client import open_session

        while True:
            server = self.server()
            try:
                session = open_session(server.port, server.secret)
            except Exception:
                if server.alive:
                    raise
                # We lost the process in between: ask the next one.
                continue
            with self._lock:
                if self._current() is server:
                    return session
            with suppress(Exception):
                session.connection.close(retry=False)

    def close(self) -> None:
        """End the process; answers still being made end here. Safe to call twice."""
        with self._lock:
            self._closing.set()
            child, self._begun = self._current(), None
        if child is not None:
            child.close()

    def _current(self) -> Child | None:
        begun = self._begun
        return begun.result() if begun and begun.done() and not begun.exception() else None

    def _begin(self) -> Future[Child]:
        with self._lock:
            # Linux ends a process with the thread that started it, so that thread watches it, too.
            begun: Future[Child] = Future()
            self._thread = threading.Thread(
                target=self._serve, args=(begun,), name="local-cortex-watch", daemon=True
            )
            self._thread.start()
            self._begun = begun
        return begun

    def _serve(self, begun: Future[Child]) -> None:
        """Start a process, watch it to its end, and begin the next one."""
        child = None
        try:
            memory = Settings.from_environment(self._environment).memory * MEGABYTE
            watching = self._watching or Watching(memory=memory)
            if wait := watching.wait(self._losses, self._clock()):
                raise StartError(
                    f"Local Cortex {self._reason}, as others did a moment before. "
                    f"It is not started again for {wait:.0f} s."
                )
            child = self._child(self._environment)
            child.wait_until_it_listens()
        except Exception as failure:  # raised again where a session is asked for
            if child is not None:
                child.kill()
            if isinstance(failure, OSError):
                failure = StartError(f"Local Cortex's process cannot be started: {failure}")
            begun.set_exception(failure)
            return
        begun.set_result(child)
        try:
            reason = self._watch(child, watching)
        finally:
            child.kill()
        with self._lock:
            if not self.alive:
                return
            log.warning("Local Cortex %s; its sessions are gone.", reason)
            self._reason = reason
            self._losses.append(self._clock())
            self._begin()

    def _watch(self, child: Child, watching: Watching) -> str:
        """Return, when a process is over, why."""
        unanswered, pause = 0, watching.every
        while True:
            if self._closing.wait(pause) or not child.alive:
                return child.how_it_ended()
            asked = self._clock()
            unanswered = 0 if child.answers(watching.every) else unanswered + 1
            waited = self._clock() - asked if unanswered else 0.0
            pause = max(0.0, watching.every - waited)
            if child.alive and (reason := watching.why_over(unanswered, child.memory())):
                return reason

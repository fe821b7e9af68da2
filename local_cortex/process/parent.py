"""Local Cortex in a process of its own, watched, and started again when it does not answer.

A statement may compute without an end or take all memory, and a thread that does can neither be
ended nor capped; a process can. The parent hands the secret over by standard input, and reads the
port from standard output; both stay open, so that each notices the other's end.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

from local_cortex.process.handle import Child, error
from local_cortex.process.watching import MEGABYTE, Restarts, Watching

if TYPE_CHECKING:
    from snowflake.snowpark import Session

__all__ = ["LocalCortexProcess"]

log = logging.getLogger(__name__)


class Server(Protocol):
    """A process, or a ``LocalCortex`` where no process can be started."""

    port: int

    @property
    def secret(self) -> str: ...
    @property
    def engine(self) -> str: ...
    @property
    def alive(self) -> bool: ...
    def close(self) -> None: ...


class LocalCortexProcess:
    """A Local Cortex in a process of its own; see :meth:`start`.

    A process that ends, does not answer or grows too large is replaced by another, with a port and
    a secret of its own. The sessions of the one before are over: their connections are ``expired``,
    as the connector calls it.

    Args:
        environment: that of the process; by default this one's.
        watching: how it is watched; by default with the memory that the settings allow.
        clock: a monotonic clock in seconds.
        child: starts a process.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        watching: Watching | None = None,
        clock: Callable[[], float] = time.monotonic,
        child: Callable[[Mapping[str, str], Callable[[], None]], Child] = Child,
    ) -> None:
        self._environment = os.environ if environment is None else environment
        self._watching = watching
        self._clock, self._child = clock, child
        self._restarts = Restarts(watching or Watching())
        self._changed = threading.Condition()
        self._wake = threading.Event()
        self._server: Server | None = None
        self._failure: Exception | None = None
        self._failure_told = False
        self._thread: threading.Thread | None = None
        self._sessions: WeakSet[Session] = WeakSet()
        self._lost = 0
        self._reason = ""
        self._closed = False

    @classmethod
    def start(cls, environment: Mapping[str, str] | None = None) -> LocalCortexProcess:
        """Begin to start a process and return at once; :meth:`session` waits for it."""
        started = cls(environment)
        with started._changed:
            started._begin()
        return started

    @property
    def alive(self) -> bool:
        """Whether it can be asked for sessions: it has not been closed."""
        return not self._closed

    @property
    def replaced(self) -> int:
        """How many of its processes were lost, each with its sessions, and replaced."""
        with self._changed:
            return self._lost + (self._server is not None and not self._server.alive)

    def server(self) -> Server:
        """Return what answers now, with its ``port``, ``secret`` and ``engine``.

        Raises:
            SettingsError, ModelTableError, StartError: there is none, and why.
        """
        with self._changed:
            if self._thread is None and self._failure_told:
                # The caller knows of the failure, so this call is another try.
                self._failure, self._failure_told = None, False
            if self._thread is None and not self._is_decided():
                self._begin()
            self._changed.wait_for(self._is_decided)
            if self._server is not None:
                return self._server
            if self._failure is None:
                raise error(text="Local Cortex has been stopped")
            self._failure_told = True
            # An exception raised twice would collect tracebacks.
            raise type(self._failure)(*self._failure.args) from self._failure

    def session(self) -> Session:
        """Open a new ``snowflake.snowpark.Session``; the caller closes it.

        Raises:
            SettingsError, ModelTableError, StartError: there is no server, and why.
            snowflake.connector.Error: it does not let us log in.
        """
        from local_cortex.client import open_session

        while True:
            server = self.server()
            try:
                session = open_session(server.port, server.secret)
            except Exception:
                # We lost the process in between: ask the next one.
                if self._answers_now(server):
                    raise
                continue
            with self._changed:
                if self._server is server:
                    self._sessions.add(session)
                    return session
            with suppress(Exception):
                session.connection.close(retry=False)

    def close(self) -> None:
        """End the process; answers still being made end here. Safe to call twice."""
        with self._changed:
            self._closed = True
            server, self._server = self._server, None
            self._changed.notify_all()
        self._wake.set()
        if server is not None:
            server.close()

    def _begin(self) -> None:
        # Linux ends a process with the thread that started it: one thread starts it and watches it.
        self._thread = threading.Thread(target=self._run, name="local-cortex-watch", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        failure: Exception | None = None
        try:
            while self._serve():
                pass
        except Exception as found:  # raised again where a session is asked for
            failure = found
        with self._changed:
            self._failure, self._thread = failure, None
            self._changed.notify_all()

    def _serve(self) -> bool:
        """Start a process and watch it to its end; return whether another follows."""
        if wait := self._restarts.wait(self._clock()):
            raise error(
                text=f"Local Cortex {self._reason}, as others did a moment before. "
                f"It is not started again for {wait:.0f} s."
            )
        watching = self._watching or _as_set(self._environment)
        try:
            child = self._child(self._environment, self._wake.set)
        except OSError as refused:
            if self._lost:
                raise error(text=f"Local Cortex cannot be started again: {refused}") from refused
            log.warning("Local Cortex runs in this process; no other can be started: %s", refused)
            self._use(_in_this_process())
            return False
        try:
            child.wait_until_it_listens()
            if not self._use(child):
                return False
            reason = self._watch(child, watching)
        finally:
            child.kill()
        if self._closed:
            return False
        self._lose(reason)
        return True

    def _use(self, server: Server) -> bool:
        with self._changed:
            if not self._closed:
                self._server = server
            self._changed.notify_all()
        if self._closed:
            server.close()
        return not self._closed

    def _watch(self, child: Child, watching: Watching) -> str:
        """Return, when a process is over, why."""
        unanswered, pause = 0, watching.every
        while True:
            # The end of a process sets it, and so does close().
            self._wake.wait(pause)
            self._wake.clear()
            if self._closed or not child.alive:
                return child.how_it_ended()
            asked = self._clock()
            unanswered = 0 if child.answers(watching.every) else unanswered + 1
            waited = self._clock() - asked if unanswered else 0.0
            pause = max(0.0, watching.every - waited)
            if child.alive and (reason := watching.why_over(unanswered, child.memory())):
                return reason

    def _lose(self, reason: str) -> None:
        log.warning("Local Cortex %s; its sessions are gone.", reason)
        self._reason = reason
        self._restarts.lost(self._clock())
        with self._changed:
            self._server = None
            self._lost += 1
            sessions = list(self._sessions)
            self._sessions.clear()
        for session in sessions:
            session.connection.expired = True

    def _answers_now(self, server: Server) -> bool:
        with self._changed:
            return self._server is server and server.alive

    def _is_decided(self) -> bool:
        # One that has ended, and is about to be replaced, decides nothing.
        answers = self._server is not None and self._server.alive
        return answers or self._failure is not None or self._closed


def _as_set(environment: Mapping[str, str]) -> Watching:
    from local_cortex.settings import Settings

    return replace(Watching(), memory=Settings.from_environment(environment).memory * MEGABYTE)


def _in_this_process() -> Server:
    from local_cortex.server import LocalCortex

    return LocalCortex.start()

"""The socket that a request waits on, so that another thread can end the wait.

Both clients block in a read that nothing but their socket can end, and hand the socket over only
with the response. A :class:`Watch` sees it before: from the first packet of the connection on.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

__all__ = ["WATCH", "Watch", "wake"]


# More than the way to any server and back takes.
ATTEMPT_SECONDS = 0.8


class Watch:
    """Sees the sockets of a request one after the other, and ends what waits on the last one.

    Without a client that shows its sockets, ``end`` ends nothing but ``rest``: the request's own
    timeouts hold.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._socket: socket.socket | None = None
        self._copied = False

    @property
    def ended(self) -> bool:
        """Whether nobody waits any more."""
        return self._ended.is_set()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Let the requests that this thread sends meanwhile show their sockets."""
        token = WATCH.set(self)
        try:
            yield
        finally:
            WATCH.reset(token)

    def see(self, opened: socket.socket, *, copy: bool = False) -> None:
        """Watch this socket; a ``copy`` of it where TLS is going to take the socket itself."""
        with self._lock:
            self._forget()
            self._socket, self._copied = opened.dup() if copy else opened, copy
        if self._ended.is_set():
            self.end()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Watch the sockets of httpcore's connections, as its ``trace`` extension shows them.

        It shows none while it connects. There an attempt is cut short, so that the sender can check
        whether anybody still waits, and try again.
        """
        if event.endswith("connect_tcp.started"):
            info["timeout"] = min(info.get("timeout") or ATTEMPT_SECONDS, ATTEMPT_SECONDS)
        elif event.endswith(("connect_tcp.complete", "start_tls.complete")):
            opened = info["return_value"].get_extra_info("socket")
            if opened is not None:
                self.see(opened)
        elif event.endswith("start_tls.started") and self._socket is not None:
            self.see(self._socket, copy=True)

    def rest(self, seconds: float) -> None:
        """Sleep, but no longer than until the end."""
        self._ended.wait(seconds)

    def end(self) -> None:
        """End what waits on the socket, now and from now on; from any thread, more than once."""
        self._ended.set()
        with self._lock:
            if self._socket is not None:
                _shut(self._socket)

    def close(self) -> None:
        """Let go of the socket; what it is connected to stays as it is."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        if self._copied and self._socket is not None:
            self._socket.close()
        self._socket, self._copied = None, False


#: Who watches the requests that this thread sends.
WATCH: ContextVar[Watch | None] = ContextVar("watch", default=None)


def wake(response: object) -> None:
    """End a read of this response that waits for the service, from any thread."""
    shutdown = getattr(getattr(response, "raw", None), "shutdown", None)
    if shutdown is not None:
        # What it raises: the answer has ended meanwhile, and its connection with it.
        with suppress(OSError, RuntimeError, ValueError):
            shutdown()
        return
    network = getattr(response, "extensions", {}).get("network_stream")
    opened = network.get_extra_info("socket") if network is not None else None
    if opened is not None:
        _shut(opened)


def _shut(opened: socket.socket) -> None:
    with suppress(OSError):
        # The base class's: SSLSocket's own forgets the TLS state that a reader is using.
        socket.socket.shutdown(opened, socket.SHUT_RDWR)

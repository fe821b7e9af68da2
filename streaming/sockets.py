"""The socket on which a request waits for its response, so that another thread can end the wait.

Both clients block in a read that nothing but their socket can end, and hand the socket over only
with the response. Code that opens their connections shows it here before that.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

__all__ = ["LastSocket", "show", "shut"]

_see: ContextVar[Callable[[socket.socket], object] | None] = ContextVar("see", default=None)


def show(opened: socket.socket) -> None:
    """Show the socket of a new connection to what watches this thread, if anything does."""
    if (see := _see.get()) is not None:
        see(opened)


def shut(opened: socket.socket) -> None:
    """End what reads from a socket, from any thread."""
    with suppress(OSError):
        # The base class's: SSLSocket's own forgets the TLS state that a reader is using.
        socket.socket.shutdown(opened, socket.SHUT_RDWR)


class LastSocket:
    """The socket of a thread's last request: it can end what waits there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._ended = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """See the sockets that this thread opens meanwhile."""
        token = _see.set(self._saw)
        try:
            yield
        finally:
            _see.reset(token)

    def end(self) -> None:
        """End what waits, now and from now on; from any thread, more than once."""
        with self._lock:
            self._ended = True
            opened, self._socket = self._socket, None
        if opened is not None:
            shut(opened)

    def _saw(self, opened: socket.socket) -> None:
        with self._lock:
            self._socket = opened
            ended = self._ended
        if ended:
            self.end()

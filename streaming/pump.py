"""Reading a strategy's deltas in a thread, so that a silent socket holds nobody up.

The Snowflake client sets no socket timeout and looks at its own deadline only when an event
arrives. A thread of ours does the waiting; whoever shows the text waits on a condition instead,
with a limit, and can leave at any moment.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from streaming.strategy import Abortable

__all__ = ["Pump", "Reader"]


class Reader(Protocol):
    """Where a stream takes its deltas from: a thread, or a table of arrivals in a test."""

    @property
    def ended(self) -> bool:
        """Whether the source has ended; deltas may still wait to be taken."""
        ...

    @property
    def error(self) -> BaseException | None:
        """What ended the source, if it was an error."""
        ...

    @property
    def first_arrival(self) -> float | None:
        """When the first delta arrived, on the stream's clock."""
        ...

    @property
    def last_arrival(self) -> float | None:
        """When the source last had a chance to give a delta and did."""
        ...

    @property
    def deltas(self) -> int:
        """How many deltas have arrived."""
        ...

    def start(self) -> None:
        """Send the request and begin to read."""
        ...

    def take(self) -> list[str]:
        """Remove and return the deltas that have arrived."""
        ...

    def wait(self, seconds: float, *, for_delta: bool) -> None:
        """Wait at most so long: until something arrives, or merely until stopped."""
        ...

    def stop(self) -> None:
        """End the reading from any thread."""
        ...

    def join(self, seconds: float) -> None:
        """Wait for the source to have been released, at most so long."""
        ...


class Pump:
    """Deltas on their way from a source to its reader, at most ``buffer_chars`` of them waiting."""

    def __init__(
        self,
        open_source: Callable[[], Iterator[str | None]],
        buffer_chars: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_source = open_source
        self._buffer_chars = buffer_chars
        self._clock = clock
        self._changed = threading.Condition()
        self._deltas: deque[str] = deque()
        self._waiting_chars = 0
        self._source: Iterator[str | None] | None = None
        self._stopped = False
        self.ended = False
        self.error: BaseException | None = None
        self.first_arrival: float | None = None
        self.last_arrival: float | None = None
        self.deltas = 0
        self._thread = threading.Thread(target=self._run, name="stream-pump", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def take(self) -> list[str]:
        with self._changed:
            taken = list(self._deltas)
            if taken:
                full = self._waiting_chars >= self._buffer_chars
                self._deltas.clear()
                self._waiting_chars = 0
                if full:
                    # The source was held up by us; its silence counts from now on.
                    self.last_arrival = self._clock()
                self._changed.notify_all()
            return taken

    def wait(self, seconds: float, *, for_delta: bool) -> None:
        with self._changed:
            if for_delta:
                self._changed.wait_for(self._has_news, seconds)
            else:
                self._changed.wait_for(lambda: self._stopped, seconds)

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            source = self._source
        if isinstance(source, Abortable):
            source.abort()

    def join(self, seconds: float) -> None:
        if self._thread.ident is not None:
            self._thread.join(seconds)

    def _has_news(self) -> bool:
        return bool(self._deltas) or self.ended or self._stopped

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            self._read()
        except BaseException as raised:
            error = raised
        with self._changed:
            self.error = error
            self.ended = True
            self._changed.notify_all()

    def _read(self) -> None:
        source = self._open_source()
        close = getattr(source, "close", None)
        with contextlib.ExitStack() as closing:
            if close is not None:
                closing.callback(close)
            with self._changed:
                self._source = source
                if self._stopped:
                    return
            for delta in source:
                if self._stopped:
                    return
                if delta:
                    self._put(delta)

    def _put(self, delta: str) -> None:
        with self._changed:
            while self._waiting_chars >= self._buffer_chars and not self._stopped:
                self._changed.wait()
            self._deltas.append(delta)
            self._waiting_chars += len(delta)
            self.deltas += 1
            self.last_arrival = self._clock()
            if self.first_arrival is None:
                self.first_arrival = self.last_arrival
            self._changed.notify_all()

"""Reading an answer's deltas in a thread, so that a silent socket holds nobody up.

The Snowflake client sets no socket timeout and looks at its own deadline only when an event
arrives. A thread does the waiting; the page waits on a condition, with a limit, and can leave at
any moment.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from io import StringIO
from typing import Literal

from streaming.attempts import Attempts
from streaming.deltas import Event, Part

__all__ = ["CallEnd", "Pump"]

# Seconds before the reader looks again in which what has gathered is read.
EARLY = 0.015

#: How a model call was over: by itself, by an error, or because its reader wanted no more.
CallEnd = Literal["ended", "failed", "stopped"]


class Pump:
    """Text and events on their way from a source to their reader, ``buffer_chars`` at the most.

    Attributes:
        source: what asks, and gives the deltas.
        ended: whether the source has ended; text may still wait to be taken.
        error: what ended the source, if it was an error.
        finish_reason: why the model ended its answer; ``None`` if the source doesn't say.
        first_arrival: when the first text arrived, on ``clock``.
        deltas: how many deltas of text have arrived.
    """

    def __init__(
        self,
        source: Attempts,
        buffer_chars: int,
        *,
        on_end: Callable[[str, CallEnd], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source = source
        self.ended = False
        self.error: BaseException | None = None
        self.finish_reason: str | None = None
        self.first_arrival: float | None = None
        self.deltas = 0
        self._last_arrival: float | None = None
        self._on_end = on_end
        self._clock = clock
        # The collector may drop a stream, and so call stop(), while this thread holds it.
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._text = _buffer()
        self._taken = 0
        self._oldest = 0.0
        self._waiting_chars = 0
        self._kept_chars = 0
        # Characters that may still come; at 0 the source has to wait.
        self._room = buffer_chars
        # Events, each with how much text came before it.
        self._events: deque[tuple[int, Event]] = deque()
        self._event_chars = 0
        self._reader_waits = False
        # While the reader waits for its tick: when it will take what has come.
        self._next_look: float | None = None
        self._begun = self._stopped = False
        self._thread = threading.Thread(target=self._read, name="stream-pump", daemon=True)

    @property
    def last_arrival(self) -> float | None:
        """When the source last gave anything, if only a sign of life."""
        # While it waits for the first text, only the source knows.
        return self.source.last_sign if self._last_arrival is None else self._last_arrival

    @property
    def thoughts(self) -> str:
        """What the model has thought before its first text; another attempt replaces it."""
        return self.source.thoughts

    @property
    def characters(self) -> int:
        """How many characters have arrived."""
        return self._taken + self._waiting_chars

    @property
    def received(self) -> str:
        """All text that has arrived."""
        with self._lock:
            return self._text.getvalue()

    def start(self) -> None:
        """Send the request and begin to read."""
        with self._lock:
            self._begun = not self._stopped
        if self._begun:
            try:
                self._thread.start()
            except RuntimeError:  # this machine has no more threads to give
                self._begun = False
                self.stop()
                raise

    def take(self) -> tuple[list[Part], float]:
        """Remove what has arrived; return it in its order and when the oldest text of it came."""
        if not (self._waiting_chars or self._events):
            return [], 0.0
        with self._lock:
            parts: list[Part] = []
            self._text.seek(self._taken)
            for at, event in self._events:
                parts += (self._text.read(at - self._taken), event)
                self._taken = at
            rest = self._text.read()
            parts.append(rest)
            self._taken += len(rest)
            # Until keep() says otherwise, all text waits on.
            self._kept_chars += self._waiting_chars
            self._waiting_chars = 0
            self._events.clear()
            if self._event_chars:
                self._room += self._event_chars
                self._event_chars = 0
                self._changed.notify_all()
            return parts, self._oldest

    def keep(self, characters: int) -> None:
        """Tell the pump how much of what was taken still waits for its reader."""
        with self._lock:
            was_full = self._room <= 0
            self._room += self._kept_chars - characters
            self._kept_chars = characters
            if was_full:
                self._changed.notify_all()

    def wait(self, seconds: float, *, for_delta: bool) -> None:
        """Wait at most so long: until something arrives, or merely until stopped."""
        with self._lock:
            self._reader_waits = for_delta
            if not for_delta:
                self._next_look = self._clock() + seconds
            self._changed.wait_for(
                lambda: self._stopped or (for_delta and (self._waiting_chars or self.ended)),
                seconds,
            )
            self._reader_waits, self._next_look = False, None

    def stop(self) -> None:
        """End the reading from any thread."""
        with self._lock:
            never_asked = not (self._stopped or self._begun)
            self._stopped = True
            self._changed.notify_all()
        if never_asked and self._on_end is not None:
            self._on_end("", "stopped")
        self.source.abort()

    def join(self, seconds: float) -> None:
        """Wait for the source to be released, at most so long."""
        if self._thread.ident is not None:
            self._thread.join(seconds)

    def _read(self) -> None:
        """Read to the end, release the source, and say that it is over."""
        error: BaseException | None = None
        try:
            for delta in self.source:
                if self._stopped:
                    break
                if delta:
                    self._put(delta)
                    if (next_look := self._next_look) is not None:
                        self._rest(next_look)
                else:
                    self._last_arrival = self._clock()
        except BaseException as raised:
            error = raised
        self.finish_reason = self.source.finish_reason
        try:
            self.source.close()
        except Exception as raised:
            error = error or raised
        try:
            # Before its reader knows: what is counted then is counted already.
            if self._on_end is not None:
                how: CallEnd = "failed" if error is not None else "ended"
                self._on_end(self.received, "stopped" if self._stopped else how)
        finally:
            with self._lock:
                self.error = error
                self.ended = True
                self._changed.notify_all()

    def _put(self, delta: str | Event) -> None:
        with self._lock:
            if self._room <= 0:
                self._changed.wait_for(lambda: self._stopped or self._room > 0)
            now = self._last_arrival = self._clock()
            if not isinstance(delta, str) and isinstance(delta, Event):
                self._events.append((self.characters, delta))
                size = len(repr(delta))
                self._event_chars += size
                self._room -= size
                return
            if not self._waiting_chars:
                self._oldest = now
                if self.first_arrival is None:
                    self.first_arrival = now
            size = self._text.write(delta)
            self._waiting_chars += size
            self._room -= size
            self.deltas += 1
            if self._reader_waits:
                # Once: to wake, it needs the interpreter, and many a delta may come before that.
                self._reader_waits = False
                self._changed.notify_all()

    def _rest(self, next_look: float) -> None:
        """Let deltas gather in the socket until shortly before the reader looks again.

        A thread that wakes for each one takes nearly twice the processor time (benchmarks: crowd).
        """
        left = next_look - EARLY - (self._last_arrival or 0.0)
        if left > 0 and self.source.buffered:
            with self._lock:
                self._changed.wait_for(lambda: self._stopped, left)


def _buffer() -> StringIO:
    buffer = StringIO()
    # Once it has been read from, it holds characters; before, it keeps each string that is written,
    # which for small deltas takes ten times the memory (CPython's Modules/_io/stringio.c).
    buffer.readline()
    return buffer

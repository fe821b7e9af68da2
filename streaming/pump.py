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
from typing import Literal, cast

from streaming.attempts import Attempts
from streaming.deltas import Event, Part, join

__all__ = ["CallEnd", "Pump"]

# Seconds before the reader looks again in which what has gathered is read.
EARLY = 0.015
# So many deltas that wait become one: a stalled reader's take 250 kB of memory, not 1,250
# (benchmarks: peak_memory).
MOST_WAITING = 512

#: How a model call was over: by itself, by an error, or because its reader wanted no more.
CallEnd = Literal["ended", "failed", "stopped"]


class Pump:
    """Text and events on their way from a source to their reader, ``buffer_chars`` at the most.

    Neither takes the lock for each delta: two threads that do hand it to each other with every one
    (benchmarks: time_per_piece).

    Attributes:
        source: what asks, and gives the deltas.
        ended: whether the source has ended; text may still wait to be taken.
        error: what ended the source, if it was an error.
        finish_reason: why the model ended its answer; ``None`` if the source doesn't say.
        first_arrival: when the first text arrived, on ``clock``.
        deltas: how many deltas of text have arrived.
        characters: how many characters of text have arrived.
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
        self.characters = 0
        self._last_arrival: float | None = None
        self._on_end = on_end
        self._clock = clock
        # The collector may drop a stream, and so call stop(), while this thread holds it.
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        # Text that was taken.
        self._text = _buffer()
        self._waiting: deque[Part] = deque()
        # When the oldest that waits arrived.
        self._oldest = 0.0
        # Sizes: of all that has arrived, of what was taken of it, and of what its reader has done
        # with. The first is the source's to change, the others the reader's.
        self._buffer = buffer_chars
        self._arrived = self._taken = self._done = 0
        self._source_waits = False
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
    def received(self) -> str:
        """All text that has arrived."""
        with self._lock:
            # A copy: the source's thread may add to it meanwhile.
            waiting = [part for part in list(self._waiting) if isinstance(part, str)]
            return self._text.getvalue() + "".join(waiting)

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
        """Remove what has arrived; return it in its order and when the oldest of it came."""
        if not self._waiting:
            return [], 0.0
        with self._lock:
            since, parts = self._oldest, self._joined()
            # Afterwards: less than what was taken would leave its room taken for good.
            self._taken = self._arrived
            for part in parts:
                if isinstance(part, str):
                    self._text.write(part)
            return parts, since

    def keep(self, characters: int) -> None:
        """Tell the pump how much of what was taken still waits for its reader."""
        self._done = self._taken - characters
        if self._source_waits:
            with self._lock:
                self._changed.notify_all()

    def wait(self, seconds: float, *, for_delta: bool) -> None:
        """Wait at most so long: until something arrives, or merely until stopped."""
        with self._lock:
            self._reader_waits = for_delta
            if not for_delta:
                self._next_look = self._clock() + seconds
            self._changed.wait_for(
                lambda: self._stopped or (for_delta and (self._waiting or self.ended)),
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

    def _put(self, delta: Part) -> None:
        if self._arrived - self._done >= self._buffer:
            self._wait_for_room()
        waiting, now = self._waiting, self._clock()
        self._last_arrival = now
        if not waiting:
            self._oldest = now
        elif len(waiting) >= MOST_WAITING:
            with self._lock:
                waiting.extend(self._joined())
        if isinstance(delta, str):
            size = len(delta)
            self.deltas += 1
            self.characters += size
            if self.first_arrival is None:
                self.first_arrival = now
        elif isinstance(delta, Event):
            size = len(repr(delta))
        else:
            # In io's words, which have a code (errors.py).
            raise TypeError(f"string argument expected, got {type(delta).__name__!r}")
        self._arrived += size
        waiting.append(delta)
        if self._reader_waits:
            with self._lock:
                # Once: to wake, it needs the interpreter, and many a delta may come before that.
                self._reader_waits = False
                self._changed.notify_all()

    def _wait_for_room(self) -> None:
        with self._lock:
            self._source_waits = True
            self._changed.wait_for(
                lambda: self._stopped or self._arrived - self._done < self._buffer
            )
            self._source_waits = False

    def _joined(self) -> list[Part]:
        """Remove what waits, and return it joined."""
        parts = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            return ["".join(cast("list[str]", parts))]
        except TypeError:  # events are among them
            return [*join(parts)]

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

"""Reading a strategy's deltas in a thread, so that a silent socket holds nobody up.

The Snowflake client sets no socket timeout and looks at its own deadline only when an event
arrives. A thread of ours does the waiting; the page waits on a condition instead, with a limit, and
can leave at any moment.
"""

from __future__ import annotations

import math
import threading
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import StringIO
from typing import Protocol

from streaming.strategy import Abortable

__all__ = ["Pump", "Reader"]

# What is read no later than this after a rest was there before its end.
THERE_SECONDS = 0.02
# What next() gives at the end; no delta is this object.
END = str(object())


class Reader(Protocol):
    """Where a stream takes its text from: a thread, or a table of arrivals in a test.

    Times are on the stream's clock.

    Attributes:
        ended: whether the source has ended; text may still wait to be taken.
        error: what ended the source, if it was an error.
        finish_reason: why the model ended its answer; ``None`` if the source does not say.
        immediate: whether taking does not have to wait for anything to arrive.
        first_arrival: when the first delta arrived.
        last_arrival: when the source last had a chance to give a delta and did. An empty delta
            counts, too: without a ``first_arrival`` it says that the model is thinking.
        deltas: how many deltas have arrived.
        gaps: seconds between two of them.
    """

    @property
    def ended(self) -> bool: ...
    @property
    def error(self) -> BaseException | None: ...
    @property
    def finish_reason(self) -> str | None: ...
    @property
    def immediate(self) -> bool: ...
    @property
    def first_arrival(self) -> float | None: ...
    @property
    def last_arrival(self) -> float | None: ...
    @property
    def deltas(self) -> int: ...
    @property
    def gaps(self) -> Sequence[float]: ...

    def start(self) -> None:
        """Send the request and begin to read."""
        ...

    def take(self) -> tuple[str, float]:
        """Remove the text that has arrived; return it and when the oldest of it came."""
        ...

    def keep(self, characters: int) -> None:
        """Say how much of what was taken still waits for its reader."""
        ...

    def rest_until(self, moment: float) -> None:
        """Say that nothing is going to be taken before then, so that nothing has to be read."""
        ...

    def rest(self, until: float = ...) -> Iterator[str]:
        """Where ``immediate``: give the deltas that are left, until then on the clock."""
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
    """Text on its way from a source to its reader, at most ``buffer_chars`` of it waiting.

    ``source`` is iterated in a thread: up to the first delta in one, then in another. Where it is
    not ``live``, ``iter(source)`` takes all the time; after that the taker reads the deltas itself.
    """

    def __init__(
        self,
        source: Iterable[str | None],
        buffer_chars: int,
        *,
        live: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ended = False
        self.error: BaseException | None = None
        self.finish_reason: str | None = None
        self.immediate = False
        self.first_arrival: float | None = None
        self.deltas = 0
        self.gaps = array("d")
        self._last_arrival: float | None = None
        self._last_delta = 0.0
        self._source = source
        self._buffer_chars = buffer_chars
        self._live = live
        self._clock = clock
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._text = _buffer()
        self._oldest = 0.0
        self._waiting_chars = 0
        self._kept_chars = 0
        self._reader_waits = False
        self._held_up = False
        self._stopped = False
        # Until when nobody wants anything, and from when to when this thread has not read.
        self._rest_until = -math.inf
        self._rested = -math.inf, -math.inf
        # The thread that reads the rest of a source that is not live; it alone may close it then.
        self._owner: int | None = None
        self._rest: Iterator[str | None] = iter(())
        self._thread = self._thread_for(self._ask)

    @property
    def last_arrival(self) -> float | None:
        if self._last_arrival is None:
            # While it waits for the first text, only the source knows.
            return getattr(self._source, "last_sign", None)
        return self._last_arrival

    def start(self) -> None:
        self._thread.start()

    def take(self) -> tuple[str, float]:
        if self.immediate:
            return self._take_rest()
        if not self._waiting_chars:
            return "", 0.0
        with self._lock:
            text, self._text = self._text.getvalue(), _buffer()
            # Until keep() says otherwise, all of it waits on.
            self._kept_chars += self._waiting_chars
            self._waiting_chars = 0
            return text, self._oldest

    def keep(self, characters: int) -> None:
        self._kept_chars = characters
        if self._held_up:
            with self._lock:
                self._changed.notify_all()

    def rest_until(self, moment: float) -> None:
        self._rest_until = moment

    def wait(self, seconds: float, *, for_delta: bool) -> None:
        with self._lock:
            if for_delta:
                self._reader_waits = True
                self._changed.wait_for(self._has_news, seconds)
                self._reader_waits = False
            else:
                self._changed.wait_for(lambda: self._stopped, seconds)

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            self._changed.notify_all()
            ours = self.immediate and self._owner in (None, threading.get_ident())
        if isinstance(self._source, Abortable):
            self._source.abort()
        if ours:
            self._release_rest()

    def join(self, seconds: float) -> None:
        asking, until = self._thread, self._clock() + seconds
        if asking.ident is not None:
            asking.join(seconds)
            if self._thread is not asking:
                self._thread.join(max(0.0, until - self._clock()))

    def _has_news(self) -> bool:
        return bool(self._waiting_chars) or self.ended or self.immediate or self._stopped

    def _thread_for(self, run: Callable[[], None]) -> threading.Thread:
        return threading.Thread(target=run, name="stream-pump", daemon=True)

    def _ask(self) -> None:
        """Send the request, read the first delta, and let another thread read on.

        A thread keeps for life the stack that it has once used, and what malloc put aside for it.
        Asking goes far deeper than reading: 30 KB that nobody needs while the answer streams.
        """
        try:
            deltas = iter(self._source)
            if self._live:
                first = next(deltas, None)
                if first and not self._stopped:
                    self._put(first)
                    self._nap()
                self._read_on(deltas)
                return
        except BaseException as raised:
            self._end(raised)
            return
        with self._lock:
            self._rest, self.immediate = deltas, True
            self._changed.notify_all()
        if self._stopped:
            self._release_rest()

    def _read_on(self, deltas: Iterator[str | None]) -> None:
        reading = self._thread_for(lambda: self._read(deltas))
        try:
            reading.start()
        except RuntimeError:  # this machine has no more threads to give
            self._read(deltas)
            return
        # Set before this thread ends, so that a join goes on to the other one.
        self._thread = reading

    def _read(self, deltas: Iterator[str | None]) -> None:
        error: BaseException | None = None
        try:
            for delta in () if self._stopped else deltas:
                if self._stopped:
                    break
                if delta:
                    self._put(delta)
                    if self._rest_until > -math.inf:
                        self._nap()
                else:
                    self._last_arrival = self._clock()
        except BaseException as raised:
            error = raised
        self._end(error)

    def _nap(self) -> None:
        """Leave what comes in the socket until somebody wants it: once for all, not one by one."""
        began = self._clock()
        if self._rest_until > began:
            with self._lock:
                self._changed.wait_for(lambda: self._stopped, self._rest_until - began)
            self._rested = began, self._clock()

    def _put(self, delta: str) -> None:
        with self._lock:
            if self._waiting_chars + self._kept_chars >= self._buffer_chars:
                self._wait_for_room()
            now = self._clock()
            if not self._waiting_chars:
                # What is there at the end of a rest may have come at its beginning.
                began, ended = self._rested
                self._oldest = began if now <= ended + THERE_SECONDS else now
            self._text.write(delta)
            self._waiting_chars += len(delta)
            self._count(now)
            if self._reader_waits:
                self._changed.notify_all()

    def _wait_for_room(self) -> None:
        self._held_up = True
        while self._waiting_chars + self._kept_chars >= self._buffer_chars and not self._stopped:
            self._changed.wait()
        self._held_up = False
        # The source was held up by its reader; its silence counts from now on.
        self._last_arrival = self._last_delta = self._clock()

    def _count(self, now: float) -> None:
        self.deltas += 1
        if self.first_arrival is None:
            self.first_arrival = now
        else:
            self.gaps.append(now - self._last_delta)
        self._last_arrival = self._last_delta = now

    def rest(self, until: float = math.inf) -> Iterator[str]:
        with self._lock:
            if self._stopped:
                return
            self._owner = threading.get_ident()
        deltas, clock = self._rest, self._clock
        try:
            while not self._stopped:
                delta = next(deltas, END)
                if delta is END:
                    self._end(None)
                    return
                if delta:
                    self.deltas += 1
                    yield delta
                if clock() >= until:
                    return
        except Exception as raised:
            self._end(raised)
        finally:
            # Who stopped it from elsewhere has left the closing to this thread.
            if self._stopped:
                self._release_rest()

    def _take_rest(self) -> tuple[str, float]:
        delta, now = next(self.rest(), ""), self._clock()
        if delta:
            self._last_arrival = now
            if self.first_arrival is None:
                self.first_arrival = now
        return delta, now

    def _release_rest(self) -> None:
        if not self.ended:
            self._end(None)

    def _end(self, error: BaseException | None) -> None:
        """Release the source, in the thread that has read it, and say that it is over."""
        self.finish_reason = getattr(self._source, "finish_reason", None)
        close = getattr(self._source, "close", None)
        if close is not None:
            try:
                close()
            except Exception as raised:
                error = error or raised
        with self._lock:
            self.error = error
            self.ended = True
            self.immediate = False
            self._changed.notify_all()


def _buffer() -> StringIO:
    buffer = StringIO()
    # Once it has been read from, it holds characters; before, it keeps each string that is written,
    # which for small deltas takes ten times the memory (CPython's Modules/_io/stringio.c).
    buffer.readline()
    return buffer

"""A stream of text that can be watched, limited, stopped and asked how it went."""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Literal

from streaming.attempts import Attempts, Retry
from streaming.clusters import Clusters
from streaming.errors import StreamError, StreamTimeout, from_exception
from streaming.metrics import StreamMetrics
from streaming.pace import Pace
from streaming.pump import Pump, Reader
from streaming.request import CompletionRequest
from streaming.strategy import Strategy

__all__ = ["Limits", "Status", "StreamResult", "TextStream", "stream"]

Status = Literal["new", "running", "complete", "cancelled", "timeout", "failed"]

# How often a waiting reader looks up: what on_idle notices (a Stop button, a closed tab) it
# notices this late at the most.
IDLE_SECONDS = 0.05
# A source that can be aborted lets go at once; one that cannot is left to its daemon thread.
RELEASE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on our own clock, which also runs while the socket is silent; seconds.

    Args:
        first_chunk: from the first request to the first text, retries and fallback included; not
            where one of the strategies is not live, whose first text waits for the whole answer.
        idle: between two deltas.
        total: from the request to the end.
        buffer_chars: characters that may wait for a slow reader before the source has to.
    """

    first_chunk: float = 60.0
    idle: float = 30.0
    total: float = 300.0
    buffer_chars: int = 100_000


@dataclass(frozen=True, slots=True)
class StreamResult:
    """How a stream ended: its text, whole or partial, and why it is partial."""

    text: str
    status: Status
    error: StreamError | None
    metrics: StreamMetrics


class TextStream:
    """The pieces of one answer: non-empty strings of whole grapheme clusters.

    An iterator: the request is sent at the first ``next``, once. A context manager: leaving it
    gives the connection back. ``text``, ``status``, ``error`` and ``metrics`` may be read at any
    time from any thread. Make one with :func:`stream`.

    Iterating raises:
        StreamTimeout, StreamInterrupted, StreamUnavailable: after the last piece of the partial
            text; the error carries that text too.
    """

    def __init__(
        self,
        request: CompletionRequest,
        reader: Reader,
        *,
        pace: Pace,
        limits: Limits,
        on_idle: Callable[[], object] | None,
        clock: Callable[[], float],
    ) -> None:
        self.request = request
        self.on_idle = on_idle
        self._reader = reader
        self._pace = pace
        self._limits = limits
        self._clock = clock
        self._clusters = Clusters()
        self._parts: list[str] = []
        self._status: Status = "new"
        self._error: StreamError | None = None
        self._metrics = StreamMetrics()
        self._outcome: _Outcome | None = None
        self._started = 0.0
        self._last_piece: float | None = None
        # The status and the figures are changed by the reading and by any cancelling thread.
        self._lock = threading.RLock()
        # A stream that is dropped half-way is not to leave its thread and connection behind.
        weakref.finalize(self, reader.stop).atexit = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        with self._lock:
            if self._status == "new":
                self._started = self._clock()
                self._status = "running"
                self._reader.start()
        while self._status == "running":
            self._collect()
            piece = self._piece()
            if piece:
                return self._hand_out(piece)
            if self._outcome is not None and not len(self._clusters):
                self._finish(self._outcome.status, self._outcome.error)
            else:
                self._wait()
        if self._error is not None:
            # The same object at each rerun; its traceback would grow with every one.
            raise self._error.with_traceback(None)
        raise StopIteration

    def __enter__(self) -> TextStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def text(self) -> str:
        """All text handed out so far."""
        return "".join(self._parts)

    @property
    def status(self) -> Status:
        """Where the stream is; ``complete`` means that the source ended without an error."""
        return self._status

    @property
    def error(self) -> StreamError | None:
        """Why the stream ended early; ``None`` if it did not, or was cancelled."""
        return self._error

    @property
    def metrics(self) -> StreamMetrics:
        """What has been measured so far."""
        return self._metrics

    def cancel(self) -> None:
        """Stop from any thread, as often as you like; the text handed out so far stays."""
        self._finish("cancelled", None)

    def close(self) -> None:
        """Cancel if need be, and wait a moment for the connection to be given back."""
        self.cancel()
        self._reader.join(RELEASE_SECONDS)

    def result(self) -> StreamResult:
        """Read whatever is left and say how it ended; never raises for a stream's errors."""
        with contextlib.suppress(StreamError):
            for _ in self:
                pass
        return StreamResult(self.text, self._status, self._error, self._metrics)

    def _collect(self) -> None:
        """Take in what has arrived, and notice the end of the source or of our patience."""
        if self._outcome is not None:
            return
        # Text that is shown more slowly than it comes waits in the reader, which has a limit.
        full = len(self._clusters) >= self._limits.buffer_chars
        # Asked before taking, so that an end is never seen before the deltas that came first.
        ended = self._reader.ended and not full
        arrived = "" if full else "".join(self._reader.take())
        if arrived:
            self._clusters.feed(arrived)
        self._measure(deltas=self._reader.deltas)
        if self._metrics.time_to_first_delta is None and self._reader.first_arrival is not None:
            self._measure(time_to_first_delta=self._reader.first_arrival - self._started)
        if ended:
            self._end(self._reader.error)
        else:
            limit = self._passed_limit(held_up=full)
            if limit is not None:
                self._reader.stop()
                self._end(StreamTimeout(limit))

    def _passed_limit(self, *, held_up: bool) -> str | None:
        now, arrival = self._clock(), self._reader.last_arrival
        if now - self._started >= self._limits.total:
            return "total"
        if arrival is None:
            return "first_chunk" if now - self._started >= self._limits.first_chunk else None
        # A source that waits for us is not silent.
        return "idle" if not held_up and now - arrival >= self._limits.idle else None

    def _end(self, error: BaseException | None) -> None:
        """Nothing more will come: fix how this ends once all text is handed out."""
        self._clusters.finish()
        status: Status = "complete"
        failure: StreamError | None = None
        if isinstance(error, StreamTimeout):
            status, failure = "timeout", error
        elif error is not None:
            text_came = bool(self._parts) or len(self._clusters) > 0
            status, failure = "failed", from_exception(error, text_came=text_came)
        self._outcome = _Outcome(status, failure, self._clock())

    def _piece(self) -> str:
        """Take the next piece, if it is time for one."""
        backlog = len(self._clusters)
        if not backlog:
            return ""
        left: float | None = None
        now = self._clock()
        if self._outcome is not None:
            if self._outcome.error is not None:
                # Whoever waits for an error is not to wait for a typewriter.
                return self._clusters.take(backlog)
            left = self._pace.drain - (now - self._outcome.at)
        if self._last_piece is not None and now - self._last_piece < self._pace.tick:
            return ""
        return self._clusters.take(self._pace.amount(backlog, left))

    def _hand_out(self, piece: str) -> str:
        self._last_piece = self._clock()
        self._parts.append(piece)
        if self._metrics.time_to_first_text is None:
            self._measure(time_to_first_text=self._last_piece - self._started)
        self._measure(
            pieces=self._metrics.pieces + 1,
            characters=self._metrics.characters + len(piece),
        )
        return piece

    def _wait(self) -> None:
        if self.on_idle is not None:
            self.on_idle()
        seconds = IDLE_SECONDS
        if len(self._clusters) and self._last_piece is not None:
            # Text is ready; only its tick has not come.
            due = self._last_piece + self._pace.tick - self._clock()
            self._reader.wait(min(seconds, max(due, 0.0)), for_delta=False)
            return
        if self._outcome is None:
            # Not past a limit: a deadline is met to the millisecond, not to the next look.
            now = self._clock()
            arrival = self._reader.last_arrival
            left = self._limits.total - (now - self._started)
            if arrival is None:
                left = min(left, self._limits.first_chunk - (now - self._started))
            else:
                left = min(left, self._limits.idle - (now - arrival))
            seconds = min(seconds, max(left, 0.0))
        self._reader.wait(seconds, for_delta=True)

    def _finish(self, status: Status, error: StreamError | None) -> None:
        with self._lock:
            if self._status not in ("new", "running"):
                return
            if self._status == "running":
                self._measure(total=self._clock() - self._started)
            if error is not None:
                error.partial = self.text
            self._error = error
            self._status = status
        self._reader.stop()

    def _measure(self, **measured: float | int | None) -> None:
        with self._lock:
            self._metrics = replace(self._metrics, **measured)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How a stream will end once its last piece is out; ``at`` is when that was known."""

    status: Status
    error: StreamError | None
    at: float


def stream(
    strategy: Strategy,
    request: CompletionRequest,
    *,
    pace: Pace | None = None,
    limits: Limits | None = None,
    retry: Retry | None = None,
    fallback: Strategy | None = None,
    on_idle: Callable[[], object] | None = None,
) -> TextStream:
    """Stream an answer to ``request`` by ``strategy``; nothing is sent before the first ``next``.

    Args:
        strategy: where the deltas come from.
        request: what is asked.
        pace: how fast text is shown; smooth by default.
        limits: how long to wait, and how much text may wait.
        retry: how often to ask again while no text has come; three attempts by default.
        fallback: a strategy that is asked when ``strategy`` has failed and no text has come.
        on_idle: called at least every 0.05 s while the stream waits, in the thread that iterates;
            what it raises ends the iteration.
    """
    limits = limits or Limits()
    strategies = [strategy] if fallback is None else [strategy, fallback]
    if not all(way.live for way in strategies):
        limits = replace(limits, first_chunk=limits.total)
    attempts = Attempts(strategies, request, retry or Retry(), limits.total)
    pump = Pump(lambda: attempts, limits.buffer_chars)
    return TextStream(
        request,
        pump,
        pace=pace or Pace(),
        limits=limits,
        on_idle=on_idle,
        clock=time.monotonic,
    )

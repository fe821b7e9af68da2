"""A stream of text that can be watched, limited, stopped and asked how it went."""

from __future__ import annotations

import contextlib
import math
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from streaming.attempts import Attempts, Retry
from streaming.clusters import Clusters
from streaming.deltas import Event, Part, Thinking, Usage, join
from streaming.errors import StreamError, StreamTimeout, from_exception
from streaming.metrics import StreamMetrics
from streaming.pace import Pace
from streaming.pump import CallEnd, Pump
from streaming.request import CompletionRequest
from streaming.strategies.protocol import Strategy

__all__ = ["Limits", "Status", "StreamResult", "TextStream", "stream"]

#: ``complete``: the service said that and why the answer has ended. ``unknown_end``: no more came
#: and no error either, which a client that hides the service's word also shows for an answer that
#: was cut (see DirectStrategy).
Status = Literal["new", "running", "complete", "unknown_end", "cancelled", "timeout", "failed"]

# How often a waiting reader looks up: what on_idle notices (a Stop button, a closed tab) it
# notices this late at the most. Twice as often, and of 150 who ask at once the last get their first
# words 0.4 s later: each look takes Python's lock from those who begin.
IDLE_SECONDS = 0.1
# After a piece that long is waited for the next tick without looking up: handing out a piece is
# where a page's script can be stopped, too.
LONGEST_TICK = 0.25
# An answer's first pieces that hold no letter and no digit, such as ``## ``, show nothing on a
# page: the first word doesn't wait for a tick after them (benchmarks: first_answer). At most this
# many.
MARK_PIECES = 4
# A reader notices a limit long before that.
UNREAD_SECONDS = 2.0
# A source that can be aborted lets go at once; one that cannot is left to its daemon thread.
RELEASE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on our own clock, which also runs while the socket is silent; seconds.

    Args:
        first_chunk: from the first request to the first text, retries and fallback included; not
            where one of the strategies is not live, whose first text waits for the whole answer.
            While the model is known to think, the time counts from its last sign of life.
        idle: between two deltas, empty ones included.
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
    finish_reason: str | None = None
    parts: tuple[Part, ...] = ()
    """Its text and events; see :attr:`TextStream.parts`."""

    @property
    def usage(self) -> Usage | None:
        """The tokens that the service counted; ``None`` where it doesn't say."""
        return _usage(self.parts)


class TextStream:
    """The pieces of one answer: non-empty strings of whole grapheme clusters.

    An iterator: the request is sent by ``start`` or at the first ``next``, once. A context
    manager: leaving it gives the connection back. ``text``, ``status``, ``error`` and ``metrics``
    may be read at any time from any thread; ``pace`` and ``on_idle`` may be changed while it runs.
    Make one with :func:`stream`.

    Iterating raises:
        StreamTimeout, StreamInterrupted, StreamUnavailable: after the last piece of the partial
            text; the error carries that text too.
    """

    def __init__(
        self,
        reader: Pump,
        *,
        pace: Pace,
        limits: Limits,
        on_idle: Callable[[], object] | None = None,
        clock: Callable[[], float],
    ) -> None:
        self.on_idle = on_idle
        self._reader = reader
        self.pace = pace
        self._limits = limits
        self._clock = clock
        self._clusters = Clusters()
        self._pieces: list[str] = []
        # Events that have their place in the text; one counts as handed out when that text is.
        self._events: list[tuple[int, Event]] = []
        self._handed = 0
        self._shows_text = False
        self._status: Status = "new"
        self._error: StreamError | None = None
        self._outcome: _Outcome | None = None
        self._started = 0.0
        self._first_piece: float | None = None
        # When the next piece may be shown: fixed with the last, whatever a tick becomes meanwhile.
        self._due = -math.inf
        self._finished: float | None = None
        # When the text that waits became ready, and how many characters of it did then.
        self._arrivals: deque[tuple[float, int]] = deque()
        # The status is changed by the thread that reads and by any that cancels.
        self._lock = threading.RLock()
        # A stream that is dropped half-way must not leave its thread and connection behind.
        weakref.finalize(self, reader.stop).atexit = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        piece = self._next()
        if not piece:
            raise StopIteration
        return piece

    def __enter__(self) -> TextStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def text(self) -> str:
        """All text handed out so far."""
        return "".join(self._pieces)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The text handed out so far, with the events in it at their places.

        What came in pieces is joined: a text, what was thought, a tool call. An event between two
        texts divides them. What a model has thought before its first text is there as soon as it
        comes, and is replaced if the model is asked again.
        """
        # In this order: another thread adds to both, and an event's text must be there.
        events, text = self._events[:], self.text
        thoughts = self._reader.thoughts
        parts: list[Part] = [Thinking(thoughts)] if thoughts else []
        begin = 0
        for end, event in events:
            if end > len(text):
                break
            parts += (text[begin:end], event)
            begin = end
        return join(part for part in (*parts, text[begin:]) if part)

    @property
    def status(self) -> Status:
        """Where the stream is; see :data:`Status`."""
        return self._status

    @property
    def running(self) -> bool:
        """Whether more is to come."""
        return self._status in ("new", "running")

    @property
    def characters(self) -> int:
        """How many characters have arrived."""
        return self._reader.characters

    @property
    def received(self) -> str:
        """All text that has arrived, handed out or not."""
        return self._reader.received

    @property
    def error(self) -> StreamError | None:
        """Why the stream ended early; ``None`` if it did not, or was cancelled."""
        return self._error

    @property
    def finish_reason(self) -> str | None:
        """What the service says of the end: ``"length"`` if ``max_tokens`` cut the answer."""
        return self._reader.finish_reason

    @property
    def usage(self) -> Usage | None:
        """The tokens that the service counted; ``None`` until the end, and where it doesn't say."""
        return _usage([event for _, event in self._events[:]])

    @property
    def thinking(self) -> bool:
        """Whether the model has shown that it is alive, but no text of its answer has come yet."""
        reader = self._reader
        silent = reader.first_arrival is None and not self._outcome
        return self._status == "running" and silent and reader.last_arrival is not None

    @property
    def metrics(self) -> StreamMetrics:
        """What has been measured so far."""
        known, finished = self._outcome, self._finished
        return StreamMetrics(
            strategy=self._reader.source.strategy.name,
            attempts=self._reader.source.attempts,
            time_to_first_delta=self._since_start(self._reader.first_arrival),
            time_to_first_text=self._since_start(self._first_piece),
            total=self._since_start(finished),
            pacing_added=finished - known.at if known and finished is not None else None,
            deltas=self._reader.deltas,
            pieces=len(self._pieces),
            characters=self._handed,
        )

    def start(self) -> None:
        """Send the request now, if it has not been: the model thinks while a page is drawn."""
        with self._lock:
            if self._status == "new":
                # Before the request, which is sent when the reader starts.
                self._started = self._clock()
                self._status = "running"
                self._reader.start()

    def tend(self) -> None:
        """End it if a limit has passed and nobody reads; from any thread."""
        if self._status != "running" or self._outcome is not None or self._reader.ended:
            return
        late = self._clock() - UNREAD_SECONDS
        passed = [name for name, end in self._deadlines() if late >= end]
        if passed:
            self._finish("timeout", StreamTimeout(passed[0]))

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
            while self._next():
                pass
        return StreamResult(
            self.text, self._status, self._error, self.metrics, self.finish_reason, self.parts
        )

    def _next(self) -> str:
        """Wait for the next piece; ``""`` once there will be none."""
        if self._status == "new":
            self.start()
        while self._status == "running":
            now = self._clock()
            if self._outcome is None:
                self._collect(now)
            if self._clusters.ready:
                if piece := self._piece(now):
                    return piece
            elif self._outcome is not None:
                self._finish(self._outcome.status, self._outcome.error)
                continue
            self._wait(now)
        if self._error is not None:
            # The same object at each rerun; its traceback would grow with every one.
            raise self._error.with_traceback(None)
        return ""

    def _collect(self, now: float) -> None:
        """Take in what has arrived, and notice the end of the source or of our patience."""
        reader, clusters = self._reader, self._clusters
        if not self._full:
            # Asked before taking, so that an end is never seen before the deltas that came first.
            ended = reader.ended
            parts, since = reader.take()
            if parts:
                ready = clusters.ready
                for part in parts:
                    if not isinstance(part, str):
                        clusters.pause()
                        self._events.append((self._handed + clusters.ready, part))
                    elif part:
                        clusters.feed(part)
                reader.keep(clusters.ready)
                self._note_arrival(since, clusters.ready - ready)
            if ended:
                # Whole, however late its reader comes for it: no limit has passed.
                self._end(reader.error)
                return
        passed = [name for name, end in self._deadlines() if now >= end]
        if passed:
            reader.stop()
            self._end(StreamTimeout(passed[0]))

    @property
    def _full(self) -> bool:
        """Whether text that is shown more slowly than it comes is left waiting in the reader."""
        return self._clusters.ready >= self._limits.buffer_chars

    def _note_arrival(self, since: float, characters: int) -> None:
        """Remember when text became ready, to the grain of a tick: so much the pace has to know."""
        if self._arrivals and since - self._arrivals[-1][0] < self.pace.tick:
            since, earlier = self._arrivals.pop()
            characters += earlier
        self._arrivals.append((since, characters))

    def _deadlines(self) -> list[tuple[str, float]]:
        """Return when each limit passes if nothing comes."""
        limits, arrival = self._limits, self._reader.last_arrival
        deadlines = [("total", self._started + limits.total)]
        if arrival is None or self._reader.first_arrival is None:
            since = self._started if arrival is None else arrival
            deadlines.append(("first_chunk", since + limits.first_chunk))
        elif not self._full:
            # A source that waits for us is not silent.
            deadlines.append(("idle", arrival + limits.idle))
        return deadlines

    def _end(self, error: BaseException | None) -> None:
        """Nothing more will come: fix how this ends once all text is handed out."""
        ready = self._clusters.ready
        self._clusters.finish()
        self._note_arrival(self._clock(), self._clusters.ready - ready)
        status: Status = "unknown_end" if self._reader.finish_reason is None else "complete"
        failure: StreamError | None = None
        if isinstance(error, StreamTimeout):
            status, failure = "timeout", error
        elif error is not None:
            text_came = bool(self._pieces) or self._clusters.ready > 0
            status, failure = "failed", from_exception(error, text_came=text_came)
        self._outcome = _Outcome(status, failure, self._clock())

    def _piece(self, now: float) -> str:
        """Take the next piece and count it, if it is time for one."""
        clusters, tick = self._clusters, self.pace.tick
        if not tick or (self._outcome is not None and self._outcome.error is not None):
            # Flush everything before raising.
            amount = clusters.ready
        elif now < self._due:
            return ""
        else:
            amount = self.pace.amount((now - since, count) for since, count in self._arrivals)
        piece = clusters.take(amount)
        self._pieces.append(piece)
        self._handed += len(piece)
        if not self._shows_text:
            words = any(map(str.isalnum, piece))
            self._shows_text = words or len(self._pieces) > MARK_PIECES
        self._due = now + tick if self._shows_text else now
        if self._first_piece is None:
            self._first_piece = now
        self._forget(len(piece))
        self._reader.keep(clusters.ready)
        return piece

    def _forget(self, shown: int) -> None:
        """Forget the arrival of what does not wait any more."""
        while shown > 0:
            since, characters = self._arrivals.popleft()
            if characters > shown:
                self._arrivals.appendleft((since, characters - shown))
            shown -= characters

    def _wait(self, now: float) -> None:
        due = self._due - now
        if self.on_idle is not None and not 0 < due <= LONGEST_TICK:
            self.on_idle()
        # Until its tick has come nothing can be shown, whatever arrives.
        seconds = min(due, LONGEST_TICK) if due > 0 else IDLE_SECONDS
        if self._outcome is None:
            # A deadline is met to the millisecond, not to the next look.
            seconds = min(seconds, *(end - now for _, end in self._deadlines()))
        self._reader.wait(max(seconds, 0.0), for_delta=due <= 0)

    def _finish(self, status: Status, error: StreamError | None) -> None:
        with self._lock:
            if self._status not in ("new", "running"):
                return
            if self._status == "running":
                self._finished = self._clock()
            if error is not None:
                error.partial = self.text
            self._error = error
            self._status = status
        self._reader.stop()

    def _since_start(self, moment: float | None) -> float | None:
        return None if moment is None else moment - self._started


def _usage(parts: Sequence[Part]) -> Usage | None:
    return next((part for part in reversed(parts) if isinstance(part, Usage)), None)


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
    on_end: Callable[[str, CallEnd], object] | None = None,
) -> TextStream:
    """Stream an answer to ``request`` by ``strategy``; nothing is sent before the first ``next``.

    Args:
        strategy: where the deltas come from.
        request: what is asked.
        pace: how fast text is shown; smooth by default.
        limits: how long to wait, and how much text may wait.
        retry: how often to ask again while no text has come; three attempts by default.
        fallback: a strategy that is asked when ``strategy`` has failed and no text has come.
        on_idle: called at least every 0.1 s while nothing comes, in the thread that iterates;
            what it raises ends the iteration.
        on_end: called once when the model call is over, in the thread that read it, with all text
            that came and how it was over. Its reader may still be reading then.
    """
    limits = limits or Limits()
    strategies = [strategy] if fallback is None else [strategy, fallback]
    if not all(way.live for way in strategies):
        limits = replace(limits, first_chunk=limits.total)
    attempts = Attempts(strategies, request, retry or Retry(), limits.total)
    pump = Pump(attempts, limits.buffer_chars, on_end=on_end)
    return TextStream(
        pump,
        pace=pace or Pace(),
        limits=limits,
        on_idle=on_idle,
        clock=time.monotonic,
    )

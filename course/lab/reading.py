"""Streams read by threads of their own, so that one page can watch several at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise

from course.lab.streams import Way
from streaming import StreamError, StreamMetrics, TextStream
from streaming.stream import Status

__all__ = ["Lane", "Reading", "reading_together"]

# A slice of one character each would be a mark each; a chart shows no more than this.
MOST_MARKS = 10_000
# A cancelled stream ends within a tick or a slice's delay.
JOIN_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Lane:
    """How far a stream has come.

    Attributes:
        way: how it streams.
        text: what it has handed out.
        marks: (seconds since the start, characters so far) of each piece.
        metrics: what it has measured.
        status: where it is.
        code: of its error, if it has ended in one.
    """

    way: Way
    text: str
    marks: tuple[tuple[float, int], ...]
    metrics: StreamMetrics
    status: Status
    code: str | None

    @property
    def ended(self) -> bool:
        return self.status not in ("new", "running")

    @property
    def answer_existed(self) -> float | None:
        """Seconds until the model had written all of it; ``None`` where it never had."""
        metrics = self.metrics
        if self.status not in ("complete", "unknown_end"):
            return None
        if self.way == "custom":
            # Its first slice can only be cut when the whole answer is there.
            return metrics.time_to_first_delta
        if metrics.total is None or metrics.pacing_added is None:
            return None
        return metrics.total - metrics.pacing_added

    @property
    def speed(self) -> float | None:
        """Characters a second, from the start to the end."""
        total = self.metrics.total
        return self.metrics.characters / total if total else None

    @property
    def gaps(self) -> tuple[float, ...]:
        """Seconds between two pieces."""
        times = [at for at, _ in self.marks]
        return tuple(after - before for before, after in pairwise(times))


class Reading:
    """A stream and the thread that reads it, once ``go`` is set, into a bounded record."""

    def __init__(
        self,
        way: Way,
        stream: TextStream,
        go: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.way = way
        self._stream = stream
        self._go = go
        self._clock = clock
        self._marks: list[tuple[float, int]] = []
        self._thread = threading.Thread(target=self._read, name=f"lab-{way}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def lane(self) -> Lane:
        """Return how far it has come, from any thread."""
        stream = self._stream
        # The status first: a text is whole if the stream had ended before it was looked at.
        status, error = stream.status, stream.error
        return Lane(
            self.way,
            stream.text,
            tuple(self._marks),
            stream.metrics,
            status,
            error.code if error is not None else None,
        )

    def cancel(self) -> None:
        self._stream.cancel()

    def join(self) -> None:
        if self._thread.ident is not None:
            self._thread.join(JOIN_SECONDS)

    def _read(self) -> None:
        self._go.wait()
        began, characters = self._clock(), 0
        with suppress(StreamError), self._stream as pieces:  # the error stays in the stream
            for piece in pieces:
                characters += len(piece)
                if len(self._marks) < MOST_MARKS:
                    self._marks.append((self._clock() - began, characters))


@contextmanager
def reading_together(streams: Sequence[tuple[Way, TextStream]]) -> Iterator[list[Reading]]:
    """Read these streams, all from one moment on; leaving this ends them."""
    go = threading.Event()
    readings = [Reading(way, stream, go) for way, stream in streams]
    try:
        for reading in readings:
            reading.start()
        go.set()
        yield readings
    finally:
        for reading in readings:
            reading.cancel()
        # Whoever waits for the start finds that there is none.
        go.set()
        for reading in readings:
            reading.join()

"""What passes at three places of a stream: the socket, the client's deltas, the finished pieces."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from streaming import CompletionRequest, Strategy
from streaming.clusters import Clusters
from streaming.strategy import Abortable

__all__ = ["MOST_EVENTS", "Step", "Watched", "WireRecord", "code_points", "is_torn", "shown"]

#: More than this nobody reads through.
MOST_EVENTS = 40
END_OF_EVENT = b"\n\n"
SYMBOLS = {"\n": "⏎", " ": "␣", "\t": "⇥", "\u200d": "(ZWJ)", "\ufe0f": "(VS16)"}


@dataclass(frozen=True, slots=True)
class Step:
    """One server-sent event and what became of it; times are seconds since the request.

    Attributes:
        at: when the last byte of the event had been read.
        event: its bytes, as text.
        delta: what the client took from it; ``None`` if it has no text.
        held: what of the text so far could not leave yet, because it may not be whole.
        pieces: (when, text) of what left before the next event.
    """

    at: float
    event: str
    delta: str | None
    held: str
    pieces: tuple[tuple[float, str], ...]


class WireRecord:
    """Notes events and deltas in the thread that reads; no more than ``MOST_EVENTS``."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._unfinished = b""
        self._seen = 0
        self._events: list[tuple[float, str]] = []
        # Number of its event -> delta.
        self._deltas: dict[int, str] = {}

    @property
    def full(self) -> bool:
        """Whether enough has been seen."""
        return len(self._events) >= MOST_EVENTS

    def begin(self) -> None:
        """Count time from now on."""
        self._began = self._clock()

    def tap(self, chunk: bytes) -> None:
        """Take in bytes from the socket."""
        *whole, self._unfinished = (self._unfinished + chunk).split(END_OF_EVENT)
        at = self._clock() - self._began
        for event in whole:
            self._seen += 1
            if not self.full:
                # A fault of Local Cortex sends bytes that are no text.
                self._events.append((at, event.decode("utf-8", "backslashreplace")))

    def delta(self, text: str) -> None:
        """Take in what the client has made of the event it read last."""
        number = self._seen - 1
        if 0 <= number < MOST_EVENTS:
            self._deltas[number] = self._deltas.get(number, "") + text

    def steps(self, marks: Sequence[tuple[float, int]], text: str) -> list[Step]:
        """Return all events with what became of them.

        ``marks`` are (seconds, characters of ``text`` so far) of the pieces that have left.
        """
        events, deltas, clusters = self._events[:], dict(self._deltas), Clusters()
        left = _pieces(marks, text)
        steps = []
        for number, (at, event) in enumerate(events):
            delta = deltas.get(number)
            if delta:
                clusters.feed(delta)
            following = events[number + 1][0] if number + 1 < len(events) else float("inf")
            pieces = tuple(piece for piece in left if at <= piece[0] < following)
            steps.append(Step(at, event, delta, clusters.held, pieces))
        return steps


def _pieces(marks: Sequence[tuple[float, int]], text: str) -> list[tuple[float, str]]:
    begins = [0, *(characters for _, characters in marks)]
    return [(at, text[begin:end]) for begin, (at, end) in zip(begins, marks, strict=False)]


class Watched:
    """A strategy whose deltas are noted as they pass."""

    def __init__(self, strategy: Strategy, record: WireRecord) -> None:
        self._strategy = strategy
        self._record = record
        self.name = strategy.name
        self.live = strategy.live

    def open(self, request: CompletionRequest) -> Iterator[str]:
        self._record.begin()
        return _WatchedAnswer(self._strategy.open(request), self._record)


class _WatchedAnswer:
    def __init__(self, answer: Iterator[str], record: WireRecord) -> None:
        self._answer = answer
        self._record = record

    def __iter__(self) -> Iterator[str]:
        for delta in self._answer:
            if delta:
                self._record.delta(delta)
            yield delta

    def __next__(self) -> str:
        return next(iter(self))

    def abort(self) -> None:
        if isinstance(self._answer, Abortable):
            self._answer.abort()

    def close(self) -> None:
        close: Callable[[], Any] | None = getattr(self._answer, "close", None)
        if close is not None:
            close()


def is_torn(held: str) -> bool:
    """Tell whether what is held back is half a character, or more than one code point."""
    return len(held) > 1 or any(map(_half, held))


def shown(text: str) -> str:
    """Return a text that can be seen whole: spaces as symbols, half characters as their numbers."""
    return "".join(
        SYMBOLS.get(character, f"(U+{ord(character):04X})" if _half(character) else character)
        for character in text
    )


def code_points(text: str) -> str:
    """Return the numbers of a text's code points."""
    return " ".join(f"U+{ord(character):04X}" for character in text)


def _half(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"

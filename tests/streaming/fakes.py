"""Sources and clocks for tests: a script of arrivals on a clock that nobody waits for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import cast

from streaming import (
    CallEnd,
    CompletionRequest,
    Limits,
    Pace,
    Part,
    Retry,
    SimulatedStrategy,
    TextStream,
)
from streaming.attempts import Attempts
from streaming.deltas import Delta
from streaming.pump import Pump

REQUEST = CompletionRequest(model="llama3.1-8b", prompt="Why stream?")


class FakeClock:
    """Seconds that pass only when somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Blocking:
    """A source that gives its deltas and then blocks like a silent socket, until aborted."""

    def __init__(self, *deltas: str) -> None:
        self._deltas = list(deltas)
        self._aborted = threading.Event()
        self.closed_by: str | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._deltas:
            return self._deltas.pop(0)
        self._aborted.wait(60)
        raise ConnectionError("shut down")

    def abort(self) -> None:
        self._aborted.set()

    def close(self) -> None:
        self.closed_by = threading.current_thread().name


class Given:
    """A strategy that gives what it is given."""

    name, live = "given", True

    def __init__(self, deltas: Iterable[Delta]) -> None:
        self._deltas = deltas

    def open(self, _: CompletionRequest) -> Iterator[Delta]:
        return cast("Iterator[Delta]", self._deltas)


def pump_of(
    deltas: Iterable[Delta],
    *,
    buffer_chars: int = 100,
    on_end: Callable[[str, CallEnd], object] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Pump:
    """Return a pump over what is given, asked for once."""
    once = Attempts([Given(deltas)], REQUEST, Retry(attempts=1), 300.0, clock=clock)
    return Pump(once, buffer_chars, on_end=on_end, clock=clock)


class ScriptedReader(Pump):
    """Deltas that arrive at given seconds after the start; a pump without a thread.

    ``arrivals`` are pairs of seconds and delta. The source ends right after the last one, with
    ``error`` if one is given, or never if ``silent``.
    """

    received = ""
    last_arrival: float | None = None

    def __init__(
        self,
        clock: FakeClock,
        arrivals: Iterable[tuple[float, Part]],
        *,
        error: BaseException | None = None,
        silent: bool = False,
        finish_reason: str | None = "stop",
    ) -> None:
        nobody = Attempts([SimulatedStrategy(lambda _: "")], REQUEST, Retry(), 60.0)
        super().__init__(nobody, buffer_chars=0, clock=clock)
        self._now = clock
        self._script = list(arrivals)
        self._silent = silent
        self.error = error
        self.finish_reason = finish_reason if error is None and not silent else None
        self._start = 0.0
        self.started = 0
        self.stopped = False
        self.kept = 0

    @property
    def ended(self) -> bool:
        over = not self._script or self._start + self._script[-1][0] <= self._now()
        return over and not self._silent

    @ended.setter
    def ended(self, _: bool) -> None:
        """Leave it to the script."""

    def start(self) -> None:
        self.started += 1
        self._start = self._now()

    def take(self) -> tuple[list[Part], float]:
        taken: list[Part] = []
        oldest = self._start + self._script[0][0] if self._script else 0.0
        while self._due():
            at, delta = self._script.pop(0)
            arrival = self._start + at
            if not delta:  # the model is thinking
                self.last_arrival = arrival
                continue
            self.last_arrival = arrival
            taken.append(delta)
            if isinstance(delta, str):
                self.first_arrival = self.first_arrival or arrival
                self.deltas += 1
        self.received += "".join(part for part in taken if isinstance(part, str))
        return taken, oldest

    def keep(self, characters: int) -> None:
        self.kept = characters

    def wait(self, seconds: float, *, for_delta: bool) -> None:
        until = self._now() + seconds
        if for_delta and self._script:
            until = min(until, max(self._start + self._script[0][0], self._now()))
        # A wait for nothing still takes some time; otherwise a bug would hang the test.
        self._now.now = max(until, self._now() + 1e-6)

    def stop(self) -> None:
        self.stopped = True

    def join(self, seconds: float) -> None:
        pass

    def _due(self) -> bool:
        return bool(self._script) and self._start + self._script[0][0] <= self._now()


def evenly(
    text: str, *, size: int = 4, gap: float = 0.025, first: float = 0.4
) -> list[tuple[float, str]]:
    """Return the arrivals of ``text`` in deltas of ``size`` code points, ``gap`` seconds apart."""
    deltas = [text[start : start + size] for start in range(0, len(text), size)]
    return [(first + index * gap, delta) for index, delta in enumerate(deltas)]


def make_stream(
    arrivals: Iterable[tuple[float, Part]] = ((0.4, "Hello "), (0.5, "there.")),
    *,
    pace: Pace | None = None,
    limits: Limits | None = None,
    error: BaseException | None = None,
    silent: bool = False,
    finish_reason: str | None = "stop",
) -> tuple[TextStream, ScriptedReader, FakeClock]:
    """Build a stream over a scripted reader; a test states only what differs."""
    clock = FakeClock()
    reader = ScriptedReader(
        clock, arrivals, error=error, silent=silent, finish_reason=finish_reason
    )
    stream = TextStream(
        reader,
        pace=pace or Pace(),
        limits=limits or Limits(),
        clock=clock,
    )
    return stream, reader, clock

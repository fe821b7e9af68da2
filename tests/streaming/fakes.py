"""Sources and clocks for tests: a script of arrivals on a clock that nobody waits for."""

from __future__ import annotations

from collections.abc import Iterable

from streaming import CompletionRequest, Limits, Pace, TextStream

REQUEST = CompletionRequest(model="llama3.1-8b", prompt="Why stream?")


class FakeClock:
    """Seconds that pass only when somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class ScriptedReader:
    """Deltas that arrive at given seconds after the start; a ``Reader`` without a thread.

    ``arrivals`` are pairs of seconds and delta. The source ends right after the last one, with
    ``error`` if one is given, or never if ``silent``.
    """

    def __init__(
        self,
        clock: FakeClock,
        arrivals: Iterable[tuple[float, str]],
        *,
        error: BaseException | None = None,
        silent: bool = False,
        finish_reason: str | None = "stop",
    ) -> None:
        self._clock = clock
        self._finish_reason = finish_reason
        self._script = list(arrivals)
        self._error = error
        self._silent = silent
        self._start = 0.0
        self.received = ""
        self.started = 0
        self.stopped = False
        self.first_arrival: float | None = None
        self.last_arrival: float | None = None
        self.deltas = 0
        self.gaps: list[float] = []
        self.kept = 0

    @property
    def finish_reason(self) -> str | None:
        return self._finish_reason if self.ended and self._error is None else None

    @property
    def ended(self) -> bool:
        over = not self._script or self._start + self._script[-1][0] <= self._clock.now
        return over and not self._silent

    @property
    def error(self) -> BaseException | None:
        return self._error if self.ended else None

    def start(self) -> None:
        self.started += 1
        self._start = self._clock.now

    def take(self) -> tuple[str, float]:
        taken = []
        oldest = self._start + self._script[0][0] if self._script else 0.0
        while self._due():
            at, delta = self._script.pop(0)
            arrival = self._start + at
            if not delta:  # the model is thinking
                self.last_arrival = arrival
                continue
            if self.first_arrival is None or self.last_arrival is None:
                self.first_arrival = arrival
            else:
                self.gaps.append(arrival - self.last_arrival)
            self.last_arrival = arrival
            taken.append(delta)
            self.deltas += 1
        self.received += "".join(taken)
        return "".join(taken), oldest

    def keep(self, characters: int) -> None:
        self.kept = characters

    def wait(self, seconds: float, *, for_delta: bool) -> None:
        until = self._clock.now + seconds
        if for_delta and self._script:
            until = min(until, max(self._start + self._script[0][0], self._clock.now))
        # A wait for nothing still takes some time; otherwise a bug would hang the test.
        self._clock.now = max(until, self._clock.now + 1e-6)

    def stop(self) -> None:
        self.stopped = True

    def join(self, seconds: float) -> None:
        pass

    def _due(self) -> bool:
        return bool(self._script) and self._start + self._script[0][0] <= self._clock.now


def evenly(
    text: str, *, size: int = 4, gap: float = 0.025, first: float = 0.4
) -> list[tuple[float, str]]:
    """Return the arrivals of ``text`` in deltas of ``size`` code points, ``gap`` seconds apart."""
    deltas = [text[start : start + size] for start in range(0, len(text), size)]
    return [(first + index * gap, delta) for index, delta in enumerate(deltas)]


def make_stream(
    arrivals: Iterable[tuple[float, str]] = ((0.4, "Hello "), (0.5, "there.")),
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
        REQUEST,
        reader,
        pace=pace or Pace(),
        limits=limits or Limits(),
        clock=clock,
    )
    return stream, reader, clock

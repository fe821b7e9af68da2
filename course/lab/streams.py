"""The lab's streams: the ways of streaming, how a call of a model begins, and threads that read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from connection import Connection
from course import limits
from course.connection_panel import relayed
from course.lab.jobs import Job
from course.language import current
from course.stream_errors import explain
from local_cortex import models, speed
from streaming import (
    CompletionRequest,
    DirectStrategy,
    Limits,
    Pace,
    SimulatedStrategy,
    Status,
    Strategy,
    StreamError,
    StreamMetrics,
    TextStream,
    stream,
)

if TYPE_CHECKING:
    from snowflake.snowpark import Session

#: direct: method 1 as it comes; custom: method 2; ours: method 1 through the course's pipeline;
#: chat: the OpenAI client on chat completions.
Way = Literal["direct", "custom", "ours", "chat"]
#: Those that are compared, in the order of the theme's colours for charts: each keeps its own,
#: whichever of them are shown.
WAYS: tuple[Way, ...] = ("direct", "custom", "ours")

MODEL = models.DEFAULTS[0]
#: The relay waits two minutes for a model that has to be loaded. Method 2 may type on after that.
LIMITS = Limits(first_chunk=130.0, total=300.0, buffer_chars=20_000)
# More than the script's longest answer, and a bound of what a run costs on an account.
MAX_TOKENS = 1_500
#: Name -> how fast ours shows text: as even as the course does it, in larger steps, like a
#: typewriter, or as it comes.
PACES: Mapping[str, Pace] = {
    "smooth": Pace(),
    "calm": Pace(tick=0.125),
    "typewriter": Pace.typewriter(60),
    "off": Pace.off(),
}
#: The states of an answer that came to its end.
WELL = ("complete", "unknown_end")
# A slice of one character each would be a mark each; a chart shows no more than this.
MOST_MARKS = 10_000
# A cancelled stream ends within a tick or a slice's delay.
JOIN_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run compares: the ways of streaming, and what all of them ask of the model ``name``.

    ``tokens_per_second`` is the speed of Local Cortex's script, ``None`` for its own; method 2 has
    slices of ``chunk_size`` characters, ``delay`` seconds apart; ``pace`` is one of ``PACES``.
    """

    ways: tuple[Way, ...]
    question: str
    tokens_per_second: float | None = None
    chunk_size: int = 5
    delay: float = 0.05
    pace: str = "smooth"
    name: str = MODEL

    @property
    def request(self) -> CompletionRequest:
        model = self.name
        if self.tokens_per_second is not None:
            model = speed.with_speed(model, self.tokens_per_second)
        return CompletionRequest(model=model, prompt=self.question, max_tokens=MAX_TOKENS)


def can_set_speed(connection: Connection) -> bool:
    """Return whether a script answers under any model's name: only its speed can be chosen."""
    script = connection.kind == "local" and not relayed()
    return script and limits.allowed_models() is None


def model_name() -> str:
    """Return the model to ask: the usual one, or the first that this server allows."""
    allowed = limits.allowed_models()
    return MODEL if not allowed or MODEL in allowed else allowed[0]


def explained(code: str) -> str:
    return explain(StreamError(code), current(), getattr(LIMITS, code, None))


def strategy_of(session: Session, way: Way, settings: Settings) -> Strategy:
    direct = DirectStrategy(session)
    if way != "custom":
        return direct
    return SimulatedStrategy(direct.open, chunk_size=settings.chunk_size, delay=settings.delay)


def pace_of(way: Way, settings: Settings) -> Pace:
    """Return how its text is shown: as it comes, unless it is ours."""
    return PACES[settings.pace] if way == "ours" else Pace.off()


@dataclass(frozen=True, slots=True)
class Lane:
    """How far a stream has come.

    ``marks`` are (seconds since the start, characters so far) of each piece; ``code`` is of its
    error, if it has ended in one.
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
        if self.status not in WELL:
            return None
        if self.way == "custom":
            # Its first slice can only be cut when the whole answer is there.
            return metrics.time_to_first_delta
        if metrics.total is None or metrics.pacing_added is None:
            return None
        return metrics.total - metrics.pacing_added

    @property
    def gaps(self) -> tuple[float, ...]:
        times = [at for at, _ in self.marks]
        return tuple(after - before for before, after in pairwise(times))


class Reading:
    """A stream and the thread that reads it into a bounded record."""

    def __init__(
        self,
        way: Way,
        stream: TextStream,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._way, self._stream, self._clock = way, stream, clock
        self._marks: list[tuple[float, int]] = []
        self._thread = threading.Thread(target=self._read, name=f"lab-{way}", daemon=True)
        self.start, self.cancel = self._thread.start, stream.cancel

    def lane(self) -> Lane:
        """Return how far it has come, from any thread."""
        stream = self._stream
        # The status first: a text is whole if the stream had ended before it was looked at.
        status, error = stream.status, stream.error
        code = error.code if error is not None else None
        return Lane(self._way, stream.text, tuple(self._marks), stream.metrics, status, code)

    def join(self) -> None:
        if self._thread.ident is not None:
            self._thread.join(JOIN_SECONDS)

    def _read(self) -> None:
        began, characters = self._clock(), 0
        with suppress(StreamError), self._stream as pieces:  # the error stays in the stream
            for piece in pieces:
                characters += len(piece)
                if len(self._marks) < MOST_MARKS:
                    self._marks.append((self._clock() - began, characters))


class Readings(Job):
    """A job that asks by several ways at once."""

    def __init__(
        self,
        connection: Connection,
        request: CompletionRequest,
        ways: Sequence[tuple[Way, Strategy, Pace]],
    ) -> None:
        admission = limits.ask(connection, [request] * len(ways))
        super().__init__(admission)
        self._began: float | None = None
        self._readings = []
        for number, (way, strategy, pace) in enumerate(ways):
            over = partial(admission.over, number, live=strategy.live)
            asked = admission.requests[number]
            made = stream(strategy, asked, pace=pace, limits=LIMITS, on_end=over)
            self._readings.append(Reading(way, made))

    @property
    def lanes(self) -> list[Lane]:
        return [reading.lane() for reading in self._readings]

    @property
    def seconds(self) -> float:
        return 0.0 if self._began is None else time.monotonic() - self._began

    @property
    def enough(self) -> bool:
        """Whether it may end before its streams do."""
        return False

    def work(self) -> None:
        try:
            self._began = time.monotonic()
            for reading in self._readings:
                reading.start()
            self.wait_for(lambda: self.enough or all(lane.ended for lane in self.lanes))
        finally:
            for reading in self._readings:
                reading.cancel()
            for reading in self._readings:
                reading.join()

"""What became of the streamed answers: how many tokens were made for each, and how many were sent.

A model that is not told to stop goes on after its reader has gone, and no client says so.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from local_cortex.engines import Delta, Event, Thinking, ToolPiece

# Some hundred bytes each; enough for the last minutes of a class.
MOST_KEPT = 500

#: ``cut``: the connection ended before the answer did, from either side.
State = Literal["running", "complete", "cut", "failed"]


@dataclass(slots=True)
class StreamedAnswer:
    """One streamed answer; ``number`` counts them, from 1.

    ``made`` is in pieces of the engine, each a token of the scripted one; ``sent`` is how many of
    them the connection has taken. ``thought`` counts what the model thought apart: not every
    client is shown it. ``began`` and ``ended`` are on the tally's clock.
    """

    number: int
    model: str
    began: float
    made: int = 0
    sent: int = 0
    thought: int = 0
    state: State = "running"
    ended: float | None = None

    def count(self, event: Event) -> None:
        """Count what the engine has made."""
        self.thought += isinstance(event, Thinking)
        self.made += isinstance(event, Delta | ToolPiece)


class Tally:
    """Counts the last streamed answers; ``on_end`` gets each that is over."""

    def __init__(
        self,
        on_end: Callable[[StreamedAnswer, float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_end, self._clock = on_end, clock
        self._numbers = itertools.count(1)
        self._kept: deque[StreamedAnswer] = deque(maxlen=MOST_KEPT)

    def begin(self, model: str) -> StreamedAnswer:
        """Begin to count an answer."""
        answer = StreamedAnswer(next(self._numbers), model, self._clock())
        self._kept.append(answer)
        return answer

    def end(self, answer: StreamedAnswer) -> None:
        """Note that no more is made for an answer; one that still runs has been cut."""
        if answer.ended is not None:
            return
        answer.ended = self._clock()
        if answer.state == "running":
            answer.state = "cut"
        if self._on_end is not None:
            self._on_end(answer, self.seconds(answer))

    def seconds(self, answer: StreamedAnswer) -> float:
        """Return how long an answer took, or has taken so far."""
        return (self._clock() if answer.ended is None else answer.ended) - answer.began

    def rows(self) -> list[tuple[object, ...]]:
        """Return the rows of SHOW LOCAL CORTEX STREAMS, the oldest first."""
        return [
            (
                *(each.number, each.model, each.thought, each.made, each.sent, each.state),
                round(1_000 * self.seconds(each)),
            )
            for each in [*self._kept]
        ]


def report(answer: StreamedAnswer, seconds: float) -> None:
    """Print what became of an answer."""
    thought = f"{answer.thought} tokens thought, " if answer.thought else ""
    sys.stderr.write(
        f"Local Cortex: stream {answer.number}, {answer.model}: {answer.state} after "
        f"{seconds:.1f} s, {thought}{answer.made} tokens made, {answer.sent} sent\n"
    )

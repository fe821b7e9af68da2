"""How fast text is shown: smooth, but never far behind the model.

A pace decides how much of the waiting text to show at a tick. It is a pure function of the
backlog: the more text waits, the larger the next piece.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Pace"]


@dataclass(frozen=True, slots=True)
class Pace:
    """Text is shown at most once a ``tick``, in pieces that grow with what is waiting.

    Args:
        tick: least time between two pieces, in seconds. More pieces a second than 20 cost the
            server and the browser and look no smoother.
        lag: while more is coming, each tick shows ``tick / lag`` of what waits: behind a steady
            model the text is this many seconds late, and after a burst it catches up in a few
            times as many.
        drain: within how many seconds the rest is shown once the answer has ended.
        speed: characters a second, whatever waits: a typewriter. ``None`` for no such limit.
    """

    tick: float = 0.05
    lag: float = 0.25
    drain: float = 0.4
    speed: float | None = None

    @classmethod
    def off(cls) -> Pace:
        """Show every delta when it arrives."""
        return cls(tick=0.0, lag=0.0, drain=0.0)

    @classmethod
    def typewriter(cls, characters_per_second: float) -> Pace:
        """Show text at a fixed speed; the longer the answer, the further behind the model."""
        if characters_per_second <= 0:
            raise ValueError(f"{characters_per_second} characters a second: must be above 0")
        return cls(speed=characters_per_second)

    def amount(self, backlog: int, left: float | None) -> int:
        """Return how many of ``backlog`` characters to show at this tick, at least 1.

        ``left`` is the time until everything must be shown, in seconds, once the answer has
        ended; ``None`` while it has not.
        """
        if self.speed is not None:
            return max(1, round(self.speed * self.tick))
        # What is left of the time, counted in ticks, this one included.
        ticks = (self.lag if left is None else left) / self.tick if self.tick else 0.0
        return backlog if ticks <= 1 else math.ceil(backlog / ticks)

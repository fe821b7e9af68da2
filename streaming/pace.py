"""How fast text is shown: smooth, but never far behind the model.

A pace decides how much of the waiting text to show at a tick. It is a pure function of what waits
and for how long: the more text waits, the larger the next piece.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Pace"]

# The ticks until a deadline are counted in floating point.
ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Pace:
    """Text is shown at most once a ``tick``, in pieces that grow with what is waiting.

    Args:
        tick: least time between two pieces, in seconds. More than 20 pieces a second cost the
            server and the browser, and look no smoother.
        lag: the most seconds that text, or the end of the answer, waits, however much comes at
            once. What waits is spread evenly over the ticks that are left.
        speed: characters a second, however many wait: a typewriter. ``None`` for no such limit.
    """

    tick: float = 0.05
    lag: float = 0.2
    speed: float | None = None

    def __post_init__(self) -> None:
        if self.tick < 0 or self.lag < 0:
            raise ValueError(f"tick={self.tick}, lag={self.lag}: seconds cannot be negative")
        if self.speed is not None and self.speed <= 0:
            raise ValueError(f"{self.speed} characters a second: must be above 0")

    @classmethod
    def off(cls) -> Pace:
        """Show every delta when it arrives."""
        return cls(tick=0.0, lag=0.0)

    @classmethod
    def typewriter(cls, characters_per_second: float) -> Pace:
        """Show text at a fixed speed; the longer the answer, the further behind the model."""
        return cls(speed=characters_per_second)

    def amount(self, waiting: Iterable[tuple[float, int]]) -> int:
        """Return how many characters to show at this tick, at least 1.

        ``waiting`` has pairs, the oldest first: the seconds that some text has waited, and its
        characters.
        """
        if self.speed is not None:
            return max(1, round(self.speed * self.tick))
        # Each age has a deadline of its own; the one that asks for most decides.
        amount, older = 1, 0
        for age, characters in waiting:
            older += characters
            amount = max(amount, math.ceil(older / self._ticks_left(age)))
        return amount

    def _ticks_left(self, age: float) -> int:
        """Count the ticks until text of this age has to be shown, this one included."""
        if not self.tick:
            return 1
        return 1 + max(0, math.floor((self.lag - age) / self.tick + ROUNDING))

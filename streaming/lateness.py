"""How much longer a reader's ticks have to be, because they come late.

Where more streams run than the machine can serve, each tick comes late, and every one that is late
holds up the others. A longer tick is less work: the text comes in larger pieces, and still in time.
As TCP does with its window, a tick backs off at once and comes back little by little.
"""

from __future__ import annotations

__all__ = ["LONGEST_TICK", "Lateness"]

#: However late ticks come, text is shown this often; seconds.
LONGEST_TICK = 0.8
# What a machine with nothing else to do is late by now and then, a garbage collection; seconds.
USUAL = 0.05
# Three ticks that come late make it twice as long; in time again, that is forgotten in 24.
GROWTH = 1.26
RETURN = 0.97


class Lateness:
    """A factor for ticks, learned from how late they come."""

    def __init__(self) -> None:
        self._factor = 1.0

    def note(self, tick: float, seconds: float) -> None:
        """Take in by how many seconds a tick of this length, before it was lengthened, was late."""
        if seconds > USUAL:
            most = max(1.0, LONGEST_TICK / tick)
            self._factor = min(self._factor * GROWTH, most)
        else:
            self._factor = max(self._factor * RETURN, 1.0)

    def lengthened(self, tick: float) -> float:
        """Return how long a tick has to be."""
        if self._factor == 1.0:
            return tick
        return max(tick, min(tick * self._factor, LONGEST_TICK))

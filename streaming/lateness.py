"""How late a reader's ticks come, and how much longer they have to be because of it.

Where more streams run than the machine can serve, each tick comes late, and every one that is late
holds up the others. A longer tick is less work: the text comes in larger pieces, and still in time.
"""

from __future__ import annotations

__all__ = ["LONGEST_TICK", "Lateness"]

#: However late ticks come, text is shown this often; seconds.
LONGEST_TICK = 0.8
# What any machine is late by now and then; seconds.
USUAL = 0.02
# How much the newest tick says of how late they come: four of them and a burst is known.
SHARE = 0.25
# A tick grows by a multiple of its lateness, or it would be late again.
FACTOR = 4.0


class Lateness:
    """A running mean of how many seconds after its time a tick came."""

    def __init__(self) -> None:
        self._mean = 0.0

    def note(self, seconds: float) -> None:
        """Take in how late a tick has come."""
        self._mean += SHARE * (max(seconds, 0.0) - self._mean)

    def lengthened(self, tick: float) -> float:
        """Return how long a tick has to be; one of 0, which asks for no pace, stays as it is."""
        if not tick or self._mean <= USUAL:
            return tick
        return max(tick, min(LONGEST_TICK, tick + FACTOR * (self._mean - USUAL)))

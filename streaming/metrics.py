"""What a stream measured of itself, in characters and seconds; a delta is not a token."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["STALL_SECONDS", "Gaps", "StreamMetrics"]

#: From here on a pause of the model is noticed as one.
STALL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Gaps:
    """Seconds between the arrivals of two deltas; all ``None`` with fewer than two.

    Time in which the source had to wait for a slow reader is not among them.
    """

    mean: float | None = None
    p95: float | None = None
    longest: float | None = None
    stalls: int = 0
    """Gaps of ``STALL_SECONDS`` and more."""

    @classmethod
    def of(cls, gaps: Sequence[float]) -> Gaps:
        """Sum up the gaps of a stream."""
        if not gaps:
            return cls()
        ordered = sorted(gaps)
        return cls(
            mean=sum(ordered) / len(ordered),
            # The smallest gap that 95 % of all gaps do not exceed.
            p95=ordered[math.ceil(0.95 * len(ordered)) - 1],
            longest=ordered[-1],
            stalls=sum(gap >= STALL_SECONDS for gap in ordered),
        )


@dataclass(frozen=True, slots=True)
class StreamMetrics:
    """Times are seconds since just before the request was sent; ``None``: it never happened."""

    strategy: str = ""
    """The name of the strategy that was asked last: another than the first after a fallback."""
    attempts: int = 0
    """How many requests were sent."""
    time_to_first_delta: float | None = None
    """When the first non-empty delta arrived: time to first token, as far as a client can see."""
    time_to_first_text: float | None = None
    """When the first piece was handed out."""
    total: float | None = None
    """When the stream ended, for whatever reason: the end-to-end time."""
    pacing_added: float | None = None
    """How long after the end of its source the stream ended, for the sake of an even pace."""
    deltas: int = 0
    """Non-empty deltas in."""
    pieces: int = 0
    """Pieces out."""
    characters: int = 0
    """Code points out."""
    gaps: Gaps = Gaps()
    """Between deltas in."""

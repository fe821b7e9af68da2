"""What a stream measured of itself, in characters and seconds; a delta is not a token."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["StreamMetrics"]


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

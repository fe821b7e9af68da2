"""What a stream measured of itself, in characters and seconds; a delta is not a token."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["StreamMetrics"]


@dataclass(frozen=True, slots=True)
class StreamMetrics:
    """Times are seconds since just before the request was sent; ``None``: it never happened."""

    time_to_first_delta: float | None = None
    """When the first non-empty delta arrived: time to first token, as far as a client can see."""
    time_to_first_text: float | None = None
    """When the first piece was handed out."""
    total: float | None = None
    """When the stream ended, for whatever reason."""
    deltas: int = 0
    """Non-empty deltas in."""
    pieces: int = 0
    """Pieces out."""
    characters: int = 0
    """Code points out."""

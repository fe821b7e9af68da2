"""Writing what any iterable yields, as ``st.write_stream`` does, but nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterable

from streamlit.delta_generator import DeltaGenerator

from streaming.view.blocks import Blocks
from streaming.view.growing import Drawing

__all__ = ["write"]


def write(place: DeltaGenerator, pieces: Iterable[str | None], *, cursor: str | None = None) -> str:
    """Write a model's text into an ``st.empty()`` as it comes, and return it as it came."""
    text, blocks, drawing = "", Blocks(), Drawing(cursor or "")
    finished: list[str] = []
    with place.container():
        try:
            for piece in pieces:
                # A client may hand on a delta without text as None.
                text += piece or ""
                finished += blocks.feed(piece or "")
                drawing.update(finished, blocks.open)
        finally:
            drawing.update(finished, blocks.open, last=True)
    return text

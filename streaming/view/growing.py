"""Drawing a growing Markdown text: only its open block is sent again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from streaming.view.blocks import fences_in
from streaming.view.untrusted import safe

__all__ = ["GROWING", "Drawing", "draw"]

# Seconds between two updates. Each costs the server a millisecond or two and the browser eight;
# eight a second look even. Of a long answer more can be read than is new: half as many will do.
TICK = 0.125
LONG_TICK = 0.2
LONG_CHARACTERS = 1_000
# With more answers than this in one process, all of them are drawn at the slower rate, so that new
# ones get their first word sooner (benchmarks: crowd).
CROWD = 40
#: What is being drawn in this process.
GROWING: set[object] = set()
# From here on a block grows less often, the longer it is: so it costs 16 kB a second, not more.
LONG_BLOCK = 2_000
# Marks that come in pairs: drawn in another way until the second has come.
MARKS = frozenset("*_`~[$")
# What shows nothing by itself. A browser that is drawing it would be late for the first word.
BARE = "#>*_`~ \r\n"
# How an icon's name begins. Streamlit 1.67's page still replaces its slash in the whole text of
# ``st.markdown`` before anything is parsed, so in code too; ``st.code`` keeps it.
ICON = ":material/"
# What code can't show when it is drawn as Markdown: the last two are defused there.
NOT_IN_MARKDOWN = (ICON, "![", "mermaid")


def draw(text: str, place: DeltaGenerator | None = None, *, grows: bool = False) -> DeltaGenerator:
    """Draw a text, in the place of another or below what is there; its place is returned.

    A place is never emptied before: what is on the page would vanish for a moment. Of a text that
    ``grows``, a mark is shown whose other half is still to come.
    """
    shown = safe(text)
    fences = fences_in(text) if shown != text or ICON in text else []
    if not any(mark in fence.content for fence in fences for mark in NOT_IN_MARKDOWN):
        # As st.write_stream draws (streamlit/elements/write.py); private, and missed by few.
        unfinished = getattr(place, "_markdown", None) if grows else None
        if unfinished is not None:
            drawn: DeltaGenerator = unfinished(shown, unterminated_parsing=True)
            return drawn
        return (place or st).markdown(shown)
    lines = re.split(r"\r\n?|\n", text)
    begin = 0
    # A container can't be drawn over through itself, only through the slot that holds it.
    place = place or st.empty()
    with place.container():
        for fence in fences:
            start, end = fence.map or (0, 0)
            if before := "\n".join(lines[begin:start]).strip():
                st.markdown(safe(before))
            st.code(fence.content, language=next(iter(fence.info.split()), None))
            begin = end
        rest = "\n".join(lines[begin:]).strip()
        # A cursor may have stood there, and would stay.
        st.markdown(safe(rest)) if rest else st.empty()
    return place


class Drawing:
    """One growing text on the page, in this run of the script."""

    def __init__(
        self,
        cursor: str = "",
        *,
        draw: Callable[..., Any] = draw,
    ) -> None:
        self._cursor = cursor
        self._draw = draw
        # Where the open block is, and what stands there.
        self._place: Any = None
        self._drawn, self._unfinished = "", False
        self._blocks = self._length = 0

    @property
    def tick(self) -> float:
        """How many seconds to leave between two updates."""
        seldom = self._length > LONG_CHARACTERS or len(GROWING) > CROWD
        tick = LONG_TICK if seldom else TICK
        return tick * max(1.0, len(self._drawn) / LONG_BLOCK)

    def update(self, finished: Sequence[str], growing: str, *, last: bool = False) -> None:
        """Draw what is new: blocks that are finished, and the one that grows.

        That one is left out while it is nothing but markup, but not the ``last`` time.
        """
        for block in finished[self._blocks :]:
            self._show(block)
            self._blocks += 1
            self._length += len(block)
            self._place, self._drawn = None, ""
        if growing and (last or growing.strip(BARE)):
            self._show(growing if last else growing + self._cursor, grows=not last)

    def _show(self, text: str, *, grows: bool = False) -> None:
        if text != self._drawn or (self._unfinished and not grows):
            self._unfinished = grows and not MARKS.isdisjoint(text)
            self._place = self._draw(text, self._place, grows=grows)
            self._drawn = text

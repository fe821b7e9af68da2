"""Drawing an answer's parts: text, thinking in a status box, tool calls as cards, footnotes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import count
from typing import Any

import streamlit as st

from streaming.deltas import Citation, Part, Thinking, ToolCall, ToolResult
from streaming.view.growing import TICK, Drawing
from streaming.view.kept import Section, State

__all__ = ["Picture"]

# Of a tool's arguments and its result, which are for programs, and of what a footnote cites.
MOST_CODE = 2_000
MOST_NAME = 200
MOST_CITED = 200
PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


class Picture:
    """One answer on the page, in this run of the script.

    Args:
        cursor: a mark behind the text while it grows.
        thinking: the label of the boxes in which the model thinks aloud.
    """

    def __init__(self, cursor: str, thinking: str) -> None:
        self._cursor, self._thinking = cursor, thinking
        self._drawn: list[tuple[Section, Any]] = []
        self._noted = False

    @property
    def tick(self) -> float:
        """How many seconds to leave between two updates."""
        drawing = self._drawn[-1][1] if self._drawn else None
        return drawing.tick if drawing is not None else TICK

    def update(self, state: State, parts: Sequence[Part], *, over: bool) -> None:
        """Draw what is new; when it is ``over``, the footnotes, too."""
        same = [drawn is now for (drawn, _), (now, *_) in zip(self._drawn, state, strict=False)]
        while len(self._drawn) > sum(same):
            # The model was asked again, and thinks of something else.
            self._drawn.pop()[1].clear()
        for number, (section, part, blocks, growing) in enumerate(state):
            if number == len(self._drawn):
                self._drawn.append((section, self._begin(part)))
            last = over or number + 1 < len(state)
            drawing = self._drawn[number][1]
            if isinstance(part, ToolCall):
                drawing.update(part, section.result)
            else:
                drawing.update(section.finished[:blocks], growing, last=last)
        if over and not self._noted:
            self._noted = True
            _draw_footnotes(parts)

    def _begin(self, part: Part) -> Any:
        if isinstance(part, ToolCall):
            return _Card(part)
        if isinstance(part, Thinking):
            return _Thoughts(self._thinking, self._cursor)
        return Drawing(self._cursor)


class _Thoughts:
    """A status box, open while the model thinks."""

    def __init__(self, label: str, cursor: str) -> None:
        self._place = st.empty()
        self._label = label
        self._drawing = Drawing(cursor)
        self._box: Any = None
        self._open = True

    @property
    def tick(self) -> float:
        return self._drawing.tick

    def update(self, finished: Sequence[str], growing: str, *, last: bool) -> None:
        if self._box is None:
            self._open = not last
            self._box = self._place.status(self._label, state=_state(last), expanded=not last)
            # Leaving a status box itself would complete it (mutable_status_container.py).
            self._inside = self._box.container()
        with self._inside:
            self._drawing.update(finished, growing, last=last)
        if last and self._open:
            self._open = False
            self._box.update(state=_state(last), expanded=False)

    def clear(self) -> None:
        self._place.empty()


def _state(last: bool) -> Any:
    return "complete" if last else "running"


class _Card:
    """The name of a tool, its arguments as they come, and what it has returned."""

    tick = TICK

    def __init__(self, call: ToolCall) -> None:
        with st.container(border=True):
            st.text(call.name[:MOST_NAME])
            self._places = [st.empty(), st.empty()]
        self._drawn = ["", ""]

    def update(self, call: ToolCall, result: ToolResult | None) -> None:
        texts = (call.arguments, result.content if result else "")
        for number, text, language in zip(count(), texts, ("json", None), strict=False):
            code = text if len(text) <= MOST_CODE else f"{text[:MOST_CODE]}…"
            if code != self._drawn[number]:
                self._drawn[number] = code
                self._places[number].code(code, language=language, wrap_lines=True)


def _draw_footnotes(parts: Sequence[Part]) -> None:
    cited = dict.fromkeys(part for part in parts if isinstance(part, Citation))
    notes = [f"{number}. {_plain(each.title, each.text)}" for number, each in enumerate(cited, 1)]
    if notes:
        st.caption("\n".join(notes))


def _plain(title: str, text: str) -> str:
    """Return one line in which nothing is Markdown: it comes from the documents."""
    said = " ".join(f"{title[:MOST_NAME]} · {text}".split())
    line = said if len(said) <= MOST_NAME + MOST_CITED else f"{said[: MOST_NAME + MOST_CITED]}…"
    return PUNCTUATION.sub(r"\\\1", line.removesuffix(" ·"))

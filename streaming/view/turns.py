"""Streamlit's turns: who else waits for this session's script, and how to be run again.

A session runs one script or fragment after the other, so an answer that streams holds up every
click elsewhere on the page. Streamlit knows of a click as soon as it comes: a fragment that looks
can return at once, and be run again by a component that the browser answers (:func:`again`).
"""

from __future__ import annotations

import time
from itertools import count
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils import script_run_context

__all__ = ["Turn", "again"]

# Where Streamlit hides its requests from us, every turn ends after this long; seconds.
SLICE = 0.4
# How often a turn that rests looks whether somebody waits; seconds.
LOOK = 0.05
# Streamlit drops what a run has drawn and not sent yet when the next one begins; seconds.
SENT = 0.05

_again = st.components.v2.component(
    "streaming_again",
    js="""
export default function ({ data, setTriggerValue }) {
    const seen = (window.streamingTurns ??= new Set())
    if (seen.has(data.turn)) return
    seen.add(data.turn)
    setTriggerValue("turn", data.turn)
}
""",
)
_numbers = count(1)


class Turn:
    """This run of the script, and how long it may go on."""

    def __init__(self) -> None:
        self._ctx: Any = get_script_run_ctx()
        self._ends = time.monotonic() + SLICE
        fragments = getattr(self._ctx, "fragment_ids_this_run", None) or ()
        #: Whether the whole script runs, and not one fragment of it: then the page waits for us.
        self.whole = not fragments
        self._others = len(fragments) > 1

    @property
    def in_fragment(self) -> bool:
        """Whether the call is inside a fragment, which can be run again without the page."""
        state = getattr(script_run_context, "ThreadState", None)
        return state is not None and state.get().fragment_id is not None

    @property
    def over(self) -> bool:
        """Whether somebody else waits: a click, another fragment, or the rest of the page."""
        if self.whole or self._others:
            return True
        state = self._state()
        return time.monotonic() > self._ends if state is None else state != "CONTINUE"

    def _state(self) -> str | None:
        # Private, as in Streamlit 1.67 (runtime/scriptrunner_utils/script_requests.py).
        requests = getattr(self._ctx, "script_requests", None)
        name: str | None = getattr(getattr(requests, "_state", None), "name", None)
        return name

    def wait(self, seconds: float) -> bool:
        """Let the page rest for so long; return at once, and true, when somebody else waits."""
        ends = time.monotonic() + seconds
        while not (over := self.over) and (left := ends - time.monotonic()) > 0:
            time.sleep(min(left, LOOK))
        return over


def again(turn: Turn, key: str) -> None:
    """Let the browser start this fragment again as soon as it has seen what was drawn."""
    number = next(_numbers)
    _again(
        key=f"streaming-again-{key}-{number}",
        data={"turn": number},
        on_turn_change=lambda: None,
        height=1,
    )
    if turn.whole:
        time.sleep(SENT)

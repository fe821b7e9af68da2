"""Streamlit's turns: whether a click waits for this session's script, and how to run again.

A session runs one script or fragment after the other, so an answer that streams holds up every
click elsewhere on the page. Streamlit knows of a click as soon as it comes: a fragment that looks
can return at once, and be run again by a component that the browser answers (:func:`again`).
"""

from __future__ import annotations

import secrets
import time
from itertools import count
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils import script_run_context

__all__ = ["Turn", "again", "pulse"]

# Where Streamlit hides its requests from us, every turn ends after this long; seconds.
SLICE = 0.4
# How often a turn that rests looks whether somebody waits; seconds.
LOOK = 0.05
# Streamlit drops what a run has drawn and not sent yet when the next one begins; seconds.
SENT = 0.05

# A run's end and its last messages can still be on their way. They would be lost if the next run
# were asked for first (runtime/app_session.py, request_rerun), so the browser waits for them, but
# not long if other fragments run meanwhile.
_again = st.components.v2.component(
    "streaming_again",
    js="""
const LONGEST_MS = 150
export default function ({ data, setTriggerValue }) {
    const seen = (window.streamingTurns ??= new Set())
    if (seen.has(data.turn)) return
    seen.add(data.turn)
    const app = document.querySelector('[data-testid="stApp"]')
    const began = performance.now()
    const ask = () => {
        const waits = app?.dataset.testScriptState === "running"
        if (waits && performance.now() - began < LONGEST_MS) setTimeout(ask, 10)
        else setTriggerValue("turn", data.turn)
    }
    ask()
}
""",
)
# Even so, a turn is lost if its last messages are. Then nothing runs; or others do, whose turns
# began after it and never stop.
_pulse = st.components.v2.component(
    "streaming_pulse",
    js="""
const LOOK_MS = 500, IDLE_MS = 1000, LOST_MS = 2000
function look(pulses) {
    const now = performance.now()
    const app = document.querySelector('[data-testid="stApp"]')
    const running = app?.dataset.testScriptState === "running"
    if (running) pulses.ran = now
    const all = [...pulses.all.values()]
    const begun = {}
    for (const { part, since } of all) begun[part] = Math.max(begun[part] ?? 0, since)
    const latest = Math.max(...Object.values(begun))
    for (const one of all) {
        const last = begun[one.part]
        const lost = running && last < latest && now - last >= LOST_MS
        const idle = now - pulses.ran >= IDLE_MS
        if (!(lost || idle) || now - one.asked < LOST_MS) continue
        one.asked = now
        one.setTriggerValue("turn", now)
    }
}
export default function ({ data, key, setTriggerValue }) {
    const pulses = (window.streamingPulses ??= { all: new Map(), ran: 0 })
    pulses.timer ??= setInterval(() => look(pulses), LOOK_MS)
    const asked = pulses.all.get(key)?.asked ?? 0
    pulses.all.set(key, { part: data.part, since: performance.now(), asked, setTriggerValue })
    return () => pulses.all.delete(key)
}
""",
)
_numbers = count(1)
# A window outlives a server, and has seen another one's numbers.
_process = secrets.token_hex(4)


class Turn:
    """This run of the script, and how long it may go on."""

    def __init__(self) -> None:
        self._ctx: Any = get_script_run_ctx()
        self._ends = time.monotonic() + SLICE
        fragments = getattr(self._ctx, "fragment_ids_this_run", None) or ()
        #: Whether the whole script runs, and not one fragment of it: then the page waits for us.
        self.whole = not fragments
        self._others = len(fragments) > 1
        #: Whether the browser has been asked to look after this turn (:func:`pulse`).
        self.pulses = False

    @property
    def fragment(self) -> str | None:
        """The fragment around the call, which can be run again without the page."""
        state = getattr(script_run_context, "ThreadState", None)
        return state.get().fragment_id if state is not None else None

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
        """Rest for this long; return true, at once, when somebody else waits."""
        ends = time.monotonic() + seconds
        while not (over := self.over) and (left := ends - time.monotonic()) > 0:
            time.sleep(min(left, LOOK))
        return over


def pulse(turn: Turn, key: str) -> None:
    """Let the browser start this fragment again after a second or two if its turn was lost.

    Call it in each turn of work that goes on, before its last messages, which can be lost. Once a
    turn is enough; a second call does nothing.
    """
    if turn.pulses:
        return
    turn.pulses = True
    _pulse(
        key=f"streaming-pulse-{key}",
        data={"part": turn.fragment or key, "turn": next(_numbers)},
        on_turn_change=lambda: None,
        height=1,
    )


def again(turn: Turn, key: str) -> None:
    """Let the browser start this fragment again as soon as it has seen what was drawn."""
    number = next(_numbers)
    _again(
        key=f"streaming-again-{key}-{number}",
        data={"turn": f"{_process}-{number}"},
        on_turn_change=lambda: None,
        height=1,
    )
    if turn.whole:
        time.sleep(SENT)

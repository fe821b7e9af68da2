"""The lab's third view: one fault, and how the hand-out's code and the course's meet it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from connection import Connection
from course import script
from course.lab import frame, streams
from course.lab.programs import LIMITS, Outcome, Side, hand_out, marked, ours
from course.language import choice, text
from local_cortex import speed
from streaming.view.untrusted import safe

__all__ = ["FAULTS", "draw"]

#: The models of Local Cortex that are offered, as their texts call them.
FAULTS = (
    *("429_forever", "429_then_ok", "503", "403", "expired_token"),
    *("stall_first", "stall_mid", "reset", "truncated"),
    *("error_data", "error_event", "no_end", "length", "split_emoji"),
)
# The client asks again by itself, nothing more would ever come, nothing looks wrong.
RETRIED = frozenset({"429_forever", "429_then_ok", "503"})
ENDLESS = frozenset({"429_forever", "503", "stall_first", "stall_mid"})
SILENT = frozenset({"error_event", "no_end", "length"})
# The lab ends a program that hangs after this time.
MOST_SECONDS = 10.0
LOOK_SECONDS = 0.2
# So that what is answered in spite of a fault has ended before.
TOKENS_PER_SECOND = 120.0
SIDES = (("naive", hand_out), ("ours", ours))


@dataclass
class Broken:
    """The last fault, and what came of both programs."""

    fault: str = ""
    outcomes: tuple[Outcome, ...] = ()
    stopped: bool = False


def draw(connection: Connection, *, running: bool) -> None:
    """Draw the view; while it is ``running``, until both programs have ended.

    Raises:
        connection.ConnectionFailed: there is no session.
    """
    st.caption(text("lab.breaking.about"))
    if connection.kind != "local":
        st.info(text("lab.breaking.only_local"), icon=":material/info:")
        return
    broken = frame.kept("breaking", Broken)
    names = {name: text(f"lab.fault.{name}") for name in FAULTS}
    fault = choice(
        st.selectbox,
        text("lab.breaking.fault"),
        FAULTS,
        key="lab-fault",
        format_func=names.__getitem__,
        disabled=running,
    )
    limits = text("lab.breaking.limits", seconds=LIMITS.first_chunk, most=MOST_SECONDS)
    st.caption(limits)
    frame.run_button("breaking", running=running)
    if running:
        with frame.running_box():
            _run(connection, fault, broken)
        script.draw_again()
    if broken.outcomes:
        _show_again(broken)
    frame.heading(text("lab.breaking.code"))
    # Without a language: Streamlit's colours for one have too little contrast. The marks say it.
    st.code(marked(), language=None, wrap_lines=True)


def _run(connection: Connection, fault: str, broken: Broken) -> None:
    session = connection.session
    model = f"fault-{fault.replace('_', '-')}"
    if streams.can_set_speed(connection):
        model = speed.with_speed(model, TOKENS_PER_SECOND)
    # A passing fault belongs to a conversation; both sides should meet it, every time.
    prompts = [text("lab.question.breaking", number=secrets.token_hex(3)) for _ in SIDES]
    with streams.let_in_programs(connection, model, prompts):
        halves = _halves(fault)
        address = text("lab.breaking.address")
        sides = [
            Side(program, half.container(), session, model, prompt, address)
            for (_, program), half, prompt in zip(SIDES, halves, prompts, strict=True)
        ]
        places = [half.empty() for half in halves]
        broken.fault = fault
        _follow(sides, places, broken)


def _follow(sides: Sequence[Side], places: Sequence[DeltaGenerator], broken: Broken) -> None:
    """Start both sides and watch them until they end, or until their time is up."""
    began = time.monotonic()
    in_time = True
    try:
        for side in sides:
            side.start()
        while any(side.running for side in sides) and in_time:
            for side, place in zip(sides, places, strict=True):
                _progress(broken.fault, side.outcome(), place, running=side.running)
            script.pause(LOOK_SECONDS)
            in_time = time.monotonic() - began < MOST_SECONDS
    finally:
        # No Streamlit in here: this run may be stopping.
        broken.stopped = in_time and any(side.running for side in sides)
        for side in sides:
            side.end()
        for side in sides:
            side.join()
        broken.outcomes = tuple(side.outcome() for side in sides)


def _halves(fault: str) -> list[DeltaGenerator]:
    frame.heading(text(f"lab.fault.{fault}"))
    columns = st.columns(2)
    halves = []
    for (name, _), column in zip(SIDES, columns, strict=True):
        with column:
            st.markdown(f"**{text(f'lab.breaking.{name}')}**")
            halves.append(st.container(border=True, key=f"lab-text-{name}"))
    return halves


def _progress(fault: str, outcome: Outcome, place: DeltaGenerator, *, running: bool) -> None:
    if running:
        so_far = {"seconds": outcome.seconds, "characters": len(outcome.shown)}
        place.caption(f":material/hourglass: {text('lab.breaking.waiting', **so_far)}")
    else:
        place.markdown(_figures(fault, outcome))


def _show_again(broken: Broken) -> None:
    for outcome, half in zip(broken.outcomes, _halves(broken.fault), strict=True):
        with half:
            st.markdown(safe(outcome.shown) or f"*{text('lab.breaking.nothing')}*")
            if outcome.said is not None:
                st.warning(outcome.said, icon=":material/error:")
            if outcome.error is not None:
                name, message = outcome.error
                st.caption(text("lab.breaking.error_lead"))
                st.error(f"**{name}**", icon=":material/error:")
                st.code(message, language=None, wrap_lines=True)
                st.caption(text("lab.breaking.error_after"))
            if not broken.stopped or not outcome.cut:
                st.markdown(_figures(broken.fault, outcome))
    if broken.stopped:
        st.info(text("lab.stopped"), icon=":material/stop_circle:")
    for name, faults in (("retries", RETRIED), ("silent", SILENT)):
        if broken.fault in faults:
            st.info(text(f"lab.breaking.{name}"), icon=":material/info:")


def _figures(fault: str, outcome: Outcome) -> str:
    ended = "lab.breaking.seconds"
    if outcome.cut:
        ended = "lab.breaking.for_ever" if fault in ENDLESS else "lab.breaking.cut_by_lab"
    lines = [
        text(ended, seconds=outcome.seconds),
        text("lab.breaking.shown", characters=len(outcome.shown)),
        text("lab.breaking.kept", characters=len(outcome.kept or "")),
        text("lab.breaking.requests", requests=outcome.requests),
    ]
    if outcome.status is not None:
        lines.append(text("lab.breaking.status", status=outcome.status))
    return "\n".join(f"- {line}" for line in lines)

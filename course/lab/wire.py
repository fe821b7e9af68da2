"""The lab's second view: what a stream is made of, from the socket to the page, event by event."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import streamlit as st

from connection import Connection
from course.lab import run as state
from course.lab import streams as calls
from course.lab.reading import reading_together
from course.lab.wire_record import Step, WireRecord, code_points, is_torn, shown
from course.language import current, text
from streaming import StreamError
from streaming.messages import explain

__all__ = ["draw"]

LOOK_SECONDS = 0.25
STEP_KEY = "lab-step"
# Of an event's hundreds of bytes the table shows the field that the client looks for.
TEXT_FIELD = re.compile(r'"content":\s*"(?:[^"\\]|\\.)*"')
EXCERPT = 40


@dataclass
class Look:
    """The last look at the wire."""

    steps: list[Step] = field(default_factory=list)
    code: str | None = None
    stopped: bool = False


def draw(connection: Connection, *, running: bool) -> None:
    """Draw the view; while it is ``running``, until enough events have come.

    Raises:
        connection.ConnectionFailed: there is no session.
    """
    look = state.kept("wire", Look)
    question = text("lab.question.emoji")
    st.caption(text("lab.wire.about"))
    st.caption(text("lab.wire.asked", question=question))
    if connection.kind == "local":
        st.caption(text("lab.wire.split"))
    state.run_button("wire", running=running)
    if running:
        st.session_state.pop(STEP_KEY, None)
        with state.running_box():
            _run(connection, question, look)
        state.draw_again()
    if look.stopped:
        st.info(text("lab.stopped"), icon=":material/stop_circle:")
    if look.code is not None:
        said = explain(StreamError(look.code), current(), getattr(calls.LIMITS, look.code, None))
        st.error(said, icon=":material/error:")
    if look.steps:
        _summary(look.steps)
        number = _step_by_step(look.steps)
        st.html(_table(look.steps, number))


def _run(connection: Connection, question: str, look: Look) -> None:
    record = WireRecord()
    local = connection.kind == "local"
    watched = calls.open_watched(
        connection.session, calls.model_name(), question, record, local=local
    )
    place = st.empty()
    with (
        calls.let_in(connection, watched),
        reading_together([("ours", watched)]) as readings,
    ):
        try:
            while not (lane := readings[0].lane()).ended and not record.full:
                steps = record.steps(lane.marks, lane.text)
                place.html(_table(steps, len(steps)))
                state.pause(LOOK_SECONDS)
        finally:
            # No Streamlit in here: this may be a run that has been told to stop.
            look.stopped = not record.full and not readings[0].lane().ended
            readings[0].cancel()
            lane = readings[0].lane()
            look.code = lane.code
            look.steps = record.steps(lane.marks, lane.text)


def _summary(steps: Sequence[Step]) -> None:
    deltas = [step for step in steps if step.delta]
    st.markdown(
        text(
            "lab.wire.summary",
            events=len(steps),
            deltas=len(deltas),
            pieces=sum(len(step.pieces) for step in steps),
            held=sum(bool(step.held) for step in deltas),
            torn=sum(is_torn(step.held) for step in deltas),
        )
    )


def _step_by_step(steps: Sequence[Step]) -> int:
    """Draw one step and what leads back and forth; return its number, from 1."""
    # To begin with, where there is something to be seen.
    first = next((number for number, step in enumerate(steps, 1) if is_torn(step.held)), 1)
    number = min(int(st.session_state.get(STEP_KEY, first)), len(steps))
    if len(steps) > 1:
        st.slider(text("lab.wire.step"), 1, len(steps), number, key=STEP_KEY)
        with st.container(horizontal=True):
            _go("before", ":material/arrow_back:", number - 1, number > 1)
            _go("after", ":material/arrow_forward:", number + 1, number < len(steps))
    step = steps[number - 1]
    with st.container(border=True, key="lab-step-box"):
        _stage("event", text("lab.wire.event_about", seconds=step.at), step.event)
        _stage("delta", text("lab.wire.delta_about"), _with_numbers(step.delta))
        _stage("held", text("lab.wire.held_about"), _with_numbers(step.held))
        if not step.pieces:
            _stage("piece", text("lab.wire.nothing_left"), "")
        for at, piece in step.pieces:
            _stage("piece", text("lab.wire.piece_about", seconds=at), _with_numbers(piece))
    return number


def _go(name: str, icon: str, number: int, possible: bool) -> None:
    st.button(
        text(f"lab.wire.{name}"),
        icon=icon,
        key=f"lab-step-{name}",
        disabled=not possible,
        on_click=lambda: st.session_state.update({STEP_KEY: number}),
    )


def _stage(name: str, about: str, content: str) -> None:
    st.markdown(f"**{text(f'lab.wire.{name}')}** {about}")
    if content:
        st.code(content, language=None, wrap_lines=True)


def _with_numbers(part: str | None) -> str:
    return f"{shown(part)}    {code_points(part)}" if part else text("lab.wire.none")


def _table(steps: Sequence[Step], marked: int) -> str:
    """Return the steps as a table that can be scrolled with the keyboard, one of them marked."""
    names = ("event", "delta", "held", "piece")
    heads = [("at", text("lab.wire.at")), *((name, text(f"lab.wire.{name}")) for name in names)]
    head = "".join(f'<th scope="col" class="{name}">{escape(title)}</th>' for name, title in heads)
    rows = "".join(_row(number, step, number == marked) for number, step in enumerate(steps, 1))
    label = escape(text("lab.wire.table"), quote=True)
    return (
        f'<div class="lab-wire" role="region" tabindex="0" aria-label="{label}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(number: int, step: Step, marked: bool) -> str:
    pieces = " | ".join(shown(piece) for _, piece in step.pieces)
    cells = (
        ("event", _excerpt(step.event)),
        ("delta", shown(step.delta or "")),
        ("held", shown(step.held)),
        ("piece", pieces),
    )
    inside = "".join(f'<td class="{name}">{escape(content)}</td>' for name, content in cells)
    mark = ' aria-current="step"' if marked else ""
    sign = "▶ " if marked else ""
    return f'<tr{mark}><th scope="row">{sign}{number}. {step.at:.2f}</th>{inside}</tr>'


def _excerpt(event: str) -> str:
    """Return the field of an event that carries its text, or else how the event begins."""
    found = TEXT_FIELD.search(event)
    if found is None:
        return event[:EXCERPT] + ("…" if len(event) > EXCERPT else "")
    return f"data: {{… {found[0]} …}}"

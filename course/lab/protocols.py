"""The lab's protocols view: one question on both of Cortex's protocols, event by event."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

import streamlit as st

from connection import Connection
from course import limits
from course.lab import streams, views
from course.lab.streams import Readings, Way
from course.lab.views import Redraw, Spot
from course.lab.wire import Watched, WireRecord
from course.language import choice, text
from local_cortex import speed
from streaming import ChatCompletionsStrategy, CompletionRequest, DirectStrategy, Pace, Usage

# One of each family: they differ in what they tell of the end.
MODELS = ("openai-gpt-5-mini", "claude-haiku-4-5", "llama3.1-8b")
# Few enough events to read all of them, slowly enough for the eye.
TOKENS = 12
TOKENS_PER_SECOND = 8.0
PROTOCOLS: tuple[Way, ...] = ("direct", "chat")
DATA, DONE = "data: ", "[DONE]"


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer's events tell of its end; ``done``: they say that there are no more."""

    reason: str | None = None
    usage: Usage | None = None
    done: bool = False


def told(events: Sequence[str]) -> Told:
    """Read what the events of either protocol tell of the end."""
    reason: str | None = None
    usage: Usage | None = None
    for event in events:
        data = _json(event.removeprefix(DATA))
        for choice_ in data.get("choices") or ():
            reason = choice_.get("finish_reason") or reason
        counted = data.get("usage")
        if isinstance(counted, dict) and "completion_tokens" in counted:
            usage = Usage(counted["prompt_tokens"], counted["completion_tokens"])
    return Told(reason, usage, any(event.removeprefix(DATA) == DONE for event in events))


def _json(event: str) -> dict[str, Any]:
    try:
        data = json.loads(event)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


class Both(Readings):
    """The same question by ``snowflake.cortex`` and by the OpenAI client, at the same time."""

    def __init__(self, connection: Connection, model: str, question: str) -> None:
        if streams.can_set_speed(connection):
            model = speed.with_speed(model, TOKENS_PER_SECOND)
        request = CompletionRequest(model=model, prompt=question, max_tokens=TOKENS)
        self.records = {way: WireRecord() for way in PROTOCOLS}
        direct = Watched(DirectStrategy(connection.session), self.records["direct"])
        client = connection.chat_client()
        chat = Watched(ChatCompletionsStrategy(client, usage=True), self.records["chat"])
        ways = zip(PROTOCOLS, (direct, chat), strict=True)
        super().__init__(connection, request, [(way, each, Pace.off()) for way, each in ways])


def draw(connection: Connection) -> Redraw | None:
    question = text("lab.question.short")
    st.caption(text("lab.protocols.about"))
    above = st.container()
    with views.settings("protocols"):
        model = _choose_model()
    with above:
        job = views.run("protocols", Both, partial(Both, connection, model, question))
    st.caption(text("lab.protocols.asked", question=question, tokens=TOKENS))
    if job is None:
        return None
    names = [text(f"lab.protocols.{way}") for way in PROTOCOLS]
    spots = {}
    for way, name, column in zip(PROTOCOLS, names, views.lanes("protocols", names), strict=True):
        column.markdown(f"**{name}**")
        spots[way] = Spot(column.container()), Spot(column.container())

    def redraw() -> None:
        for lane in job.lanes:
            figures, table = spots[lane.way]
            events = job.records[lane.way].events
            if lane.code is not None:
                figures.markdown(streams.explained(lane.code))
            elif events:
                figures.markdown(_figures(events, ended=lane.ended))
            table.draw(partial(_draw_table, events, text(f"lab.protocols.{lane.way}")))

    redraw()
    return redraw if job.running else None


def _choose_model() -> str:
    allowed = limits.allowed_models()
    offered = [name for name in MODELS if allowed is None or name in allowed]
    return choice(
        st.selectbox,
        text("lab.protocols.model"),
        offered or [streams.model_name()],
        key="lab-protocols-model",
    )


def _figures(events: Sequence[tuple[float, str]], *, ended: bool) -> str:
    """Return the figures of an answer; what it tells of its end, once it has ended."""
    lines = [
        ("lab.protocols.events", f"{len(events)}"),
        ("lab.protocols.bytes", f"{sum(len(event.encode()) for _, event in events):,}"),
        ("lab.protocols.first", f"{events[0][0]:.2f}"),
    ]
    if ended:
        said = told([event for _, event in events])
        nothing = text("lab.protocols.nothing")
        usage = said.usage and f"{said.usage.prompt_tokens} + {said.usage.completion_tokens}"
        lines += [
            ("lab.protocols.last", f"{events[-1][0]:.2f}"),
            ("lab.protocols.reason", f"`{said.reason}`" if said.reason else nothing),
            ("lab.protocols.usage", usage or nothing),
            ("lab.protocols.done", f"`{DONE}`" if said.done else nothing),
        ]
    return views.figures(lines)


def _draw_table(
    events: Sequence[tuple[float, str]], name: str, at: st.delta_generator.DeltaGenerator
) -> st.delta_generator.DeltaGenerator:
    """Draw the events as they came, in a table that can be scrolled with the keyboard."""
    heads = (text("lab.wire.at"), text("lab.protocols.event"))
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in heads)
    rows = "".join(
        f'<tr><th scope="row">{when:.2f}</th><td>{escape(event)}</td></tr>'
        for when, event in events
    )
    return at.html(views.table(text("lab.protocols.table", name=name), head, rows))

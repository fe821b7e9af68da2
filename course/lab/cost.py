"""The lab's fourth view: what it costs to show one answer, in two ways, on this very page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import streamlit as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx

import streaming
from connection import Connection
from course import script
from course.lab import streams, views
from course.language import text
from local_cortex import speed
from streaming import CompletionRequest
from streaming.view import show, write

__all__ = ["Meter", "Slices", "draw", "metered"]

LOOK_SECONDS = 0.1
# Slices as large as the hand-out's, as often as a model writes tokens.
SLICE = 5
GAP_SECONDS = 0.02
WAYS = ("naive", "ours")


@dataclass
class Meter:
    """What was counted; ``sent`` and ``messages`` are ``None`` where Streamlit hides them.

    ``cpu`` is the CPU time of the measured thread, in seconds.
    """

    sent: int | None = None
    messages: int | None = None
    cpu: float = 0.0


@contextmanager
def metered(cpu: Callable[[], float] = time.thread_time) -> Iterator[Meter]:
    """Count what this thread's script sends and computes until the block is left."""
    meter = Meter()
    # Everything that a script sends passes here, also what other threads of its run send. Read from
    # Streamlit 1.67 (runtime/scriptrunner_utils/script_run_context.py, enqueue): a private field,
    # looked for and not relied on.
    context = get_script_run_ctx(suppress_warning=True)
    send = getattr(context, "_enqueue", None)

    def count(message: ForwardMsg) -> None:
        meter.sent = (meter.sent or 0) + message.ByteSize()
        meter.messages = (meter.messages or 0) + 1
        send(message)  # type: ignore[misc]

    began = cpu()
    if context is not None and send is not None:
        context._enqueue = count
    try:
        yield meter
    finally:
        meter.cpu = cpu() - began
        if context is not None and send is not None:
            context._enqueue = send


class Slices:
    """A live strategy that gives a finished answer, a slice at each tick of a clock."""

    name = "slices"
    live = True

    def __init__(
        self,
        answer: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._answer, self._sleep, self._clock = answer, sleep, clock

    def open(self, request: CompletionRequest | None = None) -> Iterator[str]:  # noqa: ARG002
        """Yield the slices at their times: a reader who is late catches up."""
        began = self._clock()
        for number, start in enumerate(range(0, len(self._answer), SLICE)):
            self._sleep(max(0.0, began + number * GAP_SECONDS - self._clock()))
            yield self._answer[start : start + SLICE]


@dataclass
class Costs:
    """What the last measurement found; ``meters`` by way."""

    characters: int = 0
    meters: dict[str, Meter] = field(default_factory=dict)
    code: str | None = None
    stopped: bool = False


def draw(connection: Connection, *, running: bool) -> None:
    """Draw the view; while it is ``running``, until both ways have been measured."""
    costs = views.kept("cost", Costs)
    st.caption(text("lab.cost.about"))
    question = views.choose_question("lab-cost-question", running=running)
    views.run("cost", lambda: _run(connection, question, costs), running=running)
    if costs.stopped:
        st.info(text("lab.stopped"), icon=":material/stop_circle:")
    if costs.code is not None:
        said = f"{text('lab.cost.no_answer')} {streams.explained(costs.code)}"
        st.error(said, icon=":material/error:")
    if len(costs.meters) == len(WAYS):
        _report(costs)


def _run(connection: Connection, question: str, costs: Costs) -> None:
    session = connection.session
    costs.meters, costs.code = {}, None
    settings = streams.Settings(
        ("direct",),
        question,
        tokens_per_second=speed.FASTEST if streams.can_set_speed(connection) else None,
        name=streams.model_name(),
    )
    stream = streams.open_stream(session, "direct", settings)
    with streams.let_in(connection, stream):
        costs.stopped = True
        with (
            st.spinner(text("lab.cost.fetching")),
            streams.reading_together([("direct", stream)]) as readings,
        ):
            while not (lane := readings[0].lane()).ended:
                script.pause(LOOK_SECONDS)
    costs.code = lane.code
    answer = lane.text if lane.code is None else ""
    costs.characters = len(answer)
    with st.empty().container(key="lab-text-cost"):
        for way in WAYS if answer else ():
            st.caption(text("lab.cost.measuring", way=text(f"lab.cost.{way}")))
            with st.container(border=True), metered() as meter:
                _show(way, Slices(answer))
            costs.meters[way] = meter
            st.markdown(_figures(way, costs))
    costs.stopped = False


def _show(way: str, slices: Slices) -> None:
    if way == "naive":
        write(st.empty(), slices.open())
    else:
        show(streaming.stream(slices, CompletionRequest(model=streams.MODEL, prompt="-")))


def _report(costs: Costs) -> None:
    naive, ours = (costs.meters[way] for way in WAYS)
    if naive.sent is not None and ours.sent is not None:
        sent = {
            "characters": costs.characters,
            "naive": naive.sent / costs.characters,
            "ours": ours.sent / costs.characters,
            "ratio": naive.sent / max(1, ours.sent),
        }
        st.markdown(text("lab.cost.ratio", **sent))
    else:
        st.info(text("lab.cost.no_bytes"), icon=":material/info:")
    st.markdown(text("lab.cost.cpu_ratio", naive=naive.cpu * 1_000, ours=ours.cpu * 1_000))
    for way, column in zip(WAYS, st.columns(len(WAYS)), strict=True):
        column.markdown(f"**{text(f'lab.cost.{way}')}**\n\n{_figures(way, costs)}")
    st.caption(text("lab.cost.longer"))
    st.caption(text("lab.cost.what"))


def _figures(way: str, costs: Costs) -> str:
    meter = costs.meters[way]
    lines = [("lab.cost.cpu", f"{meter.cpu * 1_000:,.0f}")]
    if meter.sent is not None:
        lines[:0] = [
            ("lab.cost.bytes", f"{meter.sent:,}"),
            ("lab.cost.per_character", f"{meter.sent / costs.characters:,.0f}"),
            ("lab.cost.messages", f"{meter.messages:,}"),
        ]
    return views.figures(lines)

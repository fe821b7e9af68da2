"""The lab's cost view: what it takes to show one answer, in two ways, on this very page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import streamlit as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx

import streaming
from connection import Connection
from course.lab import streams, views
from course.lab.streams import WELL, Readings, Settings
from course.lab.views import Spot
from course.language import text
from local_cortex import speed
from streaming import CompletionRequest, DirectStrategy, Pace
from streaming.view import Turn, safe, show

# A page that is left and comes back would find much of an answer at once, which costs less.
UNSEEN_SECONDS = 2.0
# Slices as large as the handout's, as often as a model writes tokens.
SLICE = 5
GAP_SECONDS = 0.02
WAYS = ("naive", "ours")


@dataclass
class Meter:
    """What was counted (``None`` where Streamlit hides it); ``cpu`` is the thread's, in seconds."""

    sent: int | None = None
    messages: int | None = None
    cpu: float = 0.0


@contextmanager
def metered(meter: Meter, cpu: Callable[[], float] = time.thread_time) -> Iterator[None]:
    """Add what this thread's script sends and computes until the block is left."""
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
        yield
    finally:
        meter.cpu += cpu() - began
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
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._answer, self._sleep, self._clock = answer, sleep, clock
        self._began: float | None = None

    def open(self, request: CompletionRequest | None = None) -> Iterator[str]:  # noqa: ARG002
        """Yield the slices at their times: a reader who is late catches up."""
        return self.after(0)

    def after(self, characters: int) -> Iterator[str]:
        if self._began is None:
            self._began = self._clock()
        for start in range(characters, len(self._answer), SLICE):
            due = self._began + start / SLICE * GAP_SECONDS
            self._sleep(max(0.0, due - self._clock()))
            yield self._answer[start : start + SLICE]


class Measurement(Readings):
    """Fetches an answer in its thread; then the page shows it twice, and is metered.

    What is measured is this page's own drawing, so it goes on only while it is looked at.
    ``shown`` is how many characters of the answer ``st.write_stream`` has shown.
    """

    def __init__(self, connection: Connection, settings: Settings) -> None:
        strategy = DirectStrategy(connection.session)
        super().__init__(connection, settings.request, [("direct", strategy, Pace.off())])
        self.measured = False
        self._seen = float("-inf")
        self.meters = {way: Meter() for way in WAYS}
        self._begin("naive")

    @property
    def running(self) -> bool:
        return self.fetching or (bool(self.answer) and not self.measured and not self.stopped)

    @property
    def fetching(self) -> bool:
        return super().running

    @property
    def phase(self) -> object:
        return super().phase, self.fetching

    @property
    def answer(self) -> str:
        lane = self.lanes[0]
        return lane.text if lane.status in WELL else ""

    @contextmanager
    def looked_at(self) -> Iterator[None]:
        """Go on with a way, or begin it again if nobody has looked at it for a while."""
        if time.monotonic() - self._seen > UNSEEN_SECONDS:
            self._begin("naive" if self.shown < len(self.answer) else "ours")
        try:
            yield
        finally:
            self._seen = time.monotonic()

    def _begin(self, way: str) -> None:
        self.meters[way] = Meter()
        self.slices = Slices(self.answer)
        if way == "naive":
            self.shown = 0
        request = CompletionRequest(model=streams.MODEL, prompt="-")
        self.stream = streaming.stream(Slices(self.answer), request)


def draw(connection: Connection) -> None:
    st.caption(text("lab.cost.about"))
    above = st.container()
    with views.settings("cost"):
        question = views.choose_question("lab-cost-question")
    settings = Settings(
        ("direct",),
        question,
        tokens_per_second=speed.FASTEST if streams.can_set_speed(connection) else None,
        name=streams.model_name(),
    )
    with above:
        job = views.run("cost", Measurement, partial(Measurement, connection, settings))
    if job is None:
        return
    if job.fetching:
        st.caption(f":material/hourglass: {text('lab.cost.fetching')}")
    elif job.running:
        _measure(job, Turn())
    elif job.measured:
        _report(job)
    elif (code := job.lanes[0].code) is not None:
        said = f"{text('lab.cost.no_answer')} {streams.explained(code)}"
        st.error(said, icon=":material/error:")


def _measure(job: Measurement, turn: Turn) -> None:
    """Show the answer in both ways, one after the other, until somebody else waits.

    A click elsewhere has the page drawn again. What ``st.write_stream`` had shown is drawn without
    being counted then, because it cannot go on by itself; what ``show`` draws is always counted.
    """
    with job.looked_at(), st.container(key="lab-text-cost"):
        st.caption(text("lab.cost.measuring", way=text("lab.cost.naive")))
        with st.container(border=True):
            place = Spot(st.container())
            place.markdown(safe(job.answer[: job.shown]))
            for piece in job.slices.after(job.shown):
                job.shown += len(piece)
                shown = safe(job.answer[: job.shown])
                with metered(job.meters["naive"]):
                    place.markdown(shown)
                if turn.over:
                    break
        if job.shown < len(job.answer):
            return
        st.markdown(_figures("naive", job))
        st.caption(text("lab.cost.measuring", way=text("lab.cost.ours")))
        with st.container(border=True), metered(job.meters["ours"]):
            result = show(job.stream, key="lab-cost")
        job.measured = result.status != "running"
        if not job.measured:
            views.leave_again_to_show()


def _report(job: Measurement) -> None:
    naive, ours = (job.meters[way] for way in WAYS)
    if naive.sent is not None and ours.sent is not None:
        sent = {
            "characters": len(job.answer),
            "naive": naive.sent / len(job.answer),
            "ours": ours.sent / len(job.answer),
            "ratio": naive.sent / max(1, ours.sent),
        }
        st.markdown(text("lab.cost.ratio", **sent))
    else:
        st.info(text("lab.cost.no_bytes"), icon=":material/info:")
    st.markdown(text("lab.cost.cpu_ratio", naive=naive.cpu * 1_000, ours=ours.cpu * 1_000))
    for way, column in zip(WAYS, st.columns(len(WAYS)), strict=True):
        column.markdown(f"**{text(f'lab.cost.{way}')}**\n\n{_figures(way, job)}")
    st.caption(text("lab.cost.longer"))
    st.caption(text("lab.cost.what"))


def _figures(way: str, job: Measurement) -> str:
    meter = job.meters[way]
    lines = [("lab.cost.cpu", f"{meter.cpu * 1_000:,.0f}")]
    if meter.sent is not None:
        lines[:0] = [
            ("lab.cost.bytes", f"{meter.sent:,}"),
            ("lab.cost.per_character", f"{meter.sent / len(job.answer):,.0f}"),
            ("lab.cost.messages", f"{meter.messages:,}"),
        ]
    return views.figures(lines)

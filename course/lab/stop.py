"""The lab's Stop view: two calls stopped after the same pieces, one left open and one closed."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from connection import Connection
from course import limits
from course.lab import charts, streams, views
from course.lab.jobs import Job
from course.lab.views import Redraw, Spot
from course.language import text
from course.stopping import Stoppable
from streaming import CompletionRequest

# In the order of the demo's answers: each has its colour.
SIDES = ("closed", "left")
# Often enough for a line; each look is a statement.
LOOK_SECONDS = 0.25
# The script's medium answer takes nine seconds at its own pace.
MOST_SECONDS = 20.0
JOIN_SECONDS = 1.0


@dataclass
class Call:
    """One call: how many pieces its reader takes, and what Local Cortex made of it over time.

    ``marks`` are (seconds, tokens made); ``late`` tokens came after the reader's last piece.
    """

    strategy: Stoppable
    pieces: int
    closes: bool
    read: int = 0
    stopped: bool = False
    made: int = 0
    running: bool = True
    failed: bool = False
    marks: list[tuple[float, int]] = field(default_factory=lambda: [(0.0, 0)])
    _answer: Any = None

    @property
    def late(self) -> int:
        return max(0, self.made - self.read)

    @property
    def over(self) -> bool:
        return self.failed or (self.stopped and not self.running)

    def work(self, request: CompletionRequest) -> None:
        """Read ``pieces`` pieces, then stop: close the answer, or just stop reading."""
        try:
            self._answer = self.strategy.open(request)
            for _ in self._answer:
                self.read += 1
                if self.read >= self.pieces:
                    break
            if self.closes:
                self._answer.close()
        except Exception:  # whatever the client raises: the side says that it failed
            self.failed = True
        finally:
            self.stopped = True

    def end(self) -> None:
        """Close the answer: one that was left open makes no more, either."""
        self.strategy.close()
        if self.running:
            self.closes, self.running = True, False

    def look(self, seconds: float) -> None:
        """Ask Local Cortex how far it is."""
        tokens = self.strategy.tokens()
        if tokens is not None:
            self.made, self.running = tokens.made, tokens.running
            self.marks.append((seconds, tokens.made))
        elif self.stopped:
            self.running = False


class Stopping(Job):
    """Both calls, from the same moment."""

    def __init__(self, connection: Connection, request: CompletionRequest, pieces: int) -> None:
        session = connection.session
        self._request = request
        self.calls = [
            Call(Stoppable(session, closes=name == "closed"), pieces, name == "closed")
            for name in SIDES
        ]
        super().__init__(limits.ask(connection, [request] * len(SIDES)))

    def work(self) -> None:
        began = time.monotonic()
        threads = [
            threading.Thread(target=each.work, args=(self._request,), name="lab-stop", daemon=True)
            for each in self.calls
        ]

        def done() -> bool:
            seconds = time.monotonic() - began
            for each in self.calls:
                if not each.over:
                    each.look(seconds)
            return seconds > MOST_SECONDS or all(each.over for each in self.calls)

        try:
            for thread in threads:
                thread.start()
            self.wait_for(done, LOOK_SECONDS)
        finally:
            for number, (each, thread) in enumerate(zip(self.calls, threads, strict=True)):
                each.strategy.abort()
                if thread.ident is not None:
                    thread.join(JOIN_SECONDS)
                each.end()
                # How much was made is not known here: all that was set aside stays counted.
                self._admission.over(number, "", "stopped", live=False)


def draw(connection: Connection) -> Redraw | None:
    st.caption(text("lab.stop.about"))
    if connection.kind != "local":
        st.info(text("lab.stop.only_local"), icon=":material/info:")
        return None
    above = st.container()
    with views.settings("stop"):
        pieces = st.slider(text("lab.stop.after"), 5, 100, 20, key="lab-stop-after")
        st.caption(text("lab.stop.cut", seconds=MOST_SECONDS))
    request = streams.Settings(
        ways=(), question=text("lab.question.medium"), name=streams.model_name()
    ).request
    with above:
        job = views.run("stop", Stopping, partial(Stopping, connection, request, pieces))
    return _board(job) if job is not None else None


def _board(job: Stopping) -> Redraw:
    names = [text(f"lab.stop.{name}") for name in SIDES]
    spots: list[Spot] = []
    columns = views.lanes("stop", names)
    for name, title, column in zip(SIDES, names, columns, strict=True):
        with column:
            views.heading(title)
            with st.container(border=True, key=f"lab-text-{name}"):
                spots.append(Spot(st.container()))
    found, chart = Spot(st.container()), Spot(st.container())

    def redraw() -> None:
        for call, spot in zip(job.calls, spots, strict=True):
            spot.markdown(figures(call))
        chart.draw(partial(_chart, rows=rows(job.calls, names), names=names))
        closed, left = job.calls
        if not job.running and not job.stopped and left.read == closed.read > 0:
            said = text("lab.stop.found", read=left.read, left=left.late, closed=closed.late)
            found.draw_once(lambda at: at.info(said, icon=":material/search:"))

    redraw()
    return redraw


def rows(calls: Sequence[Call], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the tokens made over time, as the chart's rows.

    A call that is over makes no more while the other goes on: its line goes on, too.
    """
    latest = max(call.marks[-1][0] for call in calls)
    return [
        {"call": name, "seconds": round(at, 2), "tokens": made}
        for name, call in zip(names, calls, strict=True)
        for at, made in [*call.marks, (latest, call.made)]
    ]


def _chart(at: DeltaGenerator, rows: list[dict[str, Any]], names: list[str]) -> DeltaGenerator:
    spec = charts.lines(
        charts.quantity("seconds", text("lab.seconds")),
        charts.quantity("tokens", text("lab.stop.tokens")),
        charts.told_apart("call", names),
    )
    return at.vega_lite_chart(rows, spec, alt=text("lab.stop.chart_alt"))


def figures(call: Call) -> str:
    """Return what is known of a call so far, as Markdown."""
    state = "reading"
    if call.stopped:
        state = "running" if not call.over else "over" if call.closes else "whole"
    # Local Cortex has been asked at least once; since then, more may have been read.
    known, made = len(call.marks) > 1, max(call.made, call.read)
    return views.figures(
        [
            ("lab.stop.status", text(f"lab.stop.{state}")),
            ("lab.stop.read", f"{call.read:,}"),
            ("lab.stop.made", f"{made:,}" if known else text("lab.stop.not_yet")),
            ("lab.stop.late", f"{call.late:,}" if known and call.stopped else "-"),
        ]
    )

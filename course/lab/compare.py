"""The lab's compare view: the same question by several ways at once, each beside the others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from connection import Connection
from course.lab import results, streams, views
from course.lab.streams import Lane, Readings, Settings
from course.lab.views import Redraw, Spot
from course.language import choice, drawer, text
from streaming.view import safe

# Seconds between two drawings of what costs more than the text.
CHART_SECONDS = 0.5
SPEEDS = (None, 10.0, 20.0, 40.0, 80.0, 200.0)
PANEL_HEIGHT = 240
# About fifty runs.
MOST_ROWS = 150
# The keys of the names of what is in a row; other columns are for those who look into the file.
COLUMNS = {
    "run": "lab.run_number",
    "way": "lab.method",
    "status": "lab.status",
    "first_text": "demo.first_text",
    "total": "lab.total",
    "pieces": "demo.pieces",
    "characters": "lab.characters",
    "characters_per_second": "lab.characters_per_second",
}


def remember(past: list[results.Row], settings: Settings, lanes: Sequence[Lane]) -> None:
    """Add the figures of a run that has ended to those of past runs."""
    run = past[-1]["run"] + 1 if past else 1
    past[:] = [*past, *results.rows_of(run, settings, lanes)][-MOST_ROWS:]


class Comparison(Readings):
    """The same question by several ways at once."""

    def __init__(self, connection: Connection, settings: Settings, past: list[results.Row]) -> None:
        session = connection.session
        ways = [
            (way, streams.strategy_of(session, way, settings), streams.pace_of(way, settings))
            for way in settings.ways
        ]
        super().__init__(connection, settings.request, ways)
        self._settings, self._past = settings, past

    def work(self) -> None:
        try:
            super().work()
        finally:
            remember(self._past, self._settings, self.lanes)


def draw(connection: Connection) -> Redraw | None:
    past = views.bench_of_tab().past
    st.caption(text("lab.compare.about"))
    # The button stands above what it depends on: the settings are sensible as they are.
    above = st.container()
    with views.settings("compare"):
        settings = _settings(connection)
    if connection.kind != "local":
        st.caption(text("lab.compare.calls", calls=len(settings.ways)))
    make = partial(Comparison, connection, settings, past)
    with above:
        job = views.run("compare", Comparison, make)
    board = _Board(job) if job is not None else None
    _draw_past(past)
    return board.draw if board is not None else None


def _settings(connection: Connection) -> Settings:
    free = streams.can_set_speed(connection)
    left, right = st.columns(2)
    with left:
        question = views.choose_question("lab-question")
        st.caption(f"“{question}”")
        own = {None: text("lab.speed_own")}
        speeds = own | {each: text("lab.speed", tokens=f"{each:g}") for each in SPEEDS if each}
        tokens = choice(
            _slider,
            text("lab.compare.speed"),
            SPEEDS,
            key="lab-speed",
            format_func=speeds.__getitem__,
            disabled=not free,
        )
        if not free:
            st.caption(f":material/info: {text('lab.compare.speed_fixed')}")
    with right:
        chunk_size = st.slider(text("lab.compare.chunk_size"), 2, 40, 5, key="lab-chunk")
        delay = st.slider(
            text("lab.compare.delay"), *(0.0, 0.1, 0.05, 0.01), format="%.2f", key="lab-delay"
        )
        pace = choice(
            st.selectbox,
            text("lab.compare.pace"),
            list(streams.PACES),
            key="lab-pace",
            format_func={name: text(f"lab.pace.{name}") for name in streams.PACES}.__getitem__,
        )
        third = st.checkbox(text("lab.compare.third"), True, key="lab-third")
    return Settings(
        ways=streams.WAYS if third else ("custom", "ours"),
        question=question,
        tokens_per_second=tokens if free else None,
        chunk_size=chunk_size,
        delay=delay,
        pace=pace,
        name=streams.model_name(),
    )


def _slider(label: str, options: Sequence[float | None], *, index: int, **how: Any) -> float | None:
    chosen: float | None = st.select_slider(label, options, options[index], **how)
    return chosen


class _Board:
    """A place for each lane's text and figures, and one for each chart."""

    def __init__(self, job: Comparison) -> None:
        self._job = job
        self._names = {way: text(f"lab.way.{way}") for way in streams.WAYS}
        self._shown = [lane.way for lane in job.lanes]
        self._texts, self._figures = {}, {}
        self._next_chart = 0.0
        columns = views.lanes("compare", [self._names[way] for way in self._shown])
        for way, column in zip(self._shown, columns, strict=True):
            with column:
                views.heading(self._names[way])
                self._texts[way] = Spot(
                    st.container(
                        height=PANEL_HEIGHT, border=True, key=f"lab-text-{way}", autoscroll=True
                    )
                )
                self._figures[way] = Spot(st.container())
        with st.container():
            if not job.running:
                _say(job.lanes)
        self._curves, self._gaps = Spot(st.container()), Spot(st.container())
        self.draw()

    def draw(self) -> None:
        lanes, now = self._job.lanes, self._job.seconds
        for lane in lanes:
            shown = safe(lane.text) if lane.text else text("lab.nothing_yet")
            self._texts[lane.way].markdown(shown)
        if self._job.running and now < self._next_chart:
            return
        self._next_chart = now + CHART_SECONDS
        for lane in lanes:
            self._figures[lane.way].markdown(lane_figures(lane, now))
        names, ways = self._names, self._shown
        curves = results.curve_rows(lanes, names, now)
        curve = results.curve_spec(names, ways, text("lab.seconds"), text("lab.characters"))
        gaps = results.gap_rows(lanes, names)
        gap = results.gap_spec(names, ways, text("lab.gap"), text("lab.gap_pieces"))
        words = f"{text('lab.gap_alt')} {results.gap_words(gaps)}"
        self._curves.draw(lambda at: at.vega_lite_chart(curves, curve, alt=text("lab.curve_alt")))
        self._gaps.draw(lambda at: at.vega_lite_chart(gaps, gap, alt=words))


def _say(lanes: Sequence[Lane]) -> None:
    """Show what the run has found, and what went wrong in it."""
    lines = [f"- {text(key, **figures)}" for key, figures in results.findings(lanes)]
    if lines:
        said = "\n".join([f"**{text('lab.found.heading')}**", "", *lines])
        st.info(said, icon=":material/search:")
    for lane in lanes:
        if lane.code is not None:
            said = f"**{text(f'lab.way.{lane.way}')}** {streams.explained(lane.code)}"
            st.error(said, icon=":material/error:")


def lane_figures(lane: Lane, now: float) -> str:
    """Return a lane's figures as a list; what is not known yet is a dash."""
    metrics = lane.metrics
    first, total = metrics.time_to_first_text, metrics.total if lane.ended else now
    return views.figures(
        [
            ("demo.first_text", _seconds(first)),
            ("lab.total" if lane.ended else "lab.so_far", _seconds(total)),
            ("demo.pieces", f"{metrics.pieces:,}"),
            ("lab.characters_per_second", f"{metrics.characters / total:,.0f}" if total else "-"),
        ]
    )


def _seconds(value: float | None) -> str:
    return "-" if value is None else text("demo.seconds", seconds=f"{value:.2f}")


def _draw_past(rows: Sequence[results.Row]) -> None:
    """Draw the figures of past runs, the newest first; the table has a button for a CSV file."""
    if not rows:
        return
    label = text("lab.past", runs=len({row["run"] for row in rows}))
    box = drawer(label, key="lab-past", icon=":material/history:")
    if box.open:
        with box:
            named = [row | {"way": text(f"lab.way.{row['way']}")} for row in reversed(rows)]
            names = {name: text(key) for name, key in COLUMNS.items()}
            st.dataframe(named, hide_index=True, column_config=names, alt=text("lab.past_alt"))

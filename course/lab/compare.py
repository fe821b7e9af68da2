"""The lab's first view: the same question by several ways at once, each beside the others."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st

from connection import Connection
from course import script
from course.lab import results, streams, views
from course.lab.streams import WELL, Lane, Settings, Way, reading_together
from course.language import choice, drawer, text
from streaming.view.untrusted import safe

__all__ = ["Runs", "draw"]

# Seconds between two looks at the streams, and between two drawings of what costs more.
TEXT_SECONDS = 0.14
CHART_SECONDS = 0.5
SPEEDS = (None, 10.0, 20.0, 40.0, 80.0, 200.0)
PANEL_HEIGHT = 240
# Of all that is kept, so many rows are on the page; the file has the rest.
SHOWN_ROWS = 12
# A row's figures on the page, and the keys of their names.
COLUMNS = {
    "first_text": "demo.first_text",
    "total": "lab.total",
    "pieces": "demo.pieces",
    "characters": "lab.characters",
    "characters_per_second": "lab.characters_per_second",
}


@dataclass
class Runs:
    """The last comparison with its texts, and the figures of those before."""

    count: int = 0
    lanes: list[Lane] = field(default_factory=list)
    rows: list[results.Row] = field(default_factory=list)


def draw(connection: Connection, *, running: bool) -> None:
    """Draw the view; while it is ``running``, until all its streams have ended."""
    runs = views.kept("compare", Runs)
    st.caption(text("lab.compare.about"))
    settings = _settings(connection, running=running)
    if connection.kind != "local":
        st.caption(text("lab.compare.calls", calls=len(settings.ways)))
    views.run("compare", lambda: _run(connection, settings, runs), running=running)
    if runs.lanes:
        _Board([lane.way for lane in runs.lanes]).draw(runs.lanes, None)
    _past(runs.rows)


def _settings(connection: Connection, *, running: bool) -> Settings:
    free = streams.can_set_speed(connection)
    left, right = st.columns(2)
    with left:
        question = views.choose_question("lab-question", running=running)
        st.caption(f"“{question}”")
        own = {None: text("lab.speed_own")}
        speeds = own | {each: text("lab.speed", tokens=f"{each:g}") for each in SPEEDS if each}
        tokens = choice(
            _slider,
            text("lab.compare.speed"),
            SPEEDS,
            key="lab-speed",
            format_func=speeds.__getitem__,
            disabled=running or not free,
        )
        if not free:
            st.caption(f":material/info: {text('lab.compare.speed_fixed')}")
    with right:
        chunk_size = st.slider(
            text("lab.compare.chunk_size"), 2, 40, 5, key="lab-chunk", disabled=running
        )
        delay = st.slider(
            text("lab.compare.delay"),
            *(0.0, 0.1, 0.05, 0.01),
            format="%.2f",
            key="lab-delay",
            disabled=running,
        )
        pace = choice(
            st.selectbox,
            text("lab.compare.pace"),
            list(streams.PACES),
            key="lab-pace",
            format_func={name: text(f"lab.pace.{name}") for name in streams.PACES}.__getitem__,
            disabled=running,
        )
        third = st.checkbox(text("lab.compare.third"), True, key="lab-third", disabled=running)
    return Settings(
        ways=("custom", "direct", "ours") if third else ("custom", "ours"),
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


def _run(connection: Connection, settings: Settings, runs: Runs) -> None:
    session = connection.session
    opened = [(way, streams.open_stream(session, way, settings)) for way in settings.ways]
    with (
        streams.let_in(connection, *(stream for _, stream in opened)),
        reading_together(opened) as readings,
    ):
        board = _Board(settings.ways)
        began = time.monotonic()
        runs.count += 1
        try:
            while not all(reading.lane().ended for reading in readings):
                board.draw([each.lane() for each in readings], time.monotonic() - began)
                script.pause(TEXT_SECONDS)
        finally:
            for reading in readings:
                reading.cancel()
            # No Streamlit in here: this run may be stopping.
            runs.lanes = [reading.lane() for reading in readings]
            new = results.rows_of(runs.count, settings, runs.lanes)
            runs.rows = results.remember(runs.rows, new)


class _Board:
    """A place for each lane, and one for each chart."""

    def __init__(self, ways: Sequence[Way]) -> None:
        self._names = {way: text(f"lab.way.{way}") for way in ways}
        self._texts = {}
        self._figures = {}
        self._shown: dict[Way, str] = {}
        self._next_chart = 0.0
        for way, column in zip(ways, st.columns(len(ways)), strict=True):
            with column:
                views.heading(self._names[way])
                with st.container(
                    height=PANEL_HEIGHT, border=True, key=f"lab-text-{way}", autoscroll=True
                ):
                    self._texts[way] = st.empty()
                self._figures[way] = st.empty()
        self._words = st.container()
        self._curves, self._gaps = st.empty(), st.empty()

    def draw(self, lanes: Sequence[Lane], now: float | None) -> None:
        """Draw the lanes as they are ``now``, in seconds since the start; ``None``: at the end."""
        for lane in lanes:
            shown = safe(lane.text) if lane.text else text("lab.nothing_yet")
            if self._shown.get(lane.way) != shown:
                self._shown[lane.way] = shown
                self._texts[lane.way].markdown(shown)
        if now is None:
            with self._words:
                _say(lanes)
        elif now < self._next_chart:
            return
        else:
            self._next_chart = now + CHART_SECONDS
        for lane in lanes:
            self._figures[lane.way].markdown(_figures(lane, now))
        names = list(self._names.values())
        self._curves.vega_lite_chart(
            results.curve_rows(lanes, self._names, now or 0.0),
            results.curve_spec(names, text("lab.seconds"), text("lab.characters")),
            alt=text("lab.curve_alt"),
        )
        gaps = results.gap_rows(lanes, self._names)
        self._gaps.vega_lite_chart(
            gaps,
            results.gap_spec(names, text("lab.gap"), text("lab.gap_pieces")),
            alt=f"{text('lab.gap_alt')} {results.gap_words(gaps)}",
        )


def _say(lanes: Sequence[Lane]) -> None:
    """Say what the run shows, and what has gone wrong in it."""
    lines = [f"- {text(key, **figures)}" for key, figures in results.findings(lanes)]
    if lines:
        said = "\n".join([f"**{text('lab.found.heading')}**", "", *lines])
        st.info(said, icon=":material/search:")
    if any(lane.status == "cancelled" for lane in lanes):
        st.info(text("lab.stopped"), icon=":material/stop_circle:")
    for lane in lanes:
        if lane.code is not None:
            said = f"**{text(f'lab.way.{lane.way}')}** {streams.explained(lane.code)}"
            st.error(said, icon=":material/error:")


def _figures(lane: Lane, now: float | None) -> str:
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


def _past(rows: Sequence[results.Row]) -> None:
    if not rows:
        return
    label = text("lab.past", runs=len({row["run"] for row in rows}))
    box = drawer(label, key="lab-past", icon=":material/history:")
    if not box.open:
        return
    with box:
        newest = rows[: -SHOWN_ROWS - 1 : -1]
        st.dataframe([_shown(row) for row in newest], hide_index=True, alt=text("lab.past_alt"))
        st.download_button(
            text("lab.download"),
            # Made when it is asked for.
            partial(results.csv_of, list(rows)),
            file_name="stream-lab.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="lab-download",
        )


def _shown(row: results.Row) -> results.Row:
    ended = text("lab.ended") if row["status"] in WELL else row["status"]
    return {
        text("lab.run_number"): row["run"],
        text("lab.method"): text(f"lab.way.{row['way']}"),
        **{text(key): row[name] for name, key in COLUMNS.items()},
        text("lab.status"): ended,
    }

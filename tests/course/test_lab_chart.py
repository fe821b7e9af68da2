"""The rows of the lab's charts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from course.lab import compare
from course.lab import results as chart
from course.lab.streams import WAYS, Way
from tests.course.lab_making import Page, make_lane

NAMES: dict[Way, str] = {"direct": "one", "custom": "two", "ours": "three"}


def test_a_curve_begins_at_nothing_and_ends_at_its_last_piece() -> None:
    rows = chart.curve_rows([make_lane()], NAMES, 9.0)
    assert [(row["seconds"], row["characters"]) for row in rows] == [(0, 0), (0.5, 6), (1.0, 12)]
    assert {row["method"] for row in rows} == {"one"}


def test_a_curve_that_still_grows_reaches_to_now() -> None:
    rows = chart.curve_rows([make_lane(status="running")], NAMES, 9.0)
    assert (rows[-1]["seconds"], rows[-1]["characters"]) == (9.0, 12)


def test_a_long_curve_is_thinned_out_and_keeps_its_end() -> None:
    marks = tuple((number / 10, number + 1) for number in range(5_000))
    rows = chart.curve_rows([make_lane(marks=marks)], NAMES, 0.0)
    assert len(rows) <= chart.MOST_POINTS + 2
    assert rows[-1]["characters"] == 5_000


def test_every_pause_is_in_one_bin() -> None:
    times = (0.0, 0.005, 0.055, 0.105, 3.105)
    marks = tuple((at, number) for number, at in enumerate(times))
    rows = chart.gap_rows([make_lane(marks=marks)], NAMES)
    counts = {row["pause"]: row["pieces"] for row in rows}
    assert {name: count for name, count in counts.items() if count} == {
        "0-10": 1,
        "40-60": 2,
        "1000+": 1,
    }
    assert len(rows) == len(chart.BINS)
    assert chart.gap_words(rows) == "one: 0-10 ms: 1, 40-60 ms: 2, 1000+ ms: 1"


def test_a_pause_between_two_bins_is_in_the_longer_one() -> None:
    marks = ((0.0, 1), (0.0, 2), (0.25, 3), (0.75, 4))
    rows = chart.gap_rows([make_lane(marks=marks)], NAMES)
    assert chart.gap_words(rows) == "one: 0-10 ms: 1, 200-500 ms: 1, 500-1000 ms: 1"


def test_methods_are_told_apart_without_colour() -> None:
    for spec in (
        chart.curve_spec(NAMES, WAYS, "s", "c"),
        chart.gap_spec(NAMES, WAYS, "ms", "n"),
    ):
        dashes = spec["encoding"]["strokeDash"]["scale"]["range"]
        assert len({tuple(dash) for dash in dashes}) == 3


def test_a_method_keeps_its_colour_whichever_others_are_shown() -> None:
    shown: list[Way] = ["custom", "ours"]
    for spec in (chart.curve_spec(NAMES, shown, "s", "c"), chart.gap_spec(NAMES, shown, "ms", "n")):
        colour = spec["encoding"]["color"]
        # The theme gives its first colour to method 1, its second to method 2.
        assert colour["scale"]["domain"] == ["one", "two", "three"]
        assert colour["legend"]["values"] == ["two", "three"]


def test_charts_are_drawn_now_and_then_and_once_more_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = Page()
    monkeypatch.setattr(compare, "Spot", page.spot)
    job: Any = SimpleNamespace(lanes=[make_lane()], seconds=1.0, running=True)
    board = compare._Board(job)
    drawn = [page.drawn.count("vega_lite_chart")]
    for seconds, running in ((1.4, True), (1.5, True), (1.6, False)):
        job.seconds, job.running = seconds, running
        board.draw()
        drawn.append(page.drawn.count("vega_lite_chart"))
    assert drawn == [2, 2, 4, 6]

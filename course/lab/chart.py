"""The lab's two charts: characters over time, and how long it was from piece to piece.

A chart's form stays the same while it grows and only its rows are new, so the browser does not draw
it afresh.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from course.lab.reading import Lane
from course.lab.streams import Way

__all__ = ["BINS", "curve_rows", "curve_spec", "gap_rows", "gap_spec", "gap_words"]

Row = dict[str, object]
Spec = dict[str, Any]

# What a line of this width can show, times two.
MOST_POINTS = 160
#: Where a bin of the histogram begins, in milliseconds: pauses differ by factors, not by steps.
BINS = (0, 10, 20, 40, 60, 100, 200, 500, 1000)
# Told apart without colour, too.
DASHES = ([6, 4], [1, 0], [2, 2])


def curve_rows(lanes: Sequence[Lane], names: Mapping[Way, str], now: float) -> list[Row]:
    """Return (method, seconds, characters) of each lane, thinned out; until ``now`` if it runs."""
    rows: list[Row] = []
    for lane in lanes:
        step = max(1, -(-len(lane.marks) // MOST_POINTS))
        points = [(0.0, 0), *lane.marks[:-1:step], *lane.marks[-1:]]
        if not lane.ended:
            points.append((now, points[-1][1]))
        rows += [
            {"method": names[lane.way], "seconds": round(at, 3), "characters": characters}
            for at, characters in points
        ]
    return rows


def curve_spec(names: Sequence[str], seconds: str, characters: str) -> Spec:
    """Return the chart of characters over time, with the titles of its axes."""
    return {
        "height": 340,
        "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2.5},
        "encoding": {
            "x": {"field": "seconds", "type": "quantitative", "title": seconds},
            "y": {"field": "characters", "type": "quantitative", "title": characters},
            "color": _by_method(names),
            "strokeDash": _by_method(names) | {"scale": {"domain": list(names), "range": DASHES}},
        },
    }


def gap_rows(lanes: Sequence[Lane], names: Mapping[Way, str]) -> list[Row]:
    """Return (method, pause, pieces): how many pieces came after a pause of about that long."""
    rows: list[Row] = []
    for lane in lanes:
        counts = [0] * len(BINS)
        for gap in lane.gaps:
            counts[bisect_right(BINS, gap * 1_000) - 1] += 1
        rows += [
            {"method": names[lane.way], "pause": bin_name(number), "pieces": count}
            for number, count in enumerate(counts)
        ]
    return rows


def gap_words(rows: Sequence[Row]) -> str:
    """Return the histogram in words: of each method, how many pieces came after which pause."""
    words: dict[object, list[str]] = {}
    for row in rows:
        if row["pieces"]:
            words.setdefault(row["method"], []).append(f"{row['pause']} ms: {row['pieces']}")
    return "; ".join(f"{method}: {', '.join(counts)}" for method, counts in words.items())


def bin_name(number: int) -> str:
    """Return what a bin is called on the axis: milliseconds."""
    begin = BINS[number]
    return f"{begin}-{BINS[number + 1]}" if number + 1 < len(BINS) else f"{begin}+"


def gap_spec(names: Sequence[str], pause: str, pieces: str) -> Spec:
    """Return the histogram of pauses, with the titles of its axes."""
    bins = [bin_name(number) for number in range(len(BINS))]
    return {
        "height": 360,
        # The outline tells the methods apart without colour.
        "mark": {"type": "bar", "fillOpacity": 0.55, "strokeWidth": 1.5},
        "encoding": {
            "x": {
                "field": "pause",
                "type": "ordinal",
                "title": pause,
                "scale": {"domain": bins},
                "axis": {"labelAngle": -40},
            },
            "xOffset": {"field": "method", "type": "nominal", "scale": {"domain": list(names)}},
            "y": {"field": "pieces", "type": "quantitative", "title": pieces},
            "color": _by_method(names),
            "stroke": _by_method(names),
            "strokeDash": _by_method(names) | {"scale": {"domain": list(names), "range": DASHES}},
        },
    }


def _by_method(names: Sequence[str]) -> Spec:
    return {
        "field": "method",
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(names)},
        "legend": {"orient": "bottom", "direction": "vertical", "labelLimit": 300},
    }

"""What a comparison's lanes show: two charts, sentences, and rows for a table."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from course.lab import charts
from course.lab.charts import Spec
from course.lab.streams import WAYS, WELL, Lane, Settings, Way
from streaming import StreamMetrics

Row = dict[str, Any]
#: The key of a text and its figures: seconds, or numbers of pieces.
Finding = tuple[str, dict[str, float]]

# What a line of this width can show, times two.
MOST_POINTS = 160
#: Where a bin of the histogram begins, in milliseconds: pauses differ by factors, not by steps.
BINS = (0, 10, 20, 40, 60, 100, 200, 500, 1000)
BIN_NAMES = [*(f"{begin}-{end}" for begin, end in pairwise(BINS)), f"{BINS[-1]}+"]
# Less than this nobody sees, and a busy machine makes it up.
SEEN_SECONDS = 0.1
DIGITS = 3


def curve_rows(lanes: Sequence[Lane], names: Mapping[Way, str], now: float) -> list[Row]:
    """Return (method, seconds, characters) of each lane, thinned out; until ``now`` if it runs."""
    rows: list[Row] = []
    for lane in lanes:
        step = max(1, -(-len(lane.marks) // MOST_POINTS))
        points = [(0.0, 0), *lane.marks[:-1:step], *lane.marks[-1:]]
        if not lane.ended:
            points.append((now, points[-1][1]))
        rows += [
            {"method": names[lane.way], "seconds": round(at, DIGITS), "characters": characters}
            for at, characters in points
        ]
    return rows


def curve_spec(
    names: Mapping[Way, str], shown: Sequence[Way], seconds: str, characters: str
) -> Spec:
    apart = _by_method(names, shown)
    axes = charts.quantity("seconds", seconds), charts.quantity("characters", characters)
    return charts.lines(*axes, apart, interpolate="step-after") | {"height": 340}


def gap_rows(lanes: Sequence[Lane], names: Mapping[Way, str]) -> list[Row]:
    """Return (method, pause, pieces): how many pieces came after a pause of about that long."""
    rows: list[Row] = []
    for lane in lanes:
        counts = [0] * len(BINS)
        for gap in lane.gaps:
            counts[bisect_right(BINS, gap * 1_000) - 1] += 1
        rows += [
            {"method": names[lane.way], "pause": pause, "pieces": count}
            for pause, count in zip(BIN_NAMES, counts, strict=True)
        ]
    return rows


def gap_words(rows: Sequence[Row]) -> str:
    """Return the histogram in words: of each method, how many pieces came after which pause."""
    words: dict[str, list[str]] = {}
    for row in rows:
        if row["pieces"]:
            words.setdefault(row["method"], []).append(f"{row['pause']} ms: {row['pieces']}")
    return "; ".join(f"{method}: {', '.join(counts)}" for method, counts in words.items())


def gap_spec(names: Mapping[Way, str], shown: Sequence[Way], pause: str, pieces: str) -> Spec:
    return {
        "height": 360,
        # The outline tells the methods apart without colour.
        "mark": {"type": "bar", "fillOpacity": 0.55, "strokeWidth": 1.5},
        "encoding": {
            "x": {
                "field": "pause",
                "type": "ordinal",
                "title": pause,
                "scale": {"domain": BIN_NAMES},
                "axis": {"labelAngle": -40},
            },
            "xOffset": {
                "field": "method",
                "type": "nominal",
                "scale": {"domain": [names[way] for way in shown]},
            },
            "y": charts.quantity("pieces", pieces),
            **_by_method(names, shown, ("color", "stroke")),
        },
    }


def _by_method(
    names: Mapping[Way, str], shown: Sequence[Way], channels: Sequence[str] = ("color",)
) -> Spec:
    # All of them, and not those shown: each keeps its colour.
    domain, legend = ([names[way] for way in ways] for ways in (WAYS, shown))
    return charts.told_apart("method", domain, legend, channels)


def findings(lanes: Sequence[Lane]) -> list[Finding]:
    """Return what these finished lanes show; only answers that came to their end are compared."""
    by_way = {lane.way: lane for lane in lanes if lane.status in WELL}
    custom, direct, ours = (by_way.get(way) for way in ("custom", "direct", "ours"))
    live = direct or ours
    found: list[Finding] = []
    if custom is not None:
        slow, fast = custom.metrics, live.metrics if live is not None else StreamMetrics()
        late, early = slow.time_to_first_text, fast.time_to_first_text
        if late is not None and early is not None:
            later = late - early >= SEEN_SECONDS
            figures = {"seconds": late - early} if later else {}
            found.append(("lab.found.first_later" if later else "lab.found.first_alike", figures))
        existed, last, total = custom.answer_existed, slow.total, fast.total
        if existed is not None and last is not None and last - existed >= SEEN_SECONDS:
            found.append(("lab.found.typing", {"seconds": last - existed}))
        if last is not None and total is not None and last - total >= SEEN_SECONDS:
            found.append(("lab.found.total", {"slow": last, "fast": total}))
    if direct is not None and ours is not None:
        if ours.metrics.pieces < direct.metrics.pieces:
            pieces = {"direct": float(direct.metrics.pieces), "ours": float(ours.metrics.pieces)}
            found.append(("lab.found.pieces", pieces))
        added = ours.metrics.pacing_added
        if added is not None and added >= SEEN_SECONDS:
            found.append(("lab.found.pacing", {"seconds": added}))
    return found


def rows_of(run: int, settings: Settings, lanes: Iterable[Lane]) -> list[Row]:
    """Return a row for each way of a run.

    Times are in seconds, ``None`` for what never happened. No text of an answer is in it.
    """
    rows: list[Row] = []
    for lane in lanes:
        custom, metrics = lane.way == "custom", lane.metrics
        speed = metrics.characters / metrics.total if metrics.total else None
        row = {
            "run": run,
            "way": lane.way,
            "status": lane.code or lane.status,
            "model": settings.request.model,
            "question_characters": len(settings.question),
            "chunk_size": settings.chunk_size if custom else None,
            "delay": settings.delay if custom else None,
            "pace": settings.pace if lane.way == "ours" else None,
            "first_text": metrics.time_to_first_text,
            "answer_existed": lane.answer_existed,
            "total": metrics.total,
            "pieces": metrics.pieces,
            "characters": metrics.characters,
            "characters_per_second": speed,
            "longest_gap": max(lane.gaps, default=None),
        }
        rows.append({k: round(v, DIGITS) if isinstance(v, float) else v for k, v in row.items()})
    return rows

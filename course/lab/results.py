"""What a comparison's lanes show: two charts, sentences, and rows for a table and a CSV file."""

from __future__ import annotations

import csv
import io
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from course.lab.streams import Lane, Settings, Way

__all__ = [
    "BINS",
    "MOST_RUNS",
    "Entry",
    "Finding",
    "csv_of",
    "curve_rows",
    "curve_spec",
    "entries",
    "findings",
    "gap_rows",
    "gap_spec",
    "gap_words",
    "remember",
]

Row = dict[str, object]
Spec = dict[str, Any]

# What a line of this width can show, times two.
MOST_POINTS = 160
#: Where a bin of the histogram begins, in milliseconds: pauses differ by factors, not by steps.
BINS = (0, 10, 20, 40, 60, 100, 200, 500, 1000)
# Told apart without colour, too.
DASHES = ([6, 4], [1, 0], [2, 2])

#: The key of a text and its figures: seconds, or numbers of pieces.
Finding = tuple[str, dict[str, float]]
# Less than this nobody sees, and a busy machine makes it up.
SEEN_SECONDS = 0.1
MOST_RUNS = 50
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


def findings(lanes: Sequence[Lane]) -> list[Finding]:
    """Return what to look for in these finished lanes, leaving out what is missing.

    Only answers that came to their end are compared with each other.
    """
    by_way = {lane.way: lane for lane in lanes if lane.status in ("complete", "unknown_end")}
    custom, direct, ours = (by_way.get(way) for way in ("custom", "direct", "ours"))
    found: list[Finding] = []
    live = direct or ours
    if custom is not None and live is not None:
        found += _first_word(custom, live)
    if custom is not None:
        found += _typing(custom)
    if custom is not None and live is not None:
        found += _total(custom, live)
    if direct is not None and ours is not None:
        found += _steps(direct, ours)
    return found


def _first_word(custom: Lane, live: Lane) -> list[Finding]:
    late, early = custom.metrics.time_to_first_text, live.metrics.time_to_first_text
    if late is None or early is None:
        return []
    if late - early < SEEN_SECONDS:
        return [("lab.found.first_alike", {})]
    return [("lab.found.first_later", {"seconds": late - early})]


def _typing(custom: Lane) -> list[Finding]:
    existed, total = custom.answer_existed, custom.metrics.total
    if existed is None or total is None or total - existed < SEEN_SECONDS:
        return []
    return [("lab.found.typing", {"seconds": total - existed})]


def _total(custom: Lane, live: Lane) -> list[Finding]:
    slow, fast = custom.metrics.total, live.metrics.total
    if slow is None or fast is None or slow - fast < SEEN_SECONDS:
        return []
    return [("lab.found.total", {"slow": slow, "fast": fast})]


def _steps(direct: Lane, ours: Lane) -> list[Finding]:
    found: list[Finding] = []
    if ours.metrics.pieces < direct.metrics.pieces:
        pieces = {"direct": float(direct.metrics.pieces), "ours": float(ours.metrics.pieces)}
        found.append(("lab.found.pieces", pieces))
    added = ours.metrics.pacing_added
    if added is not None and added >= SEEN_SECONDS:
        found.append(("lab.found.pacing", {"seconds": added}))
    return found


@dataclass(frozen=True, slots=True)
class Entry:
    """One way of one run; seconds, or ``None`` for what never happened. No text of an answer."""

    run: int
    way: str
    status: str
    model: str
    question_characters: int
    chunk_size: int | None
    delay: float | None
    pace: str | None
    first_text: float | None
    answer_existed: float | None
    total: float | None
    pieces: int
    characters: int
    characters_per_second: float | None
    longest_gap: float | None


def entries(run: int, settings: Settings, lanes: Iterable[Lane]) -> list[Entry]:
    """Return the rows of a run."""
    return [_entry(run, settings, lane) for lane in lanes]


def _entry(run: int, settings: Settings, lane: Lane) -> Entry:
    custom, metrics = lane.way == "custom", lane.metrics
    return Entry(
        run=run,
        way=lane.way,
        status=lane.code or lane.status,
        model=settings.model,
        question_characters=len(settings.question),
        chunk_size=settings.chunk_size if custom else None,
        delay=settings.delay if custom else None,
        pace=settings.pace if lane.way == "ours" else None,
        first_text=_rounded(metrics.time_to_first_text),
        answer_existed=_rounded(lane.answer_existed),
        total=_rounded(metrics.total),
        pieces=metrics.pieces,
        characters=metrics.characters,
        characters_per_second=_rounded(lane.speed),
        longest_gap=_rounded(max(lane.gaps, default=None)),
    )


def remember(known: Sequence[Entry], new: Sequence[Entry]) -> list[Entry]:
    """Return the rows of the last ``MOST_RUNS`` runs, the newest last."""
    kept = [*known, *new]
    numbers = sorted({entry.run for entry in kept})[-MOST_RUNS:]
    return [entry for entry in kept if entry.run in numbers]


def csv_of(rows: Iterable[Entry]) -> str:
    """Return the rows as CSV, with a head; names and numbers only."""
    file = io.StringIO()
    writer = csv.DictWriter(file, [field.name for field in fields(Entry)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(asdict, rows))
    return file.getvalue()


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)

"""The runs of this session, as rows of figures: for a table on the page and for a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields

from course.lab.reading import Lane
from course.lab.streams import Settings

__all__ = ["MOST_RUNS", "Entry", "csv_of", "entries", "remember"]

MOST_RUNS = 50
DIGITS = 3


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

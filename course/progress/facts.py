"""Facts about a learner's progress, and how two sets of them become one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias, get_args

__all__ = ["EXERCISE", "KINDS", "Fact", "Key", "Kind", "from_row", "merged"]

Kind = Literal["opened", "read", "tried", "answered", "solved"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: How the item of an exercise begins.
EXERCISE = "exercise:"
Key: TypeAlias = tuple[str, Kind, str]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a learner did.

    ``lesson`` is a folder's name; ``item`` a question's or an exercise's id, "demo", or "" for the
    lesson as a whole; ``value`` what was chosen or written, if anything; ``at`` when, in UTC.
    """

    lesson: str
    kind: Kind
    item: str
    value: str
    at: datetime

    @property
    def key(self) -> Key:
        """What there is one fact of."""
        return (self.lesson, self.kind, self.item)


def from_row(row: Sequence[object]) -> Fact:
    """Return the fact in a store's row of lesson, kind, item, value and time.

    Raises:
        ValueError: something else is in the row.
    """
    lesson, kind, item, value, at = (each if isinstance(each, str) else None for each in row)
    if lesson is None or kind not in KINDS or item is None or value is None or at is None:
        raise ValueError("a row is no fact")
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None:
        raise ValueError("a time says no zone")
    return Fact(lesson, kind, item, value, moment.astimezone(UTC))


def merged(*sets: Iterable[Fact]) -> dict[Key, Fact]:
    """Return all facts by their keys, the later one where there are two; nothing disappears."""
    found: dict[Key, Fact] = {}
    for facts in sets:
        for fact in facts:
            known = found.get(fact.key)
            if known is None or known.at <= fact.at:
                found[fact.key] = fact
    return found

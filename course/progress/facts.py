"""Facts about a learner's progress, and how two sets of them become one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias, get_args

__all__ = [
    "EXERCISE",
    "KINDS",
    "MOST_CHARACTERS",
    "MOST_FACTS",
    "MOST_VALUE",
    "Fact",
    "Key",
    "Kind",
    "from_row",
    "merged",
    "room_for",
]

Kind = Literal["opened", "read", "tried", "answered", "solved"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: How the item of an exercise begins.
EXERCISE = "exercise:"
#: Of a learner. A day has some twenty facts; each rerun of a page reads all of them.
MOST_FACTS = 2_000
#: In all values of a learner together, and in one: a program has no more (practice.RunLimits.code).
MOST_CHARACTERS = 500_000
MOST_VALUE = 20_000
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
        """Identifies a fact: there is one for each key."""
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


def room_for(
    given: Iterable[Fact], known: Collection[Fact], lessons: Collection[str]
) -> tuple[list[Fact], int]:
    """Return which of the given facts a learner who has ``known`` can take, and how many not.

    Facts of ``lessons`` come first, then the newer ones: they may be from a course with other days,
    and then there is room for them, too.
    """
    facts, characters = len(known), sum(len(fact.value) for fact in known)
    taken: list[Fact] = []
    left = 0
    have = {fact.key for fact in known}
    for fact in sorted(given, key=lambda fact: (fact.lesson in lessons, fact.at), reverse=True):
        more = fact.key not in have
        if facts + more > MOST_FACTS or characters + len(fact.value) > MOST_CHARACTERS:
            left += 1
            continue
        have.add(fact.key)
        facts, characters = facts + more, characters + len(fact.value)
        taken.append(fact)
    return taken, left


def merged(*sets: Iterable[Fact]) -> dict[Key, Fact]:
    """Return all facts by their keys, the later one where there are two; nothing disappears."""
    found: dict[Key, Fact] = {}
    for facts in sets:
        for fact in facts:
            known = found.get(fact.key)
            if known is None or known.at <= fact.at:
                found[fact.key] = fact
    return found

"""Facts about a learner's progress, and how two sets of them become one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, TypeAlias, get_args

from course.moved import Moved

Kind = Literal["opened", "read", "tried", "answered", "solved"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: How the item of an exercise begins.
EXERCISE = "exercise:"
#: Of a learner. A day has some twenty facts; each rerun of a page reads all of them.
MOST_FACTS = 2_000
#: In all values of a learner together, and in one: a program has no more (practice.RunLimits.code).
MOST_CHARACTERS = 500_000
MOST_VALUE = 20_000
#: Of a file: all of a learner's facts fit in (MOST_CHARACTERS in UTF-8, and MOST_FACTS frames).
MAX_BYTES = 2_000_000
Key: TypeAlias = tuple[str, Kind, str]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a learner did.

    ``lesson`` is a folder's name; ``item`` a question's or an exercise's id, or "" for the lesson
    as a whole; ``value`` what was chosen or written, if anything; ``at`` when, in UTC.
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
    """Return the fact in a row of lesson, kind, item, value and time; or raise ``ValueError``."""
    lesson, kind, item, value, at = (each for each in row if isinstance(each, str))
    if kind not in KINDS:
        raise ValueError("a row is no fact")
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None:
        raise ValueError("a time has no zone")
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


def renamed(facts: Iterable[Fact], moved: Moved) -> list[Fact]:
    """Return facts under the names that the course's things have now, the later one where two meet.

    A program stays what it was: the draft of an exercise moves with it.
    """
    found = []
    for fact in facts:
        prefix = EXERCISE if fact.item.startswith(EXERCISE) else ""
        lesson, item = moved.now(fact.lesson, fact.item.removeprefix(prefix))
        now = (lesson, prefix + item)
        same = now == (fact.lesson, fact.item)
        found.append(fact if same else replace(fact, lesson=now[0], item=now[1]))
    return list(merged(found).values())


def room_for(
    given: Iterable[Fact], known: Collection[Fact], lessons: Collection[str]
) -> tuple[list[Fact], int]:
    """Return which of the given facts a learner who has ``known`` can take, and how many not.

    Facts of ``lessons`` come first, then the newer ones: a file may come from a course with other
    days, whose facts are kept as well where there is room.
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


class ImportProblem(ValueError):
    """A file is no export of this course; ``reason`` is "large", "format" or "version"."""

    def __init__(self, reason: Literal["large", "format", "version"], where: str = "") -> None:
        self.reason, self.where = reason, where
        super().__init__(f"{reason} {where}".strip())

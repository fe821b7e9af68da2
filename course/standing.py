"""How far a learner is, and what to do next: decided here, drawn on Home and on a day's page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from course import progress
from course.content import Lesson, Outline, anchor_of, outline_of

#: Places of a page that have no heading: keys of containers.
FINISH, OWN = "finish", "take-away"
#: The item of the fact that a finished day was celebrated. Its kind is one that older courses know.
CELEBRATED = "celebrated"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a learner has done of a day; of what the day once had and no longer has, nothing.

    ``solved`` are exercises, ``right`` questions that were answered right.
    """

    lesson: Lesson
    has: Outline
    opened: bool = False
    read: bool = False
    worked: bool = False
    """Whether an exercise was tried or a question answered."""
    solved: frozenset[str] = frozenset()
    right: frozenset[str] = frozenset()

    @property
    def done(self) -> bool:
        """Whether the day is finished: read, and every exercise solved."""
        return self.read and self.solved.issuperset(self.has.exercises)

    @property
    def place(self) -> str:
        """Where to go on: an anchor or a container of the page, or "" for its beginning."""
        unsolved = [each for each in self.has.exercises if each not in self.solved]
        if not self.worked:
            return ""
        return anchor_of(unsolved[0]) if unsolved else FINISH


def standing_of(lesson: Lesson, learned: progress.Progress) -> Standing:
    has, name = outline_of(lesson), lesson.name
    exercises = {each: progress.EXERCISE + each for each in has.exercises}
    return Standing(
        lesson,
        has,
        opened=learned.has(name, "opened"),
        read=learned.value(name, "read") == "yes",
        worked=any(
            learned.has(name, "tried", each) or learned.has(name, "solved", each)
            for each in exercises.values()
        )
        or any(learned.has(name, "answered", each) for each in has.questions),
        solved=frozenset(
            each for each, item in exercises.items() if learned.has(name, "solved", item)
        ),
        right=frozenset(each for each in has.questions if learned.has(name, "solved", each)),
    )


@dataclass(frozen=True, slots=True)
class Step:
    """The next thing to do: begin, go on with a day, or begin the ``next`` one.

    Once everything is finished: ``repeat`` a day that has questions left, or write one's ``own``
    program. ``after`` is the day that was just finished.
    """

    kind: Literal["begin", "go_on", "next", "repeat", "own"]
    lesson: Lesson
    place: str = ""
    after: Lesson | None = None


def next_step(days: Sequence[Standing], last: str | None) -> Step | None:
    """Return what to do next, or None in a course without days; ``last`` was opened last."""
    if not days:
        return None
    here = next((number for number, day in enumerate(days) if day.lesson.name == last), None)
    if here is None:
        order, finished = days, None
    else:
        # First this day, then those after it, then those that were passed over.
        order, finished = (*days[here:], *days[:here]), days[here]
    day = next((each for each in order if not each.done), None)
    after = finished.lesson if finished is not None and finished.done else None
    if day is None:
        left = next((each for each in days if len(each.right) < len(each.has.questions)), None)
        if left is not None:
            return Step("repeat", left.lesson, after=after)
        return Step("own", days[-1].lesson, OWN, after)
    if day.opened:
        return Step("go_on", day.lesson, day.place, after)
    return Step("next" if any(each.opened for each in days) else "begin", day.lesson, after=after)


def finish(day: Standing, learned: progress.Progress) -> bool:
    """Return whether to celebrate a finished day, and note it: that happens once."""
    if not day.done or learned.has(day.lesson.name, "read", CELEBRATED):
        return False
    learned.record(day.lesson.name, "read", CELEBRATED, "yes")
    return True

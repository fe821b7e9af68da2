"""Where lessons, exercises, questions and anchors went when they moved: lessons/moved.toml.

What a learner did is kept by these names, and links lead to them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from course import FOLDER, LESSONS, toml_models
from course.problems import LessonError, Problem, log_once
from course.toml_models import Table, form, line_of

FILE = "moved.toml"
NAME = (
    rf"(?P<lesson>{FOLDER.pattern})"
    r"(?:/(?P<item>[a-z0-9_-]{1,80})|#(?P<anchor>[a-z0-9-]{1,60}))?"
)
PLACE = re.compile(NAME)
#: How an exercise's folder is called. A question's id has no underscore.
EXERCISE = re.compile(r"[0-9]+_[a-z0-9_]+")
Kind: TypeAlias = Literal["lesson", "exercise", "question", "anchor"]
#: A lesson, an exercise or a question of one (``lesson/item``), or an anchor (``lesson#anchor``).
Place = Annotated[
    str,
    form(NAME, "a place such as day_03_streams, day_03_streams/1_first or day_03_streams#theory"),
]


def kind_of(place: str) -> Kind:
    """Return what a place is, by its form."""
    found = PLACE.fullmatch(place)
    if found is None or (found["item"] is None and found["anchor"] is None):
        return "lesson"
    if found["anchor"] is not None:
        return "anchor"
    return "exercise" if EXERCISE.fullmatch(found["item"]) else "question"


class Move(Table):
    """One thing that moved."""

    source: Place = Field(alias="from")
    to: Place

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if kind_of(self.source) != kind_of(self.to):
            raise ValueError(
                f"`{self.source}` is a place of the kind {kind_of(self.source)}, "
                f"`{self.to}` one of the kind {kind_of(self.to)}"
            )
        return self


class Moved(Table):
    """All that moved. A thing is looked up once: each entry leads to where it is now."""

    moved: tuple[Move, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        counts = Counter(move.source for move in self.moved)
        twice = next((source for source, count in counts.items() if count > 1), None)
        if twice is not None:
            raise ValueError(f"`{twice}` has moved to two places")
        return self

    # Cached: each fact of a learner is looked up in every run of a page.
    @cached_property
    def places(self) -> dict[str, str]:
        """Where each thing is now, by its former place."""
        return {move.source: move.to for move in self.moved}

    def now(self, lesson: str, item: str) -> tuple[str, str]:
        """Return the lesson and the item that a lesson's exercise or question is now.

        An item that is neither, such as "", is the lesson's own.
        """
        places = self.places
        if to := places.get(f"{lesson}/{item}"):
            lesson, _, item = to.partition("/")
            return lesson, item
        return places.get(lesson, lesson), item

    def before(self, lesson: str, item: str) -> list[tuple[str, str]]:
        """Return every lesson and item that this one was."""
        was = [move.source for move in self.moved if move.to == f"{lesson}/{item}"]
        found = [(place.partition("/")[0], place.partition("/")[2]) for place in was]
        return found + [(move.source, item) for move in self.moved if move.to == lesson]

    def lessons(self) -> dict[str, str]:
        return {move.source: move.to for move in self.moved if kind_of(move.source) == "lesson"}

    def anchors(self, lesson: str) -> dict[str, str]:
        """Return where each anchor that a lesson had is now, as ``lesson#anchor``."""
        begin = f"{lesson}#"
        return {
            move.source.removeprefix(begin): move.to
            for move in self.moved
            if move.source.startswith(begin)
        }


NOTHING = Moved()


def load(folder: Path = LESSONS) -> Moved:
    """Read what moved in a folder of lessons, nothing without a file; or raise ``LessonError``."""
    return toml_models.kept(Moved, folder / FILE) or NOTHING


def kept() -> Moved:
    """Return what moved in this course; nothing, and a word in the log, if the file is wrong."""
    try:
        return load()
    except LessonError as error:
        log_once("What moved cannot be read", error.problems)
        return NOTHING


def misled(moved: Moved, known: set[str], folder: Path) -> Iterator[Problem]:
    """Yield the entries that lead nowhere, on to others, or away from a place that is ``known``."""
    path = folder / FILE
    source = path.read_text("utf-8") if path.exists() else ""
    places = moved.places
    for number, move in enumerate(moved.moved):
        line = line_of(source, ("moved", number, "to"))
        further = places.get(move.to) or places.get(re.split("[/#]", move.to)[0])
        if move.source in known:
            what, fix = f"`{move.source}` is still there", "Remove the entry"
        elif further not in (None, move.source):
            what = f"`{move.to}` has moved, too"
            fix = f"Lead from `{move.source}` to `{further}` directly"
        elif move.to not in known:
            what = f"`{move.to}` leads nowhere: the course has no such {kind_of(move.to)}"
            fix = "Correct the name, or remove the entry"
        else:
            continue
        yield Problem(path, line, f"field `moved.{number}.to`: {what}", fix)

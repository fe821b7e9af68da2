"""The blocks of a lesson's prose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from course.content.outline import anchor_of


@dataclass(frozen=True, slots=True)
class Markdown:
    """Prose as it is."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 2 (a section) or 3; what follows a ``folded`` one is shown on request."""

    text: str
    level: int
    id: str
    line: int
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """Python from one of the lesson's files; with ``run``, a snippet that learners can run.

    One that ``fails`` shows an error on purpose.
    """

    text: str
    source: str
    line: int
    run: bool = False
    fails: bool = False


@dataclass(frozen=True, slots=True)
class ExercisePlace:
    """The place of an exercise in the text; ``name`` is its folder's."""

    name: str
    line: int

    @property
    def anchor(self) -> str:
        return anchor_of(self.name)


@dataclass(frozen=True, slots=True)
class Callout:
    """A coloured box."""

    kind: Literal["note", "tip", "warning", "todo"]
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to a question, and the explanation shown when it is chosen."""

    text: str
    right: bool
    explanation: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question with one right answer among ``options``."""

    id: str
    blocks: tuple[Block, ...]
    options: tuple[Option, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Diagram:
    """A Mermaid diagram."""

    source: str
    caption: str
    line: int


@dataclass(frozen=True, slots=True)
class Chart:
    """What ``chart(labels)`` in ``file`` returns."""

    file: Path
    labels: tuple[tuple[str, str], ...]
    caption: str
    line: int


Block: TypeAlias = (
    "Markdown | Heading | Code | ExercisePlace | Callout | Question | Diagram | Chart"
)


def texts(block: Block) -> Iterator[str]:
    if isinstance(block, Markdown | Callout | Heading):
        yield block.text
    elif isinstance(block, Question):
        for inner in block.blocks:
            yield from texts(inner)
        for option in block.options:
            yield from (option.text, option.explanation)


def live_name(block: Block) -> str:
    """Return what a panel of the page is called: an exercise's name, or a snippet's file."""
    if isinstance(block, ExercisePlace):
        return block.name
    return block.source.rstrip("#") if isinstance(block, Code) and block.run else ""

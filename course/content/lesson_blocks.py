"""The blocks of a lesson's prose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Markdown:
    """Prose as it is."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of ``level`` 2 (a section) or 3, with its anchor."""

    text: str
    level: int
    id: str
    line: int


@dataclass(frozen=True, slots=True)
class Code:
    """Python from one of the lesson's files."""

    text: str
    source: str
    line: int


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


Block: TypeAlias = "Markdown | Heading | Code | Callout | Question | Diagram | Chart"


def texts(block: Block) -> Iterator[str]:
    """Yield the Markdown texts of a block."""
    if isinstance(block, Markdown | Callout | Heading):
        yield block.text
    elif isinstance(block, Question):
        for inner in block.blocks:
            yield from texts(inner)
        for option in block.options:
            yield from (option.text, option.explanation)

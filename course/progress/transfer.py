"""Progress as a file: what a learner takes to another machine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from course import FOLDER
from course.progress.facts import Fact, Kind

__all__ = ["MAX_BYTES", "ImportProblem", "dump", "parse"]

#: Of a file: all of a learner's facts fit in (MOST_CHARACTERS in UTF-8, and MOST_FACTS frames).
MAX_BYTES = 2_000_000
VERSION = 1


class ImportProblem(ValueError):
    """A file is no export of this course; ``reason`` is "large", "format" or "version"."""

    def __init__(self, reason: Literal["large", "format", "version"], where: str = "") -> None:
        self.reason, self.where = reason, where
        super().__init__(f"{reason} {where}".strip())


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    lesson: str = Field(pattern=f"^{FOLDER.pattern}$", max_length=80)
    kind: Kind
    item: str = Field(default="", max_length=80)
    value: str = Field(default="", max_length=100_000)
    at: AwareDatetime


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    course: Literal["cortex-streaming-course"] = "cortex-streaming-course"
    version: int = VERSION
    facts: list[_Entry] = Field(max_length=20_000)


def dump(facts: Iterable[Fact]) -> str:
    """Return facts as JSON, oldest first; what ``parse`` would refuse is left out."""
    entries = []
    for fact in sorted(facts, key=lambda fact: (fact.at, fact.key)):
        # A row that was written by hand must not keep the others from being exported.
        with suppress(ValidationError):
            entries.append(
                _Entry(
                    lesson=fact.lesson, kind=fact.kind, item=fact.item, value=fact.value, at=fact.at
                )
            )
    return _File(facts=entries).model_dump_json(indent=2) + "\n"


def parse(text: str) -> list[Fact]:
    """Return the facts in an export.

    Raises:
        ImportProblem: the text is too long, is no export, or is one of a newer course.
    """
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise ImportProblem("large")
    try:
        found = _File.model_validate_json(text)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        # It may be a key of the file, which comes from anywhere, and is shown on a page.
        where = where if re.fullmatch(r"[\w.]{0,80}", where) else ""
        raise ImportProblem("format", where) from None
    if found.version != VERSION:
        raise ImportProblem("version", str(found.version))
    return [
        Fact(each.lesson, each.kind, each.item, each.value, _utc(each.at)) for each in found.facts
    ]


def _utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ImportProblem("format", "at") from None

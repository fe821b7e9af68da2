"""A file of a learner's facts for elsewhere: exported and imported.

Imported when it is asked for: most visits to Home are for something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from course import FOLDER
from course.progress.facts import MAX_BYTES, Fact, ImportProblem, Kind

VERSION = 1


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)

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
            entries.append(_Entry.model_validate(fact))
    return _File(facts=entries).model_dump_json(indent=2) + "\n"


def parse(text: str) -> list[Fact]:
    """Return the facts in an export; or raise ``ImportProblem``."""
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
    try:
        return [
            Fact(each.lesson, each.kind, each.item, each.value, each.at.astimezone(UTC))
            for each in found.facts
        ]
    except OverflowError:
        raise ImportProblem("format", "at") from None

"""Whether a translation is of the text as it is now: lessons/day_NN_slug/translated.toml.

Korean is written first; the file holds, for each section of a translation, a digest of the Korean
section that it was made from.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, RootModel

from course.content.lesson import Lesson
from course.content.parser import read
from course.language import Language
from course.problems import reading
from course.toml_models import validated
from practice.sources import stamp

__all__ = ["FILE", "ORIGINAL", "digest", "record", "stale"]

ORIGINAL: Language = "ko"
FILE = "translated.toml"
HEADER = (
    "# Written by `python -m course translated`: which Korean text each section was made from.\n"
)


Section = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class Record(RootModel[dict[Language, dict[Section, Digest]]]):
    """Digests by language and section."""


def digest(text: str) -> str:
    """Return a short digest of a section; white space at the ends of lines does not count."""
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def stale(lesson: Lesson, language: Language) -> list[str]:
    """Return the ids of the sections whose original has changed since they were translated.

    Raises:
        LessonError: translated.toml is damaged.
    """
    if language == ORIGINAL:
        return []
    known = _record(lesson).get(language, {})
    sources = read(lesson, ORIGINAL).sources
    return [name for name, source in sources.items() if known.get(name) != digest(source)]


def record(lesson: Lesson, language: Language) -> Path:
    """Note that a translation is up to date, and return the file that says so.

    Raises:
        LessonError: translated.toml is damaged.
        ValueError: the language is the original's.
    """
    if language == ORIGINAL:
        raise ValueError(f"{ORIGINAL} is what the other languages are translated from")
    sources = read(lesson, ORIGINAL).sources
    records = {
        **_record(lesson),
        language: {name: digest(source) for name, source in sources.items()},
    }
    tables = (
        f"\n[{name}]\n" + "".join(f'{section} = "{value}"\n' for section, value in table.items())
        for name, table in sorted(records.items())
    )
    path = lesson.folder / FILE
    path.write_text(HEADER + "".join(tables), encoding="utf-8")
    return path


def _record(lesson: Lesson) -> dict[Language, dict[str, str]]:
    path = lesson.folder / FILE
    with reading():
        changed = stamp(path)
    return {} if changed is None else _read(path, changed)


@lru_cache(maxsize=256)
def _read(path: Path, changed: tuple[int, int]) -> dict[Language, dict[str, str]]:  # noqa: ARG001
    return validated(Record, path).root

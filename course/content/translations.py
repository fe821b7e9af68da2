"""Whether a translation is of the text as it is now: lessons/day_NN_slug/translated.toml.

Korean is written first. For each section the file holds two digests, of the Korean text and of its
translation when they last agreed. If only the Korean has changed since, the section is stale.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

from pydantic import RootModel

from course.content.lesson import Lesson
from course.content.prose import read
from course.language import Language
from course.toml_models import form, kept

ORIGINAL: Language = "ko"
FILE = "translated.toml"
HEADER = (
    "# Written by `python -m course check` and `translated`: for each section, digests of the\n"
    "# Korean text and of its translation when they last said the same.\n"
)


Section = Annotated[str, form("[a-z0-9-]{1,60}", "a section's id")]
#: The second digest is missing in files of version 0.1.
Digests = Annotated[
    str, form("[0-9a-f]{16}( [0-9a-f]{16})?", "as `python -m course translated` writes it")
]


class Record(RootModel[dict[Language, dict[Section, Digests]]]):
    """Digests by language and section."""


def digest(text: str) -> str:
    """Return a short digest of a section; white space at the ends of lines does not count."""
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def stale(lesson: Lesson, language: Language) -> list[str]:
    """Return the ids of the sections whose original alone has changed since they said the same."""
    if language == ORIGINAL:
        return []
    known = _record(lesson).get(language, {})
    return [
        name for name, now in _now(lesson, language).items() if _is_stale(known.get(name, ""), now)
    ]


def _is_stale(known: str, now: str) -> bool:
    original, _, translation = known.partition(" ")
    original_now, translation_now = now.split(" ")
    translated_since = translation not in ("", translation_now)
    return original != original_now and not translated_since


def _now(lesson: Lesson, language: Language) -> dict[str, str]:
    """Return the digests of each section, as translated.toml holds them."""
    translated = read(lesson, language).sources
    return {
        name: f"{digest(source)} {digest(translated.get(name, ''))}"
        for name, source in read(lesson, ORIGINAL).sources.items()
    }


def follow(lesson: Lesson, language: Language) -> None:
    """Note each section that has been translated or corrected, so that its next change is noticed.

    Stale sections stay stale. Nothing is noted of a lesson with mistakes, or never translated.
    """
    known = _record(lesson).get(language)
    if known is None or any(read(lesson, each).problems for each in (ORIGINAL, language)):
        return
    followed = {
        name: known[name] if _is_stale(known[name], digests) else digests
        for name, digests in _now(lesson, language).items()
        if name in known
    }
    if followed != known:
        _write(lesson, language, followed)


def record(lesson: Lesson, language: Language) -> Path:
    """Note that a whole translation is up to date, and return the file that says so.

    Raises ``ValueError`` for the language that the others are translated from.
    """
    if language == ORIGINAL:
        raise ValueError(f"{ORIGINAL} is what the other languages are translated from")
    return _write(lesson, language, _now(lesson, language))


def _write(lesson: Lesson, language: Language, digests: dict[str, str]) -> Path:
    records = {**_record(lesson), language: digests}
    tables = (
        f"\n[{name}]\n" + "".join(f'{section} = "{value}"\n' for section, value in table.items())
        for name, table in sorted(records.items())
    )
    path = lesson.folder / FILE
    path.write_text(HEADER + "".join(tables), encoding="utf-8")
    return path


def _record(lesson: Lesson) -> dict[Language, dict[str, str]]:
    found = kept(Record, lesson.folder / FILE)
    return {} if found is None else found.root

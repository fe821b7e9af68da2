"""A lesson's prose: Markdown read into the sections that its page draws.

The elements are documented in lessons/README.md. Reading collects every mistake instead of stopping
at the first, so that whoever writes a lesson sees them all.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from course.content.blocks import Block, Heading
from course.content.lesson import Lesson, program
from course.content.markdown import lines
from course.content.reader import Reader
from course.language import Language
from course.problems import LessonError, Problem, problem_of
from practice.sources import SourceError, read_text

__all__ = ["Prose", "read", "sections"]


#: Bytes of one file; the longest lesson has 22 KB, and reading the worst that fits takes seconds.
LARGEST = 100_000


@dataclass(frozen=True, slots=True)
class Prose:
    """A lesson in one language.

    ``sections`` are its blocks by section, heading first; ``sources`` the Markdown that each came
    from; ``problems`` what is wrong with it.
    """

    path: Path
    sections: dict[str, tuple[Block, ...]]
    sources: dict[str, str]
    problems: tuple[Problem, ...]


def sections(lesson: Lesson, language: Language) -> dict[str, tuple[Block, ...]]:
    """Return a lesson's prose, section by section.

    Raises:
        LessonError: something is wrong with it.
    """
    prose = read(lesson, language)
    if prose.problems:
        raise LessonError(prose.problems)
    return dict(prose.sections)


def read(lesson: Lesson, language: Language) -> Prose:
    """Read a lesson's prose with its code put in; cached until one of its files changes."""
    try:
        return _read(lesson, language, _changed(lesson))
    except SourceError as error:  # not cached: it may pass
        return Prose(error.path, {}, {}, (problem_of(error),))


def _changed(lesson: Lesson) -> tuple[tuple[str, int, int], ...]:
    """Return when each file of the lesson was last written; a removed one changes it as well."""
    stats = []
    exercises = (f"practice/{path.name}" for path in lesson.folder.glob("practice/*"))
    for folder in ("", "steps", "figures", "practice", *exercises):
        # Folders and files come and go while an editor saves them.
        with suppress(OSError), os.scandir(lesson.folder / folder) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.is_file():
                        stat = entry.stat()
                        stats.append((f"{folder}/{entry.name}", stat.st_mtime_ns, stat.st_size))
    return tuple(sorted(stats))


@lru_cache(maxsize=512)
def _read(
    lesson: Lesson,
    language: Language,
    changed: tuple[tuple[str, int, int], ...],  # noqa: ARG001 - part of the key
) -> Prose:
    path = lesson.folder / f"{language}.md"
    source = read_text(path, LARGEST)
    reader = Reader(lesson, path)
    blocks = list(reader.blocks(source, 1))
    reader.refuse_references(source)
    found: dict[str, list[Block]] = {}
    for block in blocks:
        if isinstance(block, Heading) and block.level == 2:
            found[block.id] = []
        if not found:
            what = "there is text before the first section"
            reader.report(block.line, what, "Begin with a section, such as `## 0. Goals {#goals}`")
            break
        next(reversed(found.values())).append(block)
    _compare_sections(reader, lesson.meta.sections, found)
    reader.check_ids_and_links(blocks)
    try:
        program(lesson)
    except LessonError as error:
        reader.problems += error.problems
    return Prose(
        path,
        {name: tuple(blocks) for name, blocks in found.items()},
        _cut(source, blocks),
        tuple(sorted(reader.problems, key=lambda problem: problem.line)),
    )


def _compare_sections(
    reader: Reader, wanted: Sequence[str], found: Mapping[str, Sequence[Block]]
) -> None:
    order = f"They are {', '.join(wanted)}, in this order"
    for name, blocks in found.items():
        if name not in wanted:
            reader.report(blocks[0].line, f"`{name}` is no section's id", order)
    for name in wanted:
        if name not in found:
            reader.report(0, f"the section `{name}` is missing", order)
    if sorted(found) == sorted(wanted) and tuple(found) != tuple(wanted):
        name = next(name for name, right in zip(found, wanted, strict=True) if name != right)
        reader.report(found[name][0].line, f"the section `{name}` stands too early", order)


def _cut(source: str, blocks: Sequence[Block]) -> dict[str, str]:
    rows = lines(source)
    heads = [block for block in blocks if isinstance(block, Heading) and block.level == 2]
    ends = [head.line - 1 for head in heads[1:]] + [len(rows)]
    return {
        head.id: "".join(rows[head.line - 1 : end]) for head, end in zip(heads, ends, strict=False)
    }

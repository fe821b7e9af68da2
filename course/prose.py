"""A lesson's prose: Markdown read into the sections that its page draws.

The elements are documented in lessons/README.md. Reading collects every mistake instead of stopping
at the first, so that whoever writes a lesson sees them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from course.blocks import Block, Heading
from course.language import Language
from course.lesson import Lesson
from course.problems import LessonError, Problem
from course.reader import Reader

__all__ = ["Prose", "read", "sections"]


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
    return _read(lesson, language, _changed(lesson))


def _changed(lesson: Lesson) -> tuple[tuple[str, int, int], ...]:
    """Return when each file of the lesson was last written; a removed one changes it as well."""
    folders = (lesson.folder, *(lesson.folder / name for name in ("steps", "figures", "practice")))
    files = [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
    stats = ((path.name, path.stat()) for path in files if path.is_file())
    return tuple(sorted((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats))


@lru_cache(maxsize=512)
def _read(
    lesson: Lesson,
    language: Language,
    changed: tuple[tuple[str, int, int], ...],  # noqa: ARG001 - part of the key
) -> Prose:
    path = lesson.folder / f"{language}.md"
    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        fix = "Every lesson has ko.md and en.md, saved as UTF-8"
        return Prose(path, {}, {}, (Problem(path, 0, f"cannot be read ({reason})", fix),))
    reader = Reader(lesson, path)
    blocks = list(reader.blocks(source, 1))
    found: dict[str, list[Block]] = {}
    for block in blocks:
        if isinstance(block, Heading) and block.level == 2:
            found[block.id] = []
        if not found:
            what = "there is text before the first section"
            reader.report(block.line, what, "Begin with a section, such as `## 0. Goals {#goals}`")
            break
        next(reversed(found.values())).append(block)
    wanted = lesson.meta.sections
    if tuple(found) != wanted:
        what = f"the sections are {', '.join(found) or 'none'}"
        reader.report(1, what, f"They must be {', '.join(wanted)}, in this order")
    reader.check_ids_and_anchors(blocks)
    return Prose(
        path,
        {name: tuple(blocks) for name, blocks in found.items()},
        _cut(source, blocks),
        tuple(sorted(reader.problems, key=lambda problem: problem.line)),
    )


def _cut(source: str, blocks: Sequence[Block]) -> dict[str, str]:
    lines = source.splitlines(keepends=True)
    heads = [block for block in blocks if isinstance(block, Heading) and block.level == 2]
    ends = [head.line - 1 for head in heads[1:]] + [len(lines)]
    return {
        head.id: "".join(lines[head.line - 1 : end]) for head, end in zip(heads, ends, strict=False)
    }

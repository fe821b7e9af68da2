"""A lesson as it lies on disk: its metadata, its sections, its code.

The format is documented in lessons/README.md.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError

from course.language import Language

__all__ = ["Block", "Lesson", "LessonError", "Meta", "load", "program", "read_code", "sections"]

FOLDER = re.compile(r"day_(\d{2})_([a-z0-9_]+)")
REGION = re.compile(r"^[ \t]*# region: (\w+)[ \t]*$", re.MULTILINE)
END_REGION = re.compile(r"^[ \t]*# endregion[ \t]*$", re.MULTILINE)
HEADING = re.compile(r"(?P<text>.*?)\s*\{#(?P<id>[a-z0-9-]+)\}")
CALLOUT = re.compile(r"\[!(NOTE|TIP|WARNING)\][ \t]*\n?")

SECTIONS = ("goals", "theory", "steps", "takeaways", "practice", "solution")


class LessonError(Exception):
    """A lesson's files are wrong; the text names the file and the fix."""


class Both(BaseModel):
    """One text in both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ko: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def of(self, language: Language) -> str:
        """Return the text in ``language``."""
        return self.ko if language == "ko" else self.en


class Link(BaseModel):
    """A page to read on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Both
    url: HttpUrl


class Meta(BaseModel):
    """What ``lesson.toml`` says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: int = Field(ge=1, le=99)
    slug: str = Field(pattern=r"^[a-z0-9_]+$")
    week: int = Field(ge=1, le=52)
    minutes: int = Field(ge=1, le=240)
    icon: str = Field(default=":material/menu_book:", pattern=r"^:material/[a-z0-9_]+:$")
    title: Both
    summary: Both
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson's folder and metadata; ``name`` is its folder's, its page's and its URL's."""

    folder: Path
    meta: Meta

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def program_name(self) -> str:
        """The file that the learner makes, such as ``day3.py``."""
        return f"day{self.meta.day}.py"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a section.

    ``kind`` says what ``text`` is: Markdown, a heading (with ``level`` and ``id``), Python code, or
    a callout's Markdown.
    """

    kind: Literal["markdown", "heading", "code", "note", "tip", "warning"]
    text: str
    level: int = 0
    id: str = ""


def load(folder: Path) -> Lesson:
    """Read a lesson's metadata.

    Raises:
        LessonError: ``lesson.toml`` is missing, is not TOML, or has a wrong field; or the folder's
            name does not fit it.
    """
    path = folder / "lesson.toml"
    try:
        meta = Meta.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise LessonError(f"{_short(path)}: cannot be read ({error.strerror})") from error
    except tomllib.TOMLDecodeError as error:
        raise LessonError(f"{_short(path)}: not valid TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise LessonError(f"{_short(path)}: field `{field}`: {first['msg']}") from error
    if folder.name != f"day_{meta.day:02}_{meta.slug}":
        raise LessonError(
            f"{_short(path)}: day {meta.day} and slug {meta.slug!r} belong into a folder called "
            f"day_{meta.day:02}_{meta.slug}; rename the folder or change the fields"
        )
    return Lesson(folder, meta)


def sections(lesson: Lesson, language: Language) -> dict[str, tuple[Block, ...]]:
    """Read a lesson's prose, section by section, with its code put in; cached until a file changes.

    Raises:
        LessonError: a section is missing or out of order, or an include names no file or region.
    """
    return dict(_sections(lesson, language, _changed(lesson)))


@lru_cache(maxsize=64)
def _sections(
    lesson: Lesson,
    language: Language,
    changed: int,  # noqa: ARG001 - part of the key
) -> dict[str, tuple[Block, ...]]:
    path = lesson.folder / f"{language}.md"
    try:
        source = path.read_text("utf-8")
    except OSError as error:
        raise LessonError(f"{_short(path)}: cannot be read ({error.strerror})") from error
    found: dict[str, list[Block]] = {}
    for block in _blocks(source, lesson, path):
        if block.kind == "heading" and block.level == 2:
            found[block.id] = []
        if not found:
            raise LessonError(f"{_short(path)}: the text must begin with a section, `## ...`")
        next(reversed(found.values())).append(block)
    if tuple(found) != SECTIONS:
        raise LessonError(
            f"{_short(path)}: the sections are {', '.join(found)}; "
            f"they must be {', '.join(SECTIONS)}, in this order"
        )
    return {name: tuple(blocks) for name, blocks in found.items()}


def _changed(lesson: Lesson) -> int:
    """Return when a file of the lesson was last written, in nanoseconds."""
    files = (lesson.folder, *lesson.folder.glob("*"), *lesson.folder.glob("steps/*"))
    return max(file.stat().st_mtime_ns for file in files)


def read_code(lesson: Lesson, file: str, region: str = "") -> str:
    """Return a file of the lesson's code, or one region of it, without the region marks.

    Raises:
        LessonError: there is no such file or region.
    """
    path = (lesson.folder / file).resolve()
    if not path.is_relative_to(lesson.folder.resolve()) or not path.is_file():
        raise LessonError(
            f"{lesson.name}: include of `{file}`: there is no such file in the lesson"
        )
    source = path.read_text("utf-8")
    if region:
        start = next((m for m in REGION.finditer(source) if m.group(1) == region), None)
        end = END_REGION.search(source, start.end()) if start else None
        if start is None or end is None:
            raise LessonError(f"{_short(path)}: no `# region: {region}` with a `# endregion`")
        source = source[start.end() : end.start()]
    # A mark leaves the blank lines behind that the formatter wants around it.
    plain = END_REGION.sub("", REGION.sub("", source)).strip("\n")
    return re.sub(r"\n{4,}", "\n\n\n", plain) + "\n"


def program(lesson: Lesson) -> str:
    """Return the program that the lesson's steps make when they are put one after another."""
    return _program(lesson, _changed(lesson))


@lru_cache(maxsize=64)
def _program(lesson: Lesson, changed: int) -> str:  # noqa: ARG001 - part of the key
    steps = sorted(lesson.folder.glob("steps/step_*.py"))
    parts = [read_code(lesson, f"steps/{step.name}") for step in steps]
    return "\n".join(parts)


def _blocks(source: str, lesson: Lesson, path: Path) -> list[Block]:
    # Imported here: Home lists lessons and reads no prose.
    from markdown_it import MarkdownIt

    lines = source.splitlines(keepends=True)
    blocks: list[Block] = []
    prose: list[str] = []
    done = 0

    def flush() -> None:
        text = "".join(prose).strip("\n")
        prose.clear()
        if text:
            blocks.append(Block("markdown", text))

    for token in MarkdownIt("commonmark").enable("table").parse(source):
        if token.level or token.map is None or token.nesting < 0:
            continue
        start, end = token.map
        text = "".join(lines[start:end])
        block = _special(token.type, token.tag, token.info, text, lesson, path, start + 1)
        prose += lines[done : start if block else end]
        done = end
        if block:
            flush()
            blocks.append(block)
    flush()
    return blocks


def _special(
    kind: str, tag: str, info: str, text: str, lesson: Lesson, path: Path, line: int
) -> Block | None:
    """Return the block that a Markdown token stands for, or ``None`` for plain prose."""
    if kind == "heading_open":
        match = HEADING.fullmatch(text.lstrip("#").strip())
        if match is None:
            raise LessonError(
                f"{_short(path)}, line {line}: a heading needs an ASCII id, such as "
                "`## Goals {#goals}`"
            )
        return Block("heading", match["text"], level=int(tag[1:]), id=match["id"])
    if kind == "fence" and "file=" in info:
        words = dict(word.split("=", 1) for word in info.split()[1:] if "=" in word)
        return Block("code", read_code(lesson, words["file"], words.get("region", "")))
    if kind == "blockquote_open":
        inner = "".join(re.sub(r"^> ?", "", row) for row in text.splitlines(keepends=True))
        callout = CALLOUT.match(inner)
        if callout:
            shown = inner[callout.end() :].strip("\n")
            return Block(callout.group(1).lower(), shown)  # type: ignore[arg-type]
    return None


def _short(path: Path) -> str:
    """Name a file from the lessons folder on: what an instructor knows it by."""
    return (
        "/".join(path.parts[path.parts.index("lessons") :])
        if "lessons" in path.parts
        else path.name
    )

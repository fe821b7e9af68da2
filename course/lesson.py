"""A lesson as it lies on disk: its metadata and its code.

The format is documented in lessons/README.md; its prose is read by course/prose.py.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    ValidationError,
    field_validator,
)

from course.language import Language
from course.problems import LessonError, Problem

__all__ = [
    "FOLDER",
    "SECTIONS",
    "Both",
    "Lesson",
    "Meta",
    "Table",
    "load",
    "program",
    "read_code",
    "validated",
]

FOLDER = re.compile(r"day_(\d{2,3})_([a-z0-9_]+)")
REGION = re.compile(r"^[ \t]*# region: (\w+)[ \t]*$", re.MULTILINE)
END_REGION = re.compile(r"^[ \t]*# endregion[ \t]*$", re.MULTILINE)

Model = TypeVar("Model", bound=BaseModel)

SECTIONS = ("goals", "theory", "steps", "takeaways", "practice", "solution")


class Table(BaseModel):
    """A table of one of the course's TOML files; it may hold nothing that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Both(Table):
    """One text in both languages."""

    ko: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def of(self, language: Language) -> str:
        """Return the text in ``language``."""
        return self.ko if language == "ko" else self.en


class Link(Table):
    """A page to read on."""

    title: Both
    url: HttpUrl


class Meta(Table):
    """What ``lesson.toml`` says."""

    day: int = Field(ge=1, le=999)
    slug: str = Field(pattern=r"^[a-z0-9_]+$")
    week: int = Field(ge=1, le=52)
    minutes: int = Field(ge=1, le=240)
    icon: str = Field(default=":material/menu_book:", pattern=r"^:material/[a-z0-9_]+:$")
    prerequisites: tuple[int, ...] = ()
    sections: tuple[str, ...] = SECTIONS
    title: Both
    summary: Both
    demo: Both | None = None
    links: tuple[Link, ...] = ()

    @field_validator("sections")
    @classmethod
    def _goals_come_first(cls, sections: tuple[str, ...]) -> tuple[str, ...]:
        if sections[:1] != ("goals",) or len(set(sections)) < len(sections):
            raise ValueError("must begin with goals and name no section twice")
        return sections


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


def load(folder: Path) -> Lesson:
    """Read a lesson's metadata; cached until the file changes.

    Raises:
        LessonError: ``lesson.toml`` is missing, is not TOML, or has a wrong field; or the folder's
            name does not fit it.
    """
    path = folder / "lesson.toml"
    try:
        stat = path.stat()
    except OSError as error:
        fix = "Write it, or remove the folder; `make new-day` makes both"
        raise LessonError([Problem(path, 0, f"cannot be read ({error.strerror})", fix)]) from error
    return _load(folder, stat.st_mtime_ns, stat.st_size)


# More than a course has days.
@lru_cache(maxsize=1024)
def _load(folder: Path, changed: int, size: int) -> Lesson:  # noqa: ARG001 - the key
    path = folder / "lesson.toml"
    meta = validated(Meta, path)
    expected = f"day_{meta.day:02}_{meta.slug}"
    if folder.name != expected:
        what = f"day {meta.day} and slug {meta.slug!r} do not fit the folder's name"
        raise LessonError(
            [Problem(path, 1, what, f"Rename the folder to {expected}, or change them")]
        )
    return Lesson(folder, meta)


def validated(model: type[Model], path: Path) -> Model:
    """Read a TOML file as ``model``.

    Raises:
        LessonError: it cannot be read, is not TOML, or does not fit; every fault, with its line.
    """
    try:
        source = path.read_text("utf-8")
        return model.model_validate(tomllib.loads(source))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        fix = "Save it as UTF-8, or make it anew"
        raise LessonError([Problem(path, 0, f"cannot be read ({reason})", fix)]) from error
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        line = int(at[1]) if at else len(source.splitlines())
        fix = "Texts stand in double quotes, and each `name = value` on a line of its own"
        raise LessonError([Problem(path, line, f"is not valid TOML: {error}", fix)]) from error
    except ValidationError as error:
        raise LessonError(_wrong_fields(model, path, source, error)) from error


def _wrong_fields(model: Any, path: Path, source: str, error: ValidationError) -> list[Problem]:
    places = dict(_places(source))
    problems = []
    faults = error.errors()
    missing = {fault["loc"][-1] for fault in faults if fault["type"] == "missing"}
    meant: set[object] = set()
    for fault in faults:
        where = tuple(fault["loc"])
        field = ".".join(str(part) for part in where)
        line = next((places[where[:n]] for n in range(len(where), 0, -1) if where[:n] in places), 1)
        if fault["type"] == "extra_forbidden":
            known = list(_fields(model, where[:-1]))
            close = difflib.get_close_matches(str(where[-1]), known, 1)
            meant.update(close)
            guess = f"Did you mean `{close[0]}`" if close else f"Known are {', '.join(known)}"
            problems.append(Problem(path, line, f"unknown field `{field}`", guess))
        elif fault["type"] != "missing":
            fix = f"Change `{field}`; lessons/README.md says what it may be"
            problems.append(Problem(path, line, f"field `{field}`: {fault['msg']}", fix))
    for fault in faults:
        # A misspelt field is one mistake, not two.
        if fault["type"] == "missing" and fault["loc"][-1] in missing - meant:
            where = tuple(fault["loc"])
            field = ".".join(str(part) for part in where)
            problems.append(
                Problem(
                    path, places.get(where[:-1], 1), f"`{field}` is missing", f"Add `{where[-1]}`"
                )
            )
    return problems


def _fields(model: Any, where: Sequence[str | int]) -> Iterator[str]:
    """Name the fields that a table of a model may have."""
    for part in where:
        if isinstance(part, str) and hasattr(model, "model_fields"):
            model = model.model_fields[part].annotation
        found = [each for each in _inside(model) if hasattr(each, "model_fields")]
        model = found[0] if found else model
    yield from getattr(model, "model_fields", ())


def _inside(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _inside(argument)


def _places(source: str) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """Yield where each table and key of a TOML file stands; for messages, so roughly is enough."""
    table: tuple[str | int, ...] = ()
    counts: dict[str, int] = {}
    for number, line in enumerate(source.splitlines(), start=1):
        if array := re.match(r"\s*\[\[([\w.-]+)\]\]", line):
            name = array[1]
            counts[name] = counts.get(name, -1) + 1
            table = (*name.split("."), counts[name])
            yield table, number
        elif header := re.match(r"\s*\[([\w.-]+)\]", line):
            table = tuple(header[1].split("."))
            yield table, number
        elif key := re.match(r"\s*([\w.-]+)\s*=", line):
            parts = key[1].split(".")
            for end in range(1, len(parts) + 1):
                yield (*table, *parts[:end]), number


def read_code(lesson: Lesson, file: str, region: str = "") -> str:
    """Return a file of the lesson's code, or one region of it, without the region marks.

    Raises:
        LookupError: there is no such file or region; the text says which.
    """
    path = (lesson.folder / file).resolve()
    if not path.is_relative_to(lesson.folder.resolve()) or not path.is_file():
        raise LookupError(f"there is no file `{file}` in the lesson")
    source = path.read_text("utf-8")
    if region:
        start = next((m for m in REGION.finditer(source) if m.group(1) == region), None)
        end = END_REGION.search(source, start.end()) if start else None
        if start is None or end is None:
            raise LookupError(f"`{file}` has no `# region: {region}` with a `# endregion`")
        source = source[start.end() : end.start()]
    # A mark leaves the blank lines behind that the formatter wants around it.
    plain = END_REGION.sub("", REGION.sub("", source)).strip("\n")
    return re.sub(r"\n{4,}", "\n\n\n", plain) + "\n"


def program(lesson: Lesson) -> str:
    """Return the program that the lesson's steps make when they are put one after another."""
    steps = sorted(lesson.folder.glob("steps/step_*.py"))
    return _program(lesson, tuple((step.name, step.stat().st_mtime_ns) for step in steps))


@lru_cache(maxsize=64)
def _program(lesson: Lesson, steps: tuple[tuple[str, int], ...]) -> str:
    return "\n".join(read_code(lesson, f"steps/{name}") for name, _ in steps)

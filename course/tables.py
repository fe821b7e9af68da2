"""The course's TOML files as pydantic models, and what a mistake in one says."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from course.language import Language
from course.problems import LessonError, Problem, unreadable

__all__ = ["Both", "Line", "Table", "validated"]

Model = TypeVar("Model", bound=BaseModel)


def _one_line(text: str) -> str:
    if not text or text != text.strip() or len(text.splitlines()) > 1:
        raise ValueError("must be one line of text that neither begins nor ends with a blank")
    return text


#: A text that is drawn in a line, a table's cell or a card.
Line = Annotated[str, AfterValidator(_one_line)]


class Table(BaseModel):
    """A table of one of the course's TOML files; it may hold nothing that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Both(Table):
    """One text in both languages."""

    ko: Line
    en: Line

    def of(self, language: Language) -> str:
        """Return the text in ``language``."""
        return self.ko if language == "ko" else self.en


def validated(model: type[Model], path: Path, *, guide: str = "lessons/README.md says") -> Model:
    """Read a TOML file as ``model``; ``guide`` is where to read what its fields may be.

    Raises:
        LessonError: it cannot be read, is not TOML, or does not fit; every fault, with its line.
    """
    try:
        source = path.read_text("utf-8")
        return model.model_validate(tomllib.loads(source))
    except (OSError, UnicodeDecodeError) as error:
        raise LessonError([unreadable(path, error)]) from error
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        line = int(at[1]) if at else len(source.splitlines())
        fix = "Texts stand in double quotes, and each `name = value` on a line of its own"
        raise LessonError([Problem(path, line, f"is not valid TOML: {error}", fix)]) from error
    except ValidationError as error:
        raise LessonError(_wrong_fields(model, path, source, error, guide)) from error


def _wrong_fields(
    model: Any, path: Path, source: str, error: ValidationError, guide: str
) -> list[Problem]:
    places = dict(_places(source))
    problems = []
    faults = error.errors()
    meant: set[tuple[str | int, ...]] = set()
    for fault in faults:
        where = tuple(fault["loc"])
        field = ".".join(str(part) for part in where)
        line = next((places[where[:n]] for n in range(len(where), 0, -1) if where[:n] in places), 1)
        if fault["type"] == "extra_forbidden":
            known = list(_fields(model, where[:-1]))
            close = difflib.get_close_matches(str(where[-1]), known, 1)
            meant.update((*where[:-1], name) for name in close)
            guess = f"Did you mean `{close[0]}`?" if close else f"Known are {', '.join(known)}"
            problems.append(Problem(path, line, f"unknown field `{field}`", guess))
        elif fault["type"] != "missing":
            said = fault["msg"].removeprefix("Value error, ")
            if not where:
                # It concerns several fields; the last thing that it names is the one that is wrong.
                line, fix = _line_of(said, source), f"{guide} what it may be"
                problems.append(Problem(path, line, said, fix))
                continue
            fix = f"Change `{field}`; {guide} what it may be"
            problems.append(Problem(path, line, f"field `{field}`: {said}", fix))
    for fault in faults:
        # A misspelt field is one mistake, not two.
        if fault["type"] == "missing" and tuple(fault["loc"]) not in meant:
            where = tuple(fault["loc"])
            field = ".".join(str(part) for part in where)
            problems.append(
                Problem(
                    path, places.get(where[:-1], 1), f"`{field}` is missing", f"Add `{where[-1]}`"
                )
            )
    return problems


def _line_of(said: str, source: str) -> int:
    """Return the last line with the last name in backticks that a message has, or 1."""
    names = re.findall("`([^`]+)`", said)
    wanted = re.compile(rf"\b{re.escape(names[-1])}\b") if names else None
    lines = enumerate(source.splitlines(), start=1)
    return max((number for number, line in lines if wanted and wanted.search(line)), default=1)


def _fields(model: Any, where: Sequence[str | int]) -> Iterator[str]:
    """Name the fields that a table of a model may have."""
    for part in where:
        if isinstance(part, str) and hasattr(model, "model_fields"):
            # A table whose keys are free, such as the glossary, has all that it holds in its root.
            field = model.model_fields.get(part) or model.model_fields.get("root")
            model = field.annotation if field else None
        found = [each for each in _inside(model) if hasattr(each, "model_fields")]
        model = found[0] if found else model
    for name, field in getattr(model, "model_fields", {}).items():
        yield field.alias or name


def _inside(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _inside(argument)


def _places(source: str) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """Yield where each table and key of a TOML file stands; for messages, so roughly is enough."""
    table: tuple[str | int, ...] = ()
    # Each array of tables and the number of its last table.
    counts: dict[tuple[str | int, ...], int] = {}

    def within(names: Sequence[str]) -> tuple[str | int, ...]:
        place: tuple[str | int, ...] = ()
        for name in names:
            place = (*place, name)
            if place in counts:
                place = (*place, counts[place])
        return place

    for number, line in enumerate(source.splitlines(), start=1):
        if array := re.match(r"\s*\[\[([\w.-]+)\]\]", line):
            *parents, name = array[1].split(".")
            place = (*within(parents), name)
            if place not in counts:
                yield place, number
            counts[place] = counts.get(place, -1) + 1
            table = (*place, counts[place])
            yield table, number
        elif header := re.match(r"\s*\[([\w.-]+)\]", line):
            table = within(header[1].split("."))
            yield table, number
        elif key := re.match(r"\s*([\w.-]+)\s*=", line):
            parts = key[1].split(".")
            for end in range(1, len(parts) + 1):
                yield (*table, *parts[:end]), number

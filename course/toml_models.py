"""The course's TOML files as pydantic models, and what a mistake in one says."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from course.language import Language
from course.problems import LessonError, Problem, reading
from practice.sources import INVISIBLE, kept_until_changed, read_toml, stamp

Model = TypeVar("Model", bound=BaseModel)
#: The names of tables, numbers in arrays of them, and a key that lead to a value.
Place = tuple[str | int, ...]
HEAD_OR_KEY = re.compile(r"\s*(?:(\[\[?)([\w.-]+)\]|([\w.-]+)\s*=)")
#: Where to read what a field may be.
GUIDE = "lessons/README.md says"
#: Of one file; what comes after them mostly follows from them.
MOST_PROBLEMS = 20
#: What pydantic adds to the place of a value that may be of several kinds.
KINDS = ("str", "int", "float", "bool")
#: How the name of pydantic's error begins, and what it means for somebody who writes a lesson.
WORDS = {
    "string_type": "must be a text in double quotes",
    "string_pattern_mismatch": "must have the form {pattern}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} letters",
    "int": "must be a whole number",
    "float": "must be a number",
    "finite_number": "must be a finite number",
    "bool": "must be true or false",
    "date": "must be a date such as 2026-01-31",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "missing": "must have one more entry",
    "model": "must be a table",
    "dict": "must be a table",
    "list": "must be a list in [ ]",
    "tuple": "must be a list in [ ]",
    "url_scheme": "must begin with https://",
    "url": "must be an address such as https://docs.snowflake.com",
    "recursion": "stands too deep inside other tables",
}


def _one_line(text: str) -> str:
    if not text or text != text.strip() or len(text.splitlines()) > 1:
        raise ValueError("must be one line of text that neither begins nor ends with a blank")
    if found := INVISIBLE.search(text):
        raise ValueError(f"holds an invisible character (U+{ord(found[0]):04X})")
    return text


#: A text that is drawn in a line, a table's cell or a card.
Line = Annotated[str, AfterValidator(_one_line)]


def form(pattern: str, said: str) -> AfterValidator:
    """Accept a text of a form, which ``said`` describes to the one who wrote another."""

    def fits(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError(f"must be {said}")
        return text

    return AfterValidator(fits)


class Table(BaseModel):
    """A table of one of the course's TOML files; it may hold nothing that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Both(Table):
    """One text in both languages."""

    ko: Line
    en: Line

    def of(self, language: Language) -> str:
        return self.ko if language == "ko" else self.en


def validated(model: type[Model], path: Path, *, guide: str = GUIDE) -> Model:
    """Read a TOML file as ``model``; ``guide`` is where to read what its fields may be.

    Raises ``LessonError`` with every fault and its line.
    """
    with reading():
        table, source = read_toml(path)
    try:
        return model.model_validate(table)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise LessonError(_wrong_fields(model, path, source, faults, guide)) from error


def kept(model: type[Model], path: Path, *, guide: str = GUIDE) -> Model | None:
    """Return a file as ``validated`` does, read when it has changed; ``None`` if there is none."""
    with reading():
        return None if stamp(path) is None else _kept(path, model, guide)


@kept_until_changed
def _kept(path: Path, model: type[Model], guide: str) -> Model:
    return validated(model, path, guide=guide)


def line_of(source: str, place: Place) -> int:
    """Return the line of a TOML file in which a table or a key stands, or what it stands in."""
    return _nearest(_places(source), place)


def _nearest(places: Mapping[Place, int], place: Place) -> int:
    return next((places[place[:n]] for n in range(len(place), 0, -1) if place[:n] in places), 1)


def _wrong_fields(
    model: Any, path: Path, source: str, faults: Sequence[ErrorDetails], guide: str
) -> list[Problem]:
    places = _places(source)
    problems: dict[Problem, None] = {}
    # A misspelt field is one mistake, not two: it is not missing as well.
    meant: set[Place] = set()
    for fault in sorted(faults, key=lambda each: each["type"] == "missing"):
        if len(problems) >= MOST_PROBLEMS:
            fix = "Correct those above first"
            return [*problems, Problem(path, 0, f"has more than {MOST_PROBLEMS} mistakes", fix)]
        where = fault["loc"]
        if where and where[-1] in (*KINDS, "[key]"):
            where = where[:-1]
        field = ".".join(map(str, where))
        line = _nearest(places, where)
        if fault["type"] == "extra_forbidden":
            known = _fields(model, where[:-1])
            close = difflib.get_close_matches(str(where[-1]), known, 1)
            meant.update((*where[:-1], name) for name in close)
            what = f"unknown field `{field}`"
            fix = f"Did you mean `{close[0]}`?" if close else f"Known are {', '.join(known)}"
        elif fault["type"] == "missing" and isinstance(where[-1], str):
            if where in meant:
                continue
            what, fix = f"`{field}` is missing", f"Add `{where[-1]}`"
        elif where:
            what, fix = f"field `{field}`: {_said(fault)}", f"Change it; {guide} what it may be"
        else:
            # It concerns several fields; the last thing that it names is the one that is wrong.
            what, fix = _said(fault), f"{guide} what it may be"
            line = _last_line(what, source)
        problems[Problem(path, line, what, fix)] = None
    return list(problems)


def _said(fault: ErrorDetails) -> str:
    """Return what is wrong with a value, in the course's own words."""
    kind, about = fault["type"], fault.get("ctx", {})
    if fault["loc"] and fault["loc"][-1] in KINDS:
        return "must be a text, an ordinary number, true or false"
    if kind == "value_error":
        return str(about["error"])
    words = next((words for start, words in WORDS.items() if kind.startswith(start)), fault["msg"])
    return words.format_map(about)


def _last_line(said: str, source: str) -> int:
    """Return the last line with the last name in backticks that a message has, or 1."""
    names = re.findall("`([^`]+)`", said)
    wanted = re.compile(rf"\b{re.escape(names[-1])}\b") if names else None
    lines = enumerate(source.splitlines(), start=1)
    return max((number for number, line in lines if wanted and wanted.search(line)), default=1)


def _fields(model: Any, where: Place) -> list[str]:
    """Name the fields that a table of a model may have."""
    for part in where:
        if isinstance(part, str):
            # A table whose keys are free, such as the glossary, has all that it holds in its root.
            fields = getattr(model, "model_fields", {})
            field = fields.get(part) or fields.get("root")
            model = next(_models(field.annotation), None) if field else None
    fields = getattr(model, "model_fields", {})
    return [field.alias or name for name, field in fields.items()]


def _models(annotation: Any) -> Iterator[Any]:
    if hasattr(annotation, "model_fields"):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models(argument)


def _places(source: str) -> dict[Place, int]:
    """Return where each table and key of a TOML file stands; for messages: roughly is enough."""
    places: dict[Place, int] = {}
    table: Place = ()
    # Each array of tables and the number of its last table.
    counts: dict[Place, int] = {}

    def within(names: Sequence[str]) -> Place:
        place: Place = ()
        for name in names:
            place = (*place, name)
            place = (*place, counts[place]) if place in counts else place
        return place

    for number, line in enumerate(source.splitlines(), start=1):
        if (found := HEAD_OR_KEY.match(line)) is None:
            continue
        names = (found[2] or found[3]).split(".")
        if found[1] == "[[":
            array = (*within(names[:-1]), names[-1])
            places.setdefault(array, number)
            counts[array] = counts.get(array, -1) + 1
            table = (*array, counts[array])
            places[table] = number
        elif found[1] == "[":
            table = within(names)
            places[table] = number
        else:
            places |= {(*table, *names[:end]): number for end in range(1, len(names) + 1)}
    return places

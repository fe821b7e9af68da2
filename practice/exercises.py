"""Exercises as data: what is to be done, how it is tried, how it is checked, what goes wrong.

An exercise is a folder in a lesson's ``practice/`` that holds ``exercise.toml``, ``starter.py`` and
``solution.py``.
"""

from __future__ import annotations

import builtins
import difflib
import inspect
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PlainValidator,
    ValidationError,
    model_validator,
)

from practice.events import Reason
from practice.patterns import PatternError, parse_pattern
from practice.signatures import ELEMENTS

__all__ = [
    "LESSONS",
    "Both",
    "Check",
    "Condition",
    "Exercise",
    "ExerciseError",
    "ExerciseFile",
    "Language",
    "Mistake",
    "Pieces",
    "SceneText",
    "Text",
    "WrongAnswer",
    "load_exercises",
    "read_exercise",
]

Language = Literal["ko", "en"]
LESSONS = Path(__file__).parent.parent / "lessons"

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class ExerciseError(ValueError):
    """An exercise cannot be used; the text names the file and the fault."""


def _pattern(text: str) -> str:
    try:
        parse_pattern(text)
    except PatternError as error:
        raise ValueError(str(error)) from error
    return text


@cache
def _arguments() -> dict[str, set[str]]:
    """Return what may have been called, and by which names its arguments go."""
    from streamlit.delta_generator import DeltaGenerator

    # A call of st.write is told as what it draws with.
    drawn = {
        f"st.{name}": set(inspect.signature(getattr(DeltaGenerator, name)).parameters)
        for name in ELEMENTS
        if name != "write"
    }
    anything = set().union(*drawn.values())
    known = {"Complete": {"model", "prompt", "options", "stream"}, "st.*": anything}
    return known | {"session.sql": {"query", "params"}} | drawn


def _called(name: str) -> str:
    if name == "st.write":
        raise ValueError("`st.write` is told as what it draws with, such as `st.markdown`")
    return _one_of(name, _arguments())


def _kind(name: str) -> str:
    return _one_of(name, {"complete", "generator", *dir(builtins)})


def _one_of(name: str, known: Iterable[str]) -> str:
    known = sorted(known)
    if name in known:
        return name
    close = difflib.get_close_matches(name, known, 1)
    meant = f"; did you mean `{close[0]}`?" if close else ""
    raise ValueError(f"there is no `{name}` here{meant}")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Both(_Table):
    """A text in both languages, Markdown."""

    ko: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def of(self, language: Language) -> str:
        """Return the text in ``language``."""
        return self.ko if language == "ko" else self.en


class Pieces(_Table):
    """What ``st.write_stream`` was given.

    Args:
        at_least: how many texts.
        longest: how many characters none of them exceeds.
        shortest: how many characters each of them has at least, but for the last.
        spread: seconds from the first to the last.
    """

    at_least: int = 1
    longest: int | None = None
    shortest: int | None = None
    spread: float = 0.0


class Text(_Table):
    """What is to be in an argument's text, and what is not."""

    contains: str | None = None
    lacks: str | None = None


def _wanted(value: object) -> object:
    """Return what an argument is to be; a table is no value but a ``Text``."""
    if not isinstance(value, dict):
        return value
    for name in value:
        _one_of(name, Text.model_fields)
    return Text.model_validate(value)


class Condition(_Table):
    """Something that holds of a program and of what it did in a scene; all that is given must hold.

    Args:
        all, any, no: of other conditions.
        code: a shape of code, see ``practice.patterns``.
        called: ``Complete``, ``session.sql``, a function of ``st`` such as ``st.success``, or
            ``st.*`` for any of them.
        with_: arguments of that call (``with`` in the file), each a value, ``{contains = "..."}``
            or ``{lacks = "..."}`` (in small letters or capitals). In a text, ``{answer}`` stands
            for what the model sent last, ``{answer_length}`` for its number of characters,
            ``{value}`` for the first value of the first row of the last statement.
        times: how often it was called, with those arguments.
        shown: where the stream came from that ``st.write_stream`` got: ``complete`` for the very
            iterator that ``Complete`` returned, ``generator`` for one of the program's own.
        pieces: what that stream gave.
        whole: whether all that the model sent was shown by it.
        read: whether a stream of ``Complete`` was read at all.
        error: the type of the error that ended the program, ``""`` for none, ``*`` for any.
        message: of that error.
        ended: how the run ended, see ``practice.events.Reason``.
    """

    all: list[Condition] | None = None
    any: list[Condition] | None = None
    no: Condition | None = None
    code: Annotated[str, AfterValidator(_pattern)] | None = None
    called: Annotated[str, AfterValidator(_called)] | None = None
    with_: dict[str, Annotated[Text | JsonValue, PlainValidator(_wanted)]] = Field(
        default_factory=dict, alias="with"
    )
    times: int | None = None
    shown: Annotated[str, AfterValidator(_kind)] | None = None
    pieces: Pieces | None = None
    whole: bool | None = None
    read: bool | None = None
    error: str | None = None
    message: Text | None = None
    ended: Reason | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        if not self.model_fields_set - {"with_"} or [] in (self.all, self.any):
            raise ValueError("is empty: it would always hold, or never")
        if (self.with_ or self.times is not None) and self.called is None:
            raise ValueError("`with` and `times` need `called`")
        for name in self.with_:
            _one_of(name, _arguments()[self.called or ""])
        return self

    @property
    def is_tentative(self) -> bool:
        """Whether it may hold for a while and no longer at the end of a run."""
        parts = [*(self.all or ()), *(self.any or ())]
        pieces = self.pieces
        sized = pieces is not None and (pieces.longest or pieces.shortest) is not None
        # What the model sent, or a statement gave, last is another thing after the next call.
        filled = any("{" in str(wanted) for wanted in self.with_.values())
        given = (self.no, self.times, self.whole, self.error, self.message, self.ended)
        return (
            sized
            or filled
            or self.read is False
            or any(each is not None for each in given)
            or any(part.is_tentative for part in parts)
        )


class Mistake(_Table):
    """A particular mistake, and what to say of it; ``{line}`` in the text is where it was made."""

    id: Id
    when: Condition
    say: Both


class Check(_Table):
    """One line of the list that turns green.

    ``scene`` is the one it looks at; by default the first. ``mistakes`` are tried in their order;
    ``otherwise`` is said if none fits.
    """

    id: Id
    title: Both
    scene: str | None = None
    passes: Condition
    mistakes: list[Mistake] = Field(default_factory=list)
    otherwise: Both


class SceneText(_Table):
    """One way in which the program is tried.

    Args:
        id: its name.
        title: what the learner is told of it; needed where there are several.
        press: labels of the buttons that are pressed.
        inputs: what other widgets are set to, by their labels.
        inside_snowflake: whether there is an active session, and no secrets.
        fault: a fault model of Local Cortex that answers in place of the chosen one.
    """

    id: Id
    title: Both | None = None
    press: list[str] = Field(default_factory=list)
    inputs: dict[str, str | int | float | bool] = Field(default_factory=dict)
    inside_snowflake: bool = False
    fault: str | None = None


class WrongAnswer(_Table):
    """What learners really write, and what it must trigger.

    It is given as edits of the solution or of the starter, pairs of a text that occurs once and
    what replaces it, or as a whole program, ``code``. ``check`` is the first check that fails,
    ``mistake`` the id of its mistake; without one it is the check's ``otherwise``.
    """

    id: Id
    of: Literal["solution", "starter"] = "solution"
    edits: list[tuple[str, str]] = Field(default_factory=list)
    code: str | None = None
    check: str
    mistake: str | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> WrongAnswer:
        if self.code is not None and (self.edits or "of" in self.model_fields_set):
            raise ValueError("a whole program, `code`, has no `of` and no `edits`")
        return self


class ExerciseFile(_Table):
    """``exercise.toml``.

    ``errors`` are mistakes that end the program with an error; what they say stands below it.
    """

    title: Both
    task: Both
    hints: list[Both] = Field(min_length=1)
    scenes: list[SceneText] = Field(min_length=1)
    checks: list[Check] = Field(min_length=1)
    errors: list[Mistake] = Field(default_factory=list)
    wrong: list[WrongAnswer] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names_fit(self) -> ExerciseFile:
        scenes = [scene.id for scene in self.scenes]
        checks = {check.id: {mistake.id for mistake in check.mistakes} for check in self.checks}
        errors = {mistake.id for mistake in self.errors}
        _unique("scenes", scenes)
        _unique("checks", [check.id for check in self.checks])
        _unique("errors", [mistake.id for mistake in self.errors])
        _unique("wrong", [wrong.id for wrong in self.wrong])
        for check in self.checks:
            if check.scene is not None and check.scene not in scenes:
                raise ValueError(f"check `{check.id}`: there is no scene `{check.scene}`")
            _unique(f"check {check.id}: mistakes", [mistake.id for mistake in check.mistakes])
        if len(scenes) > 1 and not all(scene.title for scene in self.scenes):
            raise ValueError("each of several scenes needs a title")
        for wrong in self.wrong:
            known = {**checks, "parses": set(), "blanks": set(), "labels": set(), "runs": errors}
            if wrong.check not in known:
                raise ValueError(f"wrong answer `{wrong.id}`: there is no check `{wrong.check}`")
            if wrong.mistake is not None and wrong.mistake not in known[wrong.check]:
                raise ValueError(
                    f"wrong answer `{wrong.id}`: its check has no mistake `{wrong.mistake}`"
                )
        return self


def _unique(what: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{what}: two have the id `{twice[0]}`")


class Exercise(_Table):
    """An exercise with its programs; ``name`` is its folder's, ``day`` its lesson's folder's."""

    day: str
    name: str
    about: ExerciseFile
    starter: str
    solution: str

    def wrong_program(self, wrong: WrongAnswer) -> str:
        """Return the program of a wrong answer.

        Raises:
            ExerciseError: an edit's text does not occur once in what is edited.
        """
        if wrong.code is not None:
            return wrong.code
        program = self.solution if wrong.of == "solution" else self.starter
        for text, replacement in wrong.edits:
            if program.count(text) != 1:
                raise ExerciseError(
                    f"wrong answer {wrong.id}: {text!r} occurs {program.count(text)} times in "
                    f"{wrong.of}.py, not once"
                )
            program = program.replace(text, replacement)
        return program


def read_exercise(folder: Path) -> Exercise:
    """Read the exercise in ``folder``.

    Raises:
        ExerciseError: a file is missing or cannot be read, or ``exercise.toml`` does not fit.
    """
    path = folder / "exercise.toml"
    try:
        about = ExerciseFile.model_validate(tomllib.loads(path.read_text("utf-8")))
        programs = [(folder / name).read_text("utf-8") for name in ("starter.py", "solution.py")]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise ExerciseError(f"{path}: {error}") from error
    day, name = folder.parent.parent.name, folder.name
    return Exercise(day=day, name=name, about=about, starter=programs[0], solution=programs[1])


def load_exercises(day: str, lessons: Path = LESSONS) -> list[Exercise]:
    """Read the exercises of the lesson in the folder ``day``, in the order of their numbers.

    Raises:
        ExerciseError: one of them cannot be used.
    """
    folder = lessons / day / "practice"
    found = [path.parent for path in folder.glob("*/exercise.toml")]
    return [read_exercise(each) for each in sorted(found, key=_place)]


def _place(folder: Path) -> tuple[int, str]:
    number = folder.name.partition("_")[0]
    return (int(number) if number.isdecimal() else 0), folder.name

"""Exercises as data: what is to be done, how it is tried, how it is checked, what goes wrong.

An exercise is a folder in a lesson's ``practice/`` with ``exercise.toml``, ``starter.py`` and
``solution.py``; ``lessons/README.md`` says what each field of the file means.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from practice.conditions import Condition, Table, Words
from practice.patterns import parse_program
from practice.sources import SourceError, exercise_files, read_text, read_toml

Language = Literal["ko", "en"]
LESSONS = Path(__file__).parent.parent / "lessons"

# The program runs once more for each.
MOST_MESSAGES = 8
# What a browser's number can be: they go to the sandbox as JSON.
Whole = Annotated[int, Field(ge=-(2**53), le=2**53)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


@cache
def shared_mistakes() -> dict[str, dict[str, str]]:
    """Return the texts of the mistakes that all exercises share: id -> language -> text."""
    return tomllib.loads(Path(__file__).with_name("mistakes.toml").read_text("utf-8"))


class ExerciseError(ValueError):
    """An exercise cannot be used; the text names the file and the fault."""


class Both(Table):
    """A text in both languages, Markdown."""

    ko: Words
    en: Words

    def of(self, language: Language) -> str:
        return self.ko if language == "ko" else self.en


class Mistake(Table):
    """A particular mistake, and what to say of it; ``{line}`` in the text is where it was made."""

    id: Id
    when: Condition
    say: Both

    @model_validator(mode="after")
    def _has_its_line(self) -> Self:
        if "{line}" in f"{self.say.ko}{self.say.en}" and not self.when.has_line:
            raise ValueError(
                f"mistake `{self.id}` says {{line}}, but nothing in its `when` is in a line"
            )
        return self


class Check(Table):
    """One line of the list that turns green; it looks at its scene, or the first."""

    id: Id
    title: Both
    scene: str | None = None
    passes: Condition
    mistakes: list[Mistake] = Field(default_factory=list)
    otherwise: Both


class SceneText(Table):
    """One way in which the program is tried; ``say`` are messages for its ``st.chat_input``."""

    id: Id
    title: Both | None = None
    press: list[str] = Field(default_factory=list)
    say: list[Words] = Field(default_factory=list, max_length=MOST_MESSAGES)
    inputs: dict[str, str | Whole | Finite | bool] = Field(default_factory=dict)
    inside_snowflake: bool = False
    fault: str | None = None
    fault_calls: Annotated[int, Field(ge=1, le=20)] | None = None
    stop_after: Annotated[int, Field(ge=1)] | None = None


class RightAnswer(Table):
    """What solves an exercise in another way: edits of its solution or starter, or a program."""

    id: Id
    of: Literal["solution", "starter"] = "solution"
    edits: list[tuple[str, str]] = Field(default_factory=list)
    code: str | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if self.code is not None and (self.edits or "of" in self.model_fields_set):
            raise ValueError("a whole program, `code`, has no `of` and no `edits`")
        return self


class WrongAnswer(RightAnswer):
    """What learners really write, and what is wrong with it.

    ``check`` is the first check that it fails, ``mistake`` the id of its mistake, the exercise's
    own or a shared one; without one it is the check's ``otherwise``.
    """

    check: str
    mistake: str | None = None


class ExerciseFile(Table):
    """``exercise.toml``; ``errors`` are mistakes that end the program with an error.

    The starter holds the solution of the exercise that it ``builds_on``.
    """

    title: Both
    task: Both
    builds_on: str | None = None
    hints: list[Both] = Field(min_length=1)
    scenes: list[SceneText] = Field(min_length=1)
    checks: list[Check] = Field(min_length=1)
    errors: list[Mistake] = Field(default_factory=list)
    wrong: list[WrongAnswer] = Field(default_factory=list)
    right: list[RightAnswer] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names_fit(self) -> ExerciseFile:
        scenes = _unique("scenes", self.scenes)
        _unique("checks", self.checks)
        _unique("wrong", self.wrong)
        _unique("right", self.right)
        known: dict[str, list[str]] = {
            "parses": [],
            "blanks": ["blank"],
            "labels": ["label"],
            "pressed": [],
        }
        known["runs"] = _unique("errors", self.errors)
        for check in self.checks:
            if check.scene is not None and check.scene not in scenes:
                raise ValueError(f"check `{check.id}`: there is no scene `{check.scene}`")
            known[check.id] = _unique(f"check {check.id}: mistakes", check.mistakes)
        if len(scenes) > 1 and not all(scene.title for scene in self.scenes):
            raise ValueError("each of several scenes needs a title")
        for wrong in self.wrong:
            named = f"wrong answer `{wrong.id}`"
            if wrong.check not in known:
                raise ValueError(f"{named}: there is no check `{wrong.check}`")
            shared = wrong.mistake is None or wrong.mistake in shared_mistakes()
            if not shared and wrong.mistake not in known[wrong.check]:
                raise ValueError(f"{named}: its check has no mistake `{wrong.mistake}`")
        return self


def _unique(what: str, named: Sequence[Check | Mistake | SceneText | RightAnswer]) -> list[str]:
    names = [each.id for each in named]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{what}: two have the id `{twice[0]}`")
    return names


class Exercise(Table):
    """An exercise with its programs; ``name`` is its folder's, ``day`` its lesson's folder's."""

    day: str
    name: str
    about: ExerciseFile
    starter: str
    solution: str

    @property
    def is_graded(self) -> bool:
        """Whether it has checks; a snippet of the lesson's text has none."""
        return bool(self.about.checks)

    def is_attempt(self, code: str) -> bool:
        """Return whether a program differs from the starter in more than comments and blank space.

        A solution is shown only after the run of an attempt.
        """
        return _meaning(code) != _meaning(self.starter)

    def answer_program(self, answer: RightAnswer) -> str:
        """Return the program of an answer, right or wrong.

        Raises:
            ExerciseError: an edit's text does not occur once in what is edited.
        """
        if answer.code is not None:
            return answer.code
        program = self.solution if answer.of == "solution" else self.starter
        for text, replacement in answer.edits:
            if program.count(text) != 1:
                raise ExerciseError(
                    f"answer {answer.id}: {text!r} occurs {program.count(text)} times in "
                    f"{answer.of}.py, not once"
                )
            program = program.replace(text, replacement)
        return program


def _meaning(code: str) -> str:
    try:
        return ast.dump(parse_program(code))
    except SyntaxError:
        return code  # the starter parses, so this is another program


def snippet(day: str, source: str, code: str) -> Exercise:
    """Return code of the lesson ``day`` as an exercise that asks for nothing; ``source`` names it.

    It has one scene and no checks: it is run, and not graded.
    """
    nothing = Both.model_construct(ko="", en="")
    about = ExerciseFile.model_construct(
        title=nothing, task=nothing, hints=[], checks=[], scenes=[SceneText(id="run")]
    )
    name = re.sub(r"\W+", "-", source).strip("-")
    return Exercise(day=day, name=name, about=about, starter=code, solution=code)


def read_exercise(folder: Path) -> Exercise:
    """Read the exercise in ``folder``.

    Raises:
        ExerciseError: a file is missing or cannot be read, or ``exercise.toml`` does not fit.
    """
    path = folder / "exercise.toml"
    try:
        about = ExerciseFile.model_validate(read_toml(path)[0])
        programs = [read_text(folder / name) for name in ("starter.py", "solution.py")]
    except SourceError as error:
        raise ExerciseError(str(error)) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise ExerciseError(f"{path}: `{field}`: {first['msg']}") from error
    day, name = folder.parent.parent.name, folder.name
    return Exercise(day=day, name=name, about=about, starter=programs[0], solution=programs[1])


def load_exercises(day: str, lessons: Path = LESSONS) -> list[Exercise]:
    """Read the exercises of the lesson in the folder ``day``, in the order of their numbers.

    Raises:
        ExerciseError: one of them cannot be used.
    """
    return [read_exercise(path.parent) for path in exercise_files(lessons / day)]

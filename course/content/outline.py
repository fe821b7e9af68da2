"""What a lesson has, by name, without reading its prose: Home must stay cheap."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from course.content.lesson import Lesson
from practice.sources import SourceError, exercise_files, kept_until_changed, read_text

ID = r"[a-z0-9-]{1,60}"
HEADING = re.compile(rf"^ {{0,3}}##.*\{{#({ID})(?:\s[^}}]*)?\}}[ \t]*$", re.MULTILINE)
QUESTION = re.compile(rf"^ {{0,3}}> ?\[!QUESTION\][ \t]*\{{#({ID})\}}", re.MULTILINE)
#: The anchors that every lesson's page has.
PAGE = ("top", "demo", "lab", "links")


@dataclass(frozen=True, slots=True)
class Outline:
    """A lesson's exercises in their order, its questions, and its anchors."""

    exercises: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()


def outline_of(lesson: Lesson) -> Outline:
    """Return what a lesson has; nothing of what cannot be read, which `make check` reports."""
    prose = lesson.folder / "ko.md"
    anchors: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    with suppress(SourceError):
        anchors, questions = _ids(prose)
    exercises: tuple[str, ...] = ()
    with suppress(OSError):
        exercises = tuple(path.parent.name for path in exercise_files(lesson.folder))
    return Outline(exercises, questions, (*PAGE, *anchors, *map(anchor_of, exercises)))


def anchor_of(exercise: str) -> str:
    return f"exercise-{exercise.replace('_', '-')}"


def places(lessons: Iterable[Lesson]) -> set[str]:
    """Return every lesson, exercise, question and anchor, as moved.toml names them."""
    found = set()
    for lesson in lessons:
        has, name = outline_of(lesson), lesson.name
        found |= {name, *(f"{name}/{each}" for each in (*has.exercises, *has.questions))}
        found |= {f"{name}#{each}" for each in has.anchors}
    return found


@kept_until_changed
def _ids(prose: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    source = read_text(prose)
    return tuple(HEADING.findall(source)), tuple(QUESTION.findall(source))

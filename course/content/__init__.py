"""A lesson folder, read and drawn."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from course.content.length import minutes
from course.content.lesson import Broken, LabView, Lesson, entries, find, lessons, program
from course.content.outline import Outline, anchor_of, outline_of

if TYPE_CHECKING:
    from course.content.draw import (
        draw_goals,
        draw_section,
        say_that_code_failed,
        say_that_it_is_broken,
    )
    from course.content.lesson_blocks import Block, Code, ExercisePlace, Heading, Question
    from course.content.prose import read, sections
    from course.content.translations import stale

__all__ = [
    "Block",
    "Broken",
    "Code",
    "ExercisePlace",
    "Heading",
    "LabView",
    "Lesson",
    "Outline",
    "Question",
    "anchor_of",
    "draw_goals",
    "draw_section",
    "entries",
    "find",
    "lessons",
    "minutes",
    "outline_of",
    "program",
    "read",
    "say_that_code_failed",
    "say_that_it_is_broken",
    "sections",
    "stale",
]

# Imported when asked for: Home lists lessons and draws no prose.
_WHERE = {
    "Block": "lesson_blocks",
    "Code": "lesson_blocks",
    "ExercisePlace": "lesson_blocks",
    "Heading": "lesson_blocks",
    "Question": "lesson_blocks",
    "read": "prose",
    "sections": "prose",
    "stale": "translations",
}


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module(f"{__name__}.{_WHERE.get(name, 'draw')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

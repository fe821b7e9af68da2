"""A lesson folder, read and drawn."""

from course.content.draw import (
    draw_goals,
    draw_section,
    say_that_code_failed,
    say_that_it_is_broken,
)
from course.content.lesson import Broken, Lesson, entries, find, lessons, program
from course.content.lesson_blocks import Block, Heading
from course.content.outline import Outline, outline_of
from course.content.parser import read, sections
from course.content.translations import stale

__all__ = [
    "Block",
    "Broken",
    "Heading",
    "Lesson",
    "Outline",
    "draw_goals",
    "draw_section",
    "entries",
    "find",
    "lessons",
    "outline_of",
    "program",
    "read",
    "say_that_code_failed",
    "say_that_it_is_broken",
    "sections",
    "stale",
]

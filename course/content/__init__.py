"""A lesson folder, read and drawn."""

from course.content.draw import (
    draw_goals,
    draw_section,
    say_that_code_failed,
    say_that_it_is_broken,
)
from course.content.length import MOST_WORDS, minutes, words
from course.content.lesson import Broken, LabView, Lesson, entries, find, lessons, program
from course.content.lesson_blocks import Block, Code, ExercisePlace, Heading, Question, anchor_of
from course.content.outline import Outline, outline_of
from course.content.parser import read, sections
from course.content.translations import stale

__all__ = [
    "MOST_WORDS",
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
    "words",
]

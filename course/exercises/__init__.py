"""The panels of a lesson's exercises and snippets."""

from course.exercises.workbench import (
    draw,
    draw_practice,
    draw_snippet,
    say_when_solutions_are_shown,
    shows_solutions,
)

__all__ = [
    "draw",
    "draw_practice",
    "draw_snippet",
    "say_when_solutions_are_shown",
    "shows_solutions",
]

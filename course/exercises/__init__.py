"""The panels of a lesson's exercises and snippets."""

from course.exercises.workbench import awaited, draw, draw_practice, draw_snippet, say_why_hidden

__all__ = ["awaited", "draw", "draw_practice", "draw_snippet", "say_why_hidden"]

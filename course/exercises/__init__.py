"""The panel with the hands-on exercises under a lesson."""

from course.exercises.workbench import draw, say_when_solutions_are_shown, shows_solutions

__all__ = ["draw", "say_when_solutions_are_shown", "shows_solutions"]

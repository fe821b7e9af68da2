"""The hands-on exercises: a learner's program run in a sandbox, and checks of what it did."""

from __future__ import annotations

from practice.answers import Refused, SqlError
from practice.events import Event
from practice.exercises import Exercise, ExerciseError, load_exercises
from practice.grading import CheckResult, grade
from practice.limits import RunLimits
from practice.runtime import Unavailable
from practice.sandbox import run
from practice.scene import Scene

__all__ = [
    "CheckResult",
    "Event",
    "Exercise",
    "ExerciseError",
    "Refused",
    "RunLimits",
    "Scene",
    "SqlError",
    "Unavailable",
    "grade",
    "load_exercises",
    "run",
]

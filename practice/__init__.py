"""The hands-on exercises: a learner's program run in a sandbox, and checks of what it did."""

from __future__ import annotations

from practice.events import Event
from practice.exercises import Exercise, ExerciseError, load_exercises
from practice.grading import CheckResult, grade
from practice.sandbox import (
    Refused,
    RunLimits,
    Scene,
    SqlError,
    TooMany,
    Turns,
    Unavailable,
    run,
)

__all__ = [
    "CheckResult",
    "Event",
    "Exercise",
    "ExerciseError",
    "Refused",
    "RunLimits",
    "Scene",
    "SqlError",
    "TooMany",
    "Turns",
    "Unavailable",
    "grade",
    "load_exercises",
    "run",
]

"""The hands-on exercises: a learner's program run in a sandbox, and checks of what it did."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from practice.events import Event, SessionState
    from practice.exercises import Exercise, ExerciseError, load_exercises, snippet
    from practice.grading import CheckResult, grade
    from practice.sandbox import Refused, RunLimits, Scene, SqlError, Unavailable, run

__all__ = [
    "CheckResult",
    "Event",
    "Exercise",
    "ExerciseError",
    "Refused",
    "RunLimits",
    "Scene",
    "SessionState",
    "SqlError",
    "Unavailable",
    "grade",
    "load_exercises",
    "run",
    "snippet",
]

# Imported when asked for: Home reads lessons with practice.sources and needs no sandbox.
_WHERE = {
    "CheckResult": "grading",
    "Event": "events",
    "SessionState": "events",
    "Exercise": "exercises",
    "ExerciseError": "exercises",
    "grade": "grading",
    "load_exercises": "exercises",
    "snippet": "exercises",
}


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module(f"{__name__}.{_WHERE.get(name, 'sandbox')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""What a learner has read, tried and solved, and where it is kept."""

from course.progress.database import Database, NoTable, StoreError, Tables, default_path
from course.progress.facts import EXERCISE
from course.progress.panel import (
    controls,
    current,
    learner,
    refresh,
    say_if_not_saved,
    say_if_unsaved,
)
from course.progress.record import Progress

__all__ = [
    "EXERCISE",
    "Database",
    "NoTable",
    "Progress",
    "StoreError",
    "Tables",
    "controls",
    "current",
    "default_path",
    "learner",
    "refresh",
    "say_if_not_saved",
    "say_if_unsaved",
]

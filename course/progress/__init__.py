"""What a learner has read, tried and solved, and where it is kept."""

from course.progress.facts import EXERCISE
from course.progress.learner_panel import (
    controls,
    current,
    learner,
    refresh,
    say_if_not_saved,
    say_if_unsaved,
)
from course.progress.record import Progress
from course.progress.stores import Database, NoTable, StoreError, Tables, default_path

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

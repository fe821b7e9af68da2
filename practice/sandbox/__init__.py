"""Runs a learner's program apart from the server, and tells what it does."""

from __future__ import annotations

from practice.sandbox.answers import Refused, SqlError
from practice.sandbox.job import RunLimits, Scene
from practice.sandbox.lifecycle import run
from practice.sandbox.runtime import Unavailable

__all__ = [
    "Refused",
    "RunLimits",
    "Scene",
    "SqlError",
    "Unavailable",
    "run",
]

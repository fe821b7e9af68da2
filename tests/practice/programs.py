"""Runs programs as the tests do, and says in short how they ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from practice import run
from practice.events import Delta, Ended, Event, Failed, Printed
from practice.explain import error_code
from streaming import CompletionRequest

__all__ = [
    "SETUP",
    "answers",
    "children",
    "descriptors",
    "end",
    "heard",
    "printed",
    "ran",
]

WORDS = ("Streaming ", "shows ", "words.")
#: What a program needs before it asks.
SETUP = """\
from snowflake.cortex import Complete
from snowflake.snowpark import Session
session = Session.builder.configs({"account": "a", "user": "u", "password": "p"}).create()
"""


def answers(request: CompletionRequest) -> Iterator[str]:
    """Answer as a model does; the model ``big`` says far too much."""
    if request.model == "big":
        yield from ("x" * 10_000 for _ in range(4_000))
    yield from WORDS


def ran(code: str, complete: Callable[..., Any] = answers, **options: Any) -> list[Event]:
    """Return all that a run tells."""
    return list(run(code, complete=complete, **options))


def end(events: list[Event]) -> str:
    """Return the reason, or what the error was called and its line: ``no_files@2``."""
    last = events[-1]
    assert isinstance(last, Ended)
    assert sum(isinstance(event, Ended) for event in events) == 1
    if last.reason != "error":
        return last.reason
    failed = next(event for event in events if isinstance(event, Failed))
    return f"{error_code(failed) or failed.type}@{failed.lines[-1] if failed.lines else 0}"


def printed(events: list[Event]) -> str:
    """Return all that was printed."""
    return "".join(event.text for event in events if isinstance(event, Printed))


def heard(events: Sequence[Event]) -> str:
    """Return all that the model said."""
    return "".join(event.text or "" for event in events if isinstance(event, Delta))


def children() -> set[int]:
    """Return the numbers of this process's child processes."""
    return {child.pid for child in psutil.Process().children()}


def descriptors() -> set[str]:
    """Return the numbers of this process's open files, but for folders.

    Those are opened, all the time, by the file watchers that other tests' pages have left.
    """
    own = Path("/proc/self/fd")
    files = (own / name for name in (os.listdir(own) if sys.platform == "linux" else ()))
    return {file.name for file in files if file.exists() and not file.is_dir()}

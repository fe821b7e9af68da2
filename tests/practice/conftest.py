"""One compiled interpreter for all tests."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from practice.sandbox.runtime import Runtime, find

# Seconds in which another worker has compiled it, however busy the machine is.
COMPILED_SECONDS = 120


@pytest.fixture(scope="session")
def runtime(_no_settings_from_outside: None, everyones: Path) -> Runtime:
    """Return the installed interpreter, compiled."""
    found = find()
    # All workers share its folder. Compiling takes every core, so one of them does it.
    first = everyones / "compiles"
    try:
        first.touch(exist_ok=False)
    except FileExistsError:
        deadline = time.monotonic() + COMPILED_SECONDS
        while not found.compiled.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
    found.prepare()
    return found

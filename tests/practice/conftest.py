"""One compiled interpreter for all tests."""

from __future__ import annotations

import pytest

from practice.sandbox.runtime import Runtime, find


@pytest.fixture(scope="session")
def runtime(_no_settings_from_outside: None) -> Runtime:
    """Return the installed interpreter, compiled."""
    found = find()
    found.prepare()
    return found

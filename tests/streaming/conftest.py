"""Local Cortex for the tests of strategies: one that answers at once, one that falls silent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_cortex import LocalCortex, Settings


@pytest.fixture(scope="module")
def cortex() -> Iterator[LocalCortex]:
    running = LocalCortex.start(settings=Settings(first_token=0, tokens_per_second=10_000))
    yield running
    running.close()


@pytest.fixture(scope="module")
def silent() -> Iterator[LocalCortex]:
    """A model that sends its first token and then says nothing for a minute."""
    running = LocalCortex.start(settings=Settings(first_token=0, tokens_per_second=1 / 60))
    yield running
    running.close()

"""Method 2: get the whole answer first, then hand it out in slices.

This is a simulation of streaming: the first slice comes when the model has finished.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from streaming.request import CompletionRequest

if TYPE_CHECKING:
    from snowflake.snowpark import Session

__all__ = ["SimulatedStrategy", "whole_answer"]


class SimulatedStrategy:
    """Slices of an answer that is already there; ``complete`` returns the whole of it.

    Args:
        complete: called with the request, returns the whole answer.
        chunk_size: code points in a slice.
        delay: seconds between two slices.
        sleep: what waits; replaced in tests.
    """

    name = "simulated"
    live = False

    def __init__(
        self,
        complete: Callable[[CompletionRequest], str],
        chunk_size: int = 5,
        delay: float = 0.05,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if chunk_size < 1:
            raise ValueError(f"chunk_size={chunk_size}: a slice needs at least one character")
        if delay < 0:
            raise ValueError(f"delay={delay}: seconds cannot be negative")
        self.complete = complete
        self.chunk_size = chunk_size
        self.delay = delay
        self._sleep = sleep

    def open(self, request: CompletionRequest) -> Iterator[str]:
        """Wait for the whole answer, then yield a slice at a time."""
        text = self.complete(request)
        for start in range(0, len(text), self.chunk_size):
            yield text[start : start + self.chunk_size]
            self._sleep(self.delay)


def whole_answer(session: Session) -> Callable[[CompletionRequest], str]:
    """Return a ``complete`` for :class:`SimulatedStrategy` that asks Cortex without streaming."""
    # snowflake.cortex itself makes the whole answer of a stream (_complete.py joins the deltas),
    # so this differs from Complete(...) only in who joins.
    from streaming.direct import DirectStrategy

    strategy = DirectStrategy(session)
    return lambda request: "".join(strategy.open(request))

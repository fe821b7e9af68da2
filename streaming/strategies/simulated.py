"""Method 2: get the whole answer first, then hand it out in slices.

This is a simulation of streaming: the first slice comes when the model has finished.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from streaming.deltas import Delta
from streaming.request import CompletionRequest
from streaming.strategies.protocol import Wrapped

__all__ = ["SimulatedStrategy"]


class SimulatedStrategy:
    """Slices of an answer that is already there; ``complete`` returns the whole of it.

    Args:
        complete: called with the request, returns the whole answer: a string, or deltas whose text
            is joined, such as those of ``DirectStrategy(session).open``. (``snowflake.cortex``
            makes its whole answers in the same way: _complete.py joins the deltas.)
        chunk_size: code points in a slice.
        delay: seconds between two slices; a Stop is noticed after one of them.
        sleep: what waits; replaced in tests.
    """

    name = "simulated"
    live = False

    def __init__(
        self,
        complete: Callable[[CompletionRequest], Iterable[Delta]],
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
        """Ask, and return the slices; the first one waits for the whole answer."""
        answer = self.complete(request)
        return Wrapped(answer, self._cut(answer))

    def _cut(self, answer: Iterable[Delta]) -> Iterator[str]:
        # Waits until the model has finished.
        text = "".join(delta for delta in answer if isinstance(delta, str))
        size, delay = self.chunk_size, self.delay
        for start in range(0, len(text), size):
            yield text[start : start + size]
            if delay:
                self._sleep(delay)

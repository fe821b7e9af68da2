"""A gate for what costs a moment to begin, so that many who come at once do not hold all up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Gate"]


class Gate:
    """Lets ``places`` at a time through, one after the other.

    A place is given back at the end of its turn, and after ``lease`` seconds at the latest: whoever
    takes longer waits for something else than this machine, and holds nobody up.
    """

    def __init__(
        self, places: int, lease: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._places, self._lease, self._clock = places, lease, clock
        # Whoever has it is next; the others wait for it, and wake only once.
        self._next = threading.Lock()
        self._changed = threading.Condition()
        self._ends: list[float] = []

    @contextmanager
    def turn(self) -> Iterator[Callable[[], None]]:
        """Wait for a place, and give it back at the end, or earlier by calling what is yielded."""
        with self._next, self._changed:
            while (wait := self._full_for()) > 0:
                self._changed.wait(wait)
            end = self._clock() + self._lease
            self._ends.append(end)

        def leave() -> None:
            with self._changed:
                if end in self._ends:
                    self._ends.remove(end)
                    self._changed.notify_all()

        try:
            yield leave
        finally:
            leave()

    def _full_for(self) -> float:
        """Return for how long there is no place; 0 if there is one."""
        now = self._clock()
        self._ends = [end for end in self._ends if end > now]
        return min(self._ends) - now if len(self._ends) >= self._places else 0.0

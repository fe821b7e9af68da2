"""A gate for what costs a moment to begin, so that many who come at once do not hold all up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["BEGINNING", "Gate"]


class Gate:
    """Lets ``places`` at a time through, one after the other.

    A place is given back at the end of its turn, and after ``lease`` seconds at the latest:
    a holder that takes longer waits for something other than this machine.
    """

    def __init__(
        self, places: int, lease: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._places, self._lease, self._clock = places, lease, clock
        # The holder is next; the others wait for it, and wake only once.
        self._next = threading.Lock()
        self._changed = threading.Condition()
        self._ends: list[float] = []
        self._counting = threading.Lock()
        self._waiting = 0

    @property
    def crowded(self) -> bool:
        """Whether anybody waits for a place."""
        return self._waiting > 0

    @contextmanager
    def turn(self) -> Iterator[Callable[[], None]]:
        """Wait for a place, and give it back at the end, or earlier by calling what is yielded."""
        if not self._next.acquire(blocking=False):
            with self._waiter():
                self._next.acquire()
        try:
            with self._changed:
                if self._full_for() > 0:
                    with self._waiter():
                        while (wait := self._full_for()) > 0:
                            self._changed.wait(wait)
                end = self._clock() + self._lease
                self._ends.append(end)
        finally:
            self._next.release()

        def leave() -> None:
            with self._changed:
                if end in self._ends:
                    self._ends.remove(end)
                    self._changed.notify_all()

        try:
            yield leave
        finally:
            leave()

    @contextmanager
    def _waiter(self) -> Iterator[None]:
        with self._counting:
            self._waiting += 1
        try:
            yield
        finally:
            with self._counting:
                self._waiting -= 1

    def _full_for(self) -> float:
        """Return for how long there is no place; 0 if there is one."""
        now = self._clock()
        self._ends = [end for end in self._ends if end > now]
        return min(self._ends) - now if len(self._ends) >= self._places else 0.0


#: What every answer begins with: its page is drawn, and its request sent. That is a core's work for
#: some 5 ms, and Python has one: of a class that asks at once, each gets a first word sooner when
#: one begins after the other. A model that takes its time holds nobody up, and neither does a page
#: that waits for something else.
BEGINNING = Gate(places=1, lease=0.03)

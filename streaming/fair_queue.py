"""A fair queue: first come, first served, for everything that a server's learners share."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["BEGINNING", "FairQueue", "Place"]


class FairQueue:
    """Lets ``places`` at a time in, in the order in which they came.

    Args:
        places: how many may be in; ``None`` is no limit. It may change.
        each: how many one owner may have in; that owner's others wait, and are overtaken.
        lease: seconds after which a place is free again although its holder is still in.
        stale: seconds after which a waiter that no longer calls ``Place.wait`` is overtaken.
        take: called under the lock for the next one: takes what else it needs, or returns false.
        clock: seconds.
    """

    def __init__(
        self,
        places: int | None,
        *,
        each: int | None = None,
        lease: float = math.inf,
        stale: float = math.inf,
        take: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.places = places
        self._each, self._lease, self._stale = each, lease, stale
        self._take, self._clock = take, clock
        # The garbage collector may give a place back in the middle of another call: the lock can be
        # taken twice, and copies are iterated over.
        self._lock = threading.RLock()
        #: Notified when something is given back.
        self.changed = threading.Condition(self._lock)
        self._waiting: list[Place] = []
        # Who is in, and when the place of each is free again.
        self._ends: dict[Place, float] = {}

    def join(self, owner: str | None = None) -> Place:
        """Join the queue; without an ``owner``, any number may be in."""
        place = Place(self, owner)
        with self.changed:
            self._waiting.append(place)
        return place

    def owned(self, owner: str) -> int:
        """Return how many places an owner has, and waits for."""
        return sum(place.owner == owner for place in (*self._waiting, *self._ends))

    def call(self) -> None:
        """Wake the next waiter: there may be a place for it. Call it under the lock."""
        self.changed.notify_all()
        if (place := self._next()) is not None:
            place._turn.notify()

    @contextmanager
    def turn(self) -> Iterator[Callable[[], None]]:
        """Wait for a place, and give it back at the end, or earlier by calling what is yielded."""
        place = self.join()
        try:
            while place.wait() is not None:
                pass
            yield place.leave
        finally:
            place.leave()

    def _next(self) -> Place | None:
        alive = self._clock() - self._stale
        able = (each for each in self._waiting.copy() if not self._has_enough(each))
        return next((place for place in able if place._looked >= alive), None)

    def _has_enough(self, place: Place) -> bool:
        if self._each is None or place.owner is None:
            return False
        return sum(each.owner == place.owner for each in list(self._ends)) >= self._each

    def _full_for(self) -> float:
        """Return for how long all places are taken; 0 if one is free."""
        now = self._clock()
        ends = [end for end in list(self._ends.values()) if end > now]
        return min(ends) - now if self.places is not None and len(ends) >= self.places else 0.0


class Place:
    """A place in a queue, then one inside; every method may be called again, in any thread."""

    def __init__(self, queue: FairQueue, owner: str | None) -> None:
        self.owner = owner
        self._queue = queue
        self._turn = threading.Condition(queue._lock)
        self._looked = queue._clock()

    @property
    def is_in(self) -> bool:
        return self in self._queue._ends

    def wait(self, seconds: float | None = None) -> int | None:
        """Wait, ``seconds`` at most; return how many are ahead, or ``None``: it is in."""
        queue = self._queue
        with queue.changed:
            self._looked = queue._clock()
            if self.is_in:
                return None
            is_next, full = queue._next() is self, queue._full_for()
            if is_next and not full and queue._take():
                queue._waiting.remove(self)
                queue._ends[self] = queue._clock() + queue._lease
                queue.call()
                return None
            ahead = queue._waiting.index(self)
            if queue._has_enough(self):
                ahead = max(ahead, 1)  # its owner's own
            if is_next and 0 < full < (math.inf if seconds is None else seconds):
                seconds = full
            self._turn.wait(seconds)
        return ahead

    def rest(self) -> None:
        """Let somebody else have the place; its owner keeps it until ``leave``."""
        with self._queue.changed:
            if self.is_in:
                self._queue._ends[self] = -math.inf
                self._queue.call()

    def leave(self) -> None:
        """Give the place back, or stop waiting for one."""
        queue = self._queue
        with queue.changed:
            if self in queue._waiting:
                queue._waiting.remove(self)
            queue._ends.pop(self, None)
            queue.call()


#: What every answer begins with: its page is drawn, and its request sent. That is a core's work for
#: some 5 ms, and Python has one. With the shared TLS context it gives 90 learners that press at
#: once their first word after 0.03 s instead of 0.8 to 3.2 s. A model that takes its time holds
#: nobody up, and neither does a page that waits for something else.
BEGINNING = FairQueue(places=1, lease=0.03)

"""How many programs start at once, and who is next."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path

__all__ = ["Place", "Places", "TooMany", "Turns"]


# What a run may take of this machine's memory: the sandbox's 96 MiB, and as much as a small Python.
RUN_BYTES = 140 << 20
# What a run is taken to hold at least, once it is weighed: a worker whose program has next to none.
LEAST_BYTES = 48 << 20
# How many programs of one learner may be there: a second window, but not a crowd.
MOST_EACH = 2
# Who stands in the queue and has not looked for this long has been forgotten there, or is stuck.
STALE_SECONDS = 3.0
# As many as a classroom, where the memory is not known.
USUAL_MOST = 32
# What a container may have of the machine's memory, in bytes or "max" (cgroup v2).
CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


class Places:
    """Places for programs; who comes when all are taken stands in a queue.

    There are two kinds, and to begin a program takes one of each. That for computing it gives back
    when it first waits for something, its model or a sleep: until then it takes a whole core,
    afterwards next to nothing. That for being there is memory: as much as a program can take, and
    from its first wait on as much as it has.

    Args:
        count: how many may compute; by default as many as there are cores.
        most: how many that may still grow may be there; by default as many as fit into half of the
            memory.
        each: how many a learner may have there; the others of that learner wait, and let everybody
            else pass.
        clock: seconds.
    """

    def __init__(
        self,
        count: int | None = None,
        most: int | None = None,
        each: int = MOST_EACH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free = count or os.cpu_count() or 1
        self._room = (most or _that_fit()) * RUN_BYTES
        self._each = each
        self._clock = clock
        # A run that the garbage collector finds gives its place back wherever that happens to be:
        # the lock can be taken twice, and nothing here goes through the queue itself.
        self._changed = threading.Condition(threading.RLock())
        self._queue: list[Place] = []
        self._learners: Counter[str] = Counter()

    def join(self, learner: str | None = None) -> Place:
        """Stand in the queue; ``None`` is nobody in particular, who may have any number."""
        place = Place(self, learner)
        with self._changed:
            self._queue.append(place)
        return place

    def _let_in(self, place: Place) -> bool:
        if not self._free or self._room < RUN_BYTES or place is not self._next():
            return False
        self._queue.remove(place)
        self._free -= 1
        self._room -= RUN_BYTES
        if place.learner is not None:
            self._learners[place.learner] += 1
        return True

    def _next(self) -> Place | None:
        alive = self._clock() - STALE_SECONDS
        for place in self._queue.copy():
            if place._looked >= alive and not self._has_enough(place):
                return place
        return None

    def _has_enough(self, place: Place) -> bool:
        return place.learner is not None and self._learners[place.learner] >= self._each


class Place:
    """A place in the queue, and then among those that are there; ``end`` is to be called once."""

    def __init__(self, places: Places, learner: str | None) -> None:
        self.learner = learner
        self._places = places
        self._is_in = self._computes = self._has_ended = False
        self._bytes = 0
        self._looked = places._clock()

    def wait(self, seconds: float) -> int | None:
        """Wait for a moment at most; return how many are ahead, or ``None``: it is its turn."""
        places = self._places
        with places._changed:
            self._looked = places._clock()
            if self._is_in:
                return None
            if places._let_in(self):
                self._is_in = self._computes = True
                self._bytes = RUN_BYTES
                return None
            ahead = places._queue.index(self)
            if places._has_enough(self):
                ahead = max(ahead, 1)  # its learner's own
            places._changed.wait(seconds)
        return ahead

    def leave(self) -> None:
        """Give the place for computing back; once is enough, more often does no harm."""
        with self._places._changed:
            if self._computes:
                self._computes = False
                self._places._free += 1
                self._places._changed.notify_all()

    def weigh(self, taken: int) -> bool:
        """Say how many bytes the program has taken; tell whether there is room for them."""
        places, held = self._places, max(taken, LEAST_BYTES)
        with places._changed:
            if not self._is_in or self._has_ended:
                return True
            places._room += self._bytes - held
            self._bytes = held
            places._changed.notify_all()
            return places._room >= 0 or held == LEAST_BYTES

    def end(self) -> None:
        """Give everything back, in whatever thread and however often."""
        places = self._places
        with places._changed:
            if self._has_ended:
                return
            self._has_ended = True
            if not self._is_in:
                places._queue.remove(self)
            else:
                self.leave()
                places._room += self._bytes
                if self.learner is not None:
                    places._learners[self.learner] -= 1
                    if not places._learners[self.learner]:
                        del places._learners[self.learner]
            places._changed.notify_all()


def _that_fit() -> int:
    known = []
    with contextlib.suppress(AttributeError, OSError, ValueError):  # Windows does not say
        known.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    with contextlib.suppress(OSError, ValueError):  # no container, or one without a limit
        known.append(int(CONTAINER_LIMIT.read_text("ascii")))
    return max(2, min(known) // 2 // RUN_BYTES) if known else USUAL_MOST


class TooMany(Exception):
    """A learner presses Run too often; ``seconds`` from now it may be pressed again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many runs; the next in {seconds:.0f} s")
        self.seconds = seconds


class Turns:
    """How often each learner may run something: ``count`` times in ``seconds``."""

    def __init__(
        self, count: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.count = count
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: dict[str, deque[float]] = {}

    def take(self, learner: str) -> None:
        """Note one run.

        Raises:
            TooMany: the learner has had them all.
        """
        now = self._clock()
        with self._lock:
            for name, times in list(self._taken.items()):
                while times and times[0] <= now - self._seconds:
                    times.popleft()
                if not times:
                    del self._taken[name]
            times = self._taken.setdefault(learner, deque())
            if len(times) >= self.count:
                raise TooMany(times[0] + self._seconds - now)
            times.append(now)

"""How many programs start at once, and who is next."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from streaming import FairQueue

# What a run may take of this machine's memory: the sandbox's 96 MiB, and as much as a small Python.
RUN_BYTES = 140 << 20
# What a run is taken to hold at least, once it is weighed: a worker whose program has next to none.
LEAST_BYTES = 48 << 20
# How many programs of one learner may be there: a second window, but not a crowd.
MOST_EACH = 2
# A waiter that has not looked for this long has been forgotten in the queue, or is stuck.
STALE_SECONDS = 3.0
# As many as a classroom, where the memory is not known.
USUAL_MOST = 32
# What a container may have of the machine's memory, in bytes or "max" (cgroup v2).
CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


class Places:
    """Places for programs; a program waits in a queue while all are taken.

    There are two kinds, and to begin a program takes one of each. It gives the one for computing
    back when it first waits for something, its model or a sleep: until then it takes a whole core,
    afterwards next to nothing. The other is memory: as much as a program can take, and from its
    first wait on as much as it has.

    Args:
        count: how many may compute; by default as many as there are cores.
        most: how many that may still grow may be there; by default as many as fit into half of the
            memory.
        each: how many a learner may have there; the learner's others are overtaken meanwhile.
        clock: seconds.
    """

    def __init__(
        self,
        count: int | None = None,
        most: int | None = None,
        each: int = MOST_EACH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._room = (most or _that_fit()) * RUN_BYTES
        count = count or os.cpu_count() or 1
        self._queue = FairQueue(count, each=each, stale=STALE_SECONDS, take=self._take, clock=clock)

    def join(self, learner: str | None = None) -> RunPlace:
        """Stand in the queue; ``None`` is nobody in particular, who may have any number."""
        return RunPlace(self, learner)

    def _take(self) -> bool:
        if self._room < RUN_BYTES:
            return False
        self._room -= RUN_BYTES
        return True


class RunPlace:
    """A program's place in the queue, and then among those that are there."""

    def __init__(self, places: Places, learner: str | None) -> None:
        self._places = places
        self._queue = places._queue
        self._place = self._queue.join(learner)
        self._bytes = RUN_BYTES
        #: See ``streaming.Place``; ``leave`` gives the place for computing back.
        self.wait, self.leave = self._place.wait, self._place.rest

    def weigh(self, taken: int) -> bool:
        """Note how many bytes the program has taken; return whether there is room for them."""
        places, held = self._places, max(taken, LEAST_BYTES)
        with self._queue.changed:
            if not self._place.is_in:
                return True
            places._room += self._bytes - held
            self._bytes = held
            self._queue.call()
            return places._room >= 0 or held == LEAST_BYTES

    def end(self) -> None:
        """Give everything back, in any thread and any number of times."""
        with self._queue.changed:
            if self._place.is_in:
                self._places._room += self._bytes
            self._place.leave()


def _that_fit() -> int:
    known = []
    with contextlib.suppress(AttributeError, OSError, ValueError):  # Windows does not say
        known.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    with contextlib.suppress(OSError, ValueError):  # no container, or one without a limit
        known.append(int(CONTAINER_LIMIT.read_text("ascii")))
    return max(2, min(known) // 2 // RUN_BYTES) if known else USUAL_MOST

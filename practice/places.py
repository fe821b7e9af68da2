"""How many programs start at once, and who is next."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Generator
from pathlib import Path

__all__ = ["Places", "TooMany", "Turns"]


# What a run may take of this machine's memory: the sandbox's 96 MiB, and as much as a small Python.
RUN_BYTES = 140 << 20
# As many as a classroom, where the memory is not known.
USUAL_MOST = 32
# What a container may have of the machine's memory, in bytes or "max" (cgroup v2).
CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


class Places:
    """Places for programs; who comes when all are taken stands in a queue.

    There are two kinds, and to begin a program takes one of each. That for computing it gives back
    when it first waits for something, its model or a sleep: until then it takes a whole core,
    afterwards next to nothing. That for being there it gives back when it ends.

    Args:
        count: how many may compute; by default as many as there are cores.
        most: how many may be there; by default as many as fit into half of the memory.
    """

    def __init__(self, count: int | None = None, most: int | None = None) -> None:
        self._free = count or os.cpu_count() or 1
        self._room = most or _that_fit()
        self._changed = threading.Condition()
        self._queue: OrderedDict[object, None] = OrderedDict()

    def enter(self, look: float = 0.1) -> Generator[int]:
        """Yield how many are ahead, every ``look`` seconds, until the places have been taken."""
        me = object()
        with self._changed:
            self._queue[me] = None
        try:
            while True:
                with self._changed:
                    if self._free and self._room and next(iter(self._queue)) is me:
                        self._free -= 1
                        self._room -= 1
                        return
                    ahead = list(self._queue).index(me)
                    self._changed.wait(look)
                yield ahead
        finally:
            with self._changed:
                del self._queue[me]
                self._changed.notify_all()

    def leave(self) -> None:
        """Give a place for computing back."""
        with self._changed:
            self._free += 1
            self._changed.notify_all()

    def end(self) -> None:
        """Give a place for being there back."""
        with self._changed:
            self._room += 1
            self._changed.notify_all()


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

"""How often a learner may run programs."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable


class RateLimit:
    """At most ``count`` runs of each learner in ``seconds``."""

    def __init__(
        self, count: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.count = count
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._runs: dict[str, deque[float]] = {}

    def take(self, learner: str) -> float:
        """Count a run and return 0, or return the seconds until the learner may run one."""
        now = self._clock()
        with self._lock:
            for name, times in list(self._runs.items()):
                while times and times[0] <= now - self._seconds:
                    times.popleft()
                if not times:
                    del self._runs[name]
            times = self._runs.setdefault(learner, deque())
            if len(times) >= self.count:
                return times[0] + self._seconds - now
            times.append(now)
            return 0.0

"""When a Local Cortex that is watched is over, and how often it may be started again.

Pure decisions: no clock, no thread and no process.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

__all__ = ["Restarts", "Watching"]

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Watching:
    """How a process is watched; ``memory`` is in bytes, the rest in seconds or times."""

    every: float = 1.0
    """Seconds between two questions, and the longest that an answer to one may take."""
    patience: int = 3
    """Questions in a row without an answer: fewer happen on a busy machine, or after a sleep."""
    memory: int = 1_500 * MEGABYTE
    most: int = 3
    """Times that it is started again within ``within``."""
    within: float = 60.0

    def why_over(self, unanswered: int, memory: int) -> str | None:
        """Return why to replace a process with that many unanswered questions, or None."""
        if unanswered >= self.patience:
            return f"did not answer for {self.patience * self.every:g} s"
        if memory > self.memory:
            return f"used more than {self.memory // MEGABYTE} MB of memory"
        return None


class Restarts:
    """Counts the processes that were lost; times are of any monotonic clock, in seconds."""

    def __init__(self, watching: Watching) -> None:
        self._watching = watching
        self._lost: deque[float] = deque(maxlen=watching.most + 1)

    def lost(self, now: float) -> None:
        """Note that a process was lost."""
        self._lost.append(now)

    def wait(self, now: float) -> float:
        """Return the seconds until another may be started; 0 for now."""
        if len(self._lost) <= self._watching.most:
            return 0.0
        return max(0.0, self._lost[0] + self._watching.within - now)

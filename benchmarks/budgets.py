"""Every budget in one table, and what counts against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

__all__ = ["BUDGETS", "Budget"]

#: median: half the runs may be slower; worst: no run may be, because the promise has no "usually".
Statistic = Literal["median", "worst"]


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a measure may be, in the measure's own unit.

    ``source`` is who asked for it. With ``either_way`` a value may not fall short by more either.
    """

    limit: float
    statistic: Statistic
    source: str
    either_way: bool = False

    def kept(self, values: Sequence[float]) -> bool:
        """Tell whether ``values`` keep the budget."""
        sizes = [abs(value) for value in values] if self.either_way else list(values)
        return (median(sizes) if self.statistic == "median" else max(sizes)) <= self.limit


COURSE = "the course's own budget"
PROMISE = "what the pages promise a learner"

#: Measure -> its budget; seconds, connections, or a ratio. A measure that is not here is reported.
BUDGETS = {
    "local_cortex_start": Budget(0.3, "median", COURSE),
    "local_cortex_connect": Budget(0.05, "median", COURSE),
    "added_time_to_first_token": Budget(0.010, "median", COURSE),
    "only_loopback": Budget(0, "worst", PROMISE),
    "exit_after_ctrl_c": Budget(1.0, "worst", COURSE),
    "home_process_time": Budget(1.25, "median", COURSE),
    "stop_latency": Budget(0.3, "median", PROMISE),
    "limit_accuracy": Budget(0.05, "worst", COURSE, either_way=True),
}

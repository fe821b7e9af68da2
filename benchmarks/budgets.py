"""Every budget in one table, and what counts against it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

#: median: half the runs may be slower; worst: no run may be, because the promise has no "usually";
#: best: what the code itself takes, where all else that a machine does can only add to it.
Statistic = Literal["median", "worst", "best"]


def summary(values: Sequence[float], statistic: Statistic) -> float:
    """Return the one of ``values``, or between them, that a budget of this kind looks at."""
    if statistic == "median":
        return median(values)
    return max(values) if statistic == "worst" else min(values)


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a measure may be.

    Args:
        limit: in the measure's own unit.
        statistic: which of the runs counts.
        source: who asked for it.
        either_way: a value may not fall short by more than ``limit`` either.
        of_baseline: the most as a multiple of the baseline, measured in the same run of the
            benchmarks and summed up by the same statistic.
    """

    limit: float
    statistic: Statistic
    source: str
    either_way: bool = False
    of_baseline: float = math.inf

    def kept(self, values: Sequence[float], baseline: Sequence[float] = ()) -> bool:
        """Return whether ``values`` keep the budget; none do that lack a baseline they need."""
        if not values:
            return False
        sizes = [abs(value) for value in values] if self.either_way else values
        size = summary(sizes, self.statistic)
        if self.of_baseline == math.inf:
            return size <= self.limit
        if not baseline:
            return False
        return size <= min(self.limit, self.of_baseline * summary(baseline, self.statistic))


COURSE = "the course's own budget"
PROMISE = "what the pages promise a learner"
LESSONS = "what the lessons' pages and their authors are promised"
PRACTICE = "what a learner who writes a program is promised"
PIPELINE = "what the streaming package promises its users"

#: The text that may wait in a stream whose reader does not come, and the megabyte around it.
BUFFER_CHARS = 100_000
MEGABYTE = 1_000_000


def _share(divisor: float) -> Budget:
    """At most one ``divisor``-th of the baseline."""
    return Budget(math.inf, "median", PIPELINE, of_baseline=1 / divisor)


#: Measure -> its budget, in the measure's unit. A measure that is not here is reported.
BUDGETS = {
    "local_cortex_start": Budget(0.3, "median", COURSE),
    "local_cortex_connect": Budget(0.05, "median", COURSE),
    "added_time_to_first_token": Budget(0.010, "median", COURSE),
    "only_loopback": Budget(0, "worst", PROMISE),
    "exit_after_ctrl_c": Budget(1.0, "worst", COURSE),
    "home_process_time": Budget(1.25, "median", COURSE),
    "first_compile": Budget(10.0, "worst", PRACTICE),
    "run_to_first_text": Budget(0.6, "median", PRACTICE),
    "runs_at_once": Budget(5.0, "worst", PRACTICE),
    "left_after_a_kill": Budget(0, "worst", PRACTICE),
    "attack_seconds": Budget(5.0, "worst", PRACTICE),
    "attack_stall": Budget(0.5, "worst", PRACTICE),
    "attack_memory": Budget(30 * MEGABYTE, "worst", PRACTICE),
    "render_home": Budget(math.inf, "median", LESSONS, of_baseline=2),
    "render_day_3": Budget(math.inf, "median", LESSONS, of_baseline=2),
    "render_many": Budget(math.inf, "median", LESSONS, of_baseline=3),
    "check_cost": Budget(math.inf, "median", LESSONS, of_baseline=1.25),
    "first_answer": Budget(0.1, "median", PROMISE),
    "stop_latency": Budget(0.2, "median", PROMISE),
    "stop_while_streaming": Budget(0.3, "median", PROMISE),
    "reaction": Budget(0.5, "worst", PROMISE),
    "limit_accuracy": Budget(0.05, "worst", COURSE, either_way=True),
    "time_per_piece": Budget(1.5e-6, "best", PIPELINE, of_baseline=10),
    "time_per_delta": Budget(math.inf, "best", PIPELINE, of_baseline=0.7),
    "first_piece": Budget(0.001, "median", PIPELINE),
    "first_piece_95": Budget(0.005, "median", PIPELINE),
    "end_delay": Budget(0.5, "worst", PIPELINE),
    "peak_memory": Budget(BUFFER_CHARS + MEGABYTE, "worst", PIPELINE),
    "torn_clusters": Budget(0, "worst", PIPELINE),
    "wire_bytes_2000": _share(12),
    "wire_bytes_8000": _share(50),
    "wire_bytes_30000": _share(150),
    "wire_bytes_growth": Budget(5, "median", PIPELINE),
    "server_time_2000": _share(2),
    "server_time_8000": _share(4),
    "slow_reader": Budget(0, "worst", PIPELINE),
    "browser_busy": Budget(0.25, "median", PIPELINE),
}

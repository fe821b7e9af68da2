"""When a process is over, and how often it may be started again: tables of input and output."""

from __future__ import annotations

import pytest

from local_cortex.process.parent import Watching

WATCHING = Watching(every=1.0, patience=3, memory=500_000_000, most=3, within=60.0)


@pytest.mark.parametrize(
    ("unanswered", "memory", "reason"),
    [
        (0, 0, None),
        (2, 500_000_000, None),
        (3, 0, "did not answer for 3 s"),
        (0, 500_000_001, "used more than 500 MB of memory"),
    ],
)
def test_a_process_is_over_when_it_is_silent_or_too_large(
    unanswered: int, memory: int, reason: str | None
) -> None:
    assert WATCHING.why_over(unanswered, memory) == reason


def test_three_processes_a_minute_may_be_replaced_and_the_fourth_waits() -> None:
    losses = [100.0, 101.0, 102.0, 103.0]
    waits = [WATCHING.wait(losses[: n + 1], now) for n, now in enumerate(losses)]
    assert waits == [0.0, 0.0, 0.0, 57.0]
    assert WATCHING.wait(losses, 159.0) == 1.0
    assert WATCHING.wait(losses, 160.0) == 0.0


def test_processes_that_are_lost_now_and_then_are_always_replaced() -> None:
    losses: list[float] = []
    for now in range(0, 1000, 25):
        losses.append(float(now))
        assert WATCHING.wait(losses, float(now)) == 0.0

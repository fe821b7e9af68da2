"""Pace: how much of the waiting text is shown at a tick."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming import Pace


def test_more_is_shown_the_more_waits() -> None:
    pace = Pace(tick=0.05, lag=0.2)
    assert [pace.amount([(0.0, backlog)]) for backlog in (1, 5, 50, 500)] == [1, 1, 10, 100]


def test_off_shows_all_that_waits() -> None:
    assert Pace.off().amount([(0.0, 12_345)]) == 12_345


def test_what_waits_is_spread_over_the_ticks_that_it_has_left() -> None:
    pace = Pace(tick=0.05, lag=0.2)
    assert [pace.amount([(age, 100)]) for age in (0.0, 0.1, 0.16, 0.2, 9.0)] == [
        20,
        34,
        100,
        100,
        100,
    ]


def test_the_deadline_that_asks_for_most_decides() -> None:
    pace = Pace(tick=0.05, lag=0.2)
    assert pace.amount([(0.2, 30), (0.0, 100)]) == 30
    assert pace.amount([(0.2, 10), (0.0, 990)]) == 200


@given(st.lists(st.integers(0, 400), min_size=1, max_size=80), st.floats(0.0, 0.05))
def test_nothing_waits_longer_than_the_lag_whatever_comes(bursts: list[int], late: float) -> None:
    pace = Pace(tick=0.05, lag=0.2)
    waiting: list[tuple[float, int]] = []
    for tick in range(len(bursts) + 6):
        now = late + tick * pace.tick
        if tick < len(bursts) and bursts[tick]:
            waiting.append((now - late, bursts[tick]))
        assert all(now - since <= pace.lag + 1e-9 for since, _ in waiting)
        shown = pace.amount([(now - since, count) for since, count in waiting]) if waiting else 0
        while shown > 0 and waiting:
            since, count = waiting.pop(0)
            if count > shown:
                waiting.insert(0, (since, count - shown))
            shown -= count
    assert not waiting


def test_a_typewriter_ignores_the_backlog() -> None:
    pace = Pace.typewriter(100)
    assert {pace.amount([(0.0, backlog)]) for backlog in (5, 50, 5_000)} == {5}


@pytest.mark.parametrize("wrong", [{"tick": -0.1}, {"lag": -0.1}])
def test_seconds_below_zero_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        Pace(**wrong)


def test_a_typewriter_without_speed_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        Pace.typewriter(0)

"""Lateness: ticks grow while they come late, and shrink again."""

from __future__ import annotations

import pytest

from streaming.lateness import LONGEST_TICK, Lateness

TICK = 0.125


def after(*late: float, tick: float = TICK) -> float:
    lateness = Lateness()
    for seconds in late:
        lateness.note(tick, seconds)
    return lateness.lengthened(tick)


def test_ticks_that_come_in_time_stay_as_they_are() -> None:
    assert after() == after(0.0, 0.001, 0.04) == TICK


def test_one_that_comes_late_by_chance_is_soon_forgotten() -> None:
    assert after(0.3) < 1.3 * TICK
    assert after(0.3, *[0.0] * 8) == TICK


def test_they_grow_while_they_come_late() -> None:
    lengths = [after(*[0.1] * count) for count in (0, 1, 3, 5)]
    assert lengths == sorted(set(lengths))
    assert after(*[0.1] * 3) == pytest.approx(2 * TICK, rel=0.01)


def test_however_long_it_lasts_there_is_an_end() -> None:
    assert after(*[30.0] * 50) == pytest.approx(LONGEST_TICK)


def test_a_tick_longer_than_that_is_not_made_shorter() -> None:
    assert after(30.0, tick=2.0) == 2.0


def test_in_time_again_they_come_back_little_by_little() -> None:
    late = [0.5] * 3
    assert TICK < after(*late, *[0.0] * 12) < after(*late, *[0.0] * 6) < after(*late)
    assert after(*late, *[0.0] * 24) == TICK

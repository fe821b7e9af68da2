"""Lateness: ticks grow while they come late, and shrink again."""

from __future__ import annotations

from streaming.lateness import LONGEST_TICK, Lateness

TICK = 0.125


def after(*late: float) -> float:
    lateness = Lateness()
    for seconds in late:
        lateness.note(seconds)
    return lateness.lengthened(TICK)


def test_ticks_that_come_in_time_stay_as_they_are() -> None:
    assert after() == after(0.0, 0.001, 0.005) == TICK


def test_one_that_comes_late_by_chance_changes_little() -> None:
    assert after(*[0.0] * 8, 0.1) < 1.3 * TICK


def test_the_later_they_come_the_longer_they_get() -> None:
    lengths = [after(*[late] * 8) for late in (0.03, 0.06, 0.12)]
    assert TICK < lengths[0] < lengths[1] < lengths[2] < LONGEST_TICK


def test_however_late_they_come_there_is_an_end() -> None:
    assert after(*[30.0] * 8) == LONGEST_TICK


def test_a_tick_longer_than_that_is_not_made_shorter() -> None:
    lateness = Lateness()
    lateness.note(30.0)
    assert lateness.lengthened(2.0) == 2.0


def test_in_time_again_they_are_as_short_as_before() -> None:
    assert after(*[0.5] * 8, *[0.0] * 16) == TICK


def test_no_pace_stays_no_pace() -> None:
    lateness = Lateness()
    lateness.note(1.0)
    assert lateness.lengthened(0.0) == 0.0

"""Pace: how much of the waiting text is shown at a tick."""

from __future__ import annotations

import pytest

from streaming import Pace


def test_more_is_shown_the_more_waits() -> None:
    pace = Pace(tick=0.05, lag=0.25)
    assert [pace.amount(backlog, None) for backlog in (1, 5, 50, 500)] == [1, 1, 10, 100]


def test_off_shows_all_that_waits() -> None:
    assert Pace.off().amount(12_345, None) == 12_345


def test_once_the_answer_has_ended_the_rest_is_spread_over_the_time_left() -> None:
    pace = Pace(tick=0.05, drain=0.4)
    assert pace.amount(800, 0.4) == 100
    assert pace.amount(800, 0.05) == 800
    assert pace.amount(800, -1.0) == 800


def test_a_typewriter_ignores_the_backlog() -> None:
    pace = Pace.typewriter(100)
    assert {pace.amount(backlog, None) for backlog in (5, 50, 5_000)} == {5}


def test_a_typewriter_without_speed_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        Pace.typewriter(0)

"""How often a learner may run programs."""

from __future__ import annotations

from course.exercises.rate import RateLimit


def test_a_learner_has_a_number_of_runs_in_a_time() -> None:
    now = 0.0
    rate = RateLimit(2, 60, clock=lambda: now)
    assert rate.take("a") == 0
    now = 10
    assert rate.take("a") == 0
    assert rate.take("b") == 0
    now = 20
    assert rate.take("a") == 40
    now = 60
    assert rate.take("a") == 0
    assert rate.take("a") == 10


def test_a_learner_who_has_gone_is_forgotten() -> None:
    now = 0.0
    rate = RateLimit(1, 60, clock=lambda: now)
    for number in range(100):
        rate.take(str(number))
    now = 60
    rate.take("x")
    assert list(rate._runs) == ["x"]

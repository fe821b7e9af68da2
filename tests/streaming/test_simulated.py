"""SimulatedStrategy: the lesson's custom generator."""

from __future__ import annotations

from typing import Any

import pytest

from streaming import CompletionRequest, SimulatedStrategy
from tests.streaming.fakes import REQUEST


def make_simulated(
    text: str = "twelve chars", **options: Any
) -> tuple[SimulatedStrategy, list[float], list[CompletionRequest]]:
    waits: list[float] = []
    asked: list[CompletionRequest] = []

    def complete(request: CompletionRequest) -> str:
        asked.append(request)
        return text

    return SimulatedStrategy(complete, sleep=waits.append, **options), waits, asked


def test_it_yields_five_characters_at_a_time_with_a_twentieth_of_a_second_between() -> None:
    strategy, waits, _ = make_simulated()
    assert list(strategy.open(REQUEST)) == ["twelv", "e cha", "rs"]
    assert waits == [0.05, 0.05, 0.05]


def test_size_and_delay_can_be_set() -> None:
    strategy, waits, _ = make_simulated(chunk_size=7, delay=0.2)
    assert list(strategy.open(REQUEST)) == ["twelve ", "chars"]
    assert waits == [0.2, 0.2]


def test_nothing_is_asked_before_the_first_slice_is_wanted() -> None:
    strategy, _, asked = make_simulated()
    slices = strategy.open(REQUEST)
    assert asked == []
    next(slices)
    assert asked == [REQUEST]


def test_it_does_not_claim_to_be_live() -> None:
    assert SimulatedStrategy.live is False


@pytest.mark.parametrize("options", [{"chunk_size": 0}, {"delay": -1.0}])
def test_settings_that_make_no_sense_are_refused_by_name(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        make_simulated(**options)

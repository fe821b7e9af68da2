"""SimulatedStrategy: the lesson's custom generator."""

from __future__ import annotations

from collections.abc import Iterator
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


def test_the_answer_may_come_in_deltas_that_are_joined_first() -> None:
    strategy = SimulatedStrategy(lambda _: iter(["twel", "ve c", "hars"]), delay=0)
    assert list(strategy.open(REQUEST)) == ["twelv", "e cha", "rs"]


def test_aborting_the_slices_aborts_and_closes_the_answer_they_wait_for() -> None:
    class Answer:
        def __init__(self) -> None:
            self.done: list[str] = []

        def __iter__(self) -> Iterator[str]:
            return iter(())

        def abort(self) -> None:
            self.done.append("abort")

        def close(self) -> None:
            self.done.append("close")

    answer = Answer()
    slices = SimulatedStrategy(lambda _: answer).open(REQUEST)
    slices.abort()  # type: ignore[attr-defined]
    slices.close()  # type: ignore[attr-defined]
    assert answer.done == ["abort", "close"]


def test_it_does_not_claim_to_be_live() -> None:
    assert SimulatedStrategy.live is False


@pytest.mark.parametrize("options", [{"chunk_size": 0}, {"delay": -1.0}])
def test_settings_that_make_no_sense_are_refused_by_name(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        make_simulated(**options)

"""Answers that are closed or only left, and the tokens that a real Local Cortex makes for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from course.lab.stop import Call
from course.stopping import Stoppable
from local_cortex import LocalCortex, Settings
from streaming import CompletionRequest, Limits, stream
from tests.local_cortex.cortex_engines import eventually

# Its answer has 50 tokens: a second and a half are enough to stop in.
REQUEST = CompletionRequest(model="llama3.1-8b", prompt="Explain a qubit in one sentence.")
READ = 3


@pytest.fixture(scope="module")
def cortex() -> Iterator[LocalCortex]:
    running = LocalCortex.start(settings=Settings(first_token=0, tokens_per_second=30))
    yield running
    running.close()


def made(strategy: Stoppable) -> int:
    """Return how many tokens there are in all."""

    def over() -> bool:
        tokens = strategy.tokens()
        return tokens is not None and not tokens.running

    assert eventually(over)
    tokens = strategy.tokens()
    assert tokens is not None
    return tokens.made


@pytest.mark.parametrize(("closes", "most", "least"), [(True, 25, READ), (False, 100, 40)])
def test_only_a_stream_that_is_left_open_is_made_to_its_end(
    cortex: LocalCortex, closes: bool, most: int, least: int
) -> None:
    session = cortex.session()
    strategy = Stoppable(session, closes=closes)
    answer = stream(strategy, REQUEST, limits=Limits())
    for number, _ in enumerate(answer):
        if number == READ:
            answer.cancel()
            break
    assert least <= made(strategy) <= most
    strategy.close()
    session.close()


@pytest.mark.parametrize(("closes", "late"), [(True, False), (False, True)])
def test_the_labs_calls_stop_after_the_same_pieces(
    cortex: LocalCortex, closes: bool, late: bool
) -> None:
    session = cortex.session()
    call = Call(Stoppable(session, closes=closes), READ, closes)
    call.work(REQUEST)
    assert (call.read, call.stopped) == (READ, True)
    made(call.strategy)
    call.look(1.0)
    assert call.over
    assert (call.late > 20) == late
    assert call.marks[-1] == (1.0, call.made)
    call.strategy.close()
    session.close()


def test_nothing_is_known_of_an_answer_that_was_never_asked_for(cortex: LocalCortex) -> None:
    session = cortex.session()
    assert Stoppable(session, closes=True).tokens() is None
    session.close()


def test_the_last_figure_stands_when_the_session_is_over(cortex: LocalCortex) -> None:
    session = cortex.session()
    strategy = Stoppable(session, closes=True)
    answer = strategy.open(REQUEST)
    next(iter(answer))
    before = strategy.tokens()
    session.close()
    assert strategy.tokens() == before
    strategy.close()

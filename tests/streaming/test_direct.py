"""DirectStrategy: the real Snowflake client, against Local Cortex."""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Iterator

import psutil
import pytest
from snowflake.cortex import complete

from local_cortex import LocalCortex, Settings
from streaming import (
    CompletionRequest,
    DirectStrategy,
    Limits,
    Message,
    SimulatedStrategy,
    Strategy,
    StreamTimeout,
    stream,
)
from tests.streaming.asking import PROMPT, SECONDS, ask, wait_for


def test_both_strategies_stream_the_answer_that_the_client_would_join(cortex: LocalCortex) -> None:
    session = cortex.session()
    simulated = SimulatedStrategy(DirectStrategy(session).open, delay=0.0)
    whole = complete("llama3.1-8b", PROMPT, session=session)
    assert "qubit" in whole
    assert ["".join(stream(way, ask())) for way in (DirectStrategy(session), simulated)] == [
        whole
    ] * 2
    session.close()


def test_an_answer_that_has_ended_may_still_be_aborted(cortex: LocalCortex) -> None:
    session = cortex.session()
    answer = DirectStrategy(session).open(ask(max_tokens=5))
    assert list(answer)
    answer.abort()
    answer.abort()
    session.close()


def test_an_answer_that_was_read_to_its_end_leaves_no_connection_open(cortex: LocalCortex) -> None:
    def connections() -> set[object]:
        found = psutil.Process().net_connections("tcp")
        return {(each.laddr, each.raddr) for each in found if each.raddr[1:] == (cortex.port,)}

    session = cortex.session()
    before = connections()
    answer = DirectStrategy(session).open(ask(max_tokens=5))
    assert list(answer)
    answer.close()
    # Those of the tests before may still be closing.
    wait_for(lambda: not connections() - before)
    session.close()


def test_options_and_conversations_reach_the_model(cortex: LocalCortex) -> None:
    session = cortex.session()
    short = stream(DirectStrategy(session), ask(max_tokens=5)).result()
    assert 0 < len(short.text) < 60
    turns = (Message(role="system", content="Be brief."), Message(content=PROMPT))
    talk = CompletionRequest(model="llama3.1-8b", messages=turns)
    assert "qubit" in stream(DirectStrategy(session), talk).result().text
    session.close()


def test_an_unknown_model_is_a_refused_request_without_the_address(cortex: LocalCortex) -> None:
    session = cortex.session()
    result = stream(DirectStrategy(session), ask(model="no-such-model")).result()
    assert result.error is not None
    assert (result.error.code, result.error.status) == ("bad_request", 400)
    assert "127.0.0.1" not in str(result.error)
    session.close()


def test_an_hour_of_waiting_does_not_end_the_session(cortex: LocalCortex) -> None:
    session = cortex.session()
    cortex.expire_sessions()
    assert "qubit" in stream(DirectStrategy(session), ask()).result().text
    session.close()


def test_a_silent_socket_ends_at_the_limit_and_keeps_the_text(silent: LocalCortex) -> None:
    session = silent.session()
    waiting = stream(DirectStrategy(session), ask(), limits=Limits(idle=0.5))
    begin = time.monotonic()
    with pytest.raises(StreamTimeout) as caught:
        list(waiting)
    assert caught.value.code == "idle"
    assert waiting.text == caught.value.partial != ""
    assert time.monotonic() - begin < SECONDS
    session.close()


def test_closing_a_stream_whose_model_is_silent_ends_the_call_at_the_server(
    silent: LocalCortex,
) -> None:
    session = silent.session()
    waiting = stream(DirectStrategy(session), ask("Hello"))
    next(waiting)
    assert silent.open_streams >= 1
    waiting.close()
    wait_for(lambda: silent.open_streams == 0)
    session.close()


@pytest.fixture(scope="module")
def thinking() -> Iterator[LocalCortex]:
    """A model that thinks for a minute before its first token."""
    running = LocalCortex.start(settings=Settings(first_token=60, tokens_per_second=100))
    yield running
    running.close()


@pytest.mark.parametrize("method", ["direct", "simulated"])
def test_giving_up_before_the_first_token_ends_the_call_at_the_server_and_the_thread(
    thinking: LocalCortex, method: str
) -> None:
    session = thinking.session()
    strategy: Strategy = DirectStrategy(session)
    if method == "simulated":
        strategy = SimulatedStrategy(DirectStrategy(session).open)
    waiting = stream(strategy, ask(), limits=Limits(first_chunk=0.3, total=0.3))
    assert waiting.result().status == "timeout"
    wait_for(lambda: thinking.open_streams == 0)
    wait_for(lambda: "stream-pump" not in {thread.name for thread in threading.enumerate()})
    session.close()


def test_cancelling_from_another_thread_ends_a_wait_for_the_model(silent: LocalCortex) -> None:
    session = silent.session()
    waiting = stream(DirectStrategy(session), ask())
    next(waiting)
    threading.Timer(0.1, waiting.cancel).start()
    begin = time.monotonic()
    assert list(waiting) == []
    assert waiting.status == "cancelled"
    assert time.monotonic() - begin < SECONDS
    session.close()


def test_it_is_live_except_in_a_stored_procedure(
    cortex: LocalCortex, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = cortex.session()
    assert DirectStrategy(session).live
    monkeypatch.setattr(platform, "platform", lambda: "XP")
    assert not DirectStrategy(session).live
    session.close()


def test_a_client_that_keeps_asking_a_busy_service_is_stopped_with_the_stream(
    cortex: LocalCortex,
) -> None:
    session = cortex.session()
    busy = stream(DirectStrategy(session), ask(model="fault-503"), limits=Limits(first_chunk=0.2))
    assert busy.result().status == "timeout"
    # It sleeps for a second, and finds no connection after that.
    wait_for(lambda: "stream-pump" not in {thread.name for thread in threading.enumerate()})
    session.close()

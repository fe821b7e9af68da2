"""ChatCompletionsStrategy: the real OpenAI client, against Local Cortex."""

from __future__ import annotations

import threading

import openai
import pytest

from local_cortex import LocalCortex
from streaming import (
    ChatCompletionsStrategy,
    CompletionRequest,
    DirectStrategy,
    Limits,
    Message,
    stream,
)
from tests.streaming.asking import PROMPT, ask, wait_for


def client(cortex: LocalCortex, key: str | None = None) -> openai.OpenAI:
    return openai.OpenAI(
        api_key=cortex.secret if key is None else key,
        base_url=f"{cortex.url}/api/v2/cortex/v1",
    )


def test_it_gives_the_same_text_as_the_direct_strategy(cortex: LocalCortex) -> None:
    request = ask()
    session = cortex.session()
    with client(cortex) as chat:
        texts = {
            stream(way, request).result().text
            for way in (ChatCompletionsStrategy(chat), DirectStrategy(session))
        }
    session.close()
    assert len(texts) == 1
    assert "qubit" in texts.pop()


def test_options_and_conversations_reach_the_model(cortex: LocalCortex) -> None:
    turns = (Message(role="system", content="Be brief."), Message(content=PROMPT))
    request = CompletionRequest(model="llama3.1-8b", messages=turns, max_tokens=5, temperature=0.5)
    with client(cortex) as chat:
        result = stream(ChatCompletionsStrategy(chat), request).result()
    assert 0 < len(result.text) < 60


@pytest.mark.parametrize(
    ("model", "key", "code", "status"),
    [("no-such-model", None, "bad_request", 400), ("llama3.1-8b", "wrong", "unauthorised", 401)],
)
def test_a_refusal_has_a_code_and_a_status(
    cortex: LocalCortex, model: str, key: str | None, code: str, status: int
) -> None:
    with client(cortex, key) as chat:
        request = ask(model=model)
        error = stream(ChatCompletionsStrategy(chat), request).result().error
    assert error is not None
    assert (error.code, error.status) == (code, status)
    assert "127.0.0.1" not in str(error)


def test_a_server_that_is_not_there_is_no_connection() -> None:
    with openai.OpenAI(api_key="x", base_url="http://127.0.0.1:9/v1") as chat:
        strategy = ChatCompletionsStrategy(chat)
        request = ask()
        error = stream(strategy, request, limits=Limits(total=0.2)).result().error
    assert error is not None
    assert error.code == "connection"


def test_giving_up_on_a_silent_model_ends_the_call_at_the_server_and_the_thread(
    silent: LocalCortex,
) -> None:
    with client(silent) as chat:
        request = ask()
        waiting = stream(ChatCompletionsStrategy(chat), request, limits=Limits(idle=0.3))
        result = waiting.result()
        assert (result.status, result.text != "") == ("timeout", True)
        wait_for(lambda: silent.open_streams == 0)
        wait_for(lambda: "stream-pump" not in {thread.name for thread in threading.enumerate()})

"""ChatCompletionsStrategy: the real OpenAI client, against Local Cortex."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import openai
import pytest

from local_cortex import LocalCortex, Settings
from streaming import (
    ChatCompletionsStrategy,
    CompletionRequest,
    DirectStrategy,
    Limits,
    Message,
    stream,
)

PROMPT = "Explain quantum computing in simple terms."
MODEL = "llama3.1-8b"
# Generous: what is waited for takes hundredths of a second.
SECONDS = 10.0


def client(cortex: LocalCortex, key: str | None = None) -> openai.OpenAI:
    return openai.OpenAI(
        api_key=cortex.secret if key is None else key,
        base_url=f"{cortex.url}/api/v2/cortex/v1",
    )


@pytest.fixture(scope="module")
def cortex() -> Iterator[LocalCortex]:
    running = LocalCortex.start(settings=Settings(first_token=0, tokens_per_second=10_000))
    yield running
    running.close()


@pytest.fixture(scope="module")
def silent() -> Iterator[LocalCortex]:
    """A model that sends its first token and then says nothing for a minute."""
    running = LocalCortex.start(settings=Settings(first_token=0, tokens_per_second=1 / 60))
    yield running
    running.close()


def test_it_gives_the_same_text_as_the_direct_strategy(cortex: LocalCortex) -> None:
    request = CompletionRequest(model=MODEL, prompt=PROMPT)
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
    request = CompletionRequest(model=MODEL, messages=turns, max_tokens=5, temperature=0.5)
    with client(cortex) as chat:
        result = stream(ChatCompletionsStrategy(chat), request).result()
    assert 0 < len(result.text) < 60


@pytest.mark.parametrize(
    ("model", "key", "code", "status"),
    [("no-such-model", None, "bad_request", 400), (MODEL, "wrong", "unauthorised", 401)],
)
def test_a_refusal_has_a_code_and_a_status(
    cortex: LocalCortex, model: str, key: str | None, code: str, status: int
) -> None:
    with client(cortex, key) as chat:
        request = CompletionRequest(model=model, prompt=PROMPT)
        error = stream(ChatCompletionsStrategy(chat), request).result().error
    assert error is not None
    assert (error.code, error.status) == (code, status)
    assert "127.0.0.1" not in str(error)


def test_a_server_that_is_not_there_is_no_connection() -> None:
    with openai.OpenAI(api_key="x", base_url="http://127.0.0.1:9/v1") as chat:
        strategy = ChatCompletionsStrategy(chat)
        request = CompletionRequest(model=MODEL, prompt=PROMPT)
        error = stream(strategy, request, limits=Limits(total=0.2)).result().error
    assert error is not None
    assert error.code == "connection"


def test_giving_up_on_a_silent_model_ends_the_call_at_the_server_and_the_thread(
    silent: LocalCortex,
) -> None:
    with client(silent) as chat:
        request = CompletionRequest(model=MODEL, prompt=PROMPT)
        waiting = stream(ChatCompletionsStrategy(chat), request, limits=Limits(idle=0.3))
        result = waiting.result()
        assert (result.status, result.text != "") == ("timeout", True)
        deadline = time.monotonic() + SECONDS
        pause = threading.Event()
        while silent.open_streams or "stream-pump" in {
            thread.name for thread in threading.enumerate()
        }:
            assert time.monotonic() < deadline
            pause.wait(0.005)

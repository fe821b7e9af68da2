"""ChatCompletionsStrategy: the real OpenAI client, against Local Cortex."""

from __future__ import annotations

import json
import socket
import threading
from typing import Any

import httpx
import openai
import pytest

from local_cortex import LocalCortex
from streaming import (
    ChatCompletionsStrategy,
    CompletionRequest,
    DirectStrategy,
    Limits,
    Message,
    Pace,
    Retry,
    StreamResult,
    Thinking,
    ToolCall,
    Usage,
    stream,
)
from tests.streaming.asking import PROMPT, ask, wait_for
from tests.streaming.hostile import EVENTS, Play, answering, serving


def client(cortex: LocalCortex, key: str | None = None, **options: Any) -> openai.OpenAI:
    return openai.OpenAI(
        **options,
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


def test_a_client_of_httpx_may_leave_its_timeout_to_openai(cortex: LocalCortex) -> None:
    with client(cortex, http_client=httpx.Client()) as chat:
        assert stream(ChatCompletionsStrategy(chat), ask()).result().status == "complete"


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
        error = stream(strategy, request, retry=Retry(attempts=1)).result().error
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


def events(*chunks: object) -> Play:
    """Stream these chunks; a string is a line as it stands."""
    lines = [f"data: {chunk if isinstance(chunk, str) else json.dumps(chunk)}" for chunk in chunks]
    return answering(EVENTS, *(f"{line}\n\n".encode() for line in lines))


def delta(**fields: object) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": fields}]}


def ended(reason: str) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}


def asked(
    play: Play, request: CompletionRequest | None = None, **options: Any
) -> tuple[StreamResult, list[dict[str, Any]]]:
    """Ask a server that does this; return how it ended and what it was asked."""
    with serving(play) as server:
        strategy = ChatCompletionsStrategy(server.chat_client(), **options)
        once = Retry(attempts=1)
        result = stream(strategy, request or ask(), pace=Pace.off(), retry=once).result()
        return result, [json.loads(each) for each in server.requests]


WITHOUT_TEXT: list[object] = [
    {"choices": None},
    {"choices": []},
    {"choices": [None]},
    {"choices": {}},
    {},
    {"usage": {"total_tokens": 3}},
    {"choices": [{"delta": None, "finish_reason": None}]},
    {"choices": [{"index": 0, "finish_reason": ""}]},
    delta(content=None),
    delta(content=""),
    delta(content=[]),
    delta(content={"text": "no part"}),
    delta(role="assistant"),
    delta(reasoning="Let me think."),
    delta(reasoning_content="Let me think."),
    delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "Let me"}]}]),
    delta(tool_calls=[{"index": 0, "function": {"name": "f"}}]),
    "[]",
    "5",
    "null",
    '"text"',
]


def test_a_chunk_without_text_is_no_error_and_adds_none() -> None:
    for chunk in WITHOUT_TEXT:
        play = events(delta(content="one "), chunk, delta(content="two"), ended("stop"), "[DONE]")
        result, _ = asked(play)
        seen = (result.error, result.text, result.finish_reason)
        assert seen == (None, "one two", "stop"), chunk


@pytest.mark.parametrize(
    "content",
    [
        ["a ", "text"],
        [{"type": "text", "text": "a "}, {"type": "text", "text": "text"}],
        [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a text"}, None, 5],
    ],
)
def test_text_in_parts_is_joined(content: list[object]) -> None:
    result, _ = asked(events(delta(content=content), ended("stop")))
    assert (result.text, result.status) == ("a text", "complete")


def test_what_a_model_says_when_it_refuses_is_its_answer() -> None:
    result, _ = asked(events(delta(refusal="I cannot do that."), ended("stop")))
    assert result.text == "I cannot do that."


def test_an_empty_finish_reason_is_none() -> None:
    result, _ = asked(events(delta(content="text"), ended("")))
    assert (result.status, result.finish_reason) == ("unknown_end", None)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"object": "error", "message": "the engine died", "code": 500}, "service"),
        ({"error": {"message": "the engine died"}}, "service"),
        ({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}, "service"),
        ({"object": "error", "message": "maximum context length is 4096 tokens"}, "too_long"),
        ({"error": {"message": "all requests were throttled by remote service"}}, "rate_limited"),
        ({"code": "390112", "error_code": "390112", "message": "expired"}, "unauthorised"),
        ({"choices": [{"index": 0, "delta": {}, "finish_reason": "error"}]}, "service"),
    ],
)
def test_an_error_in_the_stream_fails_it_and_keeps_its_text(
    error: dict[str, object], code: str
) -> None:
    result, _ = asked(events(delta(content="half an "), error, delta(content="never")))
    assert result.error is not None
    assert (result.error.code, result.status, result.text) == (code, "failed", "half an ")


def test_the_halves_of_an_emoji_in_two_chunks_are_joined() -> None:
    result, _ = asked(events(delta(content="\ud83d"), delta(content="\ude00"), ended("stop")))
    assert result.text == "\N{GRINNING FACE}"


def test_reasoning_that_lasts_longer_than_the_first_chunk_limit_is_no_silence() -> None:
    wait = threading.Event()

    def think(connection: socket.socket, request: bytes) -> None:
        connection.sendall(EVENTS)
        for _ in range(12):
            connection.sendall(f"data: {json.dumps(delta(reasoning='hm'))}\n\n".encode())
            wait.wait(0.1)
        connection.sendall(f"data: {json.dumps(delta(content='At last.'))}\n\n".encode())

    with serving(think) as server:
        # A busy machine may take much longer than a thought for one.
        limits = Limits(first_chunk=1.0)
        answer = stream(server.strategy("chat"), ask(), limits=limits)
        thinking: list[bool] = []
        answer.on_idle = lambda: thinking.append(answer.thinking)
        result = answer.result()
    assert (result.text, result.error, any(thinking)) == ("At last.", None, True)


def test_a_page_instead_of_an_answer_is_no_answer() -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Log in</html>"
    result, _ = asked(answering(page))
    assert result.error is not None
    assert result.error.code == "bad_answer"


def call(index: int, arguments: str, **first: Any) -> dict[str, object]:
    """Return a piece of a tool call; ``first`` are its id and its name."""
    function = {"arguments": arguments} | {key: first[key] for key in first if key == "name"}
    begins = {key: first[key] for key in first if key == "id"}
    return {"index": index, "type": "function", "function": function, **begins}


def test_what_a_model_thinks_its_calls_and_its_tokens_are_events_beside_the_text() -> None:
    result, _ = asked(
        events(
            delta(reasoning="Rain"),
            delta(reasoning="?", reasoning_details=[{"type": "reasoning.text", "text": "?"}]),
            delta(content="I look."),
            delta(tool_calls=[call(0, "", id="a", name="weather")]),
            delta(tool_calls=[call(0, '{"ci')]),
            delta(tool_calls=[call(0, 'ty": "Seoul"}')]),
            ended("tool_calls"),
            {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5}},
            "[DONE]",
        )
    )
    asked_for = ToolCall("a", "weather", '{"city": "Seoul"}')
    assert result.parts == (Thinking("Rain?"), "I look.", asked_for, Usage(3, 5))
    assert (result.text, result.finish_reason) == ("I look.", "tool_calls")


@pytest.mark.parametrize(
    "pieces",
    [
        # As Cortex does it: both at index 0.
        [call(0, '{"x', id="a", name="f"), call(0, '": 1}'), call(0, "{}", id="b", name="g")],
        # Side by side.
        [
            *(call(0, "", id="a", name="f"), call(1, "{", id="b", name="g")),
            *(call(0, '{"x": 1}'), call(1, "}")),
        ],
        # With the id in each piece.
        [
            *(call(0, '{"x"', id="a", name="f"), call(0, ": 1}", id="a")),
            call(1, "{}", id="b", name="g"),
        ],
    ],
)
def test_two_calls_are_told_apart_by_their_ids(pieces: list[object]) -> None:
    result, _ = asked(events(*(delta(tool_calls=[piece]) for piece in pieces), ended("stop")))
    assert result.parts == (ToolCall("a", "f", '{"x": 1}'), ToolCall("b", "g", "{}"))


@pytest.mark.parametrize(
    "calls", [[None], ["f"], [{}], [{"index": [], "id": 5, "function": 5}], "f", 5, {"id": "a"}]
)
def test_calls_that_are_none_end_no_answer(calls: object) -> None:
    result, _ = asked(events(delta(tool_calls=calls), delta(content="text"), ended("stop")))
    assert (result.text, result.error) == ("text", None)


def test_options_and_the_turns_of_tools_reach_the_service() -> None:
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {}}}]
    turns = (
        Message(content="Rain?"),
        Message(role="assistant", tool_calls=(ToolCall("a", "weather", "{}"),)),
        Message(role="tool", tool_call_id="a", content="wet"),
    )
    request = CompletionRequest(model="m", messages=turns, temperature=0.5)
    play = events(delta(content="Yes."), ended("stop"))
    _, sent = asked(play, request, tools=tools, temperature=0.1, extra_body={"reasoning": {}})
    assert (sent[0]["tools"], sent[0]["reasoning"], sent[0]["temperature"]) == (tools, {}, 0.5)
    function = {"name": "weather", "arguments": "{}"}
    assert sent[0]["messages"][1:] == [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "a", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "a", "content": "wet"},
    ]


def test_an_option_that_the_request_has_is_refused_by_name() -> None:
    with (
        openai.OpenAI(api_key="x", base_url="http://127.0.0.1:9/v1") as chat,
        pytest.raises(ValueError, match="messages, stream: not an option"),
    ):
        ChatCompletionsStrategy(chat, stream=False, messages=[])


def test_the_tokens_are_the_services_count_where_it_is_asked_for_one(cortex: LocalCortex) -> None:
    with client(cortex) as chat:
        counted = stream(ChatCompletionsStrategy(chat, usage=True), ask()).result().usage
        assert counted is not None
        assert counted.prompt_tokens > 0
        assert counted.completion_tokens > 0
        assert stream(ChatCompletionsStrategy(chat), ask()).result().usage is None

"""Cortex's REST endpoints, through the real clients and by hand."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import httpx
import openai
import pytest
from snowflake.cortex import Complete
from snowflake.snowpark import Session

from local_cortex import LocalCortex, models
from local_cortex.engines import Call, End, EngineError, Message, Thinking, Usage
from local_cortex.routes import fields
from local_cortex.routes.web import MAX_BODY_BYTES
from tests.local_cortex.cortex_engines import END, PATIENCE, Playing, eventually
from tests.local_cortex.wire import Wire

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
COMPLETE = "/api/v2/cortex/inference:complete"
CHAT = "/api/v2/cortex/v1/chat/completions"
EMBED = "/api/v2/cortex/inference:embed"
MODELS = "/api/v2/cortex/models"
MODEL = "llama3.1-8b"
RETIRED = next(model for model in models.MODELS if model.retired_on(date(2026, 11, 1)))
USER: list[Any] = [{"role": "user", "content": "Explain quantum computing in simple terms."}]
KOREAN = "양자 컴퓨팅을 쉽게 설명해 주세요."
Start = Callable[..., LocalCortex]
Http = Callable[..., httpx.Client]


def chat_client(server: LocalCortex, key: str | None = None) -> openai.OpenAI:
    """Make an OpenAI client as the documentation of Cortex does."""
    return openai.OpenAI(
        api_key=server.secret if key is None else key,
        base_url=f"{server.url}/api/v2/cortex/v1",
        max_retries=0,
        timeout=PATIENCE,
    )


@pytest.fixture
def chat(cortex: LocalCortex) -> Iterator[openai.OpenAI]:
    with chat_client(cortex) as client:
        yield client


def body(**more: Any) -> dict[str, Any]:
    return {"model": MODEL, "messages": USER, **more}


def events(answer: httpx.Response) -> list[str]:
    """Return the data of each server-sent event."""
    assert answer.headers["content-type"] == "text/event-stream"
    *blocks, rest = answer.text.split("\n\n")
    assert rest == ""
    assert all(block.startswith("data: ") for block in blocks)
    return [block.removeprefix("data: ") for block in blocks]


# --- snowflake.cortex


@pytest.mark.parametrize("prompt", [USER[0]["content"], KOREAN])
def test_complete_streams_what_it_otherwise_answers_whole(session: Session, prompt: str) -> None:
    pieces = list(Complete(MODEL, prompt, session=session, stream=True))
    assert len(pieces) > 20
    assert all(pieces)
    whole = Complete(MODEL, prompt, session=session)
    assert whole == "".join(pieces)


def test_complete_sends_a_conversation_and_its_options_to_the_engine(start: Start) -> None:
    engine = Playing("안녕", END)
    session = start(engine=engine).session()
    conversation = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi \U0001f468‍\U0001f469‍\U0001f467‍\U0001f466"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "And?"},
    ]
    options = {"max_tokens": 7, "temperature": 0.25, "top_p": 0.5, "guardrails": True}
    answer = Complete(MODEL, conversation, options=options, session=session)
    session.close()
    assert answer == "안녕"
    assert engine.calls == [
        Call(
            model=MODEL,
            messages=tuple(Message(each["role"], each["content"]) for each in conversation),
            max_tokens=7,
            temperature=0.25,
            top_p=0.5,
        )
    ]


def test_the_events_of_a_completion_are_those_that_the_client_accepts(rest: httpx.Client) -> None:
    answer = rest.post(COMPLETE, json=body(max_tokens=3))
    assert answer.status_code == 200
    *deltas, last = [json.loads(data) for data in events(answer)]
    assert len(deltas) == 3, "and no [DONE], which the client would fail to read"
    for event in deltas:
        (choice,) = event["choices"]
        assert choice["delta"]["type"] == "text"
        assert choice["delta"]["content"] == choice["delta"]["text"] != ""
    assert last["choices"] == []
    usage = last["usage"]
    assert usage["completion_tokens"] == 3
    assert usage["total_tokens"] == usage["prompt_tokens"] + 3
    assert len({event["id"] for event in [*deltas, last]}) == 1
    assert {event["model"] for event in [*deltas, last]} == {MODEL}


def test_a_completion_can_be_had_whole(rest: httpx.Client) -> None:
    answer = rest.post(COMPLETE, json=body(stream=False, max_tokens=3)).json()
    streamed = events(rest.post(COMPLETE, json=body(max_tokens=3)))
    text = "".join(json.loads(data)["choices"][0]["delta"]["content"] for data in streamed[:-1])
    assert answer["choices"] == [{"message": {"content": text}}]
    assert answer["usage"]["completion_tokens"] == 3


def test_the_deprecated_name_of_the_limit_still_counts(rest: httpx.Client) -> None:
    answer = rest.post(COMPLETE, json=body(stream=False, max_output_tokens=2)).json()
    assert answer["usage"]["completion_tokens"] == 2


# --- the OpenAI client


def test_the_openai_client_gets_an_answer_whole(chat: openai.OpenAI) -> None:
    answer = chat.chat.completions.create(model=MODEL, messages=USER)
    (choice,) = answer.choices
    assert choice.message.role == "assistant"
    assert choice.message.content
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.id.startswith("chatcmpl-")
    assert answer.model == MODEL


def test_the_openai_client_streams_the_same_answer(chat: openai.OpenAI) -> None:
    whole = chat.chat.completions.create(model=MODEL, messages=USER)
    chunks = list(chat.chat.completions.create(model=MODEL, messages=USER, stream=True))
    assert all(len(chunk.choices) == 1 for chunk in chunks)
    assert all(chunk.usage is None for chunk in chunks)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == whole.choices[0].message.content
    assert [chunk.choices[0].finish_reason for chunk in chunks[-2:]] == [None, "stop"]
    assert len({chunk.id for chunk in chunks}) == 1


def test_the_usage_comes_last_and_without_choices_when_it_is_asked_for(
    chat: openai.OpenAI,
) -> None:
    asked = {"model": MODEL, "messages": USER, "max_completion_tokens": 5}
    whole = chat.chat.completions.create(**asked)  # type: ignore[call-overload]
    *chunks, last = list(
        chat.chat.completions.create(
            **asked,  # type: ignore[call-overload]
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert last.choices == []
    assert last.usage == whole.usage
    assert last.usage.completion_tokens == 5
    assert len(chunks) == 6, "five deltas and the end"
    assert all(chunk.usage is None for chunk in chunks)


@pytest.mark.parametrize(
    ("model", "cut", "whole"),
    [
        ("openai-gpt-5-mini", "length", "stop"),
        ("OpenAI-GPT-5-mini", "length", "stop"),
        ("claude-sonnet-4-5", None, None),
        ("CLAUDE-SONNET-4-5", None, None),
        (MODEL, "stop", "stop"),
    ],
)
def test_why_an_answer_ended_is_only_said_by_the_models_that_say_it(
    rest: httpx.Client, model: str, cut: str | None, whole: str | None
) -> None:
    for limit, reason in ((2, cut), (4000, whole)):
        asked = body(model=model, max_completion_tokens=limit)
        answer = rest.post(CHAT, json=asked).json()
        assert answer["choices"][0]["finish_reason"] == reason
        streamed = events(rest.post(CHAT, json={**asked, "stream": True}))
        assert json.loads(streamed[-2])["choices"][0]["finish_reason"] == reason


@pytest.mark.parametrize(
    ("model", "role", "details"),
    [
        ("openai-gpt-5-mini", "assistant", {"cached_tokens", "reasoning_tokens"}),
        ("claude-haiku-4-5", None, {"cached_tokens"}),
        (MODEL, None, set()),
    ],
)
def test_only_openais_models_name_the_role_and_each_family_has_its_own_details_of_usage(
    rest: httpx.Client, model: str, role: str | None, details: set[str]
) -> None:
    asked = body(model=model, stream=True, stream_options={"include_usage": True})
    first, *_, last, done = events(rest.post(CHAT, json=asked))
    assert json.loads(first)["choices"][0]["delta"].get("role") == role
    usage = json.loads(last)["usage"]
    found = (usage[name] for name in usage if name.endswith("_details"))
    assert {name for each in found for name in each} == details
    assert done == "[DONE]"


# --- both


def test_the_models_on_offer_are_listed(rest: httpx.Client) -> None:
    names = rest.get(MODELS).json()["models"]
    assert MODEL in names
    assert RETIRED.name not in names


@pytest.mark.parametrize("path", [COMPLETE, CHAT, EMBED, MODELS])
def test_nobody_unknown_is_answered(cortex: LocalCortex, http: Http, path: str) -> None:
    method = "GET" if path == MODELS else "POST"
    for authorization in ("", "Bearer", "Bearer x", 'Snowflake Token="x"', "Basic eDp5"):
        client = http(cortex, authorization)
        answer = client.request(method, path, content=b"not even JSON")
        assert (answer.status_code, answer.json()["code"]) == (401, "390104"), authorization
        assert answer.headers["x-snowflake-request-id"] == answer.json()["request_id"]


@pytest.mark.parametrize("form", ['Snowflake Token="{}"', "Bearer {}"])
def test_a_session_token_is_accepted_until_it_expires(
    cortex: LocalCortex, http: Http, form: str
) -> None:
    wire = Wire(http(cortex, ""), cortex)
    client = http(cortex, form.format(wire.token))
    assert client.get(MODELS).status_code == 200
    cortex.expire_sessions()
    expired = client.get(MODELS)
    assert (expired.status_code, expired.json()["code"]) == (200, "390112")


NO_OBJECTS = [
    (b"", "Missing required field: model"),
    (b"{", "the body is not JSON"),
    (b"\x00", "the body is not JSON"),
    (b"\x00" * 64, "the body is not JSON"),
    (b'{"model": "\xff"}', "the body is not JSON"),
    (b"[" * 100_000, "the body is not JSON"),
    (b"9" * 5000, "the body is not JSON"),
    (b"[]", "the body is not a JSON object"),
    (b'"text"', "the body is not a JSON object"),
    (b"null", "the body is not a JSON object"),
]


@pytest.mark.parametrize("path", [COMPLETE, CHAT])
def test_a_body_that_is_no_json_object_is_refused(rest: httpx.Client, path: str) -> None:
    for sent, message in NO_OBJECTS:
        answer = rest.post(path, content=sent)
        seen = (answer.status_code, answer.json()["message"])
        assert seen == (400, message), sent[:40]


WRONG_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"model": None}, "Missing required field: model"),
    ({"model": ""}, "Missing required field: model"),
    ({"model": ["llama"]}, "Missing required field: model"),
    ({"model": "\ud83d"}, "unknown model"),
    ({"messages": None}, "Missing required field: messages"),
    ({"messages": "hi"}, "Missing required field: messages"),
    ({"messages": {}}, "Missing required field: messages"),
    ({"messages": []}, "messages must not be empty"),
    ({"messages": ["hi"]}, "a message must be an object"),
    ({"messages": [None]}, "a message must be an object"),
    ({"messages": [{"role": "user"}]}, "message content must be text"),
    ({"messages": [{"content": None}]}, "message content must be text"),
    ({"messages": [{"content": {"text": "hi"}}]}, "message content must be text"),
    ({"messages": [{"content": []}]}, "message content must not be empty"),
    ({"messages": [{"content": [{"type": "image"}]}]}, "text only"),
    ({"messages": [{"role": ["user"], "content": "hi"}]}, "role must be text"),
    ({"messages": [{"role": None, "content": "hi"}]}, "role must be text"),
    ({"messages": [{"role": "\ud83d", "content": "hi"}]}, "unknown role"),
    ({"temperature": "hot"}, "temperature must be a number"),
    ({"temperature": True}, "temperature must be a number"),
    ({"temperature": float("nan")}, "temperature must be from 0 to"),
    ({"top_p": [1]}, "top_p must be a number"),
    ({"top_p": 10**400}, "top_p must be from 0 to 1"),
    ({"stream": "yes"}, "stream must be true or false"),
    ({"stream": 1}, "stream must be true or false"),
]


@pytest.mark.parametrize("path", [COMPLETE, CHAT])
def test_a_field_of_the_wrong_type_is_refused_and_named(rest: httpx.Client, path: str) -> None:
    for wrong, words in WRONG_FIELDS:
        answer = rest.post(path, content=json.dumps(body(**wrong)))
        assert answer.status_code == 400, wrong
        assert words in answer.json()["message"], wrong


@pytest.mark.parametrize(
    ("path", "limit"), [(COMPLETE, "max_tokens"), (CHAT, "max_completion_tokens")]
)
def test_a_limit_that_is_no_number_of_tokens_is_refused(
    rest: httpx.Client, path: str, limit: str
) -> None:
    for value in ("5", 1.5, True, [5], float("inf"), float("nan"), 0, -1, 10**400):
        answer = rest.post(path, content=json.dumps(body(**{limit: value})))
        assert answer.status_code == 400, value
        assert "max" in answer.json()["message"], value


def test_what_a_model_thinks_reaches_the_client_as_no_text(start: Start) -> None:
    session = start(engine=Playing(Thinking("hm"), "yes", END)).session()
    assert list(Complete(MODEL, KOREAN, session=session, stream=True)) == ["", "yes"]
    assert Complete(MODEL, KOREAN, session=session) == "yes"
    session.close()


def test_content_in_parts_is_joined_and_text_that_no_encoding_has_survives(
    start: Start, http: Http
) -> None:
    engine = Playing("half \ud83d\u2028\x85", END)
    client = http(start(engine=engine))
    parts = [{"type": "text", "text": "a\x00"}, {"type": "text", "text": "\ud83d"}]
    sent = json.dumps(body(messages=[{"role": "user", "content": parts}]))
    answer = client.post(COMPLETE, content=sent)
    assert engine.calls[0].messages == (Message("user", "a\x00\ud83d"),)
    first = json.loads(events(answer)[0])
    assert first["choices"][0]["delta"]["content"] == "half \ud83d\u2028\x85"
    whole = client.post(COMPLETE, content=sent.replace('"model"', '"stream": false, "model"'))
    assert whole.json()["choices"][0]["message"]["content"] == "half \ud83d\u2028\x85"


@pytest.mark.parametrize(
    ("path", "limit"), [(COMPLETE, MAX_BODY_BYTES), (CHAT, fields.MAX_BODY_BYTES)]
)
def test_a_body_larger_than_the_limit_is_413(rest: httpx.Client, path: str, limit: int) -> None:
    answer = rest.post(path, content=b" " * (limit + 1))
    assert answer.status_code == 413
    assert rest.post(path, content=b" " * limit).status_code == 400


@pytest.mark.parametrize("path", [COMPLETE, CHAT, "/api/v2/cortex/agent:run"])
@pytest.mark.parametrize("unit", ["[],", "1,", '{"a":1},'])
def test_a_body_of_too_many_values_is_413(rest: httpx.Client, path: str, unit: str) -> None:
    # Python would read these for a second, with every other answer waiting.
    answer = rest.post(path, content=f'{{"messages":[{unit * 300_000}1]}}')
    assert answer.status_code == 413
    assert "250,000 values" in answer.json()["message"]


def test_a_conversation_of_too_many_messages_is_refused(rest: httpx.Client) -> None:
    messages = [{"role": "user", "content": "a"}] * 10_001
    answer = rest.post(CHAT, json={"model": "llama3.1-8b", "messages": messages})
    assert answer.status_code == 400
    assert "messages has more than 10,000 entries" in answer.json()["message"]


def test_a_method_that_is_not_served_is_405_in_the_rest_envelope(rest: httpx.Client) -> None:
    answer = rest.get(CHAT)
    assert answer.status_code == 405
    assert "Method Not Allowed" in answer.json()["message"]
    assert answer.headers["allow"] == "POST"


# --- engines that fail, and clients that leave


FAILURES: list[tuple[list[Any], int, str]] = [
    ([EngineError(402, "budget exceeded")], 402, "budget exceeded"),
    ([ValueError("a prompt")], 500, "the playing engine failed (ValueError)"),
    ([], 500, "the playing engine ended before its answer did"),
]


def test_an_error_before_the_first_delta_is_an_http_status(start: Start, http: Http) -> None:
    engine = Playing()
    server = start(engine=engine)
    client = http(server)
    for parts, status, message in FAILURES:
        engine.parts = tuple(parts)
        for path in (COMPLETE, CHAT):
            for stream in (True, False):
                answer = client.post(path, json=body(stream=stream))
                assert (answer.status_code, answer.json()["message"]) == (status, message)
                assert server.open_streams == 0


def test_an_error_in_the_middle_is_the_last_event(start: Start, http: Http) -> None:
    engine = Playing()
    server = start(engine=engine)
    client = http(server)
    for parts, status, message in FAILURES:
        engine.parts = ("half", *parts)
        for path in (COMPLETE, CHAT):
            answer = client.post(path, json=body(stream=True))
            assert answer.status_code == 200
            first, last = events(answer)
            assert json.loads(first)["choices"][0]["delta"]["content"] == "half"
            assert json.loads(last) == {"error": {"code": str(status), "message": message}}
            assert eventually(lambda: server.open_streams == 0)


def test_the_clients_raise_for_an_error_in_the_middle_after_the_text_before_it(
    start: Start,
) -> None:
    server = start(engine=Playing("half", EngineError(500, "worker died")))
    session = server.session()
    stream = iter(Complete(MODEL, "hi", session=session, stream=True))
    assert next(stream) == "half"
    with pytest.raises(Exception, match="worker died") as failed:
        next(stream)
    assert type(failed.value).__name__ == "MidStreamException"
    session.close()
    with chat_client(server) as client:
        chunks = client.chat.completions.create(model=MODEL, messages=USER, stream=True)
        assert next(chunks).choices[0].delta.content == "half"
        with pytest.raises(openai.APIError, match="worker died"):
            next(chunks)


def test_an_empty_answer_is_no_error(start: Start, http: Http) -> None:
    client = http(start(engine=Playing(End("stop", Usage(3, 0)))))
    (only,) = events(client.post(COMPLETE, json=body()))
    assert json.loads(only)["usage"]["total_tokens"] == 3
    assert client.post(CHAT, json=body()).json()["choices"][0]["message"]["content"] == ""


@pytest.mark.parametrize("path", [COMPLETE, CHAT])
def test_a_client_that_leaves_in_the_middle_stops_the_engine(
    start: Start, http: Http, path: str
) -> None:
    engine = Playing("some text", None)
    server = start(engine=engine)
    with http(server).stream("POST", path, json=body(stream=True)) as answer:
        text = answer.iter_text()
        assert next(text)
        assert server.open_streams == 1
    assert engine.stopped.wait(PATIENCE)
    assert eventually(lambda: server.open_streams == 0)


@pytest.mark.parametrize(("path", "stream"), [(COMPLETE, True), (CHAT, False)])
def test_a_client_that_leaves_before_the_first_token_stops_the_engine(
    start: Start, http: Http, path: str, stream: bool
) -> None:
    engine = Playing(None)
    server = start(engine=engine)
    client = http(server)
    with pytest.raises(httpx.ReadTimeout):
        client.post(path, json=body(stream=stream), timeout=httpx.Timeout(PATIENCE, read=0.1))
    assert engine.stopped.wait(PATIENCE)
    assert eventually(lambda: server.open_streams == 0)


def test_closing_the_generator_of_complete_stops_the_engine(start: Start) -> None:
    engine = Playing("some text", None)
    server = start(engine=engine)
    session = server.session()
    stream = Complete(MODEL, "hi", session=session, stream=True)
    next(iter(stream))
    assert server.open_streams == 1
    del stream
    assert engine.stopped.wait(PATIENCE)
    assert eventually(lambda: server.open_streams == 0)
    session.close()


def test_a_client_that_reads_slowly_slows_the_engine_down(start: Start, http: Http) -> None:
    engine = Playing(*["x" * 65_536] * 4_000, END)
    server = start(engine=engine)
    with http(server).stream("POST", COMPLETE, json=body()) as answer:
        text = answer.iter_raw()
        assert next(text)
        assert not engine.stopped.wait(0.2), "a quarter of a gigabyte would be in memory"
        assert server.open_streams == 1
    assert engine.stopped.wait(PATIENCE)


def test_a_client_that_leaves_is_not_reported_as_a_fault(
    start: Start, http: Http, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Playing("text", None)
    server = start(engine=engine)
    with http(server).stream("POST", COMPLETE, json=body()) as answer:
        text = answer.iter_text()
        assert next(text)
    assert engine.stopped.wait(PATIENCE)
    silent = start(engine=Playing(None))
    with pytest.raises(httpx.ReadTimeout):
        http(silent).post(COMPLETE, json=body(), timeout=httpx.Timeout(PATIENCE, read=0.1))
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as line:
        head = f"POST {COMPLETE} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99\r\n"
        line.sendall(f"{head}authorization: Bearer {server.secret}\r\n\r\nhalf".encode())
    for each in (server, silent):
        assert http(each).get(MODELS).status_code == 200
        assert eventually(lambda each=each: each.open_streams == 0)  # type: ignore[misc]
        each.close()
    assert caplog.text == ""

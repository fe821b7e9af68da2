"""The relay engine against a second server, in a process of its own."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from local_cortex import tokens
from local_cortex.engines import (
    Call,
    Delta,
    End,
    EngineError,
    Image,
    Message,
    Thinking,
    Tool,
    ToolCall,
    ToolPiece,
    Usage,
)
from local_cortex.engines import relay as module
from local_cortex.engines.relay import RelayEngine
from local_cortex.environment import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_cortex import LocalCortex

KEY = "sk-not-a-real-key"


def call(model: str, **more: Any) -> Call:
    messages = (Message("system", "Be brief."), Message("user", "Say hello."))
    return Call(**{"model": model, "messages": messages, "max_tokens": 100, **more})


async def collect(engine: RelayEngine, asked: Call) -> tuple[str, End]:
    text: list[str] = []
    end = None
    async for event in engine.stream(asked):
        assert end is None, "nothing may follow the end"
        if isinstance(event, Delta):
            assert event.text, "a delta is never empty"
            text.append(event.text)
        elif isinstance(event, End):
            end = event
    assert end is not None
    return "".join(text), end


def ask(server: str, model: str, **more: Any) -> tuple[str, End]:
    return asyncio.run(collect(RelayEngine(f"{server}/v1"), call(model, **more)))


def refusal(server: str, model: str, engine: RelayEngine | None = None) -> tuple[str, EngineError]:
    """Ask for an answer that fails; give the text before the failure, and the failure."""
    text: list[str] = []

    async def run() -> None:
        async for event in (engine or RelayEngine(f"{server}/v1")).stream(call(model)):
            assert not isinstance(event, End), "a failed answer has no end"
            if isinstance(event, Delta):
                text.append(event.text)

    with pytest.raises(EngineError) as caught:
        asyncio.run(run())
    return "".join(text), caught.value


def requests(server: str) -> list[dict[str, Any]]:
    with httpx.Client(trust_env=False) as client:
        seen: list[dict[str, Any]] = client.get(f"{server}/seen").json()
    return seen


def last_request(server: str) -> dict[str, Any]:
    return requests(server)[-1]


# Streams as servers send them


def test_text_and_the_servers_usage_come_through(server: str) -> None:
    assert ask(server, "plain") == ("안녕 👋", End("stop", Usage(7, 2)))


@pytest.mark.parametrize(
    "wire",
    [
        *("no-space", "crlf", "pings", "odd-chunks", "no-done", "done-only"),
        *("parts", "empty-finish", "empty-finish-done", "reasoning"),
    ],
)
def test_a_whole_answer_is_read_whatever_surrounds_its_text(server: str, wire: str) -> None:
    text, end = ask(server, wire)
    assert text == "안녕 👋"
    assert end.finish_reason == "stop"


def test_usage_is_estimated_when_the_server_gives_none(server: str) -> None:
    _, end = ask(server, "crlf")
    prompt = tokens.count("Be brief.") + tokens.count("Say hello.")
    assert end.usage == Usage(prompt, tokens.count("안녕 👋"))


def test_an_answer_cut_at_its_limit_says_length(server: str) -> None:
    text, end = ask(server, "length")
    assert (text, end.finish_reason) == ("cut", "length")


def test_text_in_the_event_that_also_ends_the_answer_is_kept(server: str) -> None:
    assert ask(server, "finish-with-text")[0] == "all"


def test_an_empty_answer_is_an_end_without_deltas(server: str) -> None:
    assert ask(server, "nothing")[0] == ""


def test_half_a_surrogate_pair_is_replaced_by_something_that_can_be_encoded(server: str) -> None:
    assert ask(server, "lone-surrogate")[0] == "ok \ufffd"


@pytest.mark.parametrize(
    ("wire", "whole"),
    [
        ("torn-emoji", "a😀b"),
        ("torn-around-others", "😀"),
        ("unpaired-halves", "\ufffda\ufffd\ufffd"),
    ],
)
def test_halves_of_a_character_in_two_events_are_joined(server: str, wire: str, whole: str) -> None:
    assert ask(server, wire)[0] == whole


def test_what_a_model_thinks_is_passed_on_as_no_text(server: str) -> None:
    async def run() -> list[object]:
        return [event async for event in RelayEngine(f"{server}/v1").stream(call("reasoning"))]

    events = asyncio.run(run())
    assert events[1:4] == [Thinking("let me "), Thinking("think"), Delta("안녕 👋")]


@pytest.mark.parametrize(
    ("model", "pieces", "reason"),
    [
        (
            "tools",
            [
                ToolPiece(0, '{"a"', "c1", "f"),
                ToolPiece(0, ": 1}"),
                ToolPiece(1, "{}", "c2", "g"),
            ],
            "tool_calls",
        ),
        (
            "odd-tools",
            [
                ToolPiece(0, "{}", "call_0", "f"),
                ToolPiece(1, "{", "c", "g"),
                ToolPiece(1, "}"),
            ],
            "stop",
        ),
    ],
)
def test_a_models_calls_come_through_in_their_pieces(
    server: str, model: str, pieces: list[ToolPiece], reason: str
) -> None:
    async def run() -> list[object]:
        return [event async for event in RelayEngine(f"{server}/v1").stream(call(model))]

    _, *found, end = asyncio.run(run())
    assert found == pieces
    assert isinstance(end, End)
    assert end.finish_reason == reason


# What is sent


def test_tools_a_schema_pictures_and_results_are_handed_on(server: str) -> None:
    schema = {"type": "object"}
    tool = Tool("f", "Does it", schema)
    messages = (
        Message("user", "Look", images=(Image("image/png", "AAAA"),)),
        Message("assistant", "", calls=(ToolCall("c", "f", "{}"),)),
        Message("tool", "3", call_id="c"),
    )
    more = {"messages": messages, "tools": (tool,), "tool_choice": tool, "schema": schema}
    ask(server, "plain", **more, thinking_tokens=2_000)
    sent = last_request(server)["body"]
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    function = {"name": "f", "arguments": "{}"}
    assert sent["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "Look"}, picture]},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "c", "type": "function", "function": function}],
        },
        {"role": "tool", "content": "3", "tool_call_id": "c"},
    ]
    described = {"name": "f", "description": "Does it", "parameters": schema}
    assert sent["tools"] == [{"type": "function", "function": described}]
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "f"}}
    assert sent["response_format"]["json_schema"] == {"name": "answer", "schema": schema}
    assert sent["reasoning_effort"] == "medium"


def test_what_only_a_model_heeds_is_handed_on_as_the_client_sent_it(
    server: str, start: Callable[..., LocalCortex], http: Callable[..., httpx.Client]
) -> None:
    rest = http(start(engine=RelayEngine(f"{server}/v1", {"*": "plain"})))
    asked = [{"role": "user", "content": "JSON, please"}]
    tools = [{"type": "function", "function": {"name": "f", "strict": True, "parameters": {}}}]
    openai = {
        "response_format": {"type": "json_object"},
        "presence_penalty": 0.5,
        "frequency_penalty": -0.5,
        "logit_bias": {"9": 1},
        "seed": 3,
        "verbosity": "low",
        "user": "u",
        "prompt_cache_key": "k",
        "parallel_tool_calls": False,
        "tools": tools,
        "tool_choice": "none",
        "reasoning_effort": "none",
    }
    claude = {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "mine", "strict": True, "schema": {"type": "object"}},
        }
    }
    for model, more, not_sent in (
        ("openai-gpt-5-mini", {**openai, "stop": ["x"]}, set()),
        ("claude-haiku-4-5", claude, {"stop", "seed"}),
        ("llama3.1-8b", {}, {"stop", "seed", "response_format"}),
    ):
        ignored = dict.fromkeys(not_sent, 3 if "stop" in not_sent else None)
        body = {"model": model, "messages": asked, **ignored, **more}
        answer = rest.post("/api/v2/cortex/v1/chat/completions", json=body)
        assert answer.status_code == 200, answer.text
        sent = last_request(server)["body"]
        assert {name: sent.get(name) for name in more} == more
        assert not not_sent & sent.keys()
    body = {"model": "claude-haiku-4-5", "messages": asked, "max_tokens": 9, "top_k": 5}
    version = {"anthropic-version": "2023-06-01"}
    path = "/api/v2/cortex/v1/messages"
    assert rest.post(path, json={**body, "stop_sequences": ["x"]}, headers=version).status_code
    sent = last_request(server)["body"]
    assert (sent["top_k"], sent["stop"]) == (5, ["x"])


def test_what_json_cannot_carry_is_refused_and_half_a_character_is_carried(server: str) -> None:
    with pytest.raises(EngineError, match="number or a nesting") as refused:
        ask(server, "plain", options={"seed": float("inf")})
    assert refused.value.status == 400
    ask(server, "plain", options={"user": "\ud800"})
    assert last_request(server)["body"]["user"] == "\ud800"


def test_the_call_is_sent_with_its_limits_and_asks_for_usage(server: str) -> None:
    ask(server, "plain", max_tokens=12, temperature=0.5, top_p=0.25)
    assert last_request(server)["body"] == {
        "model": "plain",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Say hello."},
        ],
        "max_tokens": 12,
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "top_p": 0.25,
    }


def test_what_the_client_did_not_set_is_not_sent(server: str) -> None:
    ask(server, "plain")
    assert not {"temperature", "top_p"} & set(last_request(server)["body"])
    assert last_request(server)["authorization"] is None


@pytest.mark.parametrize(
    ("model", "without", "instead"),
    [
        ("no-max-tokens", {"max_tokens"}, {"max_completion_tokens"}),
        ("no-limit", {"max_tokens", "max_completion_tokens"}, set()),
        ("no-stream-options", {"stream_options"}, set()),
        ("no-temperature", {"temperature"}, set()),
        (
            "nothing-at-all",
            {"max_tokens", "stream_options", "temperature", "top_p"},
            {"max_completion_tokens"},
        ),
    ],
)
def test_a_field_that_a_server_refuses_is_left_out_and_never_sent_to_it_again(
    server: str, model: str, without: set[str], instead: set[str]
) -> None:
    engine = RelayEngine(f"{server}/v1")
    asked = call(model, temperature=0.5, top_p=0.25)
    everything = {"max_tokens", "stream_options", "temperature", "top_p"}
    for tries in (1 + len(without), 1):
        before = requests(server)
        assert asyncio.run(collect(engine, asked))[0] == "안녕 👋"
        sent = [each["body"] for each in requests(server)[len(before) :]]
        assert len(sent) == tries
        left = sent[-1].keys() - {"model", "messages", "stream"}
        assert left == everything - without | instead


def test_a_prompt_that_is_too_long_is_not_taken_for_a_refused_field(server: str) -> None:
    before = requests(server)
    refusal(server, "context-openai")
    assert len(requests(server)) == len(before) + 1


def test_the_key_is_sent_as_a_bearer_token(server: str) -> None:
    asyncio.run(collect(RelayEngine(f"{server}/v1", api_key=KEY), call("plain")))
    assert last_request(server)["authorization"] == f"Bearer {KEY}"


def test_half_a_surrogate_pair_in_a_prompt_is_sent_as_a_replacement(server: str) -> None:
    ask(server, "plain", messages=(Message("user", "hi \ud83d"),))
    assert last_request(server)["body"]["messages"][0]["content"] == "hi \ufffd"


def test_a_mapped_model_is_asked_for_under_its_other_name(server: str) -> None:
    engine = RelayEngine.from_environment(
        {"COURSE_RELAY_URL": f"{server}/v1", "COURSE_RELAY_MODELS": "llama3.1-8b=plain,*=length"}
    )
    assert asyncio.run(collect(engine, call("LLAMA3.1-8B")))[0] == "안녕 👋"
    assert asyncio.run(collect(engine, call("mistral-7b")))[0] == "cut"


def test_a_proxy_in_the_environment_does_not_come_between_loopback_and_us(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert ask(server, "plain")[0] == "안녕 👋"


# Failures


@pytest.mark.parametrize(
    ("wire", "before", "said"),
    [
        ("early-end", "안녕 👋", "ended the stream early"),
        ("error-mid-stream", "안녕 👋", "out of memory"),
        ("error-event", "half", "worker died"),
        ("error-object", "half", "broke off: no memory"),
        ("error-typed", "half", "broke off: no memory"),
        ("error-string", "half", "broke off: no memory"),
        ("error-choice", "half", "broke off"),
        ("error-address", "", "broke off: see [address] now"),
        ("deep", "half", "not JSON"),
        ("not-json", "half", "not JSON"),
        ("not-an-object", "", "not a completion"),
        ("cut", "half", "broke the connection off"),
    ],
)
def test_a_failure_in_the_stream_comes_after_the_text_so_far(
    server: str, wire: str, before: str, said: str
) -> None:
    text, error = refusal(server, wire)
    assert text == before
    assert error.status == 502
    assert said in str(error)


@pytest.mark.parametrize(
    ("model", "status", "said"),
    [
        (
            "no-such-model",
            400,
            'answered 404: model "no-such-model" not found; set COURSE_RELAY_MODELS',
        ),
        ("busy", 429, "too many requests: the relay target answered 429"),
        (
            "context-openai",
            400,
            "max tokens of count exceeded: the relay target answered 400",
        ),
        ("context-llama", 400, "max tokens of count exceeded: the relay target answered 500: the"),
        ("unknown-ollama", 400, 'unknown model "unknown-ollama": the relay target answered 404'),
        ("unknown-vllm", 400, 'unknown model "unknown-vllm": the relay target answered 404: The'),
        ("error-with-200", 502, "the worker has died"),
        ("vllm-error-with-200", 502, "the engine has died"),
        ("used-up", 502, "answered 429: You exceeded your current quota"),
        ("loading", 503, "answered 503: Loading model"),
        ("broken", 502, "answered 500: Internal Server Error"),
        ("unstreamed", 502, "application/json instead of a stream"),
    ],
)
def test_a_refusal_is_passed_on_with_the_servers_own_words(
    server: str, model: str, status: int, said: str
) -> None:
    text, error = refusal(server, model)
    assert (text, error.status) == ("", status)
    assert said in str(error)


def test_a_refusal_of_great_length_is_shortened(server: str) -> None:
    _, error = refusal(server, "wordy")
    assert 300 < len(str(error)) < 500


@pytest.mark.parametrize("model", ["key-echo", "key-echo-mid-stream"])
def test_a_key_that_the_server_repeats_is_not_shown(server: str, model: str) -> None:
    _, error = refusal(server, model, RelayEngine(f"{server}/v1", api_key=KEY))
    assert KEY not in str(error)
    assert "Bearer [key]" in str(error)
    assert error.__cause__ is None


def test_a_refused_key_is_the_relays_fault_not_the_callers(server: str) -> None:
    _, error = refusal(server, "key-echo")
    assert error.status == 502
    assert "set COURSE_RELAY_API_KEY" in str(error)


def test_a_wrong_path_is_told_with_the_setting_to_check(server: str) -> None:
    _, error = refusal(server, "plain", RelayEngine(server))
    assert error.status == 400
    assert "check that COURSE_RELAY_URL ends as it should" in str(error)


def test_a_server_that_is_not_there_is_told_with_the_way_out() -> None:
    _, error = refusal("http://127.0.0.1:1", "plain")
    assert error.status == 502
    assert "127.0.0.1:1 cannot be reached; start it, or unset COURSE_RELAY_URL" in str(error)


def test_a_silent_server_is_given_up_after_the_read_timeout(server: str) -> None:
    engine = RelayEngine(f"{server}/v1", timeout=httpx.Timeout(30.0, read=0.8))
    text, error = refusal(server, "stall", engine)
    assert (text, error.status) == ("half", 502)
    assert "sent nothing for 0.8 s" in str(error)


def test_a_server_that_goes_silent_after_its_end_still_gave_a_whole_answer(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "USAGE_SECONDS", 0.1)
    text, end = ask(server, "stall-after-stop")
    assert (text, end.finish_reason) == ("안녕 👋", "stop")


def test_closing_the_answer_closes_the_connection_to_the_server(server: str) -> None:
    async def take_three() -> None:
        async with aclosing(RelayEngine(f"{server}/v1").stream(call("endless"))) as events:
            for _ in range(3):
                while not isinstance(event := await anext(events), Delta):
                    pass
                assert event == Delta("again ")

    asyncio.run(take_three())
    with httpx.Client(trust_env=False, timeout=60) as client:
        assert client.get(f"{server}/closed").json() == {"closed": True}


# Settings


def test_a_model_without_an_entry_keeps_its_name() -> None:
    engine = RelayEngine("http://127.0.0.1:11434/v1", {"llama3.1-8b": "llama3.2:1b"})
    assert engine.target_of("llama3.1-8b") == "llama3.2:1b"
    assert engine.target_of("Mistral-7B") == "Mistral-7B"


def test_a_target_name_may_have_colons_and_equals_signs() -> None:
    engine = RelayEngine.from_environment(
        {
            "COURSE_RELAY_URL": "http://127.0.0.1:8080/v1/chat/completions",
            "COURSE_RELAY_MODELS": " llama3.1-8b = hf.co/a/b:Q4_K_M , *=x=y ,",
        }
    )
    assert engine.target_of("llama3.1-8b") == "hf.co/a/b:Q4_K_M"
    assert engine.target_of("anything") == "x=y"


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("COURSE_RELAY_URL", "127.0.0.1:11434/v1", "must start with http:// or https://"),
        ("COURSE_RELAY_URL", "ftp://127.0.0.1/v1", "must start with http:// or https://"),
        ("COURSE_RELAY_URL", "http://", "must start with http:// or https://"),
        ("COURSE_RELAY_URL", "http://127.0.0.1:port/v1", "is not a URL"),
        ("COURSE_RELAY_URL", f"http://me:{KEY}@127.0.0.1/v1", "put a key in COURSE_RELAY_API_KEY"),
        ("COURSE_RELAY_URL", f"http://127.0.0.1/v1?key={KEY}", "without ? or #"),
        ("COURSE_RELAY_MODELS", "llama3.1-8b", "is not of the form name=target"),
        ("COURSE_RELAY_MODELS", "a=b,=c", "is not of the form name=target"),
        ("COURSE_RELAY_MODELS", "a=b,A=c", "is there twice"),
        ("COURSE_RELAY_API_KEY", f"{KEY}\nx", "paste it again"),
        ("COURSE_RELAY_API_KEY", f"{KEY} ké", "paste it again"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_with_its_fix(
    setting: str, value: str, said: str
) -> None:
    environment = {"COURSE_RELAY_URL": "http://127.0.0.1:11434/v1", setting: value}
    with pytest.raises(SettingsError, match="COURSE_RELAY") as caught:
        RelayEngine.from_environment(environment)
    assert str(caught.value).startswith(setting)
    assert said in str(caught.value)
    assert KEY not in str(caught.value)


def test_the_key_is_not_in_what_is_printed_of_an_engine() -> None:
    assert KEY not in repr(RelayEngine("http://127.0.0.1:11434/v1", api_key=KEY))

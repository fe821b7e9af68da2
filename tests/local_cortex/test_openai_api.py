"""Chat completions with tools, JSON answers, reasoning and pictures, by family."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import openai
import pytest

from local_cortex import LocalCortex

CHAT = "/api/v2/cortex/v1/chat/completions"
OPENAI, CLAUDE, OTHER = "openai-gpt-5-mini", "claude-haiku-4-5", "llama3.1-8b"
FUNCTION = {
    "name": "get_weather",
    "description": "Get the weather of a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
TOOLS: list[Any] = [{"type": "function", "function": FUNCTION}]
ASKED: list[Any] = [{"role": "user", "content": "서울 날씨 알려 줘"}]
ANSWER = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "points": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    },
    "required": ["title", "points"],
    "additionalProperties": False,
}
FORMAT: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {"name": "answer", "schema": ANSWER},
}
PICTURE = f"data:image/png;base64,{base64.b64encode(bytes(1_234)).decode()}"


@pytest.fixture(scope="module")
def chat(cortex: LocalCortex) -> Iterator[openai.OpenAI]:
    url = f"{cortex.url}/api/v2/cortex/v1"
    with openai.OpenAI(api_key=cortex.secret, base_url=url, max_retries=0) as client:
        yield client


def ask(rest: httpx.Client, **more: Any) -> httpx.Response:
    return rest.post(CHAT, json={"model": OPENAI, "messages": ASKED, **more})


def choices(rest: httpx.Client, **more: Any) -> list[dict[str, Any]]:
    """Stream an answer; return the choice of each chunk that has one."""
    lines = ask(rest, stream=True, **more).text.split("\n\n")
    chunks = [json.loads(one.removeprefix("data: ")) for one in lines if "{" in one]
    return [chunk["choices"][0] for chunk in chunks if chunk["choices"]]


def seen(content: Any, name: str = "url") -> list[Any]:
    return [{"role": "user", "content": [{"type": "image_url", "image_url": {name: content}}]}]


def test_a_call_streams_its_name_first_then_arguments_in_pieces(rest: httpx.Client) -> None:
    role, named, *pieces, end = choices(rest, tools=TOOLS)
    assert role["delta"] == {"role": "assistant", "content": ""}
    (call,) = named["delta"]["tool_calls"]
    identity = call.pop("id")
    assert identity.startswith("call_")
    begun = {"name": "get_weather", "arguments": ""}
    assert call == {"index": 0, "type": "function", "function": begun}
    texts = []
    for piece in pieces:
        (call,) = piece["delta"]["tool_calls"]
        assert call == {"index": 0, "function": {"arguments": call["function"]["arguments"]}}
        texts.append(call["function"]["arguments"])
    assert len(texts) >= 3
    assert '"city"' not in texts, "a piece ends within a JSON token"
    assert json.loads("".join(texts)) == {"city": "서울"}
    assert end == {"index": 0, "delta": {}, "finish_reason": "tool_calls"}


def test_the_result_of_a_tool_is_answered_in_text(chat: openai.OpenAI) -> None:
    asked = chat.chat.completions.create(model=OPENAI, messages=ASKED, tools=TOOLS)
    said = asked.choices[0].message
    assert said.tool_calls
    turns = [
        *ASKED,
        said.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": said.tool_calls[0].id, "content": "-3 °C"},
    ]
    answer = chat.chat.completions.create(model=OPENAI, messages=turns, tools=TOOLS)
    assert "-3 °C" in (answer.choices[0].message.content or "")
    assert answer.choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    ("prompt", "choice", "name"),
    [
        ("Write a poem.", "auto", None),
        ("Write a poem.", "required", "get_weather"),
        ("Write a poem.", {"type": "function", "function": {"name": "get_weather"}}, "get_weather"),
        ("What's the weather in Paris?", "none", None),
    ],
)
def test_tool_choice_decides_whether_a_tool_is_called(
    rest: httpx.Client, prompt: str, choice: object, name: str | None
) -> None:
    messages = [{"role": "user", "content": prompt}]
    answer = ask(rest, messages=messages, tools=TOOLS, tool_choice=choice).json()
    calls = answer["choices"][0]["message"].get("tool_calls", [])
    assert [call["function"]["name"] for call in calls] == [*filter(None, [name])]


@pytest.mark.parametrize("model", [OPENAI, CLAUDE])
def test_a_json_answer_grows_and_is_valid_at_its_end(rest: httpx.Client, model: str) -> None:
    found = choices(rest, model=model, response_format=FORMAT)
    texts = [text for one in found if (text := one["delta"].get("content"))]
    assert len(texts) > 10
    jsonschema.validate(json.loads("".join(texts)), ANSWER)
    with pytest.raises(ValueError, match=r"."):
        json.loads("".join(texts[:-1]))


def test_an_answer_may_be_any_json_object(rest: httpx.Client) -> None:
    answer = ask(rest, response_format={"type": "json_object"}).json()
    assert isinstance(json.loads(answer["choices"][0]["message"]["content"]), dict)


def test_claude_thinks_aloud_before_its_answer(rest: httpx.Client) -> None:
    found = choices(rest, model=CLAUDE, reasoning={"max_tokens": 2_000})
    names = [next(iter(one["delta"]), None) for one in found]
    assert list(dict.fromkeys(names)) == ["reasoning", "content", None]


def test_openai_only_counts_what_it_thinks(rest: httpx.Client) -> None:
    for effort, thinks in (("none", False), ("low", True)):
        answer = ask(rest, reasoning_effort=effort).json()
        assert "reasoning" not in answer["choices"][0]["message"]
        counted = answer["usage"]["completion_tokens_details"]["reasoning_tokens"]
        assert (counted > 0) == thinks


def test_the_answer_to_a_picture_says_its_type_and_size(rest: httpx.Client) -> None:
    for model in (OPENAI, CLAUDE):
        answer = ask(rest, model=model, messages=seen(PICTURE)).json()
        assert "image/png, 1,234 bytes" in answer["choices"][0]["message"]["content"]


def test_a_model_that_is_older_than_pictures_refuses_them(rest: httpx.Client) -> None:
    for model in ("claude-4-sonnet", "openai-o4-mini", OTHER):
        answer = ask(rest, model=model, messages=seen(PICTURE))
        assert answer.status_code == 400
        assert "does not support images" in answer.json()["message"]
        assert ask(rest, model=model).status_code == 200


def test_an_answer_ends_before_the_first_of_its_stops(rest: httpx.Client) -> None:
    whole = ask(rest).json()["choices"][0]["message"]["content"]
    first, second = whole[30:34], whole[20:24]
    expected = whole[: min(whole.index(first), whole.index(second))]
    for stop in (second, [first, "nowhere", second]):
        (choice,) = ask(rest, stop=stop).json()["choices"]
        assert (choice["message"]["content"], choice["finish_reason"]) == (expected, "stop")
        found = choices(rest, stop=stop)
        assert "".join(one["delta"].get("content", "") for one in found) == expected
        assert found[-1]["finish_reason"] == "stop"
    assert ask(rest, stop=None).json()["choices"][0]["message"]["content"] == whole
    (choice,) = ask(rest, stop=second, max_completion_tokens=1).json()["choices"]
    assert choice["finish_reason"] == "length"


def test_claude_takes_an_effort_for_a_budget(rest: httpx.Client) -> None:
    for effort, thinks in (("none", False), ("minimal", True), ("high", True)):
        message = ask(rest, model=CLAUDE, reasoning={"effort": effort}).json()["choices"][0]
        assert ("reasoning" in message["message"]) == thinks, effort
    # Not Claude's field.
    message = ask(rest, model=CLAUDE, reasoning_effort="high").json()["choices"][0]["message"]
    assert "reasoning" not in message


IGNORED = {"n": 3, "stop": ["x"], "logprobs": True, "metadata": {"a": "b"}, "user": "u"}
RETRIED = {"role": "tool", "tool_call_id": "call_9", "content": "x"}
CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}},
    ],
}
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (OPENAI, {"max_tokens": 5}, "use max_completion_tokens"),
    (OPENAI, {"store": True}, "store is not supported"),
    (CLAUDE, {"service_tier": "auto"}, "service_tier is not supported"),
    (OTHER, {"max_completion_token": 5}, "unknown field 'max_completion_token'"),
    (OTHER, {"tools": TOOLS}, "does not support tools"),
    (OTHER, {"messages": seen(PICTURE)}, "does not support images"),
    (OPENAI, {"n": 2}, "has no n"),
    (OPENAI, {"stop": ["a", "b", "c", "d", "e"]}, "more than 4"),
    (OPENAI, {"stop": [""]}, "must be texts"),
    (OPENAI, {"stop": 7}, "must be texts"),
    (OPENAI, {"temperature": 2.5}, "from 0 to 2"),
    (CLAUDE, {"response_format": {"type": "json_object"}}, "this type of response_format"),
    (OPENAI, {"response_format": {"type": "json_schema"}}, "needs a name and a schema"),
    (
        OPENAI,
        {"response_format": {**FORMAT, "json_schema": {"name": "a", "schema": {"type": "x"}}}},
        "invalid JSON schema",
    ),
    (OPENAI, {"tools": TOOLS * 200}, "more than 128"),
    (OPENAI, {"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tool's name"),
    (OPENAI, {"tools": [{"type": "function", "function": {"name": "a", "description": 3}}]},
     "description must be text"),
    (OPENAI, {"messages": [*ASKED, {**CALLED, "tool_calls": [{"id": "c", "function": "f"}]}]},
     "needs an id, a function name"),
    (OPENAI, {"tool_choice": "required"}, "needs tools"),
    (OPENAI, {"tools": TOOLS, "tool_choice": {"function": {"name": "x"}}}, "names none"),
    (OPENAI, {"messages": [*ASKED, RETRIED]}, 'no tool call before it has the id "call_9"'),
    (OPENAI, {"messages": [*ASKED, CALLED, *ASKED]}, 'tool call "c" has no result'),
    (CLAUDE, {"messages": [*ASKED, {"role": "assistant", "content": "So"}]}, "have role user"),
    (OPENAI, {"messages": seen("https://example.com/a.png")}, "must be a data URL"),
    (OPENAI, {"messages": seen("data:image/png;base64,?")}, "not in base64"),
    (OPENAI, {"messages": seen("data:text/html;base64,AAAA")}, "must be one of image/png"),
    (OPENAI, {"messages": seen(PICTURE) * 21}, "at most 20 images"),
    (OPENAI, {"reasoning": {"effort": "huge"}}, "effort must be one of"),
]  # fmt: skip


def test_a_field_is_refused_where_it_is_documented_to_be(rest: httpx.Client) -> None:
    for model, more, words in REFUSED:
        answer = ask(rest, model=model, **more)
        assert (answer.status_code, words in answer.text.replace('\\"', '"')) == (400, True), more


def test_a_field_is_ignored_where_it_is_documented_to_be(rest: httpx.Client) -> None:
    for model, more in (
        (CLAUDE, IGNORED),
        (OTHER, {**IGNORED, "response_format": FORMAT, "reasoning": {"effort": "high"}}),
    ):
        plain = ask(rest, model=model).json()["choices"]
        assert ask(rest, model=model, **more).json()["choices"] == plain


def deep(levels: int) -> str:
    """Write a request whose schema is an array of arrays, and so on."""
    schema = '{"type":"array","items":' * levels + "{}" + "}" * levels
    named = '{"type":"json_schema","json_schema":{"name":"a","schema":' + schema + "}}"
    asked = f'"messages":{json.dumps(ASKED)},"response_format":{named}'
    return f'{{"model":"{OPENAI}",{asked}}}'


@pytest.mark.parametrize("stream", [True, False])
def test_a_schema_that_the_script_cannot_fill_is_refused_before_the_headers(
    rest: httpx.Client, stream: bool
) -> None:
    schema = {"type": "string", "pattern": "(a+)+$"}
    asked = {**FORMAT, "json_schema": {"name": "a", "schema": schema}}
    answer = ask(rest, response_format=asked, stream=stream)
    assert (answer.status_code, "'pattern'" in answer.text) == (400, True)


def test_a_schema_that_is_nested_too_deeply_is_refused(rest: httpx.Client) -> None:
    for levels in (100, 900, 5_000, 100_000):
        answer = rest.post(CHAT, content=deep(levels))
        assert answer.status_code in (200, 400), levels
        assert answer.status_code == 400 or levels == 100


def test_a_call_that_is_cut_is_never_whole_json(rest: httpx.Client) -> None:
    found = choices(rest, model="fault-tool-cut", tools=TOOLS)
    calls = [one for each in found for one in each["delta"].get("tool_calls", [])]
    text = "".join(call["function"]["arguments"] for call in calls)
    assert text
    with pytest.raises(ValueError, match=r"."):
        json.loads(text)
    assert found[-1]["finish_reason"] is None


def test_two_calls_may_have_one_index(chat: openai.OpenAI) -> None:
    stream = chat.chat.completions.create(
        model="fault-tool-index", messages=ASKED, tools=TOOLS, stream=True
    )
    calls = [one for chunk in stream for one in chunk.choices[0].delta.tool_calls or ()]
    assert {call.index for call in calls} == {0}
    assert len({call.id for call in calls if call.id}) == 2


def test_json_may_never_close(rest: httpx.Client) -> None:
    found = choices(rest, model="fault-json-open", response_format=FORMAT)
    with pytest.raises(ValueError, match=r"."):
        json.loads("".join(one["delta"].get("content") or "" for one in found))
    assert found[-1]["finish_reason"] == "stop"

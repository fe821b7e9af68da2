"""``inference:complete``: tools, schemas and thinking, in Snowflake's own form."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from snowflake.cortex import Complete
from snowflake.snowpark import Session

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
COMPLETE = "/api/v2/cortex/inference:complete"
CLAUDE, GPT, LLAMA = "claude-sonnet-4-5", "openai-gpt-5", "llama3.1-8b"
USER: dict[str, Any] = {"role": "user", "content": "What's the weather in Seoul?"}
WEATHER: dict[str, Any] = {
    "tool_spec": {
        "type": "generic",
        "name": "get_weather",
        "description": "Current weather of a city",
        "input_schema": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    }
}
CLOCK = {"tool_spec": {"type": "generic", "name": "clock", "description": "The time of day"}}
USE = {
    "type": "tool_use",
    "tool_use": {"tool_use_id": "t1", "name": "get_weather", "input": {"city": "Seoul"}},
}
SHAPE = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "degrees": {"type": "number"}},
    "required": ["city", "degrees"],
}


def body(**more: Any) -> dict[str, Any]:
    return {"model": CLAUDE, "messages": [USER], **more}


def deltas(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    *found, last = (
        json.loads(one.removeprefix("data: ")) for one in answer.text.split("\n\n")[:-1]
    )
    assert last["choices"] == []
    assert last["usage"]["completion_tokens"]
    return [choice["delta"] for event in found for choice in event["choices"]]


def turns(*results: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a conversation in which the assistant has called the tool and got these results."""
    said = {"role": "assistant", "content": "Let me look.", "content_list": [USE]}
    return [USER, said, {"role": "user", "content": "Here it is.", "content_list": list(results)}]


def result(*content: dict[str, Any], used: str = "t1") -> dict[str, Any]:
    given = {"tool_use_id": used, "name": "get_weather", "content": list(content)}
    return {"type": "tool_results", "tool_results": given}


def test_the_client_gets_json_for_a_response_format(session: Session) -> None:
    asked: Any = {"response_format": {"type": "json", "schema": SHAPE}}
    prompt = "city: Seoul\ndegrees: 21.5"
    pieces = list(Complete(LLAMA, prompt, options=asked, session=session, stream=True))
    assert len(pieces) > 1
    assert json.loads("".join(pieces)) == {"city": "Seoul", "degrees": 21.5}


@pytest.mark.parametrize("model", [CLAUDE, GPT])
def test_a_call_begins_with_its_name_and_goes_on_in_pieces_of_json(
    rest: httpx.Client, model: str
) -> None:
    begun, *pieces = deltas(rest.post(COMPLETE, json=body(model=model, tools=[WEATHER, CLOCK])))
    known = {"tool_use_id": begun["tool_use_id"], "name": "get_weather"}
    # Without a type in the list: that is how Snowflake's quickstart tells a call from text.
    assert begun == {"type": "tool_use", **known, "content_list": [known]}
    assert len(pieces) >= 3
    assert all(one["content_list"] == [{"input": one["input"]}] for one in pieces)
    assert json.loads("".join(one["input"] for one in pieces)) == {"city": "Seoul"}


def test_a_whole_answer_has_the_call_with_its_input(rest: httpx.Client) -> None:
    answer = rest.post(COMPLETE, json=body(tools=[WEATHER], stream=False)).json()
    (part,) = answer["choices"][0]["message"]["content_list"]
    assert part["tool_use"] | {"tool_use_id": "t1"} == USE["tool_use"]


@pytest.mark.parametrize(
    "content",
    [{"type": "text", "text": "Rain, 12 °C"}, {"type": "json", "json": {"sky": "Rain, 12 °C"}}],
)
def test_a_tools_result_is_answered_from(rest: httpx.Client, content: dict[str, Any]) -> None:
    asked = body(tools=[WEATHER], messages=turns(result(content)))
    text = "".join(one["content"] for one in deltas(rest.post(COMPLETE, json=asked)))
    assert "Rain, 12 °C" in text


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ({"type": "none"}, None),
        ({"type": "auto", "name": ["clock"]}, "get_weather"),
        ({"type": "tool", "name": ["clock"]}, "clock"),
        ({"type": "required"}, "get_weather"),
    ],
)
def test_tool_choice_decides_what_is_called(
    rest: httpx.Client, choice: dict[str, Any], called: str | None
) -> None:
    asked = body(tools=[WEATHER, CLOCK], tool_choice=choice)
    assert deltas(rest.post(COMPLETE, json=asked))[0].get("name") == called


@pytest.mark.parametrize(
    ("model", "asked", "thought"),
    [
        (
            CLAUDE,
            {"anthropic": {"thinking": {"budget_tokens": 1_024}}},
            lambda one: one["thinking"].get("thinking"),
        ),
        (
            GPT,
            {"openai": {"reasoning": {"effort": "low"}}},
            lambda one: one["reasoning"]["summary"],
        ),
    ],
)
def test_thinking_comes_before_the_answer_under_its_makers_name(
    rest: httpx.Client, model: str, asked: dict[str, Any], thought: Callable[[Any], str | None]
) -> None:
    (maker,) = asked
    sent = deltas(rest.post(COMPLETE, json=body(model=model, **asked)))
    kinds = [one["type"] for one in sent]
    first = kinds.index("text")
    assert set(kinds[:first]) == {maker}
    assert set(kinds[first:]) == {"text"}
    assert "Seoul" in "".join(thought(one) or "" for one in sent[:first])
    if maker == "anthropic":
        assert sent[first - 1]["thinking"]["signature"]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"model": LLAMA, "tools": [WEATHER]}, "does not support tools"),
    ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tool_spec of type generic"),
    ({"tools": "all"}, "tools must be a list"),
    ({"tool_choice": {"type": "required"}}, "needs tools"),
    ({"tools": [WEATHER], "tool_choice": {"type": "tool"}}, "names none of the tools"),
    ({"response_format": {"type": "json_schema", "schema": {}}}, "the type json and a schema"),
    ({"response_format": {"type": "json", "schema": {"type": "thing"}}}, "invalid JSON schema"),
    ({"anthropic": "much"}, "anthropic must be an object"),
    ({"anthropic": {"thinking": {"budget_tokens": 0}}}, "must be 1 or more"),
    ({"messages": turns(result(used="t2"))}, 'has the id "t2"'),
    ({"messages": turns({"type": "tool_results"})}, "tool_results of the user"),
    ({"messages": turns({"type": "image"})}, "text only"),
]


@pytest.mark.parametrize(("more", "problem"), REFUSED)
def test_what_cannot_be_done_is_refused_by_name(
    rest: httpx.Client, more: dict[str, Any], problem: str
) -> None:
    answer = rest.post(COMPLETE, json=body(**more, stream=False))
    assert answer.status_code == 400
    assert problem in answer.json()["message"]

"""ChatCompletionsStrategy with tools and thinking, against Local Cortex's chat completions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from local_cortex import LocalCortex
from streaming import (
    ChatCompletionsStrategy,
    CompletionRequest,
    Message,
    Pace,
    StreamResult,
    Thinking,
    ToolCall,
    stream,
)

OPENAI, CLAUDE = "openai-gpt-5-mini", "claude-haiku-4-5"
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {"name": "get_weather", "description": "The weather of a city", "parameters": CITY}
TOOLS: list[Any] = [{"type": "function", "function": WEATHER}]
QUESTION = Message(content="What is the weather in the city of Seoul?")


@pytest.fixture(scope="module")
def chat(cortex: LocalCortex) -> Iterator[openai.OpenAI]:
    url = f"{cortex.url}/api/v2/cortex/v1"
    with openai.OpenAI(api_key=cortex.secret, base_url=url) as client:
        yield client


def answered(chat: openai.OpenAI, model: str, *turns: Message, **options: Any) -> StreamResult:
    way = ChatCompletionsStrategy(chat, usage=True, **options)
    request = CompletionRequest(model=model, messages=turns or (QUESTION,))
    return stream(way, request, pace=Pace.off()).result()


def calls(result: StreamResult) -> tuple[ToolCall, ...]:
    return tuple(part for part in result.parts if isinstance(part, ToolCall))


@pytest.mark.parametrize("model", [OPENAI, CLAUDE])
def test_a_tool_is_called_and_its_result_is_answered(chat: openai.OpenAI, model: str) -> None:
    asked = answered(chat, model, tools=TOOLS)
    assert [call.name for call in calls(asked)] == ["get_weather"]
    assert json.loads(calls(asked)[0].arguments) == {"city": "Seoul"}
    turns = [QUESTION, Message(role="assistant", content=asked.text, tool_calls=calls(asked))]
    turns += [Message(role="tool", content="rain all day", tool_call_id=calls(asked)[0].id)]
    result = answered(chat, model, *turns, tools=TOOLS)
    assert (result.error, "rain all day" in result.text) == (None, True)


def test_two_calls_at_one_index_are_two_calls(chat: openai.OpenAI) -> None:
    both = calls(answered(chat, "fault-tool-index", tools=TOOLS))
    assert len({call.id for call in both}) == len(both) == 2
    assert all(json.loads(call.arguments) for call in both)


def test_a_call_that_is_cut_is_an_error_and_its_beginning_stays(chat: openai.OpenAI) -> None:
    result = answered(chat, "fault-tool-cut", tools=TOOLS)
    assert (result.status, result.error and result.error.code) == ("failed", "cut")
    (call,) = calls(result)
    assert call.arguments
    with pytest.raises(json.JSONDecodeError):
        json.loads(call.arguments)


def test_json_that_never_closes_ends_like_any_answer(chat: openai.OpenAI) -> None:
    asked = {"type": "json_schema", "json_schema": {"name": "place", "schema": CITY}}
    result = answered(chat, "fault-json-open", response_format=asked)
    # A text stream can't check a schema, so code that asks for JSON has to.
    assert (result.status, result.error) == ("complete", None)
    with pytest.raises(json.JSONDecodeError):
        json.loads(result.text)


def test_claude_thinks_before_its_text(chat: openai.OpenAI) -> None:
    extra = {"reasoning": {"max_tokens": 1_024}}
    result = answered(chat, CLAUDE, Message(content="What is a token?"), extra_body=extra)
    assert isinstance(result.parts[0], Thinking)
    assert (result.error, bool(result.text)) == (None, True)

"""CompletionRequest: what may be asked, and how a mistake is named."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from streaming import CompletionRequest, Message


def test_a_prompt_or_a_conversation_is_accepted() -> None:
    CompletionRequest(model="m", prompt="p")
    CompletionRequest(model="m", messages=(Message(content="p"),))


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, "either prompt or messages"),
        ({"prompt": "p", "messages": [{"content": "p"}]}, "either prompt or messages"),
        ({"prompt": "  \n"}, "prompt is empty"),
        ({"messages": []}, "messages is empty"),
        ({"prompt": "p", "temperature": 1.5}, "temperature"),
        ({"prompt": "p", "max_tokens": 0}, "max_tokens"),
        ({"prompt": "p", "top_k": 3}, "top_k"),
        ({"messages": [{"role": "teacher", "content": "p"}]}, "role"),
        ({"messages": [{"content": ""}]}, "content is empty"),
        ({"messages": [{"role": "tool", "content": "p"}]}, "tool_call_id"),
        ({"messages": [{"content": "p", "tool_call_id": "1"}]}, "tool_call_id"),
        ({"messages": [{"content": "p", "tool_calls": [{"id": "1"}]}]}, "tool_calls"),
    ],
)
def test_a_mistake_is_named(fields: dict[str, object], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        CompletionRequest.model_validate({"model": "m", **fields})


def test_options_hold_only_what_was_set() -> None:
    assert CompletionRequest(model="m", prompt="p").options == {}
    asked = CompletionRequest(model="m", prompt="p", max_tokens=5, temperature=0.0)
    assert asked.options == {"max_tokens": 5, "temperature": 0.0}


def test_its_text_is_all_that_the_model_is_told() -> None:
    messages = (Message(role="system", content="Be brief."), Message(content="Why?"))
    assert CompletionRequest(model="m", prompt="Why?").text == "Why?"
    assert CompletionRequest(model="m", messages=messages).text == "Be brief.\nWhy?"

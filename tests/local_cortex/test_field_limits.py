"""The first and the last value that a REST field may have, and its neighbours, refused."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from snowflake.snowpark import Session

CORTEX = "/api/v2/cortex"
CHAT, MESSAGES, COMPLETE, EMBED, AGENT, THREADS = (
    f"{CORTEX}/{path}"
    for path in (
        *("v1/chat/completions", "v1/messages", "inference:complete", "inference:embed"),
        *("agent:run", "threads"),
    )
)
STREAMED = {CHAT, MESSAGES, COMPLETE, AGENT}
SEARCH = "/api/v2/databases/course/schemas/public/cortex-search-services/field_limits:query"
ASKED = [{"role": "user", "content": "hi"}]
GPT = {"model": "openai-gpt-5-mini", "messages": ASKED}
CLAUDE = {"model": "claude-sonnet-4-6", "messages": ASKED}
LLAMA = {"model": "llama3.1-8b", "messages": ASKED}
ANTHROPIC = {**CLAUDE, "max_tokens": 2_000}
TURN = {"role": "user", "content": [{"type": "text", "text": "hi"}]}
ASKED_AGENT = {"messages": [TURN]}
PIXEL = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
PICTURE = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": "aGk="},
}


def functions(count: int = 1, **more: Any) -> list[dict[str, Any]]:
    named = [{"name": f"tool_{at}", **more} for at in range(count)]
    return [{"type": "function", "function": one} for one in named]


def own_tools(count: int) -> list[dict[str, Any]]:
    return [{"tool_spec": {"type": "generic", "name": f"tool_{at}"}} for at in range(count)]


def budget(tokens: float) -> dict[str, Any]:
    return {"type": "enabled", "budget_tokens": tokens}


def said(*content: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "text", "text": "hi"}, *content]}]


def within(depth: int) -> dict[str, Any]:
    condition: dict[str, Any] = {"@eq": {"id": "1"}}
    for _ in range(depth):
        condition = {"@not": condition}
    return condition


def either(count: int) -> dict[str, Any]:
    return {"@or": [{"@eq": {"id": "1"}}] * count}


TOKENS = "the tokens to think with must be 1 or more"
NAME = "a tool's name must be 1 to 64 letters, digits, _, . or -"
FILTER = "Local Cortex allows 500 conditions, 20 within one another, at most"
HOT = "temperature must be from 0 to "
LIMITS: list[tuple[str, dict[str, Any], str, list[Any], list[Any], str]] = [
    (CHAT, LLAMA, "temperature", [0, 2], [-0.01, 2.01], f"{HOT}2"),
    (COMPLETE, LLAMA, "temperature", [0, 1], [-0.01, 1.01], f"{HOT}1"),
    (MESSAGES, ANTHROPIC, "temperature", [0, 1], [-0.01, 1.01], f"{HOT}1"),
    (CHAT, LLAMA, "top_p", [0, 1], [-0.01, 1.01], "top_p must be from 0 to 1"),
    (CHAT, LLAMA, "max_completion_tokens", [1], [0], "max_tokens must be at least 1"),
    (CHAT, LLAMA, "max_completion_tokens", [8_192], [8_193], "max tokens of count exceeded"),
    (COMPLETE, LLAMA, "max_tokens", [1, 8_192], [8_193], "max tokens of count exceeded"),
    (CHAT, GPT, "stop", [["x"] * 4], [["x"] * 5], "stop has more than 4 entries"),
    (
        *(MESSAGES, ANTHROPIC, "stop_sequences", [["x"] * 128], [["x"] * 129]),
        "stop_sequences has more than 128 entries",
    ),
    (CHAT, GPT, "tools", [functions(128)], [functions(129)], "tools has more than 128 entries"),
    (
        *(CHAT, GPT, "tools"),
        [functions(name=name) for name in ("a", "-_.9", "n" * 64)],
        [functions(name=name) for name in ("", "n" * 65, "a b")],
        NAME,
    ),
    (
        *(CHAT, GPT, "tools"),
        [functions(description="d" * 4_000)],
        [functions(description="d" * 4_001)],
        "a tool's description must be text of 4000 characters",
    ),
    (
        *(CHAT, CLAUDE, "reasoning"),
        [{"max_tokens": 1}, {"max_tokens": 1_000_000}],
        [{"max_tokens": wrong} for wrong in (0, 0.5, 1_000_001)],
        TOKENS,
    ),
    (
        *(MESSAGES, ANTHROPIC, "thinking", [budget(1_024), budget(1_999)]),
        [budget(1_023), budget(2_000)],
        "thinking.budget_tokens: must be at least 1024 and below max_tokens",
    ),
    (
        *(CHAT, CLAUDE, "messages", [said(*[PIXEL] * 20)], [said(*[PIXEL] * 21)]),
        "a conversation has at most 20 images",
    ),
    (
        *(MESSAGES, ANTHROPIC, "messages", [said(*[PICTURE] * 20)], [said(*[PICTURE] * 21)]),
        "a conversation has at most 20 images",
    ),
    (
        *(EMBED, {"model": "e5-base-v2"}, "text", [["a"], ["a"] * 1_280], [["a"] * 1_281]),
        "text has more than 1280 texts",
    ),
    (
        *(AGENT, ASKED_AGENT, "orchestration"),
        [{"budget": {"seconds": 0}}, {"budget": {"seconds": 1}}],
        [{"budget": {"seconds": -1}}],
        "orchestration.budget.seconds: must be above 0",
    ),
    (AGENT, ASKED_AGENT, "tools", [own_tools(128)], [own_tools(129)], "tools: 128 at most"),
    (
        *(AGENT, ASKED_AGENT, "tools", [own_tools(2)], [own_tools(1) * 2]),
        "tools: two have the same name",
    ),
    (
        *(AGENT, ASKED_AGENT, "messages"),
        [[TURN] * 500],
        [[TURN] * 501],
        "messages: 500 at most",
    ),
    (
        *(THREADS, {}, "origin_application", ["x" * 16, "한" * 5], ["x" * 17, "한" * 6]),
        "origin_application: 16 bytes at most",
    ),
    (
        *(SEARCH, {"query": "snow"}, "limit", [1, 1_000], [0, 1_001, 1.5, True]),
        "limit must be a whole number from 1 to 1000",
    ),
    (SEARCH, {"query": "snow"}, "filter", [within(19)], [within(20)], FILTER),
    (SEARCH, {"query": "snow"}, "filter", [either(499)], [either(500)], FILTER),
]


@pytest.fixture(scope="module", autouse=True)
def _service(session: Session) -> None:
    session.sql("CREATE TABLE field_limits_of (id TEXT, body TEXT)").collect()
    session.sql(
        "CREATE CORTEX SEARCH SERVICE field_limits ON body ATTRIBUTES id "
        "WAREHOUSE = w TARGET_LAG = '1 day' AS SELECT * FROM field_limits_of"
    ).collect()


@pytest.mark.parametrize(("path", "body", "field", "taken", "refused", "words"), LIMITS)
def test_a_field_has_a_first_and_a_last_value(
    rest: httpx.Client,
    path: str,
    body: dict[str, Any],
    field: str,
    taken: list[Any],
    refused: list[Any],
    words: str,
) -> None:
    def answered(value: Any, *, stream: bool) -> httpx.Response:
        headers = {"anthropic-version": "2023-06-01"} if path == MESSAGES else {}
        return rest.post(path, json={"stream": stream, **body, field: value}, headers=headers)

    for stream in (False, True) if path in STREAMED else (False,):
        for value in taken:
            assert answered(value, stream=stream).status_code == 200, json.dumps(value)[:100]
        for value in refused:
            answer = answered(value, stream=stream)
            assert (answer.status_code, words in answer.text) == (400, True), answer.text

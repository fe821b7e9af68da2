"""The bytes of each endpoint's stream, as in ``events/``: one file an answer, as documented.

An engine of the test's own says the words, so a file shows the wire and nothing else. Only ids,
times and query ids are masked. After a change on purpose, ``COURSE_WRITE_EVENTS=1`` writes them.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from local_cortex import LocalCortex
from local_cortex.engines import (
    Begin,
    Call,
    Delta,
    End,
    EngineError,
    Event,
    Thinking,
    ToolPiece,
    Usage,
)

EVENTS = Path(__file__).with_name("events")
MASKS = (
    (re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<uuid>"),
    (re.compile(r"(?<=msg_)[0-9a-f]{32}|(?<=toolu_)[0-9a-f]{24}"), "<hex>"),
    (re.compile(r'(?<="created":)\d+'), "<time>"),
)
API = "/api/v2/cortex"
CHAT, MESSAGES, COMPLETE = f"{API}/v1/chat/completions", f"{API}/v1/messages", "inference:complete"
ASKED = [{"role": "user", "content": "hi"}]
FAILING = {"messages": [{"role": "user", "content": "fail"}]}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
FUNCTION = {"name": "weather", "description": "Weather of a city", "parameters": SCHEMA}
USAGE = {"stream_options": {"include_usage": True}}
CALLS = {"tools": [{"type": "function", "function": FUNCTION}]}
SPEC = {"type": "generic", "name": "weather", "description": "weather", "input_schema": SCHEMA}
SALES = {"type": "cortex_analyst_text_to_sql", "name": "sales", "description": "sales"}


def chat(model: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return CHAT, {"model": model, "messages": ASKED, "stream": True, **more}


def messages(**more: Any) -> tuple[str, dict[str, Any]]:
    body = {"model": "claude-sonnet-4-6", "messages": ASKED, "max_tokens": 2_000, "stream": True}
    return MESSAGES, {**body, **more}


def complete(**more: Any) -> tuple[str, dict[str, Any]]:
    return f"{API}/{COMPLETE}", {"model": "claude-sonnet-4-6", "messages": ASKED, **more}


def agent(text: str, spec: dict[str, Any], **more: Any) -> tuple[str, dict[str, Any]]:
    asked = [{"role": "user", "content": [{"type": "text", "text": text}]}]
    return f"{API}/agent:run", {"messages": asked, "tools": [{"tool_spec": spec}], **more}


CASES = {
    "chat-openai": chat("openai-gpt-5-mini", reasoning_effort="low", **USAGE),
    "chat-openai-call": chat("openai-gpt-5-mini", **CALLS),
    "chat-claude": chat("claude-haiku-4-5", reasoning={"effort": "low"}, **USAGE),
    "chat-claude-call": chat("claude-haiku-4-5", **CALLS),
    "chat-other": chat("llama3.1-8b", **USAGE),
    "messages": messages(thinking={"type": "adaptive"}),
    "messages-call": messages(
        tools=[{"name": "weather", "description": "weather", "input_schema": SCHEMA}]
    ),
    "complete": complete(anthropic={"thinking": {"budget_tokens": 100}}),
    "complete-call": complete(tools=[{"tool_spec": SPEC}]),
    "agent": agent(
        "total sales by region",
        SALES,
        tool_resources={"sales": {"semantic_view": "golden_sales"}},
        thread_id=1,
        parent_message_id=0,
    ),
    "agent-client-side": agent("weather in the city", SPEC),
    "chat-openai-error": chat("openai-gpt-5-mini", **FAILING),
    "messages-error": messages(**FAILING),
    "complete-error": complete(**FAILING),
    "agent-error": agent("fail", SPEC, tools=[]),
}


class Fixed:
    """Thinks one word where asked to; calls a tool where there is one, else says two pieces.

    A conversation that ends with "fail" is answered with one piece and an error.
    """

    name = "fixed"

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        yield Begin()
        thought = 1 if call.thinking_tokens else 0
        said = call.messages[-1].content
        if thought or "total" in said:
            yield Thinking("Hm.")
        if call.tools:
            tool = call.tools[0]
            yield ToolPiece(0, id="call_1", name=tool.name)
            given = ('{"ci', 'ty": "서', '울"}')
            for piece in given if tool.name == "weather" else ('{"query":', f'"{said}"}}'):
                yield ToolPiece(0, piece)
        else:
            yield Delta("눈 ❄️ ")
            if said == "fail":
                raise EngineError(503, "inference timed out")
            yield Delta('"snow"\n')
        yield End("tool_calls" if call.tools else "stop", Usage(3, 5, thought))


@pytest.fixture(scope="module")
def fixed() -> Any:
    server = LocalCortex.start(engine=Fixed())
    with server.session() as session:
        session.sql("CREATE TABLE golden_sales (region TEXT, amount NUMBER(9, 2))").collect()
        session.sql("INSERT INTO golden_sales VALUES ('N', 1.5), ('S', 2)").collect()
    yield server
    server.close()


@pytest.mark.parametrize("case", CASES)
def test_a_stream_has_exactly_these_bytes(
    fixed: LocalCortex, http: Callable[..., httpx.Client], case: str
) -> None:
    rest, (path, body) = http(fixed), CASES[case]
    if "thread_id" in body:
        made = rest.post(f"{API}/threads", json={}).json()["thread_id"]
        body = {**body, "thread_id": made}
    answer = rest.post(path, json=body, headers={"anthropic-version": "2023-06-01"})
    assert answer.headers["content-type"] == "text/event-stream"
    sent = answer.content.decode()
    for mask, word in MASKS:
        sent = mask.sub(word, sent)
    expected = EVENTS / f"{case}.txt"
    if os.environ.get("COURSE_WRITE_EVENTS"):
        expected.write_text(sent.removesuffix("\n"), "utf-8", newline="\n")
    assert sent == expected.read_text("utf-8") + "\n"

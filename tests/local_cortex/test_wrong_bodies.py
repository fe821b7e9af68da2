"""No value of any field of a REST body makes the server fail: it answers or refuses.

``refusals.txt`` has the words. After a change on purpose, ``COURSE_WRITE_REFUSALS=1`` writes it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from snowflake.snowpark import Session

from local_cortex import LocalCortex

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
PART = {"type": "text", "text": "The weather in Seoul?"}
USE = {"tool_use_id": "t", "name": "weather", "input": {}}
PLACE = "/api/v2/databases/course/schemas/public"
SEARCH = f"{PLACE}/cortex-search-services/wrong_bodies:query"
#: A valid body of each endpoint, with every field that its code reads.
BODIES: dict[str, dict[str, Any]] = {
    "/api/v2/cortex/v1/chat/completions?openai": {
        "model": "openai-gpt-5-mini",
        "messages": [{"role": "user", "content": [PART]}],
        "stop": ["x"],
        "seed": 3,
        "logit_bias": {"9": 1},
        "reasoning": {"effort": "low"},
        "reasoning_effort": "low",
        "response_format": {"type": "json_object"},
    },
    "/api/v2/cortex/v1/chat/completions": {
        "model": "claude-sonnet-4-5",
        "messages": [
            {"role": "user", "content": [PART]},
            {
                "role": "assistant",
                "content": "x",
                "tool_calls": [
                    {
                        "id": "t",
                        "type": "function",
                        "function": {"name": "weather", "arguments": "{}"},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "t", "content": "sunny"},
        ],
        "tools": [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "temperature": 0.1,
        "top_p": 0.9,
        "max_completion_tokens": 20,
        "stream": False,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "n", "schema": SCHEMA},
        },
        "reasoning": {"max_tokens": 1024, "effort": "low"},
        "stream_options": {"include_usage": True},
    },
    "/api/v2/cortex/v1/messages": {
        "model": "claude-sonnet-4-5",
        "max_tokens": 20,
        "system": [PART],
        "messages": [
            {"role": "user", "content": [PART]},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t", "name": "weather", "input": {}}],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t", "content": [PART]},
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "aGk="},
                    },
                ],
            },
        ],
        "tools": [{"name": "weather", "description": "d", "input_schema": SCHEMA}],
        "tool_choice": {"type": "auto"},
        "thinking": {"type": "adaptive"},
        "stop_sequences": ["x"],
        "top_k": 5,
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}},
        "stream": False,
    },
    "/api/v2/cortex/inference:complete": {
        "model": "claude-sonnet-4-5",
        "messages": [
            {"role": "user", "content": "weather?", "content_list": [PART]},
            {"role": "assistant", "content_list": [{"type": "tool_use", "tool_use": USE}]},
            {
                "role": "user",
                "content_list": [
                    {
                        "type": "tool_results",
                        "tool_results": {"tool_use_id": "t", "content": [PART]},
                    }
                ],
            },
        ],
        "tools": [
            {"tool_spec": {"type": "generic", "name": "weather", "input_schema": SCHEMA}},
        ],
        "tool_choice": {"type": "tool", "name": ["weather"]},
        "response_format": {"type": "json", "schema": SCHEMA},
        "anthropic": {"thinking": {"budget_tokens": 1024}},
        "max_tokens": 20,
        "stream": False,
    },
    "/api/v2/cortex/inference:embed": {"model": "e5-base-v2", "text": ["a"]},
    SEARCH: {
        "query": "snow",
        "columns": ["id"],
        "filter": {"@and": [{"@eq": {"title": "a"}}, {"@not": {"@gte": {"id": 5}}}]},
        "limit": 2,
    },
    "/api/v2/cortex/agent:run": {
        "messages": [
            {"role": "user", "content": [PART]},
            {"role": "assistant", "content": [{"type": "tool_use", "tool_use": USE}]},
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_result": {"tool_use_id": "t", "content": [PART]}},
                    PART,
                ],
            },
        ],
        "models": {"orchestration": "claude-sonnet-4-5"},
        "instructions": {"system": "s", "sample_questions": [{"question": "q"}]},
        "orchestration": {"budget": {"seconds": 5}},
        "tools": [
            {"tool_spec": {"type": "cortex_search", "name": "find", "description": "weather"}}
        ],
        "tool_resources": {
            "find": {
                "search_service": "wrong_bodies",
                "id_column": "id",
                "max_results": 2,
                "filter": {"@eq": {"id": 1}},
            }
        },
        "tool_choice": {"type": "auto", "name": ["find"]},
        "stream": False,
    },
    f"{PLACE}/agents?createMode=orReplace": {
        "name": "wrong_bodies",
        "comment": "c",
        "profile": {"display_name": "d"},
        "models": {"orchestration": "auto"},
        "tools": [{"tool_spec": {"type": "generic", "name": "w", "input_schema": SCHEMA}}],
        "tool_resources": {"w": {}},
    },
    "/api/v2/cortex/threads": {"origin_application": "x"},
}
REFUSALS = Path(__file__).with_name("refusals.txt")
# What a JSON schema may not be, jsonschema says.
SCHEMAS = ("parameters", "input_schema", "schema")
# Unhashable, unordered, too large for a float, half of a surrogate pair.
WRONG: tuple[Any, ...] = ([[]], {"type": {}}, float("nan"), 10**400, "\ud800")


@pytest.fixture(scope="module", autouse=True)
def _service(session: Session) -> Iterator[None]:
    for statement in (
        "CREATE TABLE wrong_bodies_of (id INT, title TEXT, body TEXT)",
        "INSERT INTO wrong_bodies_of VALUES (1, 'a', 'snow falls')",
        "CREATE CORTEX SEARCH SERVICE wrong_bodies ON body ATTRIBUTES id, title "
        "WAREHOUSE = w TARGET_LAG = '1 day' AS SELECT * FROM wrong_bodies_of",
    ):
        session.sql(statement).collect()
    yield
    session.sql("DROP CORTEX SEARCH SERVICE wrong_bodies").collect()
    session.sql("DROP AGENT IF EXISTS wrong_bodies").collect()


def variants(value: Any, wrong: Any) -> Iterator[Any]:
    """Yield the value with each of its parts, one after the other, replaced."""
    yield wrong
    if isinstance(value, dict):
        for name, one in value.items():
            yield from ({**value, name: other} for other in variants(one, wrong))
    if isinstance(value, list):
        for at, one in enumerate(value):
            yield from ([*value[:at], other, *value[at + 1 :]] for other in variants(one, wrong))


def places(value: Any, at: str = "") -> Iterator[str]:
    """Yield what ``variants`` replaces, by name."""
    yield at
    if isinstance(value, dict):
        for name, one in value.items():
            yield from places(one, f"{at}.{name}" if at else name)
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from places(one, f"{at}[{number}]")


def test_a_wrong_field_is_refused_in_its_own_words(
    cortex: LocalCortex, http: Callable[..., httpx.Client]
) -> None:
    client = http(cortex)
    client.headers["anthropic-version"] = "2023-06-01"
    told: list[str] = []
    for path, right in BODIES.items():
        fields: dict[str, list[str]] = {}
        for place, body in zip(places(right), variants(right, [[]]), strict=True):
            if any(f"{name}." in place for name in SCHEMAS):
                continue
            answer = client.post(path, json=body)
            if answer.status_code != 200:
                words = answer.json().get("message") or answer.json()["error"]["message"]
                fields.setdefault(f"{answer.status_code} {words}", []).append(place or "(all)")
        told.append(
            f"{path}\n" + "".join(f"  {one}\n    {', '.join(fields[one])}\n" for one in fields)
        )
    if "COURSE_WRITE_REFUSALS" in os.environ:
        REFUSALS.write_text("\n".join(told), "utf-8")
    assert "\n".join(told) == REFUSALS.read_text("utf-8")


@pytest.mark.thorough
@pytest.mark.parametrize("path", BODIES)
def test_no_field_s_value_is_a_failure(
    cortex: LocalCortex, http: Callable[..., httpx.Client], path: str
) -> None:
    client = http(cortex)
    client.headers.update({"anthropic-version": "2023-06-01", "content-type": "application/json"})
    assert client.post(path, json=BODIES[path]).status_code == 200
    for wrong in WRONG:
        for body in variants(BODIES[path], wrong):
            answer = client.post(path, content=json.dumps(body))
            assert answer.status_code < 500, (body, answer.text)
            assert "Local Cortex failed" not in answer.text, (body, answer.text)

"""Programs written with ``requests`` alone, the way public examples call the REST API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from snowflake.snowpark import Session

from local_cortex import LocalCortex

API = "/api/v2/cortex"
PLACE = "/api/v2/databases/COURSE/schemas/PUBLIC"
ASKED = [{"role": "user", "content": "What is the weather in Seoul?"}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
SEARCH = {"type": "cortex_search", "name": "manual", "description": "refunds"}


@pytest.fixture(scope="module", autouse=True)
def _service(session: Session) -> None:
    for statement in (
        "CREATE TABLE by_hand_pages (id INT, title TEXT, body TEXT)",
        "INSERT INTO by_hand_pages VALUES (1, 'Refunds', 'Refunds take 14 days.')",
        "CREATE CORTEX SEARCH SERVICE by_hand ON body ATTRIBUTES id, title "
        "WAREHOUSE = w TARGET_LAG = '1 day' AS SELECT * FROM by_hand_pages",
    ):
        session.sql(statement).collect()


def post(cortex: LocalCortex, path: str, body: dict[str, Any], **more: str) -> requests.Response:
    headers = {
        "Authorization": f"Bearer {cortex.secret}",
        "X-Snowflake-Authorization-Token-Type": "PROGRAMMATIC_ACCESS_TOKEN",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        **more,
    }
    answer = requests.post(cortex.url + path, json=body, headers=headers, stream=True, timeout=60)
    answer.raise_for_status()
    return answer


def data_lines(answer: requests.Response) -> Iterator[Any]:
    """Read as the shortest examples do: each line that begins with ``data: ``."""
    for line in answer.iter_lines():
        text = line.decode("utf-8")
        if text.startswith("data: ") and text != "data: [DONE]":
            yield json.loads(text[len("data: ") :])


def server_sent(answer: requests.Response) -> Iterator[tuple[str, Any]]:
    """Read as sseclient does: bytes up to an empty line are one event, with fields."""
    rest = b""
    for piece in answer.iter_content(chunk_size=7):
        rest += piece
        while b"\n\n" in rest:
            block, rest = rest.split(b"\n\n", 1)
            fields = dict(line.split(": ", 1) for line in block.decode().splitlines())
            yield fields.get("event", "message"), json.loads(fields["data"])
    assert rest == b""


@pytest.mark.parametrize("model", ["openai-gpt-5-mini", "claude-haiku-4-5", "llama3.1-8b"])
def test_chat_completions_line_by_line(cortex: LocalCortex, model: str) -> None:
    body = {"model": model, "messages": ASKED, "max_completion_tokens": 4_096}
    path = f"{API}/v1/chat/completions"
    text = ""
    for chunk in data_lines(post(cortex, path, {**body, "stream": True})):
        text += chunk["choices"][0]["delta"].get("content") or ""
    whole = post(cortex, path, {**body, "stream": False}).json()
    assert text == whole["choices"][0]["message"]["content"]


def test_a_tool_s_loop_over_chat_completions(cortex: LocalCortex) -> None:
    function = {"name": "get_weather", "description": "weather of a city", "parameters": SCHEMA}
    body = {
        "model": "claude-haiku-4-5",
        "messages": [*ASKED],
        "tools": [{"type": "function", "function": function}],
        "stream": True,
    }
    calls: list[dict[str, Any]] = []
    for chunk in data_lines(post(cortex, f"{API}/v1/chat/completions", body)):
        for piece in chunk["choices"][0]["delta"].get("tool_calls", []):
            if piece.get("id"):
                calls.append({"id": piece["id"], "type": "function", "function": {"arguments": ""}})
            said = piece["function"]
            calls[-1]["function"]["name"] = said.get("name") or calls[-1]["function"]["name"]
            calls[-1]["function"]["arguments"] += said["arguments"]
    (call,) = calls
    assert json.loads(call["function"]["arguments"]) == {"city": "Seoul"}
    body["messages"] = [
        *ASKED,
        {"role": "assistant", "content": "", "tool_calls": calls},
        {"role": "tool", "tool_call_id": call["id"], "content": '{"celsius": -3}'},
    ]
    chunks = data_lines(post(cortex, f"{API}/v1/chat/completions", body))
    text = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)
    assert "-3" in text


def test_messages_event_by_event(cortex: LocalCortex) -> None:
    body = {"model": "claude-sonnet-4-6", "max_tokens": 1_000, "messages": ASKED, "stream": True}
    answer = post(cortex, f"{API}/v1/messages", body, **{"anthropic-version": "2023-06-01"})
    text, reason, last = "", None, ""
    for last, data in server_sent(answer):
        assert data["type"] == last
        if last == "content_block_delta" and data["delta"]["type"] == "text_delta":
            text += data["delta"]["text"]
        elif last == "message_delta":
            reason = data["delta"]["stop_reason"]
    assert text
    assert (reason, last) == ("end_turn", "message_stop")


def test_inference_complete_line_by_line(cortex: LocalCortex) -> None:
    body = {"model": "llama3.1-8b", "messages": ASKED}
    chunks = [*data_lines(post(cortex, f"{API}/inference:complete", body))]
    text = "".join(one["choices"][0]["delta"]["content"] for one in chunks if one["choices"])
    assert (
        text
        == post(cortex, f"{API}/inference:complete", {**body, "stream": False}).json()["choices"][
            0
        ]["message"]["content"]
    )


def test_an_agent_that_searches_event_by_event(cortex: LocalCortex) -> None:
    body = {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "refunds?"}]}],
        "models": {"orchestration": "claude-sonnet-4-6"},
        "tools": [{"tool_spec": SEARCH}],
        "tool_resources": {
            "manual": {
                "search_service": "COURSE.PUBLIC.BY_HAND",
                "id_column": "id",
                "title_column": "title",
                "max_results": 1,
            }
        },
    }
    text, titles, last = "", [], ""
    for last, data in server_sent(post(cortex, f"{API}/agent:run", body)):
        if last == "response.text.delta":
            text += data["text"]
        elif last == "response.text.annotation":
            titles.append(data["annotation"]["doc_title"])
    assert "Refunds take 14 days." in text
    assert titles == ["Refunds"]
    assert (last, data["status"]) == ("response", "completed")


def test_a_search_query(cortex: LocalCortex) -> None:
    path = f"{PLACE}/cortex-search-services/BY_HAND:query"
    body = {"query": "refund", "columns": ["title", "body"], "limit": 3}
    answer = post(cortex, path, body).json()
    assert [row["title"] for row in answer["results"]] == ["Refunds"]
    assert answer["request_id"]


def test_a_refusal_tells_its_code_and_its_request(cortex: LocalCortex) -> None:
    body = {"model": "no-such-model", "messages": ASKED}
    with pytest.raises(requests.HTTPError, match="400 Client Error") as refused:
        post(cortex, f"{API}/v1/chat/completions", body)
    answer = refused.value.response
    assert answer is not None
    said = answer.json()
    assert said["message"] == 'unknown model "no-such-model"'
    assert said["error_code"] == said["code"]
    assert answer.headers["X-Snowflake-Request-ID"] == said["request_id"]

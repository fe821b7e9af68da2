"""AgentStrategy against Local Cortex's agents, to the end of their faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from snowflake.snowpark import Session

from local_cortex import LocalCortex
from local_cortex.faults import AGENT_FAULTS
from streaming import (
    AgentStrategy,
    CompletionRequest,
    Message,
    Pace,
    Retry,
    StreamResult,
    Thinking,
    ToolCall,
    ToolResult,
    stream,
)
from tests.streaming.asking import ask

MODEL = "claude-4-sonnet"
WEATHER = {
    "type": "generic",
    "name": "get_weather",
    "description": "weather of a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}
AGENT = {"tools": [{"tool_spec": WEATHER}]}


@pytest.fixture(scope="module")
def session(cortex: LocalCortex) -> Iterator[Session]:
    made = cortex.session()
    yield made
    made.close()


def answered(session: Session, request: CompletionRequest, agent: Any = AGENT) -> StreamResult:
    way, once = AgentStrategy(session, agent), Retry(attempts=1)
    return stream(way, request, pace=Pace.off(), retry=once).result()


def test_an_agent_thinks_answers_and_counts_its_tokens(session: Session) -> None:
    result = answered(session, ask("Explain quantum computing.", model=MODEL), {})
    assert (result.error, result.status) == (None, "complete")
    assert isinstance(result.parts[0], Thinking)
    assert "qubit" in result.text
    assert result.usage is not None


def test_a_tool_of_the_client_is_called_and_its_result_is_answered(session: Session) -> None:
    question = Message(content="What is the weather in the city of Seoul?")
    asked = answered(session, CompletionRequest(model=MODEL, messages=(question,)))
    calls = tuple(part for part in asked.parts if isinstance(part, ToolCall))
    assert [call.name for call in calls] == ["get_weather"]
    turns = [question, Message(role="assistant", content=asked.text, tool_calls=calls)]
    turns += [Message(role="tool", content="rain all day", tool_call_id=each.id) for each in calls]
    result = answered(session, CompletionRequest(model=MODEL, messages=tuple(turns)))
    assert (result.error, "rain all day" in result.text) == (None, True)


def test_a_session_whose_token_has_run_out_is_renewed(
    session: Session, cortex: LocalCortex
) -> None:
    cortex.expire_sessions()
    assert answered(session, ask("Hello!", model=MODEL), {}).status == "complete"


FAULTS = {
    "fault-agent-error": ("failed", "service"),
    "fault-agent-timed-out": ("failed", "service"),
    "fault-agent-unknown-event": ("complete", None),
    "fault-429-forever": ("failed", "rate_limited"),
    "fault-expired-token": ("complete", None),
    "fault-reset": ("failed", "cut"),
    "fault-truncated": ("failed", "cut"),
    "fault-no-end": ("failed", "cut"),
    "fault-error-event": ("failed", "service"),
    "fault-bad-json": ("failed", "bad_answer"),
    "fault-bad-utf8": ("failed", "cut"),
    "fault-split-emoji": ("complete", None),
    "fault-none-delta": ("complete", None),
}


@pytest.mark.parametrize("model", FAULTS)
def test_a_fault_ends_an_agent_as_the_table_says(session: Session, model: str) -> None:
    result = answered(session, ask("Explain quantum computing.", model=model), {})
    assert (result.status, result.error and result.error.code) == FAULTS[model]


TOTALS = {
    "type": "cortex_analyst_text_to_sql",
    "name": "numbers",
    "description": "Totals and counts of sales by region",
}
WITH_TOOL = {
    "tools": [{"tool_spec": TOTALS}],
    "tool_resources": {"numbers": {"semantic_view": "NOT_THERE"}},
    "orchestration": {"budget": {"seconds": 1}},
}
TOOL_FAULTS = {
    "fault-agent-tool-error": ("complete", None, 1),
    "fault-agent-tool-stall": ("failed", "service", 0),
}


@pytest.mark.parametrize("model", TOOL_FAULTS)
def test_a_fault_of_a_tool_ends_an_agent_as_the_table_says(session: Session, model: str) -> None:
    asked = ask("What is the total amount of sales by region?", model=model)
    result = answered(session, asked, WITH_TOOL)
    results = sum(isinstance(part, ToolResult) for part in result.parts)
    ended = (result.status, result.error and result.error.code, results)
    assert ended == TOOL_FAULTS[model]
    assert any(isinstance(part, ToolCall) for part in result.parts)


def test_no_fault_of_an_agent_is_without_a_row() -> None:
    assert AGENT_FAULTS.keys() <= {*FAULTS, *TOOL_FAULTS}

"""AI functions on an engine without rules: the instruction it gets, and how its answer is read."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from local_cortex.ai.sql_cortex import SqlCortex
from local_cortex.cortex import Cortex
from local_cortex.engines import EngineError, Message
from local_cortex.engines.instructions import READERS
from local_cortex.engines.relay import RelayEngine
from local_cortex.engines.tasks import DATA, RULES
from tests.local_cortex.cortex_engines import END, Playing
from tests.local_cortex.sql_support import refusal, value

CLASSIFY = {"text": "t", "labels": [{"label": "a"}, {"label": "b"}], "multi": False}
SENTIMENT = {"text": "t", "categories": ["food"]}
SCHEMA = {"type": "json", "schema": {"type": "object"}}


def answered(engine: Playing, name: str, given: dict[str, Any]) -> Any:
    return asyncio.run(SqlCortex(Cortex(engine)).task(name, given))


def test_every_task_has_an_instruction() -> None:
    assert READERS.keys() == RULES.keys() == DATA["ask"].keys() - {"classify_many"}


@pytest.mark.parametrize(
    ("name", "given", "said", "value"),
    [
        ("classify", CLASSIFY, '["a"]', ["a"]),
        ("classify", CLASSIFY | {"multi": True}, '```json\n["a", "b"]\n```', ["a", "b"]),
        ("decide", {"question": "q", "text": "t"}, "True.", True),
        (
            "sentiment",
            SENTIMENT,
            '{"overall": "mixed", "food": "unknown"}',
            {"overall": "mixed", "food": "unknown"},
        ),
        ("score", {"text": "t"}, "-0.5", -0.5),
        ("aggregate", {"texts": ["x"], "task": None}, " All well. ", "All well."),
        ("extract", {"text": "t", "questions": {"a": "q"}}, '{"a": null}', {"a": None}),
    ],
)
def test_an_answer_of_the_right_form_is_taken(
    name: str, given: dict[str, Any], said: str, value: Any
) -> None:
    engine = Playing(said, END)
    assert answered(engine, name, given) == value
    (call,) = engine.calls
    assert call.temperature == 0
    assert ("t" if "text" in given else "x") in call.messages[0].content


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("classify", CLASSIFY, "a"),
        ("classify", CLASSIFY, '["c"]'),
        ("classify", CLASSIFY, '["a", "b"]'),
        ("decide", {"question": "q", "text": "t"}, "Yes, it is"),
        ("sentiment", SENTIMENT, '{"overall": "good", "food": "unknown"}'),
        ("score", {"text": "t"}, "2"),
        ("extract", {"text": "t", "questions": {"a": "q"}}, "{}"),
    ],
)
def test_an_answer_of_another_form_is_an_error(name: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(EngineError, match="did not answer in the form asked for") as failed:
        answered(Playing(said, END), name, given)
    assert failed.value.status == 502


def completed(said: str, form: dict[str, Any]) -> tuple[str, Playing]:
    engine, options = Playing(said, END), {"response_format": form}
    asked = SqlCortex(Cortex(engine)).complete("llama3.1-8b", (Message("user", "u"),), options)
    return asyncio.run(asked)[0], engine


def test_a_response_format_is_a_schema_for_the_engine() -> None:
    text, engine = completed('```json\n{"a": 1}\n```', SCHEMA)
    assert text == '{"a": 1}'
    assert engine.calls[0].schema == SCHEMA["schema"]


def test_a_response_format_needs_a_schema_and_an_answer_in_json() -> None:
    with pytest.raises(EngineError, match="a JSON schema"):
        completed("", {"type": "json"})
    with pytest.raises(EngineError, match="did not answer with JSON"):
        completed("Sure!", SCHEMA)


def test_sql_asks_the_learners_own_model(server: str) -> None:
    cortex: Any = SqlCortex(Cortex(RelayEngine(f"{server}/v1", models={"*": "plain"})))
    assert value("SNOWFLAKE.CORTEX.SUMMARIZE('Long text')", cortex=cortex) == "안녕 👋"
    seen = httpx.get(f"{server}/seen", trust_env=False).json()[-1]
    assert "Summarize the text" in str(seen)
    assert "Long text" in str(seen)


def test_an_answer_that_a_function_cannot_read_is_an_error_of_its_row(server: str) -> None:
    cortex: Any = SqlCortex(Cortex(RelayEngine(f"{server}/v1", models={"*": "plain"})))
    assert value("AI_CLASSIFY('x', ['a', 'b'])", cortex=cortex) is None
    failed = refusal("SELECT SNOWFLAKE.CORTEX.CLASSIFY_TEXT('x', ['a', 'b'])", cortex=cortex)
    assert failed.code == "100351"
    assert "502 'the model did not answer in the form asked for (classify)'" in failed.message

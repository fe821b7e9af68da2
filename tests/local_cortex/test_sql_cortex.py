"""SNOWFLAKE.CORTEX.COMPLETE, TRY_COMPLETE, AI_COMPLETE, PROMPT and SHOW CORTEX BASE MODELS."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from local_cortex.engines import Message, Usage
from local_cortex.engines.tasks import RULES
from local_cortex.sql import SqlServer, Workers
from tests.local_cortex.sql_support import (
    EchoCortex,
    database_of,
    kind,
    new_session,
    refusal,
    rows,
    run,
    value,
)

COMPLETE = "SNOWFLAKE.CORTEX.COMPLETE"
SHOW = "SHOW CORTEX BASE MODELS"


def document(expression: str, **options: Any) -> Any:
    """Return a value that is JSON text."""
    return json.loads(str(value(expression, **options)))


def model_names(sql: str, **options: Any) -> list[object]:
    """Return the names that SHOW gives."""
    names: list[object] = run(sql, **options).table.column("name").to_pylist()
    return names


def test_complete_of_a_prompt_is_the_plain_text() -> None:
    assert value(f"{COMPLETE}('m', 'it''s 한국어')") == "m: it's 한국어"
    assert kind(f"{COMPLETE}('m', 'x')").startswith("VARCHAR")


def test_complete_of_null_is_null_and_asks_nobody() -> None:
    cortex = EchoCortex()
    assert value(f"{COMPLETE}('m', NULL)", cortex=cortex) is None
    assert value(f"{COMPLETE}(NULL, 'x')", cortex=cortex) is None
    assert cortex.calls == []


def test_complete_with_options_is_a_json_document_with_usage() -> None:
    answer = document(f"{COMPLETE}('m', [{{'role': 'user', 'content': 'hi'}}], {{}})")
    assert answer["choices"] == [{"messages": "m: hi"}]
    assert answer["model"] == "m"
    assert answer["usage"] == {"completion_tokens": 5, "prompt_tokens": 3, "total_tokens": 8}
    assert isinstance(answer["created"], int)


def test_complete_hands_messages_and_options_on() -> None:
    cortex = EchoCortex()
    messages = "[{'role': 'system', 'content': 's'}, {'role': 'user', 'content': 'u'}]"
    options = "{'temperature': 0.7, 'max_tokens': 10, 'top_p': 1, 'guardrails': true}"
    value(f"{COMPLETE}('m', {messages}, {options})", cortex=cortex)
    (call,) = cortex.calls
    assert call[1] == (Message("system", "s"), Message("user", "u"))
    assert call[2] == {"temperature": 0.7, "max_tokens": 10, "top_p": 1, "guardrails": True}


@pytest.mark.parametrize("function", [COMPLETE, "AI_COMPLETE"])
def test_max_tokens_may_be_a_whole_number_with_a_fraction(function: str) -> None:
    cortex = EchoCortex()
    value(f"{function}('m', 'hi', OBJECT_CONSTRUCT('max_tokens', 4096.0))", cortex=cortex)
    assert cortex.calls[0][2] == {"max_tokens": 4096}


def test_the_document_of_complete_can_be_read_with_a_path() -> None:
    path = "choices[0]:messages"
    assert value(f"{COMPLETE}('m', 'hi', {{}}):{path}::string") == "m: hi"


def test_messages_can_be_built_by_functions_or_bound_as_json() -> None:
    built = "ARRAY_CONSTRUCT(OBJECT_CONSTRUCT('role', 'user', 'content', 'hi'))"
    assert value(f"{COMPLETE}('m', {built}, {{}}):choices[0]:messages::string") == "m: hi"
    binds = {"1": {"type": "TEXT", "value": '[{"role": "user", "content": "hi"}]'}}
    bound = f"{COMPLETE}('m', PARSE_JSON(?), {{}}):choices[0]:messages::string"
    assert value(bound, binds=binds) == "m: hi"


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("('unknown', 'x')", "400 'unknown model \"unknown\"'"),
        ("('m', [], {})", "messages must be a list"),
        ("('m', ['x'], {})", "role and content"),
        ("('m', 'x', {'max_tokens': 'many'})", "invalid options object: max_tokens"),
        ("('m', 'x', {'max_tokens': 1.5})", "invalid options object: max_tokens"),
        ("('m', 'x', {'colour': 'red'})", "invalid options object: colour"),
    ],
)
def test_complete_fails_as_the_service_behind_it_does(call: str, reason: str) -> None:
    error = refusal(f"SELECT {COMPLETE}{call}")
    assert (error.code, error.sqlstate) == ("100351", "P0000")
    assert "Request failed for external function COMPLETE$V2" in error.message
    assert reason in error.message


def test_try_complete_gives_null_instead_of_an_error() -> None:
    assert value("SNOWFLAKE.CORTEX.TRY_COMPLETE('unknown', 'x')") is None
    assert value("SNOWFLAKE.CORTEX.TRY_COMPLETE('m', 'x')") == "m: x"


def test_structured_output_is_the_document_that_the_model_wrote() -> None:
    cortex = EchoCortex('{"mood": "good"}')
    form = "{'type': 'json', 'schema': {'type': 'object'}}"
    expected = {"mood": "good"}
    assert (
        document(f"{COMPLETE}('m', 'x', {{'response_format': {form}}})", cortex=cortex) == expected
    )
    assert document(f"AI_COMPLETE('m', 'x', response_format => {form})", cortex=cortex) == expected
    call = f"AI_COMPLETE('m', 'x', response_format => {form}, show_details => TRUE)"
    detailed = document(call, cortex=cortex)
    assert detailed["structured_output"] == [{"raw_message": expected, "type": "json"}]
    assert cortex.calls[0][2]["response_format"] == {"type": "json", "schema": {"type": "object"}}


def test_ai_complete_is_a_variant_whose_wire_form_is_json() -> None:
    (row,) = run("SELECT AI_COMPLETE('m', 'say \"hi\"\\n한')").rowset()
    assert json.loads(str(row[0])) == 'm: say "hi"\n한'


def test_ai_complete_converts_to_plain_text_where_text_is_wanted() -> None:
    assert value("AI_COMPLETE('m', 'x') || '!'") == "m: x!"
    assert value("AI_COMPLETE('m', 'x')::varchar") == "m: x"


def test_ai_complete_takes_its_arguments_by_position_or_by_name() -> None:
    cortex = EchoCortex()
    by_position = "AI_COMPLETE('m', 'x', {'temperature': 0.5}, NULL, TRUE)"
    by_name = (
        "AI_COMPLETE(show_details => TRUE, prompt => 'x', model => 'm', "
        "model_parameters => {'temperature': 0.5})"
    )
    first, second = (document(one, cortex=cortex) for one in (by_position, by_name))
    assert first["choices"] == second["choices"] == [{"messages": "m: x"}]
    assert first["usage"]["total_tokens"] == 8
    assert (
        cortex.calls[0] == cortex.calls[1] == ("m", (Message("user", "x"),), {"temperature": 0.5})
    )


def test_ai_complete_gives_null_for_a_failure_unless_asked_for_details() -> None:
    assert value("AI_COMPLETE('unknown', 'x')") is None
    explained = "AI_COMPLETE('{}', 'x', return_error_details => TRUE)"
    failed = {"value": None, "error": 'unknown model "unknown"'}
    assert document(explained.format("unknown")) == failed
    assert document(explained.format("m")) == {"value": "m: x", "error": None}


class Silent(EchoCortex):
    """Never answers; tells when it is asked, and of each call that was cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.cancelled = asyncio.Semaphore(0)

    async def complete(self, *_: object) -> tuple[str, Usage]:
        self.calls.append(("m", (), {}))
        self.asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.release()
        raise AssertionError("nobody sets the event")


@pytest.mark.parametrize("sql", ["SELECT AI_COMPLETE('m', 'x')", f"SELECT {COMPLETE}('m', 'x')"])
def test_no_model_is_asked_after_a_statement_was_cancelled(sql: str) -> None:
    async def cancel() -> None:
        cortex = Silent()
        server = SqlServer(database_of(None), Workers(), cortex)
        many = f"{sql} FROM TABLE(GENERATOR(ROWCOUNT => 100))"
        running = asyncio.ensure_future(server.execute(many, new_session()))
        await cortex.asked.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        async with asyncio.timeout(30):
            for _ in range(8):
                await cortex.cancelled.acquire()
        assert len(cortex.calls) == 8

    asyncio.run(cancel())


@pytest.mark.parametrize(
    ("sql", "asked"),
    [
        ("SELECT AI_COMPLETE('m', n::varchar) FROM t LIMIT 3", 3),
        ("SELECT COUNT(*) FROM (SELECT AI_COMPLETE('m', n::varchar) AS a FROM t)", 0),
        ("SELECT n, AI_COMPLETE('m', n::varchar) AS a FROM t ORDER BY n DESC LIMIT 4", 4),
        ("SELECT n FROM t WHERE AI_COMPLETE('m', n::varchar) = 'm: 7' AND n BETWEEN 5 AND 9", 5),
        ("SELECT AI_COMPLETE('m', n::varchar) AS a, a::varchar || '!' FROM t LIMIT 2", 2),
        ("SELECT AI_COMPLETE('m', n::varchar) AS a, a || '!' FROM t ORDER BY n LIMIT 2", 2),
    ],
)
def test_models_are_asked_for_the_rows_of_the_result(sql: str, asked: int) -> None:
    cortex = EchoCortex()
    source = "SELECT SEQ4() AS n FROM TABLE(GENERATOR(ROWCOUNT => 500))"
    rows(f"WITH t AS ({source}) {sql}", cortex=cortex)
    assert len(cortex.calls) == asked


class Recording(EchoCortex):
    """Keeps what its tasks are asked, and answers by the rules."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    async def task(self, name: str, arguments: Mapping[str, Any]) -> Any:
        self.asked.append((name, arguments))
        return RULES[name](arguments)


EXAMPLE = "{'input': 'i', 'labels': ['a'], 'explanation': 'e'}"
READ = {"input": "i", "labels": ["a"], "explanation": "e"}


@pytest.mark.parametrize(
    ("call", "task", "asked"),
    [
        (
            "AI_CLASSIFY('x', ['a', {'label': 'b', 'description': 'd'}], {'output_mode': 'multi', "
            f"'task_description': 't', 'examples': [{EXAMPLE}]}})",
            "classify",
            {
                "text": "x",
                "labels": [{"label": "a"}, {"label": "b", "description": "d"}],
                "multi": True,
                "task": "t",
                "examples": [READ],
            },
        ),
        (
            "SNOWFLAKE.CORTEX.CLASSIFY_TEXT('x', ['a', 'b'], {'task_description': 't'})",
            "classify",
            {
                "text": "x",
                "labels": [{"label": "a"}, {"label": "b"}],
                "multi": False,
                "task": "t",
                "examples": [],
            },
        ),
        ("AI_FILTER('is it?')", "decide", {"question": "is it?", "text": ""}),
        (
            "AI_FILTER(PROMPT('{0} or {1}?', 'x', 'y'))",
            "decide",
            {"question": "{0} or {1}?", "text": "x\ny"},
        ),
        ("AI_AGG('x', 'do it')", "aggregate", {"texts": ["x"], "task": "do it"}),
        ("AI_SUMMARIZE_AGG('x')", "aggregate", {"texts": ["x"], "task": None}),
        ("AI_SENTIMENT('x')", "sentiment", {"text": "x", "categories": []}),
        ("AI_SENTIMENT('x', ['a', 'b'])", "sentiment", {"text": "x", "categories": ["a", "b"]}),
        ("SNOWFLAKE.CORTEX.SENTIMENT('x')", "score", {"text": "x"}),
        (
            "AI_EXTRACT(text => 'x', responseFormat => {'name': 'who?'})",
            "extract",
            {"text": "x", "questions": {"name": "who?"}},
        ),
        (
            "AI_EXTRACT('x', ['who?', ['place', 'where?'], 'when: at what?'])",
            "extract",
            {
                "text": "x",
                "questions": {"who?": "who?", "place": "where?", "when": "at what?"},
            },
        ),
        (
            "SNOWFLAKE.CORTEX.EXTRACT_ANSWER('x', 'who?')",
            "extract",
            {"text": "x", "questions": {"answer": "who?"}},
        ),
        *(
            (f"{name}('x', 'en', 'ko')", "translate", {"text": "x", "source": "en", "target": "ko"})
            for name in ("AI_TRANSLATE", "SNOWFLAKE.CORTEX.TRANSLATE")
        ),
        ("SNOWFLAKE.CORTEX.SUMMARIZE('x')", "summarize", {"text": "x"}),
    ],
)
def test_every_argument_of_a_function_reaches_the_engine(
    call: str, task: str, asked: dict[str, Any]
) -> None:
    cortex = Recording()
    value(call, cortex=cortex)
    assert cortex.asked == [(task, asked)]


def test_two_calls_in_one_expression_are_two() -> None:
    assert value("AI_COMPLETE('m', 'a') || AI_COMPLETE('m', 'b')") == "m: am: b"
    model = "'snowflake-arctic-embed-l-v2.0'"
    near, far = (
        value(f"VECTOR_COSINE_SIMILARITY(AI_EMBED({model}, 'a cat'), AI_EMBED({model}, '{text}'))")
        for text in ("a cat", "주가 지수")
    )
    assert near == pytest.approx(1)
    assert far == pytest.approx(0, abs=0.2)
    assert value("EDITDISTANCE(AI_COMPLETE('m', 'a'), AI_COMPLETE('m', 'bc'))") == 2


def test_the_rows_nearest_to_a_question_come_first() -> None:
    embed = "AI_EMBED('snowflake-arctic-embed-l-v2.0', {})"
    near = f"VECTOR_COSINE_SIMILARITY({embed.format('t')}, {embed.format(repr('a black cat'))})"
    texts = "(VALUES ('주가 지수'), ('a black cat'), ('the cat is black')) AS d(t)"
    assert rows(f"SELECT t FROM {texts} ORDER BY {near} DESC LIMIT 2") == [
        ("a black cat",),
        ("the cat is black",),
    ]


def test_chunks_of_a_text_become_rows() -> None:
    call = "SNOWFLAKE.CORTEX.SPLIT_TEXT_RECURSIVE_CHARACTER(d.t, 'none', 15, 10)"
    source = f"(SELECT 'hello world are here' AS t) AS d, LATERAL FLATTEN(input => {call}) AS c"
    assert rows(f"SELECT c.value::varchar FROM {source} ORDER BY c.index") == [
        ("hello world are",),
        ("world are here",),
    ]


def test_a_prompt_object_fills_its_template() -> None:
    prompt = "PROMPT('{0} and {1}, {0} {x', 'a', 2)"
    assert value(f"AI_COMPLETE('m', {prompt})::varchar") == "m: a and 2, a {x"
    missing = document("AI_COMPLETE('m', PROMPT('{1}', 'a'), return_error_details => TRUE)")
    assert missing == {"value": None, "error": "prompt object: there is no argument {1}"}


def test_a_file_is_refused_where_there_is_one() -> None:
    call = "AI_COMPLETE('m', PROMPT('Describe {0}', TO_FILE('@s', a)))"
    assert rows(f"SELECT {call} FROM (SELECT 'f' AS a) WHERE a = 'g'") == []
    assert "TO_FILE" in refusal(f"SELECT {call} FROM (SELECT 'f' AS a)").message


def test_every_argument_of_ai_classify_may_be_given() -> None:
    call = "AI_CLASSIFY('x', ['a', 'b'], {'output_mode': 'many'}, TRUE)"
    assert document(call)["error"] == "config_object: output_mode is 'single' or 'multi'"


def test_show_cortex_base_models_lists_them() -> None:
    everything = ["CLAUDE-HAIKU-4-5", "LLAMA3.1-8B", "LLAMA3.3-70B"]
    assert model_names(f"{SHOW} IN SCHEMA SNOWFLAKE.MODELS") == everything
    assert model_names(f"{SHOW.lower()} in snowflake.models;") == everything


def test_show_without_its_schema_looks_at_the_sessions_database() -> None:
    assert model_names(SHOW) == []
    assert len(model_names(SHOW, session=new_session(database=None, schema=None))) == 3
    assert len(model_names(SHOW, session=new_session(database="SNOWFLAKE", schema="MODELS"))) == 3


def test_show_refuses_what_it_does_not_know() -> None:
    assert refusal(f"{SHOW} IN SCHEMA SNOWFLAKE.MODELS FOO").code == "001003"

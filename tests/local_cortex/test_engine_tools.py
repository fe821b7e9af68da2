"""Which tool the scripted engine calls, and how it fills a schema."""

from __future__ import annotations

import json
import time
from typing import Any

import jsonschema
import pytest

from local_cortex.engines import EngineError, Tool
from local_cortex.engines.tools import choose_tool, fill, schema_in

TOOLS = [
    Tool("get_weather", "Get the current weather of a city"),
    Tool("lookup_order", "주문 번호로 배송 상태를 조회합니다"),
    Tool("calculate", "Evaluate an arithmetic expression"),
]
WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "City name"},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        "days": {"type": "integer"},
    },
    "required": ["city"],
}
PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 0},
        "email": {"type": ["string", "null"]},
    },
    "required": ["name", "age", "email"],
    "additionalProperties": False,
}
STEPS = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "steps": {"type": "array", "items": {"$ref": "#/$defs/Step"}, "minItems": 1},
    },
    "required": ["title", "steps"],
    "$defs": {"Step": {"type": "object", "properties": {"explanation": {"type": "string"}}}},
}


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What's the weather in New York?", "get_weather"),
        ("서울 날씨 알려 줘", "get_weather"),
        ("부산 날씨예보 알려 줘", "get_weather"),
        ("주문 1234 배송 언제 와?", "lookup_order"),
        ("Calculate 12 * 3", "calculate"),
        ("Write a poem.", None),
        ("How do I get a token?", None),
    ],
)
def test_the_tool_is_the_one_whose_words_the_question_shares(
    question: str, name: str | None
) -> None:
    chosen = choose_tool(question, TOOLS)
    assert (chosen and chosen.name) == name


@pytest.mark.parametrize(
    ("schema", "question", "value"),
    [
        (WEATHER, "What's the weather in New York?", {"city": "New York"}),
        (WEATHER, "오늘 부산의 날씨는 어때요?", {"city": "부산"}),
        (PERSON, "이름: 김민수, 나이: 31", {"name": "김민수", "age": 31, "email": None}),
        (
            PERSON,
            "name: Kim Minsu, age: 31, e-mail kim@example.com",
            {"name": "Kim Minsu", "age": 31, "email": "kim@example.com"},
        ),
    ],
)
def test_values_are_taken_from_the_question(
    schema: dict[str, Any], question: str, value: object
) -> None:
    assert fill(schema, question) == value


def test_sentences_that_are_given_fill_text_that_the_question_does_not_give() -> None:
    value = fill(STEPS, "Explain it", ["One.", "Two.", "Three."])
    assert value == {"title": "One.", "steps": [{"explanation": "Two."}, {"explanation": "Three."}]}


@pytest.mark.parametrize(
    "schema",
    [
        PERSON,
        WEATHER,
        STEPS,
        {"type": "array", "items": {"type": "number"}, "minItems": 3},
        {"type": "integer", "exclusiveMinimum": 0, "maximum": 5},
        {"type": "string", "minLength": 12, "maxLength": 14},
        {"anyOf": [{"type": "null"}, {"const": 3}]},
        {"type": "object", "required": ["unknown"]},
        {},
    ],
)
@pytest.mark.parametrize("question", ["", "Hi", "서울과 Tokyo, 12.5 and -3"])
def test_what_is_filled_is_valid(schema: dict[str, Any], question: str) -> None:
    jsonschema.validate(fill(schema, question), schema)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "text"}, "invalid JSON schema"),
        ({"$ref": "#"}, "leads to itself"),
        ({"$ref": "http://127.0.0.1:9/schema"}, "leads nowhere"),
        ({"type": "array", "minItems": 10**9}, "asks for too much"),
        ({"properties": {"a": {"$ref": "#"}}}, "asks for too much"),
        ({"type": "number", "default": 1e400}, "too large"),
        ({"type": "string", "pattern": "(a+)+$"}, "doesn't fill 'pattern'"),
    ],
)
def test_a_schema_that_cannot_be_filled_is_refused(schema: dict[str, Any], words: str) -> None:
    with pytest.raises(EngineError, match=words) as refused:
        fill(schema, "hi")
    assert refused.value.status == 400


# --- a schema in a prompt -------------------------------------------------------------------------

# As langchain-core's PydanticOutputParser words it.
FORMAT = """As an example, for the schema {"properties": {"foo": {"type": "array"}}}
the object {"foo": ["bar", "baz"]} is a well-formatted instance of the schema.

Here is the output schema:
```
%s
```"""


def test_a_prompt_may_ask_for_an_answer_by_a_schema() -> None:
    assert schema_in(FORMAT % json.dumps(PERSON)) == PERSON


@pytest.mark.parametrize(
    "prompt",
    ["Explain this: ```{}```", FORMAT % "{not JSON}", FORMAT % '{"type": 1}', "output schema ```{"],
)
def test_a_prompt_without_a_schema_to_answer_by_is_any_other(prompt: str) -> None:
    assert schema_in(prompt) is None


def test_a_long_prompt_with_many_beginnings_of_a_schema_holds_nobody_up() -> None:
    begun = time.thread_time()
    assert schema_in("output schema```{" * 6_000) is None
    assert time.thread_time() - begun < 0.5

"""Choosing a tool by words, and its arguments."""

from __future__ import annotations

import pytest

from local_cortex.agents.asked import Tool
from local_cortex.agents.choosing import choose_tool, fill

SALES = Tool("generic", "sales", "Totals of sales, 매출 합계", {}, {})
WEATHER = Tool("generic", "get_weather", "The weather of a city, 도시의 날씨", {}, {})
TOOLS = [SALES, WEATHER]


@pytest.mark.parametrize(
    ("question", "tool"),
    [
        ("What was the best sale?", SALES),
        ("How is the weather in Paris?", WEATHER),
        ("매출이 궁금합니다", SALES),
        ("오늘 날씨는?", WEATHER),
        ("What is the meaning of life?", None),
        ("", None),
    ],
)
def test_the_tool_is_the_one_that_shares_most_words(question: str, tool: Tool | None) -> None:
    assert choose_tool(question, TOOLS) is tool


@pytest.mark.parametrize(
    ("schema", "question", "value"),
    [
        ({"type": "string"}, "How is the weather in New York today?", "New York"),
        ({"type": "string"}, "'서울'의 날씨는?", "서울"),
        ({"type": "string"}, "날씨는?", "날씨는?"),
        ({"type": "integer"}, "the next 3 days", 3),
        ({"type": "number"}, "above 2.5 degrees", 2.5),
        ({"type": "string", "enum": ["celsius", "kelvin"]}, "in Kelvin, please", "kelvin"),
    ],
)
def test_an_argument_is_found_in_the_question(
    schema: dict[str, object], question: str, value: object
) -> None:
    assert fill({"properties": {"a": schema}}, question) == {"a": value}


def test_an_argument_that_no_rule_finds_is_left_out() -> None:
    schema = {"properties": {"n": {"type": "integer"}, "o": {"type": "object"}, "x": 7}}

    assert fill(schema, "some days") == {}

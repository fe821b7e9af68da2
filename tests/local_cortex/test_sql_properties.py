"""Properties that hold for any text and any number."""

from __future__ import annotations

import json
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from local_cortex.sql import SqlError
from tests.local_cortex.sql_support import EchoCortex, rows, run, value

# Lone surrogates are no text: they cannot be sent as UTF-8 at all.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
INTEGERS = st.integers(min_value=-(10**18), max_value=10**18)
VOCABULARY = (
    "select from where ( ) , * 'a' 1 a b t as and or not null case when then end in like values "
    "[ ] { } : :: . ? $1 group by order limit ai_complete ( 'm' union all show cortex ; - + || "
    "create temporary table insert into drop use set with distinct between is exists cast"
)
WORDS = st.sampled_from(VOCABULARY.split())


def quoted(text: str) -> str:
    """Write text as a Snowflake string constant."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


@given(TEXTS, TEXTS)
def test_any_text_comes_back_as_a_literal_and_as_a_bind(literal: str, bound: str) -> None:
    result = run(f"SELECT {quoted(literal)}, ?", binds={"1": {"type": "TEXT", "value": bound}})
    assert result.rowset() == [[literal, bound]]


@given(TEXTS)
def test_any_prompt_reaches_the_model_and_any_answer_the_client(text: str) -> None:
    cortex = EchoCortex(answer=text)
    result = run(f"SELECT AI_COMPLETE('m', {quoted(text)})::text", cortex=cortex)
    assert cortex.calls[0][1][-1].content == text
    assert result.rowset() == [[text]]


@given(TEXTS, TEXTS)
def test_concatenation_keeps_every_character(left: str, right: str) -> None:
    assert value(f"{quoted(left)} || {quoted(right)}") == left + right


@given(st.recursive(st.none() | st.booleans() | INTEGERS | TEXTS, st.lists, max_leaves=8))
def test_any_json_survives_parsing_and_printing(document: object) -> None:
    written = json.dumps({"it": document})
    (row,) = run(f"SELECT PARSE_JSON({quoted(written)})").rowset()
    assert json.loads(str(row[0])) == {"it": document}


@given(INTEGERS, INTEGERS)
def test_arithmetic_on_integers_is_exact(left: int, right: int) -> None:
    computed = ", ".join(f"({left}) {operator} ({right})" for operator in "+-*")
    assert rows(f"SELECT {computed}") == [(left + right, left - right, left * right)]


@given(INTEGERS, INTEGERS.filter(bool))
def test_division_is_rounded_half_away_from_zero_to_six_decimals(left: int, right: int) -> None:
    exact = Fraction(left, right) * 10**6
    rounded = int(abs(exact) + Fraction(1, 2)) * (1 if exact >= 0 else -1)
    quotient = value(f"({left}) / ({right})")
    assert Fraction(str(quotient)) == Fraction(rounded, 10**6)


@settings(max_examples=3 * settings().max_examples)
@given(st.lists(WORDS, max_size=25))
def test_any_jumble_of_words_runs_or_is_refused_as_the_writers_mistake(words: list[str]) -> None:
    try:
        run("select " + " ".join(words)).rowset()
        run(" ".join(words)).rowset()
    except SqlError as error:
        assert error.code != "000603", error.message  # noqa: PT017 - only some errors are wrong

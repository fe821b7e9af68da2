"""Which statements a program may run, and what is said of the others."""

from __future__ import annotations

import re
import string
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from practice import Refused, SqlError
from practice.sql_forms import ONE_ROW, Statement, read

QUESTION = "What's a qubit?"
VERSION = Statement("SELECT CURRENT_VERSION()", [])
ASKED = Statement("SELECT AI_COMPLETE(?, ?)", ["m", QUESTION], "m", QUESTION)


@pytest.mark.parametrize(
    ("query", "params", "statement"),
    [
        ("SELECT CURRENT_VERSION()", None, VERSION),
        ("  SELECT\n\tCURRENT_VERSION ( ) ; ", [], VERSION),
        ("SELECT AI_COMPLETE(?, ?)", ["m", QUESTION], ASKED),
        ("SELECT AI_COMPLETE(:2, :1)", [QUESTION, "m"], ASKED),
        ("SELECT AI_COMPLETE('m', ?)", [QUESTION], ASKED),
        (
            "SELECT COMPLETE('m', ?)",
            [QUESTION],
            Statement("SELECT COMPLETE(?, ?)", ["m", QUESTION], "m", QUESTION),
        ),
        ("SELECT AI_COMPLETE('m', 'What''s a qubit?')", None, ASKED),
        (r"SELECT AI_COMPLETE('m', 'What\'s a qubit?')", None, ASKED),
        ("SELECT AI_COMPLETE('m', $$What's a qubit?$$)", None, ASKED),
    ],
)
def test_a_statement_of_the_course_is_written_with_bound_values(
    query: str, params: list[Any] | None, statement: Statement
) -> None:
    assert read(query, params) == statement


def test_the_function_is_the_one_that_was_called() -> None:
    query = "select Snowflake.Cortex.Complete(?, ?)"
    assert read(query, ["m", "hi"]) == Statement(query.replace("select", "SELECT"), *M_HI)


def test_a_text_is_read_with_its_escapes() -> None:
    written = r"'\x41\u0042\n\t\r\b\f\0\q\\\ud800'"
    said = "AB\n\t\r\b\f\0q\\\ufffd"
    assert read(f"SELECT AI_COMPLETE('m', {written})", None).prompt == said


@pytest.mark.parametrize("name", ["model_parameters", "response_format"])
def test_an_argument_may_be_an_object(name: str) -> None:
    query = f"SELECT AI_COMPLETE('m', 'hi', {name} => {{'a': [1, 'it''s', true, false, null]}})"
    written = f"SELECT AI_COMPLETE(?, ?, {name} => {{'a': [1, 'it''s', true, false, null]}})"
    assert read(query, None).text == written


@pytest.mark.parametrize("name", ["show_details", "return_error_details"])
def test_an_argument_may_be_a_switch(name: str) -> None:
    query = f"SELECT AI_COMPLETE('m', 'hi', {name} => TRUE)"
    assert read(query, None).text == f"SELECT AI_COMPLETE(?, ?, {name} => true)"


M_HI = (["m", "hi"], "m", "hi")


@pytest.mark.parametrize("alias", ["AS answer", 'as "an answer"', "answer"])
def test_the_column_may_have_a_name(alias: str) -> None:
    name = re.sub("^as ", "AS ", alias if " " in alias else f"AS {alias}")
    assert read(f"SELECT AI_COMPLETE(?, ?) {alias}", ["m", "hi"]) == Statement(
        f"SELECT AI_COMPLETE(?, ?) {name}", *M_HI
    )


def test_the_function_of_snowpark_is_read_with_its_parameters() -> None:
    given = "model => 'm', prompt => 'hi', model_parameters => {'temperature': 0.2, 'x': [null]}"
    read_as = "model => ?, prompt => ?, model_parameters => {'temperature': 0.2, 'x': [null]}"
    statement = read(f'SELECT ai_complete({given}) AS "A"{ONE_ROW}', None)
    assert (statement.text, statement.params) == (
        f'SELECT ai_complete({read_as}) AS "A"',
        ["m", "hi"],
    )
    assert statement.model == "m"


def test_the_row_is_written_as_the_stand_in_writes_it() -> None:
    source = Path("practice/guest/snowpark.py").read_text("utf-8")
    written = re.findall(r'"((?:SELECT|FROM) \( .*?)"', source)
    assert " ".join(ONE_ROW.split()) == " ".join(
        f"FROM ( {written[0]} {written[1]})".format(count=1).split()
    )


HI = "('m', 'hi')"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "SELECT",
        "SELECT 1",
        "SELECT CURRENT_USER()",
        "SELECT VERSION()",
        "SELECT CURRENT_VERSION",
        "SELECT CURRENT_VERSION(), 1",
        "SELECT CURRENT_VERSION() FROM t",
        "SELECT DISTINCT CURRENT_VERSION()",
        "DROP TABLE t",
        "SHOW TABLES",
        "CALL AI_COMPLETE" + HI,
        f"SELECT TRY_COMPLETE{HI}",
        f"SELECT SNOWFLAKE.CORTEX.TRY_COMPLETE{HI}",
        f"SELECT COMPLETE/**/{HI}",
        f"SELECT /* x */ COMPLETE{HI}",
        f"SELECT AI_COMPLETE{HI} -- x",
        f'SELECT "AI_COMPLETE"{HI}',
        f'SELECT SNOWFLAKE."CORTEX".COMPLETE{HI}',
        f"SELECT AI_COMPLETE{HI}, AI_COMPLETE{HI}",
        f"SELECT AI_COMPLETE{HI} || AI_COMPLETE{HI}",
        f"SELECT AI_COMPLETE{HI} FROM TABLE(GENERATOR(ROWCOUNT => 200))",
        f"SELECT AI_COMPLETE{HI}{ONE_ROW.replace('=> 1', '=> 200')}",
        f"SELECT AI_COMPLETE{HI} FROM (SELECT 1 UNION ALL SELECT 2)",
        f"SELECT AI_COMPLETE{HI} UNION ALL SELECT AI_COMPLETE{HI}",
        f"SELECT AI_COMPLETE{HI}; DROP TABLE t",
        f"WITH t AS (SELECT 1) SELECT AI_COMPLETE{HI}",
        f"SELECT (SELECT AI_COMPLETE{HI})",
        f"(SELECT AI_COMPLETE{HI})",
        f"SELECT UPPER(AI_COMPLETE{HI})",
        "SELECT AI_COMPLETE('m', REPEAT('x', 1000000))",
        "SELECT AI_COMPLETE('m', PROMPT('{0}', 'x'))",
        "SELECT AI_COMPLETE('m', (SELECT 'x'))",
        "SELECT AI_COMPLETE('m', 'x' || 'y')",
        "SELECT AI_COMPLETE('m', 'x'::TEXT)",
        "SELECT AI_COMPLETE(model => 'm', prompt => 'x', model => 'other')",
        "SELECT AI_COMPLETE(models => 'm', prompt => 'x')",
        "SELECT AI_COMPLETE('m', " + "[" * 4_000,
        "SELECT AI_COMPLETE('m', " + "{'a':" * 1_500,
        "SELECT AI_COMPLETE(" + "'x', " * 1_500,
        "SELECT \uff21I_COMPLETE('m', 'x')",
        "SELECT A\u0406_COMPLETE('m', 'x')",
        "\u200bSELECT CURRENT_VERSION()",
        "SELECT\u00a0CURRENT_VERSION()",
        "SELECT MD5(MD5(MD5('x')))",
        "SELECT '" + "x" * 7_000 + "' LIKE '" + "%x" * 400 + "'",
        f"EXECUTE IMMEDIATE $$SELECT AI_COMPLETE{HI}$$",
    ],
)
def test_any_other_statement_is_refused(query: str) -> None:
    with pytest.raises(Refused, match="statement"):
        read(query, None)


@pytest.mark.parametrize(
    ("query", "params", "said", "number"),
    [
        (f"SELECT AI_COMPLETE('m', '{QUESTION}')", None, "position 30 unexpected 's'", 1003),
        ("SELECT AI_COMPLETE('m', 'x", None, "position 24 unexpected '''", 1003),
        ("SELECT AI_COMPLETE('m', What is it?)", None, "position 29 unexpected 'is'", 1003),
        ("SELECT AI_COMPLETE(", None, "line 1 at position 19 unexpected '<EOF>'", 1003),
        ("SELECT\nAI_COMPLETE('m',\n)", None, "line 3 at position 0 unexpected ')'", 1003),
        ('SELECT AI_COMPLETE("m", "x")', None, "invalid identifier 'm'", 904),
        ("SELECT AI_COMPLETE(model, prompt)", None, "invalid identifier 'MODEL'", 904),
        ("SELECT AI_COMPLETE(?, ?)", ["m"], "Bind variable ?2 not set", 2049),
        ("SELECT AI_COMPLETE(:0, :1)", ["m"], "Bind variable ?0 not set", 2049),
        ("SELECT AI_COMPLETE(?, ?)", [["m", "x"]], "Array bind", 2099),
    ],
)
def test_what_a_learner_gets_wrong_is_said_as_snowflake_says_it(
    query: str, params: list[Any] | None, said: str, number: int
) -> None:
    with pytest.raises(SqlError, match=re.escape(said)) as raised:
        read(query, params)
    assert raised.value.number == number


PARTS = st.one_of(
    st.sampled_from(
        [
            *("SELECT ", "AI_COMPLETE", "COMPLETE(", "CURRENT_VERSION()", "SNOWFLAKE.CORTEX.", "("),
            *(
                ")",
                ",",
                "'",
                "''",
                "\\'",
                "$$",
                "?",
                ":1",
                "=>",
                "{",
                "}",
                "[",
                "]",
                '"',
                ";",
                "--",
            ),
            *(
                " AS ",
                "model",
                "prompt",
                "null",
                "5",
                "/*",
                "*/",
                "'m'",
                "\n",
                "fault-500",
                ONE_ROW,
            ),
        ]
    ),
    st.text(string.printable, max_size=3),
    st.text(max_size=2),
)
ARGUMENT = r"(?:[a-z_]+ => )?(?:\?|[-\d.eE]+|null|true|false|[\[{].*[\]}])"
SAFE = re.compile(
    rf'SELECT [\w.$]+\((?:{ARGUMENT}(?:, {ARGUMENT})*)?\)(?: AS (?:\w[\w$]*|"[^"]+"))?',
    re.ASCII | re.DOTALL,
)


@given(st.lists(PARTS, max_size=25).map("".join), st.lists(st.text(max_size=5), max_size=3))
def test_whatever_is_sent_is_refused_or_written_safely(query: str, params: list[str]) -> None:
    try:
        statement = read(f"SELECT AI_COMPLETE({query}", params)
    except (Refused, SqlError):
        return
    assert SAFE.fullmatch(statement.text)


# Seconds of processor time; it takes less than a millisecond.
HANG = 1.0


@pytest.mark.parametrize(
    ("beginning", "repeated"),
    [
        ("", "'"),
        ("SELECT AI_COMPLETE('", "\\'"),
        ("SELECT AI_COMPLETE($", "$"),
        ("SELECT ", "a."),
        ("SELECT AI_COMPLETE(", "-"),
        ("", " "),
    ],
)
def test_the_longest_statements_are_read_in_time(beginning: str, repeated: str) -> None:
    query = beginning + repeated * (8_000 // len(repeated)) + "x"
    begun = time.thread_time()
    with pytest.raises((Refused, SqlError)):
        read(query, None)
    assert time.thread_time() - begun < HANG

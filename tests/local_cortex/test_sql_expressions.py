"""Expressions: operators, functions, casts, NULL, and the types of their results."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from tests.local_cortex.sql_support import (
    EchoCortex,
    kind,
    new_session,
    refusal,
    rows,
    value,
    wrong,
)

OPERATORS: list[tuple[str, object]] = [
    ("1 + 2 * 3", 7),
    ("-5 % 3", -2),
    ("10 / 4", Decimal("2.500000")),
    ("1.5 * 2", Decimal("3.0")),
    ("2.5::float * 2", 5.0),
    ("'2' + 1", 3),
    ("3 - -2", 5),
    ("'a' || 'b' || NULL", None),
    ("'a' || 1", "a1"),
    ("NOT TRUE OR 1 < 2", True),
    ("NULL AND FALSE", False),
    ("NULL AND TRUE", None),
    ("NULL OR TRUE", True),
    ("1 = NULL", None),
    ("NULL IS NULL", True),
    ("1 IS NOT NULL", True),
    ("TRUE IS NOT FALSE", True),
    ("1 IS DISTINCT FROM NULL", True),
    ("2 BETWEEN 1 AND 3", True),
    ("2 IN (1, 2)", True),
    ("2 IN (1, NULL)", None),
    ("2 NOT IN (1, 3)", True),
    ("2 IN (SELECT 2)", True),
    ("'2' = 2", True),
    ("'abc' LIKE 'a%'", True),
    ("'abc' LIKE '_b_'", True),
    ("'a%c' LIKE 'a!%c' ESCAPE '!'", True),
    ("'ABC' ILIKE 'a%'", True),
    ("'한글' LIKE '한_'", True),
    ("DATE '2020-01-02' < '2020-01-03'", True),
    ("CASE WHEN 1 = 2 THEN 'x' WHEN TRUE THEN 'y' END", "y"),
    ("CASE 3 WHEN 1 THEN 'x' ELSE 'z' END", "z"),
    ("EXISTS (SELECT 1 WHERE FALSE)", False),
    ("(SELECT 5)", 5),
]


def test_an_operator_gives_what_snowflake_gives() -> None:
    assert wrong(OPERATORS, value) == {}


CASTS: list[tuple[str, object]] = [
    ("'12'::int", 12),
    ("'1.5'::number(10, 2)", Decimal("1.50")),
    ("2.5::int", 3),
    ("1.0::float::varchar", "1"),
    ("CAST(NULL AS int)", None),
    ("'2020-01-02 03:04:05'::timestamp", dt.datetime(2020, 1, 2, 3, 4, 5)),
    ("'2020-01-02 03:04:05'::timestamp::date", dt.date(2020, 1, 2)),
    ("'6162'::binary", b"ab"),
    ("CAST(PARSE_JSON('[1]') AS ARRAY)", "[\n  1\n]"),
    ('PARSE_JSON(\'{"b": 1, "a": [true]}\')::varchar', '{"a":[true],"b":1}'),
    ("PARSE_JSON('null')::varchar", None),
]


def test_a_cast_gives_what_snowflake_gives() -> None:
    assert wrong(CASTS, value) == {}


def test_strings_are_read_with_snowflakes_escapes() -> None:
    assert value(r"'it''s \\ \n \t \x41 \uD55C'") == "it's \\ \n \t A 한"
    assert value(r"$$it's \n raw$$") == r"it's \n raw"


TYPES = [
    ("123", "NUMBER(38,0)"),
    ("1.50", "NUMBER(3,2)"),
    ("1e5", "FLOAT"),
    ("'abc'", "VARCHAR(16777216)"),
    ("1 + 1", "NUMBER(38,0)"),
    ("1 / 3", "NUMBER(38,6)"),
    ("IFF(TRUE, 1, 2.5)", "NUMBER(11,1)"),
    ("PARSE_JSON('1')", "VARIANT"),
    ("CURRENT_TIMESTAMP()", "TIMESTAMP_LTZ(9)"),
    ("AI_COMPLETE('m', 'x')", "VARIANT"),
    ("1 = 2", "BOOLEAN"),
]


def test_a_result_has_a_type_before_it_has_rows() -> None:
    assert wrong(TYPES, kind) == {}


def test_a_branch_is_evaluated_only_for_the_rows_that_take_it() -> None:
    sql = "SELECT IFF(a = 0, 0, 6 / a), a <> 0 AND 6 / a > 2 FROM VALUES (0), (2) AS t(a)"
    assert rows(sql) == [(0, False), (3, True)]


def test_a_model_is_not_asked_for_rows_that_take_another_branch() -> None:
    cortex = EchoCortex()
    sql = "SELECT COALESCE(a, AI_COMPLETE('m', 'x')::string) FROM VALUES ('a'), (NULL) AS t(a)"
    assert rows(sql, cortex=cortex) == [("a",), ("m: x",)]
    assert len(cortex.calls) == 1


def test_current_functions_answer_from_the_session() -> None:
    asked = (
        "CURRENT_VERSION() CURRENT_USER() CURRENT_ROLE() CURRENT_WAREHOUSE() CURRENT_DATABASE() "
        "CURRENT_SCHEMA() CURRENT_ACCOUNT() CURRENT_SESSION()"
    )
    ((*answers,),) = rows(f"SELECT {', '.join(asked.split())}")
    assert answers == [
        *("0.1.0", "LEARNER", "STUDENT", "COURSE_WH", "COURSE"),
        *("PUBLIC", "LOCAL_CORTEX", "7"),
    ]


def test_every_current_function_runs() -> None:
    names = (
        "ACCOUNT_NAME AVAILABLE_ROLES CLIENT IP_ADDRESS ORGANIZATION_NAME REGION ROLE_TYPE SCHEMAS "
        "SECONDARY_ROLES STATEMENT TRANSACTION DATE TIME TIMESTAMP PRIMARY_ROLE"
    )
    asked = ", ".join(f"CURRENT_{name}()" for name in names.split())
    assert len(rows(f"SELECT {asked}")) == 1


def test_current_timestamp_is_one_moment_for_all_rows() -> None:
    sql = "SELECT COUNT(DISTINCT CURRENT_TIMESTAMP()) FROM TABLE(GENERATOR(ROWCOUNT => 1000))"
    assert rows(sql) == [(1,)]


def test_some_functions_need_no_parentheses() -> None:
    assert value("CURRENT_USER") == "LEARNER"
    assert isinstance(value("CURRENT_TIMESTAMP"), dt.datetime)
    assert refusal("SELECT CURRENT_VERSION").code == "000904"


def test_binds_stand_wherever_a_value_can_stand() -> None:
    binds = {
        "1": {"type": "TEXT", "value": "b"},
        "2": {"type": "FIXED", "value": "1"},
        "3": {"type": "FIXED", "value": "1"},
    }
    sql = "SELECT a || ? FROM VALUES ('x', 1), ('y', 1) AS t(a, n) WHERE n = ? LIMIT ?"
    assert rows(sql, binds=binds) == [("xb",)]


def test_binds_can_be_numbered() -> None:
    binds = {"1": {"type": "TEXT", "value": "a"}, "2": {"type": "TEXT", "value": "b"}}
    assert value(":2 || :1 || :2", binds=binds) == "bab"


def test_session_variables_are_set_and_read() -> None:
    session = new_session()
    rows("SET greeting = 'hi' || '!'", session=session)
    assert value("$greeting", session=session) == "hi!"
    rows("UNSET greeting", session=session)
    assert refusal("SELECT $greeting", session=session).code == "002211"


KEPT = [
    ('PARSE_JSON(\'{"t": "2024-01-02 03:04:05.5"}\'):t::timestamp_ntz', "03:04:05.500000"),
    ("DATEADD(month, 1, '2024-01-31'::DATE)", "2024-02-29"),
    ("DATEADD(day, 1, (SELECT '2024-01-31'::DATE))", "2024-02-01"),
    ("MAX('2024-01-31'::DATE) + 1", "2024-02-01"),
    ("DATE_TRUNC('month', MAX('2024-01-31'::DATE))", "2024-01-01"),
    ("12 / 2 / 3", "2.00000000"),
    ("SUM(5) / COUNT(*)", "5.000000"),
    ("MAX(10) / 4", "2.500000"),
    ("AVG(DISTINCT 5)", "5.000000"),
    ("576460752305 / 1", "576460752305.000000"),
    ("IS_NULL_VALUE(PARSE_JSON('{\"a\": null}'):a)", "True"),
    ('(SELECT OBJECT_CONSTRUCT(*) FROM (SELECT 1 AS a, 2 AS "b")):b', "2"),
]


def test_a_value_keeps_its_type_through_aggregates_and_subqueries() -> None:
    found = {expression: str(value(expression)) for expression, _ in KEPT}
    assert [end for expression, end in KEPT if not found[expression].endswith(end)] == []


TOO_LARGE = [
    ("REPEAT('ab', 20000000)", "100078"),
    ("LPAD('ab', 20000000, 'x')", "100078"),
    ("RPAD('ab', 20000000)", "100078"),
    ("SPACE(20000000)", "100078"),
    ("REPLACE(REPEAT('x', 1000000), 'x', REPEAT('y', 5000))", "100078"),
    ("ARRAY_GENERATE_RANGE(0, 100000000)", "000002"),
    ("COUNT(*) FROM TABLE(GENERATOR(ROWCOUNT => 10000001))", "000002"),
    ("POW(10, 400)", "100132"),
    ("12345::NUMBER(3)", "100039"),
]


def test_a_value_that_is_too_large_is_refused() -> None:
    assert wrong(TOO_LARGE, lambda expression: refusal(f"SELECT {expression}").code) == {}


@pytest.mark.parametrize(
    "expression",
    [
        "CONCAT_WS('-', AI_COMPLETE('m', 'a'), 'b')",
        "GREATEST(AI_COMPLETE('m', 'a')::text, 'b')",
        "AI_COMPLETE('m', 'a') LIKE ANY ('x%', 'y%')",
        "UPPER(AI_COMPLETE('m', 'a'))",
        "ARRAY_AGG(AI_COMPLETE('m', 'a'))",
    ],
)
def test_a_model_is_asked_once_for_a_value_that_stands_twice(expression: str) -> None:
    cortex = EchoCortex()
    value(expression, cortex=cortex)
    assert len(cortex.calls) == 1

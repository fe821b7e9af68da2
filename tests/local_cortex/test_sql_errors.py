"""What is refused, with which code, and that nothing a statement asks for can harm the server."""

from __future__ import annotations

import pytest

from local_cortex.sql import Completion
from tests.local_cortex.sql_support import EchoCortex, refusal, rows


def test_a_syntax_error_says_where_and_what() -> None:
    error = refusal("select 1\n from (values 2) x y z")
    assert (error.code, error.sqlstate) == ("001003", "42000")
    assert (error.line, error.position) == (2, 19)
    assert error.message == (
        "SQL compilation error:\nsyntax error line 2 at position 19 unexpected 'y'."
    )


@pytest.mark.parametrize(
    ("sql", "position", "found"),
    [
        ("selec 1", 0, "selec"),
        ("foo bar", 0, "foo"),
        ("select 1 +", 10, "<EOF>"),
        ("select from t", 7, "from"),
        ("select 'abc", 11, "<EOF>"),
        ("select (1", 9, "<EOF>"),
    ],
)
def test_a_syntax_error_points_at_the_word_that_is_wrong(
    sql: str, position: int, found: str
) -> None:
    error = refusal(sql)
    assert (error.code, error.position) == ("001003", position)
    assert f"unexpected '{found}'" in error.message


@pytest.mark.parametrize(
    ("sql", "code", "sqlstate"),
    [
        ("", "000900", "42601"),
        ("select 1; select 2", "000008", "0A000"),
        ("select foo", "000904", "42000"),
        ("select t.b from (select 1 a) t", "000904", "42000"),
        ("select a from (select 1 a, 2 a)", "002028", "42601"),
        ("select * from nowhere", "002003", "42S02"),
        ("select foo(1)", "002140", "42601"),
        ("select upper()", "000938", "22023"),
        ("select 1 + date '2020-01-01'", "000002", "0A000"),
        ("select 1/0", "100051", "22012"),
        ("select 'abc'::int", "100038", "22018"),
        ("select '2020-13-01'::date", "100040", "22007"),
        ("select parse_json('{bad')", "100069", "22P02"),
        ("select 12345::number(3)", "100039", "22003"),
        ("select ?", "002049", "42601"),
        ("select max(a) from (select 1 a) where max(a) > 0", "002035", "42601"),
        ("select (select a from values (1), (2) t(a))", "090150", "22000"),
    ],
)
def test_a_mistake_has_snowflakes_code(sql: str, code: str, sqlstate: str) -> None:
    error = refusal(sql)
    assert (error.code, error.sqlstate) == (code, sqlstate)


def test_a_statement_count_is_worded_as_snowflake_words_it() -> None:
    assert refusal("select 1; select 2;").message == (
        "Actual statement count 2 did not match the desired statement count 1."
    )
    assert rows("select 1;") == [(1,)]


def test_an_invalid_identifier_says_where_it_stands() -> None:
    error = refusal("select 1,\n  foo")
    assert (error.line, error.position) == (2, 2)
    assert "error line 2 at position 2\ninvalid identifier 'FOO'" in error.message


@pytest.mark.parametrize(
    "sql",
    [
        "select * from (select 1 a) x join (select 1 b) y on a = b",
        "select regexp_replace('a', 'b')",
        "select ai_classify('a', ['b'])",
        "select snowflake.cortex.summarize('a')",
        "select sum(1) over ()",
        "delete from t",
        "update t set a = 1",
        "merge into t using u on a = b when matched then delete",
        "create view v as select 1",
        "alter table t add column a int",
        "call p()",
        "explain select 1",
        "describe table t",
        "put file:///x @~",
        "show warehouses",
        "with recursive a as (select 1) select * from a",
        "select * from table(flatten(input => [1]))",
        "select 1 qualify row_number() over (order by 1) = 1",
    ],
)
def test_what_only_snowflake_runs_is_said_so_with_what_is_run(sql: str) -> None:
    error = refusal(sql)
    assert (error.code, error.sqlstate) == ("000002", "0A000")
    assert "Local Cortex does not run it" in error.message
    assert "runs" in error.message


def test_a_stage_is_refused_with_the_way_to_hand_over_a_pandas_frame() -> None:
    message = refusal("create temp stage s").message
    assert "Local Cortex does not run it" in message
    assert "session.create_dataframe(frame.values.tolist()" in message


def test_an_unknown_function_is_answered_with_the_known_ones() -> None:
    message = refusal("select summarise('x')").message
    assert "Unknown function SUMMARISE" in message
    assert "AI_COMPLETE" in message
    assert "SNOWFLAKE.CORTEX.COMPLETE" in message


def doubling(steps: int) -> str:
    tables = ["a0 as (select 1 x)"]
    tables += [
        f"a{n} as (select * from a{n - 1} union all select * from a{n - 1})"
        for n in range(1, steps + 1)
    ]
    return f"with {', '.join(tables)} select count(*) from a{steps}"


@pytest.mark.parametrize(
    "sql",
    [
        "select " + "(" * 5000 + "1" + ")" * 5000,
        "select " + "[" * 3000 + "]" * 3000,
        "select " + "+".join(["1"] * 2000),
        "select " + " and ".join(["true"] * 2000),
        "select " + "- " * 5000 + "1",
        "select " + "not " * 5000 + "true",
        "select 1" + "::int" * 5000,
        "select parse_json('1')" + "[0]" * 5000,
        "select " + "case when true then " * 2000 + "1" + " end" * 2000,
        "select * from " + "(select * from " * 500 + "(select 1)" + ")" * 500,
        "select 1 a0, " + ", ".join(f"a{n} + a{n} a{n + 1}" for n in range(60)),
        doubling(40),
        "select * from table(generator(rowcount => 10000000))",
        "select repeat('x', 100000000)",
        "select repeat('x', 16000000) from table(generator(rowcount => 1000))",
        "select repeat('x' || seq8(), 10000) from table(generator(rowcount => 100000))",
        "select ai_complete('m', 'x') from table(generator(rowcount => 5000))",
        "select '" + "x" * 300_001 + "'",
        "select " + "'x', " * 150_000 + "1",
        # An array holds another twice, and so on: small in memory, not in text.
        "select " + ", ".join(f"[a{n}, a{n}] a{n + 1}" for n in range(20)).replace("a0", "1"),
        "select ai_complete('m', prompt(repeat('{', 1000000)))",
        "select ai_complete('m', prompt(repeat('{0}', 10000), repeat('x', 1000)))",
        "select array_to_string(split(repeat('a,', 9000), ','), repeat('x', 1000))",
        "select parse_json(repeat('[', 400) || repeat('1,', 90000) || '1' || repeat(']', 400))",
        "select trim(repeat('a', 9), '" + "".join(map(chr, range(20_000, 22_000))) + "')",
        "select 1 from table(generator(rowcount => 100000)) order by repeat('x', 900)",
        "create temporary table t as select repeat('x', 900) a, repeat('x', 900) b "
        "from table(generator(rowcount => 50000))",
        "set v = repeat('x', 10000)",
        "alter session set " + ", ".join(f"p{n} = 'x'" for n in range(201)),
    ],
    ids=lambda sql: sql[:40],
)
def test_a_statement_beyond_the_limits_is_refused(sql: str) -> None:
    error = refusal(sql)
    assert error.code in {"000002", "100078"}, error.message
    assert "Local Cortex allows" in error.message or "too long" in error.message


def test_json_that_is_nested_too_deeply_is_refused() -> None:
    assert refusal("select parse_json(repeat('[', 100000))").code == "100069"


def test_an_ordinary_depth_is_no_problem() -> None:
    assert rows("select " + "(" * 35 + "1" + ")" * 35) == [(1,)]
    assert rows("select " + " + ".join(["1"] * 100)) == [(100,)]
    assert rows("select * from " + "(select * from " * 30 + "(select 1)" + ")" * 30) == [(1,)]
    assert len(rows(" union all ".join(["select 1"] * 500))) == 500
    assert rows(doubling(10)) == [(1024,)]


def test_a_fault_inside_is_an_error_message_and_not_a_crash(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(EchoCortex):
        async def complete(self, *_: object) -> Completion:
            raise RuntimeError("secret detail")

    error = refusal("select ai_complete('m', 'x')", cortex=Broken())
    assert (error.code, error.sqlstate) == ("000603", "XX000")
    assert "secret" not in error.message
    assert "failed inside Local Cortex" in caplog.text


def test_like_with_many_wildcards_is_fast() -> None:
    assert rows("select repeat('a', 5000) like '" + "%a" * 30 + "%b'") == [(False,)]

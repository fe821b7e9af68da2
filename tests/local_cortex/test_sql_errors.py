"""What is refused, with which code, and that nothing a statement asks for can harm the server."""

from __future__ import annotations

import duckdb
import pytest

from local_cortex.engines import Usage
from local_cortex.sql.failures import as_sql_error
from local_cortex.sql.parse import parse
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
        ("select a from (select 1 a) x, (select 2 a) y", "002028", "42601"),
        ("select * from nowhere", "002003", "42S02"),
        ("select foo(1)", "002140", "42601"),
        ("select upper()", "000938", "22023"),
        ("select date '2020-01-01' * 2", "001044", "42P13"),
        ("select 1/0", "100051", "22012"),
        ("select 'abc'::int", "100038", "22018"),
        ("select '2020-13-01'::date", "100040", "22007"),
        ("select parse_json('{bad')", "100069", "22P02"),
        ("select 12345.67::number(4, 2)", "100039", "22003"),
        ("select 'x'::boolean", "100037", "22018"),
        ("select '25:00:00'::time", "100108", "22007"),
        ("select to_timestamp('noon')", "100035", "22007"),
        ("select regexp_like('a', '(')", "100048", "2201B"),
        ("select 1 union select 1, 2", "001789", "42601"),
        ("select a, count(*) from (select 1 a)", "000979", "42601"),
        ("select a from (select 1 a) order by 9", "000904", "42000"),
        ("select convert_timezone('Foo/Bar', current_timestamp())", "000604", "22000"),
        ("select $1", "002211", "02000"),
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
    ("text", "kind", "message"),
    [
        (
            'IO Error: Cannot open file "/home/me/secret/a.csv": No such file',
            duckdb.IOException,
            "Cannot open file a file: No such file",
        ),
        (
            "Binder Error: Strange thing. You might need to add explicit type casts.\n"
            "\tCandidate functions:\n\tsf_x(a)",
            duckdb.BinderException,
            "Strange thing.",
        ),
        ("Catalog Error: main.sf_FOO is odd", duckdb.CatalogException, "FOO is odd"),
        (
            "Out of Memory Error: 5 bytes. Try SET memory_limit",
            duckdb.OutOfMemoryException,
            "Local Cortex allows 512MB",
        ),
    ],
)
def test_what_duckdb_says_is_told_without_paths_and_without_duckdbs_own_advice(
    text: str, kind: type[duckdb.Error], message: str
) -> None:
    told = as_sql_error(text, kind, None).message
    assert message in told
    assert not any(word in told for word in ("/home", "sf_", "main.", "SET ", "casts", "Candidate"))


def test_a_missing_column_is_told_where_duckdb_only_misses_its_type() -> None:
    text = "Binder Error: Macro sf_plus() has multiple overloads that match. Candidate macros: ..."
    parsed = parse("select b, a + 1 as c from t", lambda: None)
    error = as_sql_error(text, duckdb.BinderException, parsed, ["B"])
    assert (error.code, error.position) == ("000904", 10)
    assert "invalid identifier 'A'" in error.message


def test_an_unknown_function_is_answered_with_those_of_a_like_name() -> None:
    message = refusal("select summarise('x')").message
    assert "Unknown function SUMMARISE. Did you mean" in message
    assert "SUMMARIZE" in message


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("select " + "(" * 5000 + "1" + ")" * 5000, "Brackets within brackets"),
        ("select " + "[" * 3000 + "]" * 3000, "Brackets within brackets"),
        ("select " + "+".join(["1"] * 2000), "Operators within operators"),
        ("select " + " and ".join(["true"] * 2000), "Operators within operators"),
        ("select " + "- " * 5000 + "1", "Nesting"),
        ("select " + "not " * 5000 + "true", "Nesting"),
        ("select 1" + "::int" * 5000, "Operators within operators"),
        ("select parse_json('1')" + "[0]" * 5000, "Nesting"),
        ("select " + "case when true then " * 2000 + "1" + " end" * 2000, "Brackets"),
        ("select * from " + "(select * from " * 500 + "(select 1)" + ")" * 500, "Brackets"),
        (
            "select 1 a0, " + ", ".join(f"a{n} + a{n} a{n + 1}" for n in range(60)),
            "What aliases stand for",
        ),
        ("select repeat('x', 1000) from table(generator(rowcount => 100000))", "The bytes"),
        ("select ai_complete('m', 'x') from table(generator(rowcount => 2000))", "Answers"),
        ("select '" + "x" * 300_001 + "'", "A statement of 300,010 characters"),
        ("set v = repeat('x', 10000)", "The value of 'V'"),
        ("alter session set " + ", ".join(f"p{n} = 'x'" for n in range(201)), "Variables"),
        ("select listagg(repeat('x', 99999)) from table(generator(rowcount => 99999))", "512MB"),
    ],
    ids=lambda text: text[:40],
)
def test_a_statement_beyond_the_limits_is_refused(sql: str, what: str) -> None:
    error = refusal(sql)
    assert error.code == "000002", error.message
    assert what in error.message
    assert "Local Cortex allows" in error.message


def test_json_that_is_nested_too_deeply_is_refused() -> None:
    assert refusal("select parse_json(repeat('[', 100000))").code == "100069"


def test_an_ordinary_depth_is_no_problem() -> None:
    assert rows("select " + "(" * 35 + "1" + ")" * 35) == [(1,)]
    assert rows("select " + " + ".join(["1"] * 100)) == [(100,)]
    assert rows("select * from " + "(select * from " * 30 + "(select 1)" + ")" * 30) == [(1,)]
    assert len(rows(" union all ".join(["select 1"] * 100))) == 100


def test_a_fault_inside_is_an_error_message_and_not_a_crash(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(EchoCortex):
        async def complete(self, *_: object) -> tuple[str, Usage]:
            raise RuntimeError("secret detail")

    error = refusal("select ai_complete('m', 'x')", cortex=Broken())
    assert (error.code, error.sqlstate) == ("000603", "XX000")
    assert "secret" not in error.message
    assert "failed inside Local Cortex" in caplog.text


def test_like_with_many_wildcards_is_fast() -> None:
    assert rows("select repeat('a', 5000) like '" + "%a" * 30 + "%b'") == [(False,)]

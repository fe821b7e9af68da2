"""What is refused, with which code, and that nothing a statement asks for can harm the server."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from local_cortex.engines import Usage
from local_cortex.sql import SqlSession
from local_cortex.sql.failures import as_sql_error
from local_cortex.sql.parse import parse
from local_cortex.sql.sql_error import WHAT_RUNS
from tests.local_cortex.sql_support import EchoCortex, new_session, refusal, rows, run

REFUSALS = Path(__file__).with_name("sql_refusals.txt")
MADE = (
    *("create table t (a int, b text)", "create table u (a int)", "create view v as select 1 x"),
    *("create stage s", "create file format f", "create schema other", "use schema course.public"),
)


def told(sql: str, session: SqlSession) -> str:
    """Return a statement, its refusal's codes and place, and the words, as the file has them."""
    error = refusal(sql.replace("\\n", "\n"), session=session)
    place = f" {error.line}:{error.position}" if error.line is not None else ""
    words = error.message.replace(WHAT_RUNS, "...").replace("\n", "\n    ")
    return f"{sql}\n  {error.code} {error.sqlstate}{place}\n    {words}\n"


def test_a_mistake_has_snowflakes_codes_and_words() -> None:
    """``COURSE_WRITE_REFUSALS=1`` writes the file again, after a change on purpose."""
    session = new_session()
    for one in MADE:
        run(one, session=session)
    written = REFUSALS.read_text("utf-8")
    statements = [one for one in written.splitlines()[1:] if not one.startswith(" ")]
    found = f"... {WHAT_RUNS}\n" + "".join(told(one, session) for one in statements)
    if "COURSE_WRITE_REFUSALS" in os.environ:
        REFUSALS.write_text(found, "utf-8")
    assert found == REFUSALS.read_text("utf-8")


def test_a_statement_may_end_with_a_semicolon() -> None:
    assert rows("select 1;") == [(1,)]


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


@pytest.mark.parametrize(
    ("last", "statement", "words"),
    [
        (40, lambda n: f"select {'(' * n}1{')' * n}", "Brackets within brackets"),
        (2_000, lambda n: f"select ${n} from @~", "Columns of a file"),
        (250, lambda n: f"select {'+'.join('1' * (n - 1))}", "Operators within operators"),
        (300_000, lambda n: f"select '{'x' * (n - 9)}'", "A statement of 300,001 characters"),
        (10_000, lambda n: f"set v = repeat('x', {n - 1})", "The value of 'V'"),
        (
            200,
            lambda n: f"set ({', '.join(f'v{at}' for at in range(n))}) = ({', '.join('1' * n)})",
            "Variables or parameters of a session",
        ),
        (
            1_000,
            lambda n: f"select ai_complete('m', 'x') from table(generator(rowcount => {n}))",
            "Answers of one statement",
        ),
        (
            10_000_000,
            lambda n: f"select 1 from table(generator(rowcount => {n})) limit 1",
            "GENERATOR of 10,000,001 rows",
        ),
    ],
)
def test_a_limit_is_the_last_that_is_taken(
    last: int, statement: Callable[[int], str], words: str
) -> None:
    run(statement(last))
    error = refusal(statement(last + 1))
    assert error.code == "000002"
    assert error.message.startswith(f"{words}: Local Cortex allows {last:,} at most. ")


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

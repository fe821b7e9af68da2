"""Statements that are not queries: USE, ALTER SESSION, transactions, temporary tables."""

from __future__ import annotations

import pytest

from tests.local_cortex.sql_support import new_session, refusal, rows, run

CREATE = "CREATE TEMPORARY TABLE t (a BIGINT NOT NULL, b STRING)"


def test_use_changes_what_the_session_answers_from() -> None:
    session = new_session()
    for statement in ("use role abc", "use warehouse wh", 'use schema d."s x"'):
        run(statement, session=session)
    assert (session.role, session.warehouse) == ("ABC", "WH")
    assert (session.database, session.schema) == ("D", "s x")
    run("use database other", session=session)
    assert rows("SELECT CURRENT_DATABASE(), CURRENT_SCHEMA()", session=session) == [
        ("OTHER", "PUBLIC")
    ]


def test_session_parameters_are_set_shown_and_unset() -> None:
    session = new_session()
    run("ALTER SESSION SET query_tag = 'day 3'", session=session)
    ((key, shown, *_),) = rows("SHOW PARAMETERS LIKE 'query_tag'", session=session)
    assert (key, shown) == ("QUERY_TAG", "day 3")
    run("ALTER SESSION UNSET query_tag", session=session)
    assert rows("SHOW PARAMETERS LIKE 'QUERY_TAG'", session=session) == []


@pytest.mark.parametrize("statement", ["BEGIN", "BEGIN TRANSACTION", "COMMIT", "ROLLBACK"])
def test_transactions_are_accepted(statement: str) -> None:
    assert rows(statement) == [("Statement executed successfully.",)]


def test_closing_a_session_may_cancel_its_queries() -> None:
    assert len(rows("select system$cancel_all_queries(7)")) == 1


def test_a_temporary_table_is_filled_and_read() -> None:
    session = new_session()
    assert rows(CREATE, session=session) == [("Table T successfully created.",)]
    inserted = run("INSERT INTO t (b, a) VALUES ('x', 1), (NULL, '2')", session=session)
    assert (inserted.columns[0].name, inserted.rows) == ("number of rows inserted", [(2,)])
    run("INSERT INTO t SELECT a + 10, b FROM t", session=session)
    assert rows("SELECT * FROM course.public.t ORDER BY a", session=session) == [
        *((1, "x"), (2, None)),
        *((11, "x"), (12, None)),
    ]
    assert refusal("SELECT * FROM t").code == "002003"  # in another session


def test_a_bulk_insert_takes_one_bind_for_each_column() -> None:
    session = new_session()
    run(CREATE, session=session)
    binds = {
        "1": {"type": "FIXED", "value": ["1", "2"]},
        "2": {"type": "TEXT", "value": ["x", None]},
    }
    run("INSERT INTO t VALUES (?, ?)", session=session, binds=binds)
    assert rows("SELECT * FROM t", session=session) == [(1, "x"), (2, None)]
    assert refusal("SELECT ?, ?", binds=binds).code == "002099"


def test_a_table_can_be_made_of_a_query() -> None:
    session = new_session()
    run("CREATE TEMP TABLE t AS SELECT 1 AS a, 'x' AS b", session=session)
    run("CREATE OR REPLACE TEMP TABLE t (a INT, b TEXT) AS SELECT a + 1, b FROM t", session=session)
    assert rows("SELECT * FROM t", session=session) == [(2, "x")]
    assert rows("SHOW TABLES LIKE 'T'", session=session)[0][0] == "T"


def test_tables_are_emptied_and_dropped() -> None:
    session = new_session()
    run(CREATE, session=session)
    run("INSERT INTO t VALUES (1, 'x')", session=session)
    run("TRUNCATE TABLE t", session=session)
    assert rows("SELECT COUNT(*) FROM t", session=session) == [(0,)]
    run("DROP TABLE t", session=session)
    assert run("DROP TABLE IF EXISTS t", session=session).rows != []
    assert refusal("DROP TABLE t", session=session).code == "002003"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (CREATE, "002002"),
        ("CREATE TEMP TABLE u (a INT, a INT)", "002025"),
        ("CREATE TEMP TABLE u (a INT DEFAULT 1)", "000002"),
        ("INSERT INTO t (b) VALUES ('x')", "100072"),
        ("INSERT INTO t (c) VALUES ('x')", "000904"),
        ("INSERT INTO t VALUES (1)", "002020"),
        ("INSERT INTO t VALUES ('x', 'y')", "100038"),
        ("INSERT INTO short VALUES ('abc')", "100078"),
        ("INSERT INTO nowhere VALUES (1)", "002003"),
    ],
)
def test_what_does_not_fit_a_table_is_refused(statement: str, code: str) -> None:
    session = new_session()
    run(CREATE, session=session)
    run("CREATE TEMP TABLE short (a VARCHAR(2))", session=session)
    assert refusal(statement, session=session).code == code


def test_a_permanent_table_is_said_not_to_run() -> None:
    error = refusal("CREATE TABLE t (a INT)")
    assert (error.code, error.sqlstate) == ("000002", "0A000")
    assert "CREATE TEMPORARY TABLE" in error.message

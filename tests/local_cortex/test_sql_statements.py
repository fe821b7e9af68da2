"""Statements that are not queries: USE, ALTER SESSION, transactions, tables, views."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from local_cortex.database import catalog
from local_cortex.database.catalog import Catalog, Name, Place
from local_cortex.sql import Database, SqlError, SqlSession
from tests.local_cortex.sql_support import (
    DATABASES,
    new_session,
    refusal,
    rows,
    run,
)

CREATE = "CREATE TEMPORARY TABLE t (a BIGINT NOT NULL, b STRING)"
DATABASE = Database()
SESSIONS = count(1)


@pytest.fixture
def session() -> Iterator[SqlSession]:
    """A session in an account that is empty; making a database for each would take the longest."""
    opened = new_session(session_id=next(SESSIONS))
    DATABASES[id(opened)] = (opened, DATABASE)
    yield opened
    DATABASE.forget(opened)
    cleaning = new_session(session_id=next(SESSIONS))
    DATABASES[id(cleaning)] = (cleaning, DATABASE)
    for name in ("course", "d", "other", "shop"):
        run(f"DROP DATABASE IF EXISTS {name}", session=cleaning)


def test_use_changes_what_the_session_answers_from(session: SqlSession) -> None:
    for statement in ("create database d", 'create schema d."s x"', "create database other"):
        run(statement, session=session)
    for statement in ("use role abc", "use warehouse wh", 'use schema d."s x"'):
        run(statement, session=session)
    assert (session.role, session.warehouse) == ("ABC", "WH")
    assert (session.database, session.schema) == ("D", "s x")
    run("use database other", session=session)
    assert rows("SELECT CURRENT_DATABASE(), CURRENT_SCHEMA()", session=session) == [
        ("OTHER", "PUBLIC")
    ]
    error = refusal("use schema nowhere", session=session)
    assert (error.code, error.sqlstate) == ("002043", "02000")
    assert "OTHER.NOWHERE" in error.message


def test_session_parameters_are_set_shown_and_unset(session: SqlSession) -> None:
    run("ALTER SESSION SET query_tag = 'day 3'", session=session)
    ((key, shown, *_),) = rows("SHOW PARAMETERS LIKE 'query_tag'", session=session)
    assert (key, shown) == ("QUERY_TAG", "day 3")
    run("ALTER SESSION UNSET query_tag", session=session)
    assert rows("SHOW PARAMETERS LIKE 'QUERY_TAG'", session=session) == []


def test_a_transaction_is_kept_or_rolled_back(session: SqlSession) -> None:
    run("CREATE TABLE t (a INT)", session=session)
    for statement in ("BEGIN", "INSERT INTO t VALUES (1)", "ROLLBACK"):
        run(statement, session=session)
    assert rows("SELECT * FROM t", session=session) == []
    for statement in ("BEGIN TRANSACTION", "INSERT INTO t VALUES (2)", "COMMIT", "ROLLBACK"):
        run(statement, session=session)
    assert rows("SELECT * FROM t", session=session) == [(2,)]


def test_a_transaction_that_has_failed_says_so_when_it_is_committed(session: SqlSession) -> None:
    run("CREATE TABLE t (a INT NOT NULL)", session=session)
    run("BEGIN", session=session)
    run("INSERT INTO t VALUES (1)", session=session)
    assert refusal("INSERT INTO t VALUES (NULL)", session=session).code == "100072"
    assert refusal("COMMIT", session=session).code == "000625"
    assert rows("SELECT * FROM t", session=session) == []


def test_without_autocommit_a_change_waits_for_commit(session: SqlSession) -> None:
    run("CREATE TABLE t (a INT)", session=session)
    run("ALTER SESSION SET AUTOCOMMIT = FALSE", session=session)
    run("INSERT INTO t VALUES (1)", session=session)
    run("ROLLBACK", session=session)
    assert rows("SELECT * FROM t", session=session) == []


def test_sessions_share_tables_but_not_temporary_ones(session: SqlSession) -> None:
    run("CREATE TABLE shared AS SELECT 1 a", session=session)
    run("CREATE TEMP TABLE own AS SELECT 2 a", session=session)
    other = new_session(session_id=next(SESSIONS))
    DATABASES[id(other)] = (other, DATABASE)
    assert rows("SELECT * FROM shared", session=other) == [(1,)]
    assert refusal("SELECT * FROM own", session=other).code == "002003"
    DATABASE.forget(session)
    assert refusal("SELECT * FROM own", session=session).code == "002003"


def test_a_temporary_table_hides_a_permanent_one_of_its_name(session: SqlSession) -> None:
    run("CREATE TABLE t AS SELECT 1 a", session=session)
    run("CREATE TEMP TABLE t AS SELECT 2 a", session=session)
    assert rows("SELECT * FROM t", session=session) == [(2,)]
    run("DROP TABLE t", session=session)
    assert rows("SELECT * FROM t", session=session) == [(1,)]


def test_a_table_that_is_made_of_a_query_may_name_its_columns(session: SqlSession) -> None:
    run('CREATE TABLE t (x, "y") AS SELECT 1, 2', session=session)

    assert [one.name for one in run("SELECT * FROM t", session=session).columns] == ["X", "y"]


def test_names_that_differ_only_in_case_are_two_names(session: SqlSession) -> None:
    run('CREATE TABLE t ("a" INT, A INT, "Straße" TEXT)', session=session)
    run("INSERT INTO t VALUES (1, 2, 'x')", session=session)
    assert rows('SELECT a, "a", "Straße" FROM T', session=session) == [(2, 1, "x")]
    assert names_of("SELECT * FROM t", session) == ["a", "A", "Straße"]
    assert "invalid identifier 'b'" in refusal('SELECT "b" FROM t', session=session).message


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("SELECT t FROM t", "T"),
        ("SELECT a FROM t AS a", "A"),
        ("SELECT t.b, q FROM t, (SELECT 1 AS z) q", "Q"),
    ],
)
def test_a_tables_name_is_no_column(sql: str, name: str, session: SqlSession) -> None:
    run("CREATE TABLE t (b INT)", session=session)
    error = refusal(sql, session=session)
    assert (error.code, f"invalid identifier '{name}'" in error.message) == ("000904", True)


def names_of(sql: str, session: SqlSession) -> list[str]:
    return [column.name for column in run(sql, session=session).columns]


def test_a_view_reads_its_tables_from_where_it_was_made(session: SqlSession) -> None:
    run("CREATE TABLE t AS SELECT 1 a", session=session)
    run("CREATE VIEW v (b) AS SELECT a + 1 FROM t", session=session)
    run("CREATE SCHEMA other", session=session)
    assert rows("SELECT b FROM public.v", session=session) == [(2,)]
    run("CREATE VIEW public.w AS SELECT * FROM public.v", session=session)
    assert rows("SELECT * FROM course.public.w", session=session) == [(2,)]


def test_a_cte_may_have_the_name_of_the_table_that_it_reads(session: SqlSession) -> None:
    run("CREATE TABLE t AS SELECT 1 a", session=session)
    made = "WITH t AS (SELECT a + 1 AS a FROM t)"
    assert rows(f"{made} SELECT a FROM (SELECT * FROM t)", session=session) == [(2,)]
    assert rows(f"{made} SELECT a FROM public.t", session=session) == [(1,)]


def test_a_view_calls_columns_without_a_name_by_its_own_text(session: SqlSession) -> None:
    run('CREATE VIEW v AS SELECT "1 + 1" b FROM (SELECT 1 + 1)', session=session)
    assert rows("SELECT b FROM v", session=session) == [(2,)]


def test_views_that_read_one_another_without_end_are_refused(session: SqlSession) -> None:
    run("CREATE VIEW v0 AS SELECT 1 a", session=session)
    for number in range(1, 11):
        run(f"CREATE VIEW v{number} AS SELECT * FROM v{number - 1}", session=session)
    assert refusal("CREATE VIEW v11 AS SELECT * FROM v10", session=session).code == "000002"


def test_an_identity_column_counts(session: SqlSession) -> None:
    run("CREATE TABLE t (id INT AUTOINCREMENT, x TEXT)", session=session)
    run("INSERT INTO t (x) VALUES ('a'), ('b')", session=session)
    assert rows("SELECT * FROM t", session=session) == [(1, "a"), (2, "b")]


def test_columns_are_added_renamed_changed_and_dropped(session: SqlSession) -> None:
    run("CREATE TABLE t (a INT)", session=session)
    run("INSERT INTO t VALUES (1)", session=session)
    for change in (
        "ADD COLUMN b VARCHAR(5)",
        "RENAME COLUMN a TO c",
        "ALTER COLUMN c SET DATA TYPE VARCHAR",
        "DROP COLUMN b",
        "DROP COLUMN IF EXISTS b",
        "RENAME TO u",
    ):
        run(f"ALTER TABLE t {change}", session=session)
    assert rows("SELECT c || '!' FROM u", session=session) == [("1!",)]
    ((name, kind, *_),) = rows("DESCRIBE TABLE u", session=session)
    assert (name, kind) == ("C", "VARCHAR(16777216)")
    assert refusal("ALTER TABLE u DROP COLUMN z", session=session).code == "000904"


def test_a_column_that_is_there_is_added_again_only_if_that_is_asked(session: SqlSession) -> None:
    run("CREATE TABLE t (a INT)", session=session)
    assert refusal("ALTER TABLE t ADD COLUMN a TEXT", session=session).code == "001430"
    run("ALTER TABLE t ADD COLUMN IF NOT EXISTS a TEXT", session=session)
    run("ALTER TABLE t ADD COLUMN IF NOT EXISTS b TEXT", session=session)
    run("INSERT INTO t VALUES (1, 'x')", session=session)
    assert rows("SELECT * FROM t", session=session) == [(1, "x")]


def test_merge_tells_how_many_rows_it_inserted_updated_and_deleted(session: SqlSession) -> None:
    run("CREATE TABLE t AS SELECT * FROM VALUES (1, 'a'), (2, 'b') v(id, x)", session=session)
    merged = run(
        "MERGE INTO t USING (SELECT * FROM VALUES (1, 'A'), (2, NULL), (3, 'c') v(id, x)) s "
        "ON t.id = s.id WHEN MATCHED AND s.x IS NULL THEN DELETE "
        "WHEN MATCHED THEN UPDATE SET t.x = s.x "
        "WHEN NOT MATCHED THEN INSERT (id, x) VALUES (s.id, s.x)",
        session=session,
    )
    assert [column.name for column in merged.columns] == [
        "number of rows inserted",
        "number of rows updated",
        "number of rows deleted",
    ]
    assert merged.rowset() == [["1", "1", "1"]]
    assert rows("SELECT * FROM t ORDER BY id", session=session) == [(1, "A"), (3, "c")]
    only = "MERGE INTO t USING (SELECT 1 id) s ON t.id = s.id WHEN MATCHED THEN DELETE"
    assert names_of(only, session) == ["number of rows deleted"]


def test_two_statements_that_change_the_same_row_wait_for_each_other(session: SqlSession) -> None:
    run("CREATE TABLE t AS SELECT 0 n", session=session)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: run("UPDATE t SET n = n + 1", session=session), range(24)))
    assert rows("SELECT n FROM t", session=session) == [(24,)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("CREATE VIEW taken AS SELECT 1 a", "CREATE OR REPLACE TABLE taken (a INT)"),
        ("CREATE TABLE taken (a INT)", "CREATE VIEW IF NOT EXISTS taken AS SELECT 1 a"),
    ],
)
def test_an_object_is_not_replaced_by_one_of_another_kind(
    session: SqlSession, first: str, second: str
) -> None:
    run(first, session=session)
    assert refusal(second, session=session).code == "002002"


def test_show_finds_by_pattern_place_and_beginning(session: SqlSession) -> None:
    for statement in ("CREATE TABLE alpha (a INT)", "CREATE VIEW beta AS SELECT 1 a"):
        run(statement, session=session)
    run("CREATE DATABASE shop", session=session)
    run("CREATE TABLE gamma (a INT)", session=session)

    def shown(statement: str) -> list[object]:
        return [row[1] for row in rows(statement, session=session)]

    assert shown("SHOW TABLES") == ["GAMMA"]
    assert shown("SHOW TABLES IN ACCOUNT") == ["ALPHA", "GAMMA"]
    assert shown("SHOW TERSE OBJECTS LIKE '%a' IN SCHEMA course.public") == ["ALPHA", "BETA"]
    assert shown("SHOW VIEWS IN DATABASE course STARTS WITH 'B' LIMIT 1") == ["BETA"]
    assert shown("SHOW VIEWS IN DATABASE course STARTS WITH 'A'") == []
    assert shown("SHOW DATABASES LIKE 'sh%'") == ["SHOP"]
    assert shown("SHOW /* all */ TABLES LIKE $$g%$$ -- here\nIN ACCOUNT") == ["GAMMA"]
    assert [row[2] for row in rows("SHOW COLUMNS IN gamma", session=session)] == ["A"]
    assert shown("SHOW TABLES HISTORY") == ["GAMMA"]
    for words in ("FOR SESSION", "ON TABLE gamma", "TO ROLE student"):
        assert rows(f"SHOW GRANTS {words}", session=session) == []
    assert refusal("SHOW TABLES IN SCHEMA nowhere", session=session).code == "002003"
    assert "SHOW TABLES" in refusal("SHOW MASKING POLICIES").message


def facts(session: SqlSession, statement: str, names: str) -> list[tuple[object, ...]]:
    """Return some columns of what a statement lists."""
    found = run(statement, session=session)
    at = [[one.name for one in found.columns].index(name) for name in names.split()]
    return [tuple(row[each] for each in at) for row in found.rowset()]


def test_what_is_listed_of_other_things_is_their_own(session: SqlSession) -> None:
    for statement in (
        *("CREATE TEMP TABLE passing (a INT)", "CREATE TEMP STAGE files", "SET n = 1"),
        *("CREATE SCHEMA other", "USE SCHEMA public", "CREATE VIEW v AS SELECT 1 a", "SET x = 'y'"),
    ):
        run(statement, session=session)
    listed = partial(facts, session)
    assert listed("SHOW OBJECTS", "name kind") == [("PASSING", "TEMPORARY"), ("V", "VIEW")]
    assert listed("SHOW STAGES", "name type") == [("FILES", "INTERNAL TEMPORARY")]
    assert listed("SHOW VARIABLES", "name value type") == [("N", "1", "fixed"), ("X", "y", "text")]
    assert listed("SHOW SCHEMAS IN course", "name is_current") == [
        *(("OTHER", "N"), ("PUBLIC", "Y"), ("INFORMATION_SCHEMA", "N")),
    ]


def test_what_is_listed_of_a_table_its_columns_and_its_key(session: SqlSession) -> None:
    run(
        "CREATE TRANSIENT TABLE t (note VARCHAR(5) DEFAULT 'x' COMMENT 'short', a INT NOT NULL, "
        "b NUMBER(5, 2), PRIMARY KEY (a, b)) COMMENT = 'mine'",
        session=session,
    )
    run("INSERT INTO t VALUES ('y', 1, 2)", session=session)
    listed = partial(facts, session)
    assert listed("SHOW TABLES", "name kind rows comment") == [("T", "TRANSIENT", "1", "mine")]
    assert listed("SHOW COLUMNS IN t", "column_name data_type null? default comment") == [
        ("NOTE", "VARCHAR(5)", "true", "'x'", "short"),
        ("A", "NUMBER(38,0)", "NOT_NULL", None, None),
        ("B", "NUMBER(5,2)", "NOT_NULL", None, None),
    ]
    assert listed("SHOW PRIMARY KEYS IN t", "column_name key_sequence") == [("A", "1"), ("B", "2")]
    sql = "SELECT * FROM course.information_schema.columns"
    names = "COLUMN_NAME ORDINAL_POSITION IS_NULLABLE DATA_TYPE NUMERIC_PRECISION NUMERIC_SCALE"
    assert listed(sql, names) == [
        ("NOTE", "1", "YES", "TEXT", None, None),
        ("A", "2", "NO", "NUMBER", "38", "0"),
        ("B", "3", "NO", "NUMBER", "5", "2"),
    ]


def test_a_full_catalog_takes_changes_and_nothing_new(monkeypatch: pytest.MonkeyPatch) -> None:
    full = Catalog()
    full.ensure("A", "S")
    monkeypatch.setattr(catalog, "MAX_OBJECTS", 4)
    full.create(Name("A", "LAST"))
    with pytest.raises(SqlError, match="Local Cortex allows 4 at most"):
        full.create(Name("A", "MORE"))
    (_, last, *_) = full.seen(Place, 7)
    full.drop(full.change(last, comment="changed"))
    full.create(Name("A", "MORE"))


def test_closing_a_session_may_cancel_its_queries() -> None:
    assert len(rows("select system$cancel_all_queries(7)")) == 1


def test_a_temporary_table_is_filled_and_read(session: SqlSession) -> None:
    assert rows(CREATE, session=session) == [("Table T successfully created.",)]
    inserted = run("INSERT INTO t (b, a) VALUES ('x', 1), (NULL, '2')", session=session)
    assert (inserted.columns[0].name, inserted.rowset()) == ("number of rows inserted", [["2"]])
    run("INSERT INTO t SELECT a + 10, b FROM t", session=session)
    assert rows("SELECT * FROM course.public.t ORDER BY a", session=session) == [
        *((1, "x"), (2, None)),
        *((11, "x"), (12, None)),
    ]
    assert refusal("SELECT * FROM t").code == "002003"  # in another session


def test_a_bulk_insert_takes_one_bind_for_each_column(session: SqlSession) -> None:
    run(CREATE, session=session)
    binds = {
        "1": {"type": "FIXED", "value": ["1", "2"]},
        "2": {"type": "TEXT", "value": ["x", None]},
    }
    run("INSERT INTO t VALUES (?, ?)", session=session, binds=binds)
    assert rows("SELECT * FROM t", session=session) == [(1, "x"), (2, None)]
    assert refusal("SELECT ?, ?", binds=binds).code == "002099"


def test_a_table_can_be_made_of_a_query(session: SqlSession) -> None:
    run("CREATE TEMP TABLE t AS SELECT 1 AS a, 'x' AS b", session=session)
    run("CREATE OR REPLACE TEMP TABLE t (a INT, b TEXT) AS SELECT a + 1, b FROM t", session=session)
    assert rows("SELECT * FROM t", session=session) == [(2, "x")]
    assert rows("SHOW TABLES LIKE 'T'", session=session)[0][1] == "T"


def test_tables_are_emptied_and_dropped(session: SqlSession) -> None:
    run(CREATE, session=session)
    run("INSERT INTO t VALUES (1, 'x')", session=session)
    run("TRUNCATE TABLE t", session=session)
    assert rows("SELECT COUNT(*) FROM t", session=session) == [(0,)]
    run("DROP TABLE t", session=session)
    assert run("DROP TABLE IF EXISTS t", session=session).rowset() != []
    assert refusal("DROP TABLE t", session=session).code == "002003"


MISFITS = [
    (CREATE, "002002"),
    ("CREATE TEMP TABLE u (a INT, a INT)", "002025"),
    ("INSERT INTO t (b) VALUES ('x')", "100072"),
    ("INSERT INTO t (c) VALUES ('x')", "000904"),
    ("INSERT INTO t VALUES (1)", "002020"),
    ("INSERT INTO t VALUES ('x', 'y')", "100038"),
    ("INSERT INTO short VALUES ('abc')", "100078"),
    ("INSERT INTO nowhere VALUES (1)", "002003"),
]


def test_what_does_not_fit_a_table_is_refused(session: SqlSession) -> None:
    run(CREATE, session=session)
    run("CREATE TEMP TABLE short (a VARCHAR(2))", session=session)
    codes = {statement: refusal(statement, session=session).code for statement, _ in MISFITS}
    assert codes == dict(MISFITS)


def test_closing_the_database_ends_the_statements_that_still_run() -> None:
    stopped = threading.Event()
    statement: Any = SimpleNamespace(stop=stopped.set)
    database = Database()
    database.enter(statement)
    database.close()
    assert stopped.is_set()

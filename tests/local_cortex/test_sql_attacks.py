"""What statements that mean harm get: nothing of DuckDB's own, of this machine, or of others."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from snowflake.snowpark import Session

from local_cortex import LocalCortex
from tests.local_cortex.conftest import FAST
from tests.local_cortex.sql_support import refusal, rows, run

LONG = (
    "select count(*) from table(generator(rowcount => 1000000)) a, "
    "table(generator(rowcount => 1000000)) b"
)
NAMES = 'a\x00b|a.b|a""b|한국어|é|É|BOUND_ROWS|main|~7.COURSE.PUBLIC|T~identity|sf_zero|a.csv'


SOURCES = [
    "duckdb_settings()",
    "duckdb_settings",
    "table(duckdb_settings())",
    "sqlite_master",
    '"sqlite_master"',
    "main.duckdb_tables",
    "system.main.duckdb_settings",
    "temp.main.sqlite_temp_master",
    "information_schema.duckdb_settings",
    "pragma_database_list",
    "read_text('/etc/passwd')",
    "table(read_csv('/etc/passwd'))",
    "table(\"read_text\"('/etc/passwd'))",
    "'/etc/passwd'",
    '"/etc/passwd"',
    '"A.CSV"',
    "identifier('sqlite_master')",
    "identifier('read_text(''/etc/passwd'')')",
    "table('duckdb_settings')",
    "glob('/*')",
    "execution",
    '"~7.COURSE.PUBLIC".T',
]


def test_nothing_that_only_duckdb_has_is_a_table() -> None:
    for source in SOURCES:
        error = refusal(f"select * from {source}")
        assert error.code in {"000002", "001003", "002003", "002140"}, error.message
        assert "root:" not in error.message


CALLS = [
    "getenv('HOME')",
    "\"getenv\"('HOME')",
    "current_setting('temp_directory')",
    "read_text('/etc/passwd')",
    "main.sf_zero()",
    'main."sf_zero"()',
    "error('x')",
    "nextval('x')",
    "columns('a')",
    "_cortex(1, 'COMPLETE', '[]')",
]


def test_no_function_of_duckdbs_can_be_called() -> None:
    for call in CALLS:
        for sql in (
            f"select {call}",
            f"select * replace ({call} as a) from (select 1 a)",
            f"create table made (a varchar default {call})",
        ):
            assert refusal(sql).code in {"000002", "002140"}, sql


@pytest.mark.parametrize(
    "name", ["sqlite_master", "pg_settings", "duckdb_databases", '"X.CSV"', "execution", "result"]
)
def test_a_recursive_table_cannot_stand_for_one_of_duckdbs(name: str) -> None:
    for union in ("union", "union all"):
        sql = f"with recursive {name} as (select * from {name} {union} select * from {name}) "
        told = refusal(f"{sql} select * from {name}").message
        assert "memory" not in told
        assert "file" not in told.lower()
    assert rows(f"with {name} as (select 1 a) select a from {name}") == [(1,)]


STATEMENTS = [
    "pragma database_list",
    "attach '/tmp/x.db'",
    "install httpfs",
    "load httpfs",
    "export database '/tmp/x'",
    "copy made to '/tmp/x.csv'",
    "call pragma_version()",
    "checkpoint",
    "prepare v as select 1",
    "select 1; pragma database_list",
    "create or replace view made as select * from duckdb_settings()",
    "create macro made() as 1",
    "select 1::regclass",
]


def test_no_statement_of_duckdbs_own_runs() -> None:
    codes = {"000002", "000008", "001003", "002003", "002140"}
    for statement in STATEMENTS:
        assert refusal(statement).code in codes, statement


def test_any_quoted_name_is_a_name_and_nothing_else() -> None:
    for name in NAMES.split("|"):
        run(f'create or replace table "{name}" ("{name}" int)')
        run(f'insert into "{name}" values (5)')
        result = run(f'select "{name}" from "{name}"')
        assert [column.name for column in result.columns] == [name.replace('""', '"')]
        assert result.table.column(0).to_pylist() == [5], name
        made = f'with "{name}" as (select 1 as "{name}") select "{name}" from "{name}"'
        assert rows(made) == [(1,)], name


def test_a_name_cannot_hold_the_mark_of_encoded_names() -> None:
    assert "control character" in refusal('select 1 as "a\x1f1"').message


@pytest.mark.parametrize("given", ["'; drop table t; --", "a\x00b", "\\'", "$$", "x" * 100_000])
def test_a_bound_text_is_a_value_and_nothing_else(given: str) -> None:
    binds: Any = {"1": {"type": "TEXT", "value": given}}
    assert rows("select ?", binds=binds) == [(given,)]
    assert rows("select 1 where ? like '%'", binds=binds) == [(1,)]
    assert rows("select * from values (1) where 'x' = ?", binds=binds) == []


def test_what_two_texts_double_is_bounded_by_memory() -> None:
    grown = "with recursive r as (select repeat('x', 9) x union all select x || x from r)"
    assert "512MB" in refusal(f"{grown} select max(length(x)) from r").message


@pytest.fixture(scope="module")
def patient() -> Iterator[LocalCortex]:
    """A server whose statements end when they are called off, and hardly before."""
    server = LocalCortex.start(settings=FAST.model_copy(update={"statement_timeout": 600}))
    yield server
    server.close()


def answers_soon(server: LocalCortex) -> bool:
    """Whether a short statement is answered while others compute: long before these would end."""
    with closing(server.session()) as session, session.connection.cursor() as cursor:
        return bool(cursor.execute("select 1", timeout=60).fetchone() == (1,))


def test_a_session_is_closed_while_its_transaction_computes(patient: LocalCortex) -> None:
    other = patient.session()
    other.sql("create or replace temp table t (a int)").collect()
    other.sql("begin").collect()
    cursor = other.connection.cursor()
    cursor.execute_async(LONG)
    other.connection.close(retry=False)
    assert answers_soon(patient)


def test_a_temporary_table_and_a_result_belong_to_one_session(
    session: Session, cortex: Any
) -> None:
    session.sql("create or replace temp table secret as select 'mine' a").collect()
    query_id = session.sql("select * from secret").collect_nowait().query_id
    other = cortex.session()
    for sql in (
        "select * from secret",
        f"select * from table(result_scan('{query_id}'))",
        'select * from "~1.COURSE".public.secret',
    ):
        with pytest.raises(Exception, match=r"does not exist|not found"):
            other.sql(sql).collect()
    other.close()


def test_eight_at_once_replace_one_table_and_one_of_them_is_there(session: Session) -> None:
    def replace(number: int) -> None:
        session.sql(f"create or replace table raced as select {number} a").collect()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(replace, range(16)))
    assert len(session.sql("select * from raced").collect()) == 1

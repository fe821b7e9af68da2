"""Results as Arrow or JSON, and statements that are followed by their query id."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from snowflake.connector import DatabaseError, ProgrammingError
from snowflake.connector.constants import QueryStatus
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.snowpark import Session

from local_cortex import LocalCortex
from local_cortex.routes import query
from tests.local_cortex.cortex_engines import END, PATIENCE, Playing, eventually

ASK = "SELECT SNOWFLAKE.CORTEX.COMPLETE('llama3.1-8b', 'hi') AS a"
ROWS = "SELECT SEQ4() AS n, 'text ' || SEQ4() AS t FROM TABLE(GENERATOR(ROWCOUNT => 30000))"
FORMAT = "PYTHON_CONNECTOR_QUERY_RESULT_FORMAT"
UNKNOWN = "01b00000-0000-0000-0000-000000000000"
Start = Callable[..., LocalCortex]


@pytest.fixture
def cursor(session: Session) -> Iterator[SnowflakeCursor]:
    with session.connection.cursor() as opened:
        yield opened


def format_of(cursor: SnowflakeCursor) -> str:
    return str(cursor._query_result_format)


def test_the_connector_gets_a_query_as_arrow_and_anything_else_as_json(
    cursor: SnowflakeCursor,
) -> None:
    assert cursor.execute("SELECT 1 AS a").fetchall() == [(1,)]
    assert format_of(cursor) == "arrow"
    cursor.execute("SHOW TABLES")
    assert format_of(cursor) == "json"


def test_a_result_that_is_fetched_later_is_arrow_too(
    cursor: SnowflakeCursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "LONG_POLL_SECONDS", 0.0)
    assert cursor.execute("SELECT 1 AS a").fetchall() == [(1,)]
    assert format_of(cursor) == "arrow"


def test_a_statement_or_a_session_can_ask_for_json(cortex: LocalCortex) -> None:
    session = cortex.session()
    with session.connection.cursor() as cursor:
        cursor.execute("SELECT 1 AS a", _statement_params={FORMAT: "JSON"})
        assert (format_of(cursor), cursor.fetchall()) == ("json", [(1,)])
        cursor.execute(f"ALTER SESSION SET {FORMAT} = 'JSON'")
        cursor.execute("SELECT 1 AS a")
        assert (format_of(cursor), cursor.fetchall()) == ("json", [(1,)])
    session.close()


def test_a_result_comes_to_pandas_and_to_arrow(cursor: SnowflakeCursor) -> None:
    frame = cursor.execute("SELECT 1 AS a, 'x' AS b, NULL AS c").fetch_pandas_all()
    assert frame.to_dict("list") == {"A": [1], "B": ["x"], "C": [None]}
    table = cursor.execute("SELECT 1 AS a, 'x' AS b").fetch_arrow_all()
    assert table is not None
    assert table.to_pydict() == {"A": [1], "B": ["x"]}


def test_a_result_without_rows_keeps_its_columns(cursor: SnowflakeCursor) -> None:
    nothing = "SELECT 1 AS a, 'x' AS b, 1.5::FLOAT AS c WHERE FALSE"
    assert cursor.execute(nothing).fetchall() == []
    frame = cursor.execute(nothing).fetch_pandas_all()
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "A": "int64",
        "B": "object",
        "C": "float64",
    }
    table = cursor.execute(nothing).fetch_arrow_all(force_return_table=True)
    assert table.schema.names == ["A", "B", "C"]


def test_many_rows_come_in_every_way_of_fetching(cursor: SnowflakeCursor, session: Session) -> None:
    assert len(cursor.execute(ROWS).fetchall()) == 30_000
    assert len(cursor.execute(ROWS).fetchmany(10)) == 10
    cursor.execute(ROWS)
    assert sum(map(len, cursor.fetch_pandas_batches())) == 30_000
    cursor.execute(ROWS)
    batches = cursor.get_result_batches()
    assert batches is not None
    assert sum(batch.rowcount for batch in batches) == 30_000
    assert sum(len(batch.to_pandas()) for batch in batches) == 30_000
    frame = session.sql(ROWS)
    assert sum(1 for _ in frame.to_local_iterator()) == 30_000
    assert sum(map(len, frame.to_pandas_batches())) == 30_000


def test_snowpark_rows_have_the_types_of_their_columns(session: Session) -> None:
    frame = session.sql("SELECT 1 AS a, 1.50::NUMBER(10, 2) AS b, 'x' AS c, CURRENT_DATE() AS d")
    assert frame.schema.simple_string() == ("struct<A:bigint,B:decimal(10,2),C:string,D:date>")
    assert frame.to_pandas().shape == (1, 4)


def test_an_asynchronous_statement_is_followed_to_its_result(start: Start) -> None:
    engine = Playing("answer", END)
    session = start(engine=engine).session()
    connection = session.connection
    with connection.cursor() as cursor:
        query_id = cursor.execute_async(ASK)["queryId"]
        cursor.get_results_from_sfqid(query_id)
        assert cursor.fetchall() == [("answer",)]
        assert connection.get_query_status(query_id) == QueryStatus.SUCCESS
    assert session.create_async_job(query_id).result()[0]["A"] == "answer"
    assert len(engine.calls) == 1
    session.close()


def test_a_snowpark_job_is_running_until_it_is_done(start: Start) -> None:
    engine = Playing(None)
    session = start(engine=engine).session()
    job = session.sql(ASK).collect_nowait()
    assert engine.waiting.wait(PATIENCE)
    assert (job.is_done(), job.is_failed(), job.status()) == (False, False, "RUNNING")
    job.cancel()
    assert engine.stopped.wait(PATIENCE)
    assert eventually(job.is_done)
    assert (job.is_failed(), job.status()) == (True, "FAILED_WITH_ERROR")
    with pytest.raises(DatabaseError) as failed:
        job.result()
    assert failed.value.errno == 604
    session.close()


@pytest.mark.parametrize("kind", ["row", "pandas", "no_result"])
def test_a_snowpark_job_gives_its_result_in_every_form(session: Session, kind: Any) -> None:
    job = session.sql("SELECT 1 AS a").collect_nowait()
    result = job.result(kind)
    if kind == "no_result":
        assert result is None
    else:
        assert len(result) == 1
    assert job.is_done()
    assert job.to_df().collect()[0]["A"] == 1


def test_an_asynchronous_statement_that_failed_says_why(session: Session) -> None:
    connection = session.connection
    with connection.cursor() as cursor:
        query_id = cursor.execute_async("SELECT * FROM no_such_table")["queryId"]
    assert eventually(
        lambda: connection.get_query_status(query_id) == QueryStatus.FAILED_WITH_ERROR
    )
    with pytest.raises(ProgrammingError) as failed:
        connection.get_query_status_throw_if_error(query_id)
    assert (failed.value.errno, failed.value.sqlstate) == (2003, "42S02")
    assert "NO_SUCH_TABLE" in str(failed.value)


def test_the_status_of_an_unknown_or_anothers_statement_is_no_data(
    cortex: LocalCortex, session: Session
) -> None:
    stranger = cortex.session()
    with stranger.connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        theirs = cursor.sfqid
    assert theirs is not None
    for query_id in (UNKNOWN, theirs):
        assert session.connection.get_query_status(query_id) == QueryStatus.NO_DATA
    stranger.close()

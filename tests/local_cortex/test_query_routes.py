"""Statements over the wire: results, errors, long ones, repeated ones and those called off."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from snowflake.connector import DatabaseError, ProgrammingError
from snowflake.snowpark import Session
from snowflake.snowpark.exceptions import SnowparkSQLException

from local_cortex import LocalCortex
from local_cortex.routes import query
from local_cortex.routes.web import MAX_BODY_BYTES
from tests.local_cortex.conftest import FAST
from tests.local_cortex.cortex_engines import END, PATIENCE, Playing, eventually
from tests.local_cortex.wire import Wire

ASK = "SELECT SNOWFLAKE.CORTEX.COMPLETE('llama3.1-8b', 'hi')"
# A hundred thousand rows, each compared with a pattern that its text almost matches.
MANY = "(SELECT SEQ8() AS x FROM TABLE(GENERATOR(ROWCOUNT => 1000000)))"
ENDLESS = f"SELECT SUM(a.x * b.x % 7) FROM {MANY} a, {MANY} b"
Start = Callable[..., LocalCortex]
Http = Callable[..., httpx.Client]


@pytest.fixture
def wire(cortex: LocalCortex, http: Http, session: Session) -> Wire:
    # The first statement imports DuckDB, which may take longer than an answer is waited for.
    session.sql("SELECT 1").collect()
    return Wire(http(cortex, ""), cortex)


def test_a_result_has_the_fields_that_the_connector_reads(wire: Wire) -> None:
    answer = wire.run("SELECT 1 AS n, '한글' AS t, NULL AS nothing")
    assert answer["success"]
    assert answer["code"] is None
    data = answer["data"]
    assert [(each["name"], each["type"]) for each in data["rowtype"]] == [
        ("N", "fixed"),
        ("T", "text"),
        ("NOTHING", "text"),
    ]
    assert data["rowset"] == [["1", "한글", None]]
    assert (data["total"], data["returned"]) == (1, 1)
    assert data["queryResultFormat"] == "json"
    assert data["finalDatabaseName"] == "COURSE"
    assert data["finalSchemaName"] == "PUBLIC"
    assert data["finalWarehouseName"] == "COURSE_WH"
    assert data["finalRoleName"] == "LEARNER"
    assert data["statementTypeId"] == 0x1000


def test_a_statement_that_is_only_described_has_columns_and_no_rows(wire: Wire) -> None:
    data = wire.run("SELECT 1 AS n", describeOnly=True)["data"]
    assert len(data["rowtype"]) == 1
    assert data["rowset"] == []


def test_text_of_every_kind_comes_back_as_it_was_bound(session: Session) -> None:
    text = 'it\'s "한글" 👨‍👩‍👧‍👦 \\ \n ? :1 %s'
    assert session.sql("SELECT ?", params=[text]).collect()[0][0] == text


def test_a_use_statement_changes_what_the_client_knows(cortex: LocalCortex) -> None:
    session = cortex.session()
    session.sql("CREATE SCHEMA IF NOT EXISTS other").collect()
    session.sql("USE SCHEMA public").collect()
    session.sql("USE SCHEMA other").collect()
    assert session.get_current_schema() == '"OTHER"'
    session.close()


@pytest.mark.parametrize(
    ("sql", "code", "sqlstate", "words"),
    [
        ("SELEC 1", "001003", "42000", "SQL compilation error:\nsyntax error line 1 at position 0"),
        ("SELECT 1 / 0", "100051", "22012", "Division by zero"),
    ],
)
def test_a_failing_statement_has_snowflakes_code_sqlstate_and_envelope(
    wire: Wire, sql: str, code: str, sqlstate: str, words: str
) -> None:
    answer = wire.run(sql)
    assert answer["success"] is False
    assert answer["code"] == answer["data"]["errorCode"] == code
    assert answer["data"]["sqlState"] == sqlstate
    assert answer["data"]["queryId"]
    assert words in answer["message"]


def test_a_syntax_error_says_where_it_is(wire: Wire) -> None:
    data = wire.run("SELECT 1,\n  )")["data"]
    assert (data["line"], data["pos"]) == (2, 2)


def test_the_clients_show_an_error_as_an_account_would(session: Session) -> None:
    with pytest.raises(SnowparkSQLException) as failed:
        session.sql("SELECT no_such_function(1)").collect()
    assert failed.value.sql_error_code == 2140
    assert "SQL compilation error:\nUnknown function NO_SUCH_FUNCTION" in str(failed.value)


def test_a_statement_that_is_not_text_is_a_bad_request(wire: Wire) -> None:
    for sql in (None, 1, ["SELECT 1"], {"a": 1}):
        assert wire.run(sql)["code"] == "390400", sql


def test_bindings_that_are_not_an_object_are_a_bad_request(wire: Wire) -> None:
    for bindings in ([], [1], "x", 1, True):
        assert wire.run("SELECT ?", bindings=bindings)["code"] == "390400", bindings


def test_a_binding_that_cannot_be_read_is_an_sql_error(wire: Wire) -> None:
    # test_sql_binds.py has every way in which one cannot be read.
    answer = wire.run("SELECT ?", bindings={"1": {"type": "FIXED", "value": "x"}})
    assert (answer["success"], answer["code"]) == (False, "002128")


def test_a_statement_with_half_of_a_surrogate_pair_is_answered(wire: Wire) -> None:
    assert "success" in wire.run("SELECT '\ud83d' AS half")
    assert wire.run("SELECT no_\ud83d")["success"] is False


def test_a_statement_too_large_for_the_server_says_so(session: Session) -> None:
    with pytest.raises(DatabaseError, match=f"larger than {MAX_BODY_BYTES} bytes"):
        session.connection.cursor().execute("SELECT ?", params=["x" * (MAX_BODY_BYTES + 1)])
    assert session.sql("SELECT 1").collect()[0][0] == 1


def test_eight_threads_share_one_session_without_a_failure(cortex: LocalCortex) -> None:
    session = cortex.session()

    def ask(number: int) -> int:
        return int(session.sql("SELECT ? + 1", params=[number]).collect()[0][0])

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8 * 5)))
    session.close()
    assert answers == [number + 1 for number in range(8 * 5)]


def test_eight_threads_that_share_a_session_survive_its_expiry(cortex: LocalCortex) -> None:
    session = cortex.session()
    together = threading.Barrier(8, timeout=PATIENCE)

    def ask(number: int) -> int:
        together.wait()
        # As if an hour had passed while all of them were idle.
        cortex.expire_sessions()
        return int(session.sql("SELECT ?", params=[number]).collect()[0][0])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == list(range(8))
    session.close()


def test_a_request_that_is_repeated_is_not_run_twice(start: Start, http: Http) -> None:
    engine = Playing("answer", END)
    server = start(engine=engine)
    wire = Wire(http(server, ""), server)
    first, again = wire.run(ASK, "same"), wire.run(ASK, "same")
    assert first["data"]["rowset"] == [["answer"]]
    assert again["data"] == first["data"]
    assert len(engine.calls) == 1
    wire.run(ASK, "another")
    assert len(engine.calls) == 2


def test_a_long_statement_is_answered_in_progress_with_an_address_to_ask_again(
    start: Start, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "LONG_POLL_SECONDS", 0.02)
    engine = Playing(None)
    server = start(engine=engine)
    wire = Wire(http(server, ""), server)
    answer = wire.run(ASK, "long")
    assert answer["success"]
    assert answer["code"] == "333334"
    url = answer["data"]["getResultUrl"]
    assert url == f"/queries/{answer['data']['queryId']}/result"
    assert wire.get(url)["code"] == "333334"
    assert engine.waiting.wait(PATIENCE)
    stranger = Wire(wire.http, server)
    assert stranger.get(url)["code"] == "000709"
    assert wire.get("/queries/no-such-id/result")["code"] == "000709"
    assert wire.post("/queries/v1/abort-request", {"requestId": "long"})["success"]
    aborted = wire.get(url)
    assert (aborted["code"], aborted["data"]["sqlState"]) == ("000604", "57014")
    assert engine.stopped.wait(PATIENCE)


def test_an_asynchronous_statement_gives_its_query_id_at_once_and_can_be_aborted(
    start: Start,
) -> None:
    engine = Playing(None)
    session = start(engine=engine).session()
    with session.connection.cursor() as cursor:
        query_id = cursor.execute_async(ASK)["queryId"]
        assert engine.waiting.wait(PATIENCE)
        assert cursor.abort_query(query_id)
        assert engine.stopped.wait(PATIENCE)
    session.close()


def test_a_statement_called_off_from_another_thread_fails_with_000604(start: Start) -> None:
    engine = Playing("some text", None)
    server = start(engine=engine)
    session = server.session()
    cursor = session.connection.cursor()
    failures: list[ProgrammingError] = []

    def ask() -> None:
        try:
            cursor.execute(ASK)
        except ProgrammingError as error:
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert engine.waiting.wait(PATIENCE)
    assert server.open_streams == 1
    session.connection._cancel_query(ASK, cursor._request_id)
    thread.join(PATIENCE)
    assert [(error.errno, error.sqlstate) for error in failures] == [(604, "57014")]
    assert "SQL execution canceled" in str(failures[0])
    assert eventually(lambda: server.open_streams == 0)
    session.close()


def test_the_connectors_own_timeout_calls_the_statement_off(start: Start) -> None:
    engine = Playing(None)
    session = start(engine=engine).session()
    session.sql("SELECT 1").collect()
    with pytest.raises(ProgrammingError) as failed:
        session.connection.cursor().execute(ASK, timeout=1)
    assert failed.value.errno == 604
    # A busy machine may not have asked the engine within a second.
    assert not engine.calls or engine.stopped.wait(PATIENCE)
    session.close()


def test_closing_a_session_calls_off_what_it_still_runs(
    start: Start, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "LONG_POLL_SECONDS", 0.02)
    engine = Playing(None)
    server = start(engine=engine)
    wire = Wire(http(server, ""), server)
    wire.run(ASK)
    assert engine.waiting.wait(PATIENCE)
    wire.post("/session?delete=true")
    assert engine.stopped.wait(PATIENCE)
    assert eventually(lambda: server.open_streams == 0)


def test_a_statement_past_its_deadline_fails_as_on_an_account_and_delays_nobody_else(
    start: Start,
) -> None:
    server = start(settings=FAST.model_copy(update={"statement_timeout": 3.0}))
    hostile, honest = server.session(), server.session()
    honest.sql("SELECT 1").collect()
    with hostile.connection.cursor() as cursor:
        cursor.execute_async(ENDLESS)
        assert honest.sql("SELECT 1").collect()[0][0] == 1
        with pytest.raises(ProgrammingError) as failed:
            cursor.execute(ENDLESS)
    assert (failed.value.errno, failed.value.sqlstate) == (630, "57014")
    assert "timeout of 3 second(s) and was canceled" in str(failed.value)
    hostile.close()
    honest.close()


def test_a_session_runs_only_so_many_statements_at_a_time(
    start: Start, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "MOST_UNFINISHED", 2)
    server = start(engine=Playing(None))
    wire = Wire(http(server, ""), server)
    answers = [wire.run(ASK, asyncExec=True) for _ in range(3)]
    assert [answer["success"] for answer in answers] == [True, True, False]
    assert "runs 2 statements of a session" in answers[2]["message"]


def test_aborting_what_is_not_there_is_no_error(wire: Wire) -> None:
    for body in ({"requestId": "x"}, {"requestId": ["x"]}, {"requestId": None}, {}):
        assert wire.post("/queries/v1/abort-request", body)["success"]
    assert wire.post("/queries/some-id/abort-request")["success"]


def test_a_fault_of_ours_is_an_error_body_and_one_line_of_log_without_its_words(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("a prompt")

    monkeypatch.setattr(query, "_result", fail)
    answer = wire.run("SELECT 1")
    assert (answer["success"], answer["code"]) == (False, "000603")
    assert "KeyError" in answer["message"]
    assert caplog.messages == ["/queries/v1/query-request failed: KeyError"]
    assert "a prompt" not in json.dumps(answer) + caplog.text

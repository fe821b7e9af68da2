"""A real Snowpark session on a server of this machine."""

from __future__ import annotations

import os
import time

import pytest
from requests import HTTPError
from snowflake.connector.cursor import DictCursor
from snowflake.connector.errors import OperationalError
from snowflake.cortex import Complete
from snowflake.snowpark import Session
from snowflake.snowpark import session as snowpark_session

from local_cortex import LocalCortex, Settings, client
from local_cortex.client import open_session

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_a_session_does_sql_complete_and_closes(cortex: LocalCortex) -> None:
    session = open_session(cortex.port, cortex.secret)
    assert session.sql("SELECT 1 + 1").collect()[0][0] == 2
    assert session.range(3).count() == 3
    assert Complete("llama3.1-8b", "hi", session=session)
    session.close()
    assert session.connection.is_closed()


def test_a_connection_shows_no_password_when_it_is_printed(
    session: Session, cortex: LocalCortex
) -> None:
    assert cortex.secret not in repr(session.connection) + repr(session)


def test_proxies_of_the_environment_are_kept_out(
    cortex: LocalCortex, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "corp.example")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        # Nothing listens on port 1: a request through this proxy would fail.
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    session = open_session(cortex.port, cortex.secret)
    assert session.sql("SELECT 1").collect()[0][0] == 1
    assert Complete("llama3.1-8b", "hi", session=session)
    session.close()
    assert os.environ["NO_PROXY"] == "corp.example,127.0.0.1,localhost"


def test_sessions_that_come_and_go_leave_no_telemetry_to_one_another(cortex: LocalCortex) -> None:
    opened = [open_session(cortex.port, cortex.secret) for _ in range(12)]
    before = [session.connection._telemetry.buffer_size() for session in opened]
    remaining = list(opened)
    while remaining:
        assert Complete("llama3.1-8b", "hi", session=remaining[0])
        with pytest.raises(HTTPError):
            Complete("no-such-model", "hi", session=remaining[0])
        after = [session.connection._telemetry.buffer_size() for session in opened]
        assert after == before
        # Whichever is the next that snowflake-ml reports to, it has not seen it before.
        snowpark_session._active_sessions.discard(remaining.pop(0))
    for session in opened:
        session.close()


def test_cursors_of_every_class_work(session: Session) -> None:
    with session.connection.cursor(DictCursor) as cursor:
        assert isinstance(cursor, DictCursor)
        assert cursor.execute("SELECT ? AS n", [1]).fetchall() == [{"N": 1}]


def test_a_statement_may_take_longer_than_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TIMEOUT_SECONDS", 1)
    monkeypatch.setattr("local_cortex.routes.query.LONG_POLL_SECONDS", 0.2)
    server = LocalCortex.start(settings=Settings(first_token=1.2, tokens_per_second=10_000))
    session = server.session()
    asked = "SELECT SNOWFLAKE.CORTEX.COMPLETE('llama3.1-8b', 'hi')"
    assert session.sql(asked).collect()[0][0]
    session.close()
    server.close()


@pytest.mark.parametrize(
    "what", ["connect", pytest.param("query", marks=pytest.mark.thorough), "close"]
)
def test_a_server_that_is_gone_is_noticed(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TIMEOUT_SECONDS", 1)
    server = LocalCortex.start(settings=Settings(first_token=0))
    session = server.session()
    server.close()
    begin = time.monotonic()
    if what == "connect":
        with pytest.raises(OperationalError):
            open_session(server.port, server.secret)
    elif what == "query":
        with pytest.raises(OperationalError):
            session.connection.cursor().execute("SELECT 1")
    # Also what the other two need: a session that is left open is asked for a sign of life by every
    # later Complete of the process, whichever session that is given.
    session.connection.close()
    # The connector by itself would try for minutes.
    assert time.monotonic() - begin < 60

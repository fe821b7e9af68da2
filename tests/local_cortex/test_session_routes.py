"""Login, renewal, heartbeat and close: by the real clients, and by hand for the shapes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from snowflake.connector import DatabaseError, SnowflakeConnection
from snowflake.cortex import Complete
from snowflake.snowpark import Session

from local_cortex import LocalCortex
from local_cortex.client import LoopbackConnection
from local_cortex.routes.session import SERVER_VERSION
from tests.local_cortex.cortex_engines import eventually
from tests.local_cortex.wire import Wire, log_in

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
LOGIN = "/session/v1/login-request"


@pytest.fixture
def raw(cortex: LocalCortex, http: Callable[..., httpx.Client]) -> httpx.Client:
    return http(cortex, "")


@pytest.fixture
def wire(raw: httpx.Client, cortex: LocalCortex) -> Wire:
    return Wire(raw, cortex)


@pytest.fixture
def own_session(cortex: LocalCortex) -> Iterator[Session]:
    """A session that a test may spoil."""
    session = cortex.session()
    yield session
    session.close()


def connect(cortex: LocalCortex, **options: Any) -> SnowflakeConnection:
    """Connect as ``LocalCortex.session()`` does, with other options."""
    given = {
        "account": "local",
        "user": "ada",
        "password": cortex.secret,
        "protocol": "http",
        "host": "127.0.0.1",
        "port": cortex.port,
        "platform_detection_timeout_seconds": 0.0,
        "login_timeout": 30,
        "network_timeout": 30,
        "socket_timeout": 30,
    }
    return LoopbackConnection(**{**given, **options})


def test_a_login_gives_tokens_names_and_the_parameters_that_the_course_relies_on(
    wire: Wire,
) -> None:
    data = wire.data
    assert data["token"] != data["masterToken"]
    assert data["validityInSeconds"] == 3600
    assert data["masterValidityInSeconds"] == 14400
    assert data["serverVersion"] == SERVER_VERSION
    assert data["displayUserName"] == "ADA"
    assert data["sessionInfo"] == {
        "databaseName": "COURSE",
        "schemaName": "PUBLIC",
        "warehouseName": "COURSE_WH",
        "roleName": "LEARNER",
    }
    parameters = {each["name"]: each["value"] for each in data["parameters"]}
    assert parameters["CLIENT_TELEMETRY_ENABLED"] is False
    assert parameters["PYTHON_SNOWPARK_ENABLE_THREAD_SAFE_SESSION"] is True
    assert parameters["CLIENT_STAGE_ARRAY_BINDING_THRESHOLD"] == 0


def test_the_names_that_a_client_asks_for_are_the_sessions(cortex: LocalCortex) -> None:
    connection = connect(cortex, role="analyst", warehouse="wh", database="db", schema="s")
    with connection, connection.cursor() as cursor:
        names = "CURRENT_ROLE(), CURRENT_WAREHOUSE(), CURRENT_DATABASE(), CURRENT_SCHEMA()"
        cursor.execute(f"SELECT {names}, CURRENT_USER()")
        assert cursor.fetchone() == ("ANALYST", "WH", "DB", "S", "ADA")
        # They are there, too.
        cursor.execute("CREATE TEMP TABLE here (a INT)")
    assert (connection.role, connection.warehouse) == ("ANALYST", "WH")


def test_a_session_that_names_no_place_starts_where_set_up_ended(
    cortex: LocalCortex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cortex.places, "database", "SHOP")
    monkeypatch.setitem(cortex.places, "schema", "app")
    for named, place in [({}, ("SHOP", "app")), ({"database": "db"}, ("DB", "PUBLIC"))]:
        with connect(cortex, **named) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT CURRENT_DATABASE(), CURRENT_SCHEMA()")
            assert cursor.fetchone() == place


def test_the_connector_sees_telemetry_switched_off_and_snowpark_its_locks_on(
    session: Session,
) -> None:
    connection = session.connection
    assert connection.telemetry_enabled is False
    assert session._conn._thread_safe_session_enabled is True


def test_a_programmatic_access_token_logs_in_where_a_password_would(cortex: LocalCortex) -> None:
    options = {"password": "", "authenticator": "PROGRAMMATIC_ACCESS_TOKEN"}
    with connect(cortex, **options, token=cortex.secret) as connection:
        assert connection.cursor().execute("SELECT 1").fetchone() == (1,)


def test_the_token_of_a_container_logs_in_without_a_user(cortex: LocalCortex) -> None:
    options = {"user": "", "password": "", "authenticator": "oauth"}
    with connect(cortex, **options, token=cortex.secret) as connection:
        answer = connection.cursor().execute("SELECT CURRENT_USER()").fetchone()
    assert answer == ("COURSE_SERVICE",)
    with pytest.raises(DatabaseError):
        connect(cortex, **options, token="wrong")


def test_a_wrong_password_is_refused_with_390100(cortex: LocalCortex, raw: httpx.Client) -> None:
    with pytest.raises(DatabaseError, match="Incorrect username or password") as refused:
        connect(cortex, password="wrong")
    assert refused.value.errno == 390100
    assert cortex.secret not in str(refused.value)
    assert log_in(raw, password="wrong") == {
        "data": {"loginName": "ada"},
        "code": "390100",
        "message": "Incorrect username or password was specified.",
        "success": False,
    }


def test_a_login_of_odd_values_is_a_wrong_password(raw: httpx.Client) -> None:
    odd: list[tuple[object, object]] = [
        *(("\ud83d", "wrong"), ("ada", "\ud83d"), (["ada"], {"a": 1}), (None, None), (1, True)),
    ]
    for user, password in odd:
        assert log_in(raw, user, password)["code"] == "390100", (user, password)


def test_a_login_that_cannot_be_read_is_a_bad_request_in_snowflakes_envelope(
    raw: httpx.Client,
) -> None:
    for body in (b"", b"{}", b'{"data": "x"}', b'{"data": [1]}', b"[]", b"3", b"\x00", b"{"):
        answer = raw.post(LOGIN, content=body)
        assert answer.status_code == 200, "the connector would repeat anything else"
        assert (answer.json()["success"], answer.json()["code"]) == (False, "390400"), body


def test_a_gzipped_login_is_read_and_a_false_gzip_is_not(
    raw: httpx.Client, cortex: LocalCortex
) -> None:
    body = json.dumps({"data": {"LOGIN_NAME": "ada", "PASSWORD": cortex.secret}}).encode()
    header = {"content-encoding": "gzip"}
    assert raw.post(LOGIN, content=gzip.compress(body), headers=header).json()["success"]
    assert raw.post(LOGIN, content=body, headers=header).json()["code"] == "390400"


def test_an_expired_session_is_renewed_by_the_connector_unseen(
    cortex: LocalCortex, own_session: Session
) -> None:
    before = own_session.connection.rest.token
    cortex.expire_sessions()
    assert own_session.sql("SELECT 1").collect()[0][0] == 1
    assert own_session.connection.rest.token != before


def test_after_any_sql_complete_works_again(cortex: LocalCortex, own_session: Session) -> None:
    cortex.expire_sessions()
    own_session.sql("SELECT 1").collect()
    assert Complete("llama3.1-8b", "hi", session=own_session)


def test_a_renewal_answers_with_the_fields_that_the_connector_reads(wire: Wire) -> None:
    answer = wire.post(
        "/session/token-request",
        {"oldSessionToken": wire.token, "requestType": "RENEW"},
        token=wire.data["masterToken"],
    )
    assert answer["success"]
    data = answer["data"]
    assert data["sessionToken"] != wire.token
    assert data["masterToken"] == wire.data["masterToken"]
    assert data["sessionId"] == wire.data["sessionId"]
    assert data["validityInSecondsST"] == 3600
    assert data["validityInSecondsMT"] == 14400
    wire.token = data["sessionToken"]
    assert wire.run("SELECT 1")["success"]


@pytest.mark.parametrize(
    "path",
    [
        "/session/heartbeat",
        "/session/token-request",
        "/session?delete=true",
        "/telemetry/send",
        "/queries/v1/query-request",
        "/queries/v1/abort-request",
        "/queries/some-id/abort-request",
    ],
)
def test_an_unknown_token_is_390104_everywhere(raw: httpx.Client, path: str) -> None:
    for authorization in ("", "Bearer x", 'Snowflake Token="x"', "Snowflake"):
        answer = raw.post(path, json={}, headers={"authorization": authorization})
        assert answer.status_code == 200
        assert answer.json() == {
            "data": None,
            "code": "390104",
            "message": "Session token is not valid.",
            "success": False,
        }, authorization


def test_a_heartbeat_is_answered_and_tells_of_an_expired_session(
    cortex: LocalCortex, wire: Wire
) -> None:
    assert wire.post("/session/heartbeat")["success"]
    cortex.expire_sessions()
    assert wire.post("/session/heartbeat")["code"] == "390112"


def test_closing_a_session_ends_it_on_the_server(cortex: LocalCortex) -> None:
    before = cortex.open_sessions
    session = cortex.session()
    assert cortex.open_sessions == before + 1
    session.close()
    assert eventually(lambda: cortex.open_sessions == before)


def test_a_session_that_the_server_no_longer_knows_fails_with_390104(
    cortex: LocalCortex,
) -> None:
    connection = connect(cortex)
    other = httpx.post(
        f"{cortex.url}/session?delete=true",
        headers={"authorization": f'Snowflake Token="{connection.rest.token}"'},
    )
    assert other.json()["success"]
    with pytest.raises(DatabaseError) as failed:
        connection.cursor().execute("SELECT 1")
    assert failed.value.errno == 390104
    connection.close()

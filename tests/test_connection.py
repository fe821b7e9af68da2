"""Where the session comes from: what is chosen, what is reported, what is kept secret."""

from __future__ import annotations

import gzip
import http.server
import itertools
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import streamlit as st
from snowflake.connector import errors
from snowflake.connector.network import ReauthenticationRequest
from snowflake.snowpark import Session
from snowflake.snowpark.exceptions import SnowparkSQLException
from streamlit import config
from streamlit.runtime.secrets import Secrets
from streamlit.testing.v1 import AppTest

import connection
from account import settings
from connection import Attempt, Connection, ConnectionFailed, Plan, SharedSession, Sources
from local_cortex import LocalCortex

ROOT = Path(connection.__file__).parent
# Planted in every place a secret can be in; none may come out anywhere.
HOST = "planted-host.snowflakecomputing.example"
PLANTED = {
    "account": "planted-account",
    "host": HOST,
    "user": "planted-user",
    "password": "planted-password",
    "token": "planted-token",
}


@pytest.fixture(autouse=True)
def _same_environment() -> Iterator[None]:
    """Streamlit copies the secrets at the top of a file into the environment."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]


class FakeConnection:
    def __init__(self) -> None:
        self.expired = False
        self.open = True
        self.closed_by_us = threading.Event()

    def is_closed(self) -> bool:
        return not self.open

    def close(self, retry: bool = True) -> None:
        assert not retry
        self.open = False
        self.closed_by_us.set()


class FakeSession:
    def __init__(self) -> None:
        self.connection = FakeConnection()

    def close(self) -> None:
        assert not self.connection.open, "the query that Session.close() begins with is slow"

    def was_closed(self) -> bool:
        return self.connection.closed_by_us.wait(60)


class FakeCortex:
    def __init__(self) -> None:
        self.alive = True
        self.replaced = 0
        self.closed = threading.Event()
        self.sessions: list[FakeSession] = []

    def session(self) -> FakeSession:
        self.sessions.append(FakeSession())
        return self.sessions[-1]

    def close(self) -> None:
        self.alive = False
        self.closed.set()


@dataclass
class World:
    """What a test's ``Sources`` see, and what was asked of them; by default a bare machine."""

    environ: dict[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Any] | Exception | None = None
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    token_file: Path = Path("no-such-file")
    platform: str = "Linux"
    error: Exception | None = None
    now: float = 1000.0
    opening: Callable[[], object] = bool  # called while a session is being made
    opened: list[dict[str, Any]] = field(default_factory=list)
    cortexes: list[FakeCortex] = field(default_factory=list)
    active: FakeSession = field(default_factory=FakeSession)

    def sources(self, **other: Any) -> Sources:
        doubles: dict[str, Any] = {
            "environ": self.environ,
            "secrets": self._secrets,
            "entries": lambda: self.entries,
            "token_file": self.token_file,
            "platform": lambda: self.platform,
            "open_session": self._open,
            "active_session": lambda: self.active,
            "start_local": self._start_local,
            "clock": lambda: self.now,
        }
        return Sources(**{**doubles, **other})

    def _secrets(self) -> Mapping[str, Any] | None:
        if isinstance(self.secrets, Exception):
            raise self.secrets
        return self.secrets

    def _open(self, settings: Mapping[str, Any]) -> FakeSession:
        self.opened.append(dict(settings))
        self.opening()
        if self.error:
            raise self.error
        return FakeSession()

    def _start_local(self) -> FakeCortex:
        if self.error:
            raise self.error
        self.cortexes.append(FakeCortex())
        self.opening()
        return self.cortexes[-1]


def chosen(
    world: World,
    prefer: str | None = None,
    failure_of: Callable[[Plan], str | None] = lambda _plan: None,
    **other: Any,
) -> Connection:
    """Build what ``connect(prefer)`` would return in this world, without the cache."""
    sources = world.sources(**other)
    plan, attempts = connection.decide(prefer, sources, failure_of)
    shared = SharedSession(plan, sources)
    label = connection.LABELS[plan.kind]
    return Connection(plan.kind, label, attempts, not plan.procedure, shared)


def failure(source: Connection) -> ConnectionFailed:
    with pytest.raises(ConnectionFailed) as caught:
        _ = source.session
    return caught.value


class Hooks:
    """What is to run at exit, in place of the interpreter's own list."""

    def __init__(self) -> None:
        self.at_exit: list[Callable[[], object]] = []

    def register(self, hook: Callable[[], object]) -> None:
        self.at_exit.append(hook)

    def unregister(self, hook: Callable[[], object]) -> None:
        self.at_exit = [other for other in self.at_exit if other != hook]


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> Hooks:
    fake = Hooks()
    monkeypatch.setattr(connection, "atexit", fake)
    return fake


IN_CONTAINER = {
    "host": "inner",
    "account": "acct",
    "database": "d",
    "schema": "s",
    "warehouse": "w",
    "protocol": "http",
    "port": "8082",
}


@pytest.fixture
def container(tmp_path: Path) -> World:
    token = tmp_path / "token"
    token.write_text("first-token\n")
    given = {f"SNOWFLAKE_{name.upper()}": value for name, value in IN_CONTAINER.items()}
    return World(environ={**given, "SNOWFLAKE_ROLE": "r"}, token_file=token)


# --- what is chosen ------------------------------------------------------------------------------

NOT_INSIDE = Attempt("snowflake", "not_inside")
NO_SECRETS = Attempt("account", "no_secrets")
PROCEDURE = {"platform": "XP"}
SECRETS = {"secrets": {"account": "a"}}


@pytest.mark.parametrize(
    ("world", "setting", "prefer", "kind", "attempts"),
    [
        ({}, "", None, "local", (NOT_INSIDE, NO_SECRETS, Attempt("local", "used"))),
        ({}, "auto", None, "local", (NOT_INSIDE, NO_SECRETS, Attempt("local", "used"))),
        ({}, " LOCAL ", None, "local", (NOT_INSIDE, NO_SECRETS, Attempt("local", "used"))),
        ({}, "account", None, "account", (NOT_INSIDE, NO_SECRETS)),
        ({}, "snowflake", None, "snowflake", (NOT_INSIDE,)),
        ({}, "snowflake", "account", "account", (NOT_INSIDE, NO_SECRETS)),
        (SECRETS, "", None, "account", (NOT_INSIDE, Attempt("account", "used"))),
        (SECRETS, "local", "auto", "account", (NOT_INSIDE, Attempt("account", "used"))),
        (
            SECRETS,
            "account",
            "local",
            "local",
            (NOT_INSIDE, Attempt("account", "not_chosen"), Attempt("local", "used")),
        ),
        (PROCEDURE, "", None, "snowflake", (Attempt("snowflake", "used"),)),
        ({**PROCEDURE, **SECRETS}, "", None, "snowflake", (Attempt("snowflake", "used"),)),
        (
            {**PROCEDURE, **SECRETS},
            "account",
            None,
            "account",
            (Attempt("snowflake", "not_chosen"), Attempt("account", "used")),
        ),
    ],
)
def test_the_first_connection_that_is_there_is_used_unless_a_setting_or_the_caller_says_otherwise(
    world: dict[str, Any],
    setting: str,
    prefer: str | None,
    kind: str,
    attempts: tuple[Attempt, ...],
) -> None:
    found = chosen(World(environ={"COURSE_CONNECTION": setting}, **world), prefer)
    assert (found.kind, found.attempts) == (kind, attempts)
    assert found.label == connection.LABELS[found.kind]


@pytest.mark.parametrize("prefer", [None, "acount"])
def test_an_unknown_choice_is_refused_with_the_settings_name_and_the_choices(
    prefer: str | None,
) -> None:
    name = "prefer" if prefer else "COURSE_CONNECTION"
    with pytest.raises(ValueError, match=f"^{name} is 'acount'.*auto, snowflake, account, local"):
        chosen(World(environ={"COURSE_CONNECTION": "acount"}), prefer)


def test_a_host_without_a_token_file_is_not_a_container(tmp_path: Path) -> None:
    environ = {"SNOWFLAKE_HOST": "inner"}
    assert chosen(World(environ=environ)).kind == "local"
    assert chosen(World(environ=environ, token_file=tmp_path)).kind == "local"


def test_a_token_file_without_a_host_is_not_a_container(container: World) -> None:
    del container.environ["SNOWFLAKE_HOST"]
    assert chosen(container).kind == "local"


def test_the_warehouse_runtime_has_the_active_session_and_does_not_stream() -> None:
    world = World(platform="XP")
    found = chosen(world)
    assert found.session is world.active
    assert not found.token_streaming


def test_the_warehouse_runtime_has_no_token_for_the_openai_client() -> None:
    with pytest.raises(ConnectionFailed) as failed:
        chosen(World(platform="XP")).chat_client()
    assert failed.value.reason == "no_token"


def test_the_openai_client_sends_the_token_that_the_session_has_now() -> None:
    world = World(secrets={"account": "a"})
    found = chosen(world)
    rest = SimpleNamespace(server_url="https://a.snowflakecomputing.com:443", token="first")
    found.session.connection.rest = rest
    clients = [found.chat_client()]
    rest.token = "second"
    clients.append(found.chat_client())
    sent = [client.default_headers["Authorization"] for client in clients]
    assert sent == ['Snowflake Token="first"', 'Snowflake Token="second"']
    assert str(clients[0].base_url).startswith("https://a.snowflakecomputing.com")
    # The caller repeats a refused request; the client must not.
    assert [client.max_retries for client in clients] == [0, 0]


def test_the_warehouse_runtimes_session_is_never_closed(hooks: Hooks) -> None:
    world = World(platform="XP")
    found = chosen(world)
    assert found.session is world.active
    assert hooks.at_exit == []
    found.reset()
    assert found.session is world.active
    assert world.active.connection.open


def test_a_container_logs_in_with_its_token_and_never_asks_for_the_active_session(
    container: World,
) -> None:
    def refuse() -> FakeSession:
        raise AssertionError("get_active_session() must not be used in a container")

    found = chosen(container, active_session=refuse)
    assert found.token_streaming
    assert isinstance(found.session, FakeSession)
    expected = {**IN_CONTAINER, "authenticator": "oauth"}
    assert expected.items() <= container.opened[0].items()
    assert container.opened[0]["token"] == "first-token"
    assert "role" not in container.opened[0]


def test_a_container_reads_its_token_again_at_every_login(container: World) -> None:
    found = chosen(container)
    first = found.session
    container.token_file.write_text("second-token")
    first.connection.open = False
    assert found.session is not first
    assert [settings["token"] for settings in container.opened] == ["first-token", "second-token"]


# --- the account ---------------------------------------------------------------------------------


def test_a_login_has_three_timeouts_stays_alive_and_a_read_outlasts_snowflakes_long_poll() -> None:
    world = World(secrets={"account": "a"})
    assert chosen(world).session
    settings = world.opened[0]
    assert settings["client_session_keep_alive"] is True
    assert settings["validate_default_parameters"] is True
    assert settings["socket_timeout"] > 45
    assert settings["login_timeout"] > 0
    assert settings["network_timeout"] > settings["socket_timeout"]
    assert settings["platform_detection_timeout_seconds"] == 0.0


@pytest.mark.parametrize("safe", [{}, {"PYTHON_SNOWPARK_ENABLE_THREAD_SAFE_SESSION": False}])
def test_the_users_own_values_win_over_the_courses(safe: dict[str, bool]) -> None:
    own = {
        "ACCOUNT": "a",
        "login_timeout": 3,
        "client_session_keep_alive": False,
        "session_parameters": {"QUERY_TAG": "mine", **safe},
    }
    world = World(secrets=own)
    assert chosen(world).session
    settings = world.opened[0]
    assert (settings["account"], settings["login_timeout"]) == ("a", 3)
    assert settings["client_session_keep_alive"] is False
    assert settings["session_parameters"] == {
        "QUERY_TAG": "mine",
        "PYTHON_SNOWPARK_ENABLE_THREAD_SAFE_SESSION": not safe,
    }


def test_connections_toml_is_used_only_when_a_setting_names_the_entry() -> None:
    world = World(environ={"COURSE_CONNECTION_NAME": "class"})
    found = chosen(world)
    assert found.kind == "account"
    assert found.session
    assert world.opened[0]["connection_name"] == "class"

    world = World(secrets={"account": "a"})
    assert chosen(world).session
    assert "connection_name" not in world.opened[0]


def test_secrets_without_an_account_name_the_missing_key() -> None:
    found = chosen(World(secrets={"account": "", "user": "planted-user"}))
    assert found.attempts[-1] == Attempt("account", "secrets")
    error = failure(found)
    assert (error.reason, error.where) == ("secrets", "[connections.snowflake] account")


TEXTS = (
    *("account", "user", "authenticator", "role", "warehouse", "database", "schema"),
    *("host", "token_file_path", "private_key_file"),
)
MISTAKES = [
    *((key, 5, "key_text", "") for key in (*TEXTS, "password", "token", "private_key_file_pwd")),
    *((f"{key}_timeout", "planted", "key_number", "") for key in ("login", "network", "socket")),
    ("login_timeout", True, "key_number", ""),
    *((key, "<none selected>", "placeholder", "") for key in TEXTS),
    ("account", "planted_org-acct", "account_form", ""),
    ("account", "https://planted-acct.snowflakecomputing.com/", "account_form", ""),
    ("account", "planted-acct.snowflakecomputing.com", "account_form", ""),
    ("account", "PLANTED.ACCT", "account_form", ""),
]


@pytest.mark.parametrize(("key", "value", "reason", "fix"), MISTAKES)
def test_a_key_that_cannot_work_is_named_with_its_fix_before_any_login(
    key: str, value: object, reason: str, fix: str
) -> None:
    world = World(secrets={"account": "a", key: value})
    error = failure(chosen(world))
    where = f"[connections.snowflake] {key}"
    assert (error.reason, error.where, error.fix) == (reason, where, fix)
    assert "planted" not in shown(error).lower()
    assert world.opened == []


@pytest.mark.parametrize(
    ("key", "fix"),
    [
        ("private_key_path", "private_key_file"),
        ("private_key_passphrase", "private_key_file_pwd"),
        ("private_key_file_passphrase", "private_key_file_pwd"),
        ("username", "user"),
        ("pwd", "password"),
        ("accountname", "account"),
        ("account_name", "account"),
        ("account_identifier", "account"),
        ("token_file", "token_file_path"),
    ],
)
def test_a_key_of_another_tool_is_told_with_the_connectors_own(key: str, fix: str) -> None:
    error = failure(chosen(World(secrets={key: "planted"})))
    assert (error.reason, error.fix) == ("key_name", fix)
    assert error.where == f"[connections.snowflake] {key}"


@pytest.mark.parametrize(
    "settings",
    [
        {"account": "ORG-ACCOUNT", "password": "<planted>"},
        {"account": "xy12345.us-east-1"},
        {"account": "xy12345.canada-central.azure"},
        {"account": "org-acct.privatelink"},
        {"account": "org-acct.global"},
        {"account": "with_underscore", "host": "with-dash.snowflakecomputing.com"},
        {"account": "a", "private_key_file": "k.p8", "private_key_path": "k.p8"},
    ],
)
def test_settings_that_can_work_go_to_the_connector(settings: dict[str, Any]) -> None:
    world = World(secrets=settings)
    assert chosen(world).session
    assert settings.items() <= world.opened[0].items()


OTHER = {"[connections.mine]": {"account": "a", "user": "u"}, "[snowflake]": {"account": "b"}}


def test_an_account_under_another_name_is_reported_and_not_used() -> None:
    found = chosen(World(entries=OTHER))
    reported = Attempt("account", "other_name", ("[connections.mine]", "[snowflake]"))
    assert found.attempts == (NOT_INSIDE, reported, Attempt("local", "used"))


@pytest.mark.parametrize("by_setting", [True, False])
def test_an_account_under_another_name_is_used_when_it_is_named(by_setting: bool) -> None:
    header, environ = "[connections.mine]", {"COURSE_CONNECTION_NAME": "another"}
    if by_setting:
        environ["COURSE_CONNECTION"] = header
    world = World(entries=OTHER, environ=environ)
    found = chosen(world, None if by_setting else header)
    assert found.session
    assert (found.kind, world.opened[0]["user"]) == ("account", "u")


def test_an_entry_that_the_secrets_do_not_have_is_named() -> None:
    error = failure(chosen(World(), "[connections.mine]"))
    assert (error.reason, error.where) == ("secrets", "[connections.mine]")


def test_an_account_that_is_asked_for_and_has_another_name_is_a_failure_that_names_it() -> None:
    error = failure(chosen(World(entries=OTHER), "account"))
    assert (error.reason, error.where) == ("other_name", "[connections.mine], [snowflake]")


def test_an_account_that_is_asked_for_but_not_configured_names_the_missing_section() -> None:
    error = failure(chosen(World(), "account"))
    assert (error.reason, error.where) == ("secrets", "[connections.snowflake]")


def test_snowflake_that_is_asked_for_outside_snowflake_says_so() -> None:
    assert failure(chosen(World(), "snowflake")).reason == "not_inside"


def test_a_session_on_an_account_sends_no_telemetry() -> None:
    cortex = LocalCortex.start()
    local = cortex.session()
    session = Sources().open_session({"connection": local.connection})
    assert session.telemetry_enabled is False
    # Both: Snowpark keeps a list of the open ones for the whole process.
    local.close()
    session.close()
    cortex.close()


def test_an_account_that_fails_is_not_replaced_by_local_cortex() -> None:
    world = World(secrets={"account": "a"}, error=errors.DatabaseError("no", errno=390100))
    found = chosen(world)
    assert found.kind == "account"
    assert failure(found).reason == "user"
    assert world.cortexes == []


def test_local_cortex_after_a_failed_account_says_why_the_account_is_not_used() -> None:
    failures = {"account": "mfa"}
    found = chosen(World(secrets={"account": "a"}), "local", lambda plan: failures.get(plan.kind))
    assert found.attempts == (NOT_INSIDE, Attempt("account", "mfa"), Attempt("local", "used"))
    assert isinstance(found.session, FakeSession)


# --- one session ---------------------------------------------------------------------------------


def ask_at_once(number: int, world: World, ask: Callable[[], object]) -> None:
    """Have ``number`` threads ask while the session is being made."""
    asking = threading.Semaphore(0)
    # In time, if only one thread makes a session; a second one would wait in vain.
    world.opening = lambda: [asking.acquire(timeout=1) for _ in range(number)]

    def run_one() -> None:
        asking.release()
        ask()

    threads = [threading.Thread(target=run_one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("world", [World(), World(secrets={"account": "a"})])
def test_sixteen_threads_that_ask_at_once_get_one_session(world: World) -> None:
    found, sessions = chosen(world), list[object]()
    ask_at_once(16, world, lambda: sessions.append(found.session))
    assert len(sessions) == 16
    assert len(set(map(id, sessions))) == 1
    assert len(world.opened) + len(world.cortexes) == 1


def test_deciding_makes_no_session() -> None:
    world = World(secrets={"account": "a"})
    chosen(world)
    assert world.opened == []


def test_a_session_whose_process_was_lost_a_moment_ago_is_not_used_again() -> None:
    world = World()
    found = chosen(world)
    first = found.session
    world.cortexes[0].replaced = 1
    second = found.session
    assert second is not first
    assert found.session is second


@pytest.mark.parametrize("death", [{"open": False}, {"expired": True}])
def test_a_dead_session_is_replaced_on_the_next_use_and_closed(death: dict[str, bool]) -> None:
    found = chosen(World(secrets={"account": "a"}))
    first = found.session
    for name, value in death.items():
        setattr(first.connection, name, value)
    second = found.session
    assert second is not first
    assert first.was_closed()
    assert found.session is second


def test_local_cortex_that_died_is_started_again_and_one_that_lives_is_not() -> None:
    world = World()
    found = chosen(world)
    first = found.session
    first.connection.open = False
    second = found.session
    assert second is not first
    assert len(world.cortexes) == 1
    world.cortexes[0].alive = False
    third = found.session
    assert third is not second
    assert second.was_closed()
    assert len(world.cortexes) == 2


def test_a_session_whose_process_is_gone_is_replaced_by_one_of_the_same_local_cortex() -> None:
    world = World()
    found = chosen(world)
    assert found.replaced == 0
    first = found.session
    world.cortexes[0].replaced = 1
    first.connection.expired = True
    second = found.session
    assert second is not first
    assert first.was_closed()
    assert found.replaced == 1
    assert len(world.cortexes) == 1


def test_preparing_starts_local_cortex_and_asks_it_for_nothing() -> None:
    world = World()
    found = chosen(world)
    found.prepare()
    found.prepare()
    assert [cortex.sessions for cortex in world.cortexes] == [[]]
    assert found.session
    assert len(world.cortexes) == 1


def test_preparing_an_account_asks_for_nothing() -> None:
    world = World(secrets={"account": "a"})
    chosen(world).prepare()
    assert (world.opened, world.cortexes) == ([], [])


def test_reset_closes_the_session_and_the_next_use_makes_another(hooks: Hooks) -> None:
    found = chosen(World(secrets={"account": "a"}))
    first = found.session
    assert len(hooks.at_exit) == 1
    found.reset()
    assert first.was_closed()
    assert hooks.at_exit == []
    assert found.session is not first


def test_a_reset_for_a_session_that_was_already_replaced_leaves_the_new_one_alone() -> None:
    found = chosen(World(secrets={"account": "a"}))
    first = found.session
    found.reset(first)
    second = found.session
    found.reset(first)
    assert found.session is second


def http_error(status: int) -> requests.HTTPError:
    response = requests.Response()
    response.status_code = status
    return requests.HTTPError(response=response)


def in_snowpark(error: Exception) -> SnowparkSQLException:
    return SnowparkSQLException("failed", conn_error=error)


@pytest.mark.parametrize(
    "error",
    [
        errors.ProgrammingError("expired", errno=390112),
        errors.ProgrammingError("expired", errno=390114, sqlstate="08001"),
        errors.OperationalError("lost", errno=250003, sqlstate="08001"),
        *(errors.DatabaseError("x", errno=n) for n in (390110, 390115, 250002, 252007)),
        errors.DatabaseError("closed", errno=1, sqlstate="08003"),
        in_snowpark(errors.ProgrammingError("expired", errno=390114)),
        in_snowpark(errors.OperationalError("lost", errno=1, sqlstate="08001")),
        http_error(401),
    ],
)
def test_an_error_that_ends_the_session_has_it_replaced(error: Exception) -> None:
    found = chosen(World(secrets={"account": "a"}))
    first = found.session
    assert found.check(error, first)
    assert found.session is not first


@pytest.mark.parametrize(
    "error",
    [
        errors.ProgrammingError("syntax", errno=1003, sqlstate="42000"),
        *(errors.DatabaseError("x", errno=n) for n in (390109, 390116)),
        in_snowpark(errors.ProgrammingError("no such table", errno=2003, sqlstate="02000")),
        http_error(403),
        ConnectionFailed("user", 390100, "08001"),
        ValueError("unrelated"),
        KeyError(),
    ],
)
def test_an_error_of_the_statement_leaves_the_session_alone(error: Exception) -> None:
    found = chosen(World(secrets={"account": "a"}))
    first = found.session
    assert not found.check(error, first)
    assert found.session is first


def test_closing_stops_local_cortex_too() -> None:
    world = World()
    plan, _ = connection.decide(None, world.sources(), lambda _plan: None)
    shared = SharedSession(plan, world.sources())
    first = shared.get()
    shared.close()
    assert first.was_closed()
    assert world.cortexes[0].closed.wait(60)
    assert shared.get() is not first


# --- failures are tried again with care ----------------------------------------------------------


def test_a_wrong_password_is_sent_once_however_often_the_page_reruns() -> None:
    world = World(secrets={"account": "a"}, error=errors.DatabaseError("no", errno=390100))
    found = chosen(world)
    for _ in range(20):
        assert failure(found).errno == 390100
        world.now += 3600
    assert len(world.opened) == 1
    world.error = None
    found.reset()
    assert isinstance(found.session, FakeSession)


def test_an_unreachable_network_is_tried_again_after_a_while() -> None:
    world = World(secrets={"account": "a"}, error=errors.OperationalError("no", errno=250001))
    found = chosen(world)
    assert [failure(found).reason for _ in range(3)] == ["network"] * 3
    assert len(world.opened) == 1
    assert found._shared.failure == "network"
    world.error = None
    world.now += connection.RETRY_SECONDS
    assert isinstance(found.session, FakeSession)
    assert found._shared.failure is None


def test_threads_that_wait_for_a_failing_login_do_not_each_try_it() -> None:
    world = World(secrets={"account": "a"}, error=errors.OperationalError("no", errno=250001))
    found, reasons = chosen(world), list[str]()
    ask_at_once(8, world, lambda: reasons.append(failure(found).reason))
    assert reasons == ["network"] * 8
    assert len(world.opened) == 1


def test_local_cortex_is_tried_again_whatever_went_wrong() -> None:
    world = World(error=ImportError("no module"))
    found = chosen(world)
    assert failure(found).reason == "missing_package"
    world.error = None
    world.now += connection.RETRY_SECONDS
    assert isinstance(found.session, FakeSession)


def test_inside_snowflake_an_expired_token_is_tried_again(container: World) -> None:
    container.error = errors.DatabaseError("expired", errno=390318)
    found = chosen(container)
    assert failure(found).reason == "expired_token"
    container.error = None
    container.now += connection.RETRY_SECONDS
    assert isinstance(found.session, FakeSession)


def test_a_failure_raised_again_is_a_new_exception_with_the_same_facts() -> None:
    cause = errors.DatabaseError("no", errno=390189, sqlstate="08004")
    found = chosen(World(secrets={"account": "a"}, error=cause))
    first, second = failure(found), failure(found)
    assert first is not second
    assert (second.reason, second.errno, second.sqlstate) == ("role", 390189, "08004")
    assert first.__cause__ is second.__cause__ is cause


# --- how failures are recognised -----------------------------------------------------------------


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


#: Snowflake's and the connector's numbers for each reason; of a range its ends, and what is beside.
NUMBERS = {
    "account": (666, 251009, 290403, 290404),
    "user": (390100, 390101, 390102, 390144, 394300, 394306),
    "role": (390186, 390189),
    "warehouse": (606, 390201),
    "network": (390420, 390422, 390432),
    "expired_token": (390110, 390115, 390195, 390303, 390318, 394400),
    "mfa": (390120, 390127, 394507, 394512),
    "secrets": (251001, 251005, 251008, 251013, 251017, 251020),
    "unknown": (390109, 390116, 394299, 394307, 394506, 394513),
}
CASES: list[tuple[Exception, str]] = [
    *((errors.DatabaseError("x", errno=n), why) for why, each in NUMBERS.items() for n in each),
    (in_snowpark(errors.ProgrammingError("x", errno=606, sqlstate="57P03")), "warehouse"),
    (ReauthenticationRequest(errors.ProgrammingError("x", errno=390195)), "expired_token"),
    (errors.HttpError(msg="x", errno=290404, sqlstate="08001"), "account"),
    (errors.ForbiddenError(errno=250001, sqlstate="08001"), "account"),
    (errors.Error("Invalid connection_name 'a', known ones are ['b']"), "secrets"),
    (errors.ConfigSourceError("x"), "secrets"),
    (FileNotFoundError(2, "no such file", "key.p8"), "secrets"),
    (ValueError("invalid literal for int() with base 10: 'x'"), "secrets"),
    (errors.OperationalError("x", errno=250001), "network"),
    (errors.OperationalError("x", errno=250003), "network"),
    (errors.OperationalError("x", errno=254007), "network"),
    (errors.HttpError(msg="x", errno=290502), "network"),
    (requests.ConnectionError("x"), "network"),
    (TimeoutError("x"), "network"),
    (ModuleNotFoundError("No module named 'snowflake'"), "missing_package"),
    (errors.MissingDependencyError("keyring"), "missing_package"),
    (errors.DatabaseError("x", errno=123456), "unknown"),
    (RuntimeError("x"), "unknown"),
    (caused(RuntimeError("wrapped"), errors.DatabaseError("x", errno=390100)), "user"),
]


@pytest.mark.parametrize(("error", "reason"), CASES, ids=lambda case: str(case)[:40])
def test_a_failure_is_recognised_by_its_number_or_type(error: Exception, reason: str) -> None:
    world = World(secrets={"account": "a"}, error=error)
    assert failure(chosen(world)).reason == reason


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Incorrect username or password was specified.", "user"),
        ("User access disabled. Contact your local system administrator.", "user"),
        ("JWT token is invalid. [1]", "user"),
        ("Role 'R' specified in the connect string is not granted to this user.", "role"),
        ("The role requested ('R') is not listed in the Access Token or was filtered.", "role"),
        ("The requested warehouse does not exist or not authorized.", "warehouse"),
        ("Incoming request with IP/Token 1.2.3.4 is not allowed to access Snowflake.", "network"),
        ("Fail : Network policy is required.", "network"),
        ("Failed to authenticate: MFA authentication is required, but none of yours", "mfa"),
        ("OAuth access token expired. [1]", "expired_token"),
        ("Authentication token has expired. The user must authenticate again.", "expired_token"),
        ("Programmatic access token is invalid.", "expired_token"),
        ("Your free trial has ended", "account"),
        ("Please verify the account name is correct.", "account"),
        ("Your account is suspended due to lack of payment method.", "account"),
        ("Could not connect to Snowflake backend after 2 attempt(s).Aborting", "network"),
    ],
)
def test_connectors_that_number_every_refusal_250001_are_understood_by_snowflakes_words(
    words: str, reason: str
) -> None:
    message = f"Failed to connect to DB: {HOST}:443. {words}"
    error = errors.DatabaseError(message, errno=250001, sqlstate="08001")
    assert connection.diagnose(error).reason == reason


def test_a_missing_key_file_is_traced_to_its_setting() -> None:
    world = World(
        secrets={"account": "a", "private_key_file": "planted.p8"},
        error=FileNotFoundError(2, "no such file", "planted.p8"),
    )
    error = failure(chosen(world))
    assert (error.reason, error.where, error.errno) == ("secrets", "private_key_file", None)


def test_a_sqlstate_that_says_nothing_is_left_out() -> None:
    error = connection.diagnose(errors.OperationalError("x", errno=250001))
    assert error.sqlstate is None
    assert str(error) == "no session: network, errno 250001"


def test_a_ring_of_causes_ends() -> None:
    one, two = RuntimeError("one"), RuntimeError("two")
    one.__cause__, two.__cause__ = two, one
    assert connection.diagnose(one).reason == "unknown"


# --- secrecy -------------------------------------------------------------------------------------


def shown(thing: object) -> str:
    public = {name: value for name, value in vars(thing).items() if name[:1] != "_"}
    return f"{thing!r} {thing} {getattr(thing, 'args', '')} {public}"


SPILLING = f"{' '.join(PLANTED.values())} {HOST}"


@pytest.mark.parametrize(
    "error",
    [
        *(errors.DatabaseError(SPILLING, errno=n, sqlstate="08001") for n in (390100, 250001, 7)),
        errors.Error(SPILLING, sqlstate=SPILLING),
        FileNotFoundError(2, SPILLING, PLANTED["token"]),
        ValueError(SPILLING),
        RuntimeError(SPILLING),
        requests.ConnectionError(SPILLING),
        ImportError(SPILLING, name=PLANTED["host"], path=PLANTED["host"]),
        ReauthenticationRequest(errors.ProgrammingError(SPILLING, errno=390195)),
        in_snowpark(errors.ProgrammingError(SPILLING, errno=390114)),
    ],
)
def test_a_failure_shows_nothing_of_the_secrets_but_keeps_its_cause(error: Exception) -> None:
    found = chosen(World(secrets=PLANTED, error=error))
    for raised in (failure(found), failure(found)):
        assert "planted" not in shown(raised)
        assert raised.__cause__ is error


def test_nothing_that_describes_a_connection_shows_its_settings() -> None:
    world = World(secrets=PLANTED)
    found = chosen(world)
    assert found.session
    plan, attempts = connection.decide(None, world.sources(), lambda _plan: None)
    assert plan.settings == PLANTED
    sources = Sources(environ=dict(PLANTED))
    for thing in (found, plan, plan.key, attempts, sources):
        assert "planted" not in f"{thing!r} {thing}"


def test_plans_share_a_session_exactly_when_their_settings_are_the_same() -> None:
    same, other = dict(reversed(PLANTED.items())), {**PLANTED, "password": "changed"}
    assert Plan("account", PLANTED).key == Plan("account", same).key
    assert Plan("account", PLANTED).key != Plan("account", other).key
    assert Plan("snowflake", PLANTED).key != Plan("account", PLANTED).key


# --- Streamlit: secrets, cache, pages ------------------------------------------------------------


@pytest.fixture
def secrets_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where Streamlit looks for secrets, and nowhere else; the file does not exist yet."""
    for name in ("COURSE_CONNECTION", "COURSE_CONNECTION_NAME", "SNOWFLAKE_HOST"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / ".streamlit" / "secrets.toml"
    path.parent.mkdir()
    before = config.get_option("secrets.files")
    config.set_option("secrets.files", [str(path)])
    monkeypatch.setattr(st, "secrets", Secrets())
    st.cache_resource.clear()
    yield path
    st.cache_resource.clear()
    config.set_option("secrets.files", before)


def test_without_a_secrets_file_there_are_no_secrets(secrets_file: Path) -> None:
    assert settings.read_secrets() is None


@pytest.mark.parametrize("text", ["", "[connections.other]\naccount = 'a'", "[connections]"])
def test_secrets_about_something_else_are_no_secrets(secrets_file: Path, text: str) -> None:
    secrets_file.write_text(text)
    assert settings.read_secrets() is None


ACCOUNT = "account = 'planted'\nuser = 'planted'\n"


@pytest.mark.parametrize(
    ("text", "header"),
    [
        (f"[connections.my_example_connection]\n{ACCOUNT}", "[connections.my_example_connection]"),
        (f"[connections.Snowflake]\n{ACCOUNT}", "[connections.Snowflake]"),
        (f"[connections]\n{ACCOUNT}", "[connections]"),
        (f"[snowflake]\n{ACCOUNT}", "[snowflake]"),
        (f"[databases.prod.snowflake]\n{ACCOUNT}", "[databases.prod.snowflake]"),
        (f"openai_key = 'sk'\n{ACCOUNT}", "[]"),
        ("SNOWFLAKE_ACCOUNT = 'planted'\nSNOWFLAKE_USER = 'planted'", "[]"),
    ],
)
def test_an_account_in_the_secrets_is_found_under_any_name(
    secrets_file: Path, text: str, header: str
) -> None:
    secrets_file.write_text(text)
    assert settings.read_entries() == {header: {"account": "planted", "user": "planted"}}
    found = connection.connect()
    assert (found.kind, found.attempts[1].found) == ("local", (header,))


def test_an_account_under_another_name_keeps_its_session_parameters(secrets_file: Path) -> None:
    secrets_file.write_text(f"[mine]\n{ACCOUNT}[mine.session_parameters]\nQUERY_TAG = 'class'")
    assert settings.read_entries()["[mine]"]["session_parameters"] == {"QUERY_TAG": "class"}


@pytest.mark.parametrize("key", ["user", "username", *TEXTS[2:7]])
def test_an_account_is_snowflakes_with_any_of_a_logins_keys(secrets_file: Path, key: str) -> None:
    secrets_file.write_text(f"[mine]\naccount_name = 'a'\n{key} = 'x'")
    assert list(settings.read_entries()) == ["[mine]"]


def test_an_account_of_somebody_else_is_none_of_snowflakes(secrets_file: Path) -> None:
    secrets_file.write_text("[stripe]\naccount = 'acct_1'\nkey = 'sk'")
    assert settings.read_entries() == {}


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"[connections.snowflake\npassword = 'planted'", ".streamlit/secrets.toml"),
        ("[connections.snowflake]\nuser = 'planted'".encode("utf-16"), ".streamlit/secrets.toml"),
        (b"connections = 'planted'", "[connections.snowflake]"),
        (b"[connections]\nsnowflake = 'planted'", "[connections.snowflake]"),
    ],
)
def test_secrets_that_cannot_be_read_are_reported_where_they_are_and_not_repeated(
    secrets_file: Path, content: bytes, where: str
) -> None:
    secrets_file.write_bytes(content)
    found = connection.connect()
    assert found.attempts[-1] == Attempt("account", "secrets")
    for error in (failure(found), failure(found)):
        assert (error.reason, error.where) == ("secrets", where)
        assert "planted" not in shown(error)


def test_connecting_again_gives_the_same_connection_also_from_another_thread(
    secrets_file: Path,
) -> None:
    first = connection.connect()
    found: list[Connection] = []
    thread = threading.Thread(target=lambda: found.append(connection.connect()))
    thread.start()
    thread.join()
    assert first.kind == "local"
    assert found == [first]
    assert connection.connect() is first


def test_edited_secrets_are_used_at_once(
    secrets_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert connection.connect().kind == "local"
    secrets_file.write_text("[connections.snowflake]\naccount = 'a'")
    assert connection.connect().kind == "account"
    secrets_file.write_text("[connections.snowflake]\naccount = 'b'")
    before = connection.connect()
    monkeypatch.setattr(st, "secrets", Secrets())
    assert connection.connect() is not before


def test_a_failed_account_is_in_the_attempts_of_the_connection_that_replaces_it(
    secrets_file: Path,
) -> None:
    secrets_file.write_text("[connections.snowflake]\naccount = 'a'\nuser = 'planted-user'")
    account = connection.connect()
    assert account.attempts[-1] == Attempt("account", "used")
    assert failure(account).reason == "secrets"  # no password
    expected = (NOT_INSIDE, Attempt("account", "secrets"), Attempt("local", "used"))
    assert connection.connect("local").attempts == expected
    assert connection.connect().attempts[-1] == Attempt("account", "secrets")
    account.reset()
    assert connection.connect().attempts[-1] == Attempt("account", "used")


def page() -> None:
    import streamlit

    from connection import connect

    found = connect()
    streamlit.write(f"{found.kind} {found.label}")


def test_a_page_shows_no_error_of_streamlits_own_for_lack_of_secrets(secrets_file: Path) -> None:
    app = AppTest.from_function(page).run()
    assert [element.value for element in app.markdown] == ["local Local Cortex"]
    assert not app.error
    assert not app.exception
    assert not app.get("spinner")


def test_a_page_with_secrets_uses_the_account(secrets_file: Path) -> None:
    app = AppTest.from_function(page)
    app.secrets = {"connections": {"snowflake": {"account": "a"}}}
    app.run()
    assert [element.value for element in app.markdown] == ["account Snowflake account"]


# --- the process ---------------------------------------------------------------------------------


def run(script: str, **environ: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_and_connecting_import_no_snowflake_package_and_no_local_cortex() -> None:
    script = """
import sys
before = set(sys.modules)  # a .pth file of snowflake's makes an empty `snowflake` at start-up
import connection
from account import settings
for choice in ("auto", *connection.LABELS):
    connection.connect(choice)
new = {name.split(".")[0] for name in set(sys.modules) - before}
print(sorted(new & {"snowflake", "local_cortex", "sqlglot"}))
"""
    assert run(script).strip() == "[]"


def test_at_exit_the_session_is_closed_before_its_server() -> None:
    script = """
import atexit
import connection
from account import settings

class Link:
    def is_closed(self):
        return False
    def close(self, retry):
        print("connection")

class Session:
    connection = Link()
    def __init__(self):
        atexit.register(print, "client's own hook")
    def close(self):
        print("session")

class Cortex:
    alive, replaced = True, 0
    def session(self):
        return Session()
    def close(self):
        print("server")

sources = connection.Sources(environ={}, start_local=Cortex)
connection.SharedSession(connection.Plan("local"), sources).get()
"""
    assert run(script).splitlines() == ["connection", "session", "server", "client's own hook"]


# --- the real connector against a server on this machine -----------------------------------------


class FakeSnowflake:
    """Answers Snowflake's login and one-row queries on 127.0.0.1, as told."""

    def __init__(self) -> None:
        self.status = 200
        self.login: dict[str, Any] = {"success": True, "data": {"token": "t", "masterToken": "m"}}
        self.logins: list[dict[str, Any]] = []
        self.asked: list[str] = []
        number = itertools.count()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers.get("content-length", 0)))
                if self.headers.get("content-encoding") == "gzip":
                    content = gzip.decompress(content)
                route, status = self.path.partition("?")[0], 200
                outer.asked.append(self.path)
                if route == "/session/v1/login-request":
                    outer.logins.append(json.loads(content)["data"])
                    answer, status = outer.login, outer.status
                elif route == "/queries/v1/query-request":
                    answer = one_row(next(number))
                else:
                    answer = {"success": True, "data": None}
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        serve = self.server.serve_forever
        threading.Thread(target=serve, args=[0.01], daemon=True).start()

    def refuse(self, code: int, message: str) -> None:
        self.login = {"success": False, "code": str(code), "message": message, "data": {}}

    def secrets(self, **other: Any) -> dict[str, Any]:
        return {
            "account": "planted-account",
            "user": "planted-user",
            "password": "planted-password",
            "protocol": "http",
            "host": "127.0.0.1",
            "port": self.server.server_port,
            **other,
        }


def one_row(number: int) -> dict[str, Any]:
    column = {"name": "N", "type": "fixed", "precision": 38, "scale": 0, "nullable": True}
    return {
        "success": True,
        "data": {
            "rowtype": [{**column, "length": None, "byteLength": None}],
            "rowset": [["1"]],
            "total": 1,
            "returned": 1,
            "queryResultFormat": "json",
            "queryId": f"query-{number}",
            "statementTypeId": 4096,
            "parameters": [],
        },
    }


@pytest.fixture
def snowflake() -> Iterator[FakeSnowflake]:
    fake = FakeSnowflake()
    yield fake
    fake.server.shutdown()
    fake.server.server_close()


def real(secrets: Mapping[str, Any]) -> Connection:
    """Build the connection of an account through the real Snowpark and connector."""
    sources = Sources(environ={}, secrets=lambda: secrets)
    plan, attempts = connection.decide("account", sources, lambda _plan: None)
    shared = SharedSession(plan, sources)
    return Connection(plan.kind, "", attempts, token_streaming=True, _shared=shared)


def test_the_real_clients_log_in_with_thread_safety_on_and_the_connection_is_closed_on_reset(
    snowflake: FakeSnowflake,
) -> None:
    found = real(snowflake.secrets())
    session = found.session
    assert isinstance(session, Session)
    assert found.session is session
    asked = snowflake.logins[0]["SESSION_PARAMETERS"]
    assert asked["PYTHON_SNOWPARK_ENABLE_THREAD_SAFE_SESSION"] is True
    assert session.sql("select ?", params=[1]).collect()[0][0] == 1  # a question mark binds
    assert session.connection.socket_timeout > 45
    found.reset()
    assert found.session is not session
    assert len(snowflake.logins) == 2
    found.reset()


def test_eight_threads_may_query_the_real_session_at_once(snowflake: FakeSnowflake) -> None:
    found = real(snowflake.secrets())
    session, start = found.session, threading.Barrier(8)
    rows: list[int] = []

    def query() -> None:
        start.wait()
        rows.extend(session.sql("select 1").collect()[0][0] for _ in range(5))

    threads = [threading.Thread(target=query) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows == [1] * 40
    found.reset()


def test_a_real_session_whose_connection_was_closed_is_replaced(snowflake: FakeSnowflake) -> None:
    found = real(snowflake.secrets())
    first = found.session
    first.connection.close()
    second = found.session
    assert second is not first
    assert second.sql("select 1").collect()[0][0] == 1
    found.reset()


@pytest.mark.parametrize(
    ("code", "reason", "sqlstate"),
    [
        (390100, "user", "28000"),
        (390195, "expired_token", "08001"),
        (399999, "unknown", "08001"),
    ],
)
def test_the_real_connectors_refusals_are_recognised(
    snowflake: FakeSnowflake, code: int, reason: str, sqlstate: str
) -> None:
    snowflake.refuse(code, "planted message")
    error = failure(real(snowflake.secrets()))
    assert (error.reason, error.errno, error.sqlstate) == (reason, code, sqlstate)
    assert "planted" not in shown(error)
    assert "127.0.0.1" not in shown(error)


@pytest.mark.parametrize(("status", "errno"), [(403, 540001), (404, 290404)])
def test_the_real_connector_at_a_host_without_the_account(
    snowflake: FakeSnowflake, status: int, errno: int
) -> None:
    snowflake.status = status
    error = failure(real(snowflake.secrets()))
    assert (error.reason, error.errno) == ("account", errno)


@pytest.mark.filterwarnings("ignore:'port' connection parameter:UserWarning")
@pytest.mark.parametrize(
    ("other", "where"),
    [
        ({"user": ""}, "user"),
        ({"password": ""}, "password"),
        ({"authenticator": "planted"}, "authenticator"),
        ({"private_key": "planted"}, ""),
        ({"private_key_file": "planted.p8"}, "private_key_file"),
        ({"port": "planted"}, ""),
    ],
)
def test_the_real_connector_with_settings_that_cannot_work(
    snowflake: FakeSnowflake, other: dict[str, Any], where: str
) -> None:
    error = failure(real(snowflake.secrets(**other)))
    assert (error.reason, error.where) == ("secrets", where)
    assert "planted" not in shown(error)
    assert snowflake.logins == []


def test_the_real_connector_where_nothing_listens(
    monkeypatch: pytest.MonkeyPatch, snowflake: FakeSnowflake
) -> None:
    monkeypatch.setenv("MAX_CON_RETRY_ATTEMPTS", "0")  # of the connector: it sleeps in between
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    error = failure(real(snowflake.secrets(port=port)))
    assert (error.reason, error.errno) == ("network", 250001)
    assert str(port) not in shown(error)


def test_the_real_connector_speaking_tls_to_something_that_does_not(
    snowflake: FakeSnowflake,
) -> None:
    assert failure(real(snowflake.secrets(protocol="https"))).reason == "network"


def test_the_real_connector_with_an_entry_that_connections_toml_does_not_have() -> None:
    error = failure(real({"connection_name": "planted"}))
    assert error.reason == "secrets"
    assert "planted" not in shown(error)

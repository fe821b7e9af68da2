"""The course inside Snowflake, as far as it can be without: Local Cortex stands for the account.

It gets what Snowflake gives a container: SNOWFLAKE_HOST and the like, and a token file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from snowflake.snowpark import Session

from connection import ConnectionFailed, SharedSession, Sources, decide
from local_cortex import LocalCortex, Settings
from local_cortex.client import LoopbackConnection
from streaming import CompletionRequest, DirectStrategy

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def account() -> Iterator[LocalCortex]:
    server = LocalCortex.start(settings=Settings(first_token=0, tokens_per_second=10_000))
    yield server
    server.close()


def open_session(settings: Mapping[str, Any]) -> Session:
    # Over plain HTTP, which an account does not have; and Snowpark binds with question marks but
    # sets this only when it makes the connection.
    connection = LoopbackConnection(**settings, paramstyle="qmark", disable_ocsp_checks=True)
    return Session.builder.configs({"connection": connection}).create()


def inside(account: LocalCortex, token: Path) -> SharedSession:
    """Decide as a container does, and return its session-to-be."""
    environ = {
        "SNOWFLAKE_ACCOUNT": "local",
        "SNOWFLAKE_HOST": "127.0.0.1",
        "SNOWFLAKE_PORT": str(account.port),
        "SNOWFLAKE_PROTOCOL": "http",
    }
    sources = Sources(environ, lambda: None, token_file=token, open_session=open_session)
    plan, attempts = decide(None, sources, lambda _plan: None)
    assert (attempts[0].kind, attempts[0].outcome) == ("snowflake", "used")
    return SharedSession(plan, sources)


def test_the_token_that_snowflake_mounts_opens_a_session_as_the_apps_owner(
    account: LocalCortex, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text(f"{account.secret}\n")
    shared = inside(account, token)
    (row,) = shared.get().sql("SELECT CURRENT_USER()").collect()
    assert row[0] == "COURSE_SERVICE"
    shared.get().close()


def test_answers_arrive_in_pieces_there(account: LocalCortex, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(account.secret)
    session = inside(account, token).get()
    request = CompletionRequest(model="llama3.1-8b", prompt="Hello")
    assert len(list(DirectStrategy(session).open(request))) > 3
    session.close()


def test_a_token_that_is_not_taken_is_a_failure_that_tells_nothing_secret(
    account: LocalCortex, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("stale")
    with pytest.raises(ConnectionFailed) as failed:
        inside(account, token).get()
    assert failed.value.errno == 390100
    assert "stale" not in str(failed.value)

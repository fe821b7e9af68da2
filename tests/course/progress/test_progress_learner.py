"""Who is learning, and the Snowflake table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlglot

from course.progress import snowflake
from course.progress.facts import Fact
from course.progress.learner import new_id, on_this_machine, who
from course.progress.snowflake import SnowflakeStore
from course.progress.store import StoreError

PUBLIC = "https://course.example.com/day_01_connect"


def test_on_ones_own_machine_the_learner_is_the_local_user() -> None:
    assert who("local", {}, "http://localhost:8501/", "x").id == "local"
    assert who("account", {}, None, "x").how == "local"


def test_a_visitor_is_anonymous() -> None:
    learner = who("local", {"email": "test@example.com"}, PUBLIC, "x")
    assert (learner.id, learner.how) == ("anonymous:x", "anonymous")


def test_who_signed_in_is_known_by_the_provider_and_not_by_name() -> None:
    user = {"is_logged_in": True, "iss": "https://a", "sub": "42", "email": "me@example.com"}
    learner = who("local", user, PUBLIC, "x")
    assert learner.how == "signed_in"
    assert "me@example.com" not in learner.id
    assert learner.id != who("local", {**user, "iss": "https://b"}, PUBLIC, "x").id
    assert learner.id == who("local", {**user, "email": "new@example.com"}, PUBLIC, "y").id


def test_inside_snowflake_the_learner_is_the_viewer() -> None:
    learner = who("snowflake", {"user_name": "JANE"}, PUBLIC, "x")
    assert learner.how == "snowflake"
    assert "JANE" not in learner.id


def test_an_id_is_not_in_a_learners_text() -> None:
    assert "secret" not in repr(who("local", {}, PUBLIC, "secret"))


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://localhost:8501/x", True),
        ("http://127.0.0.1:8501/", True),
        ("http://[::1]:8501/", True),
        ("http://192.168.0.7:8501/", False),
        ("http://localhost.evil.com/", False),
        ("https://course.example.com/", False),
    ],
)
def test_a_page_is_opened_here_if_its_address_is_this_machine(url: str, here: bool) -> None:
    assert on_this_machine(url) is here


def test_a_cookie_that_we_did_not_make_is_not_taken() -> None:
    mine = new_id(None)
    assert new_id(mine) == mine
    for forged in ("", "local", "x" * 31, "x" * 33, "';alert(1)//" + "x" * 20, mine + "\n"):
        assert new_id(forged) != forged
    assert new_id(None) != mine


class FakeSession:
    """Records statements; answers a SELECT with ``rows``."""

    def __init__(self, rows: list[tuple[str, ...]] | None = None) -> None:
        self.rows, self.seen = rows or [], list[tuple[str, list[Any]]]()

    def sql(self, statement: str, params: list[Any]) -> FakeSession:
        self.seen.append((statement, params))
        return self

    def collect(self) -> list[tuple[str, ...]]:
        return self.rows if self.seen[-1][0].startswith("SELECT") else []


NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FACT = Fact("day_01_connect", "answered", "q'; DROP TABLE x", "한글 ?", NOON)


def store(session: Any) -> SnowflakeStore:
    return SnowflakeStore(lambda: session)


def test_values_go_to_snowflake_as_bound_parameters_only() -> None:
    session = FakeSession()
    kept = store(session)
    kept.save("me", [FACT])
    kept.forget("me", [FACT.key])
    assert [statement for statement, _ in session.seen] == [
        snowflake.CREATE,
        snowflake.SAVE,
        snowflake.FORGET,
    ]
    at = "2026-11-24T12:00:00.000000+00:00"
    assert session.seen[1][1] == ["me", *FACT.key, "한글 ?", at]
    for statement, values in session.seen:
        assert statement.count("?") == len(values)


def test_rows_become_facts() -> None:
    session = FakeSession([("day_01_connect", "answered", FACT.item, "한글 ?", NOON.isoformat())])
    assert store(session).load("me") == [FACT]


@pytest.mark.parametrize("name", ["CREATE", "SAVE", "LOAD", "FORGET"])
def test_every_statement_is_valid_snowflake_sql(name: str) -> None:
    assert len(sqlglot.parse(getattr(snowflake, name), dialect="snowflake")) == 1


def test_an_error_of_the_client_says_nothing_of_the_account() -> None:
    class Broken:
        def sql(self, statement: str, params: list[Any]) -> None:
            raise RuntimeError("SECRET-ACCOUNT")

    with pytest.raises(StoreError) as error:
        store(Broken()).load("me")
    assert (error.value.reason, str(error.value)) == ("unavailable", "unavailable")

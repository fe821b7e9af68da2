"""Progress in a Snowflake table: what is sent, and what an answer means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlglot
from snowflake.snowpark.exceptions import SnowparkSQLException

from course.progress.facts import Fact
from course.progress.stores import ROWS, SnowflakeStore, StoreError

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FACT = Fact("day_01_connect", "answered", "q'; DROP TABLE x", "한글 ?", NOON)


class FakeSession:
    """Records statements; answers a SELECT with ``rows``, and has the table or not."""

    def __init__(self, rows: list[tuple[object, ...]] | None = None, *, table: bool = True) -> None:
        self.rows, self.table = rows or [], table
        self.seen: list[tuple[str, list[Any]]] = []

    def sql(self, statement: str, params: list[Any]) -> FakeSession:
        self.seen.append((statement, params))
        return self

    def collect(self) -> list[tuple[object, ...]]:
        statement = self.seen[-1][0]
        if statement == SnowflakeStore.CREATE:
            self.table = True
        elif not self.table:
            raise SnowparkSQLException("SECRET-ACCOUNT", sql_error_code=2003)
        return self.rows if statement.startswith("SELECT") else []

    def verbs(self) -> list[str]:
        return [statement.split()[0] for statement, _ in self.seen]


def store(session: Any) -> SnowflakeStore:
    return SnowflakeStore(lambda: session)


def test_values_go_to_snowflake_as_bound_parameters_only() -> None:
    session = FakeSession()
    kept = store(session)
    kept.save("me", [FACT])
    kept.forget("me", [FACT.key])
    at = "2026-11-24T12:00:00.000000+00:00"
    (merge, saved), (delete, forgotten) = session.seen
    assert merge.startswith("MERGE INTO COURSE_PROGRESS")
    assert saved == ["me", *FACT.key, "한글 ?", at]
    assert delete.startswith("DELETE FROM COURSE_PROGRESS WHERE LEARNER = ?")
    assert forgotten == ["me", *FACT.key]
    for statement, values in session.seen:
        assert statement.count("?") == len(values)


def test_many_facts_go_in_few_statements() -> None:
    session = FakeSession()
    facts = [Fact("day_01_connect", "answered", str(n), "0", NOON) for n in range(ROWS + 1)]
    store(session).save("me", facts)
    store(session).forget("me", [fact.key for fact in facts])
    assert session.verbs() == ["MERGE", "MERGE", "DELETE", "DELETE"]
    for statement, values in session.seen:
        assert statement.count("?") == len(values)


def test_the_table_is_made_when_something_is_first_kept() -> None:
    session = FakeSession(table=False)
    kept = store(session)
    assert kept.load("me") == []
    kept.forget("me", [FACT.key])
    kept.save("me", [FACT])
    kept.save("me", [FACT])
    assert session.verbs() == ["SELECT", "DELETE", "MERGE", "CREATE", "MERGE", "MERGE"]


def test_a_table_that_must_not_be_seen_is_unavailable() -> None:
    class Hidden(FakeSession):
        def collect(self) -> list[tuple[object, ...]]:
            self.table = False
            return super().collect() if self.seen[-1][0] != SnowflakeStore.CREATE else []

    with pytest.raises(StoreError, match="unavailable"):
        store(Hidden()).save("me", [FACT])


def test_rows_become_facts() -> None:
    session = FakeSession([("day_01_connect", "answered", FACT.item, "한글 ?", NOON.isoformat())])
    assert store(session).load("me") == [FACT]


def test_a_row_that_is_no_fact_is_said_to_be_damaged() -> None:
    session = FakeSession([("day_01_connect", "answered", None, "1", NOON.isoformat())])
    with pytest.raises(StoreError, match="damaged"):
        store(session).load("me")


@pytest.mark.parametrize(
    "statement",
    [
        SnowflakeStore.CREATE,
        SnowflakeStore.SAVE.format(rows="(?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?)"),
        SnowflakeStore.LOAD,
        SnowflakeStore.FORGET.format(rows="(?, ?, ?), (?, ?, ?)"),
    ],
    ids=["create", "save", "load", "forget"],
)
def test_every_statement_is_valid_snowflake_sql(statement: str) -> None:
    assert len(sqlglot.parse(statement, dialect="snowflake")) == 1


def test_an_error_of_the_client_says_nothing_of_the_account() -> None:
    class Broken:
        def sql(self, statement: str, params: list[Any]) -> None:
            raise RuntimeError("SECRET-ACCOUNT")

    with pytest.raises(StoreError) as error:
        store(Broken()).load("me")
    assert (error.value.reason, str(error.value)) == ("unavailable", "unavailable")

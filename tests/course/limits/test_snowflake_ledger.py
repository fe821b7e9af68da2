"""Counters in a Snowflake table: what is sent, run in SQLite after a translation."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlglot
from snowflake.snowpark.exceptions import SnowparkSQLException

from course.limits.ledgers import Caps, SnowflakeLedger, Totals, Used

TODAY = date(2026, 11, 25)
STATEMENTS = {
    name: getattr(SnowflakeLedger, name) for name in ("CREATE", "ADD", "SUMS", "REMOVE", "FORGET")
}


class Translating:
    """A session that runs Snowflake's statements in SQLite; ``before`` is called with each."""

    def __init__(self, before: Callable[[str], None] = lambda _: None) -> None:
        self.database = sqlite3.connect(":memory:", isolation_level=None)
        self.before = before
        self.seen: list[tuple[str, list[Any]]] = []

    def sql(self, statement: str, params: list[Any]) -> Translating:
        self.seen.append((statement, params))
        return self

    def collect(self) -> list[Any]:
        statement, params = self.seen[-1]
        self.before(statement)
        (translated,) = sqlglot.transpile(statement, read="snowflake", write="sqlite")
        try:
            return self.database.execute(translated, params).fetchall()
        except sqlite3.OperationalError as error:
            raise SnowparkSQLException("SECRET-ACCOUNT", sql_error_code=2003) from error

    def verbs(self) -> list[str]:
        return [statement.split()[0] for statement, _ in self.seen]


def ledger(session: Any) -> SnowflakeLedger:
    return SnowflakeLedger(lambda: session)


def test_values_go_to_snowflake_as_bound_parameters_only() -> None:
    session = Translating()
    ledger(session).reserve(TODAY, "it's me", 5, Caps())
    for statement, values in session.seen:
        assert statement in STATEMENTS.values()
        assert statement.count("?") == len(values)


@pytest.mark.parametrize(
    ("caps", "over"),
    [
        (Caps(learner_requests=2), "learner_requests"),
        (Caps(learner_tokens=20), "learner_tokens"),
        (Caps(everyone_requests=2), "everyone_requests"),
        (Caps(everyone_tokens=20), "everyone_tokens"),
    ],
)
def test_what_would_pass_a_limit_is_told_which_and_is_not_counted(caps: Caps, over: str) -> None:
    counted = ledger(Translating())
    assert [counted.reserve(TODAY, "me", 10, caps) for _ in range(3)] == [None, None, over]
    assert counted.totals(TODAY).used == Used(2, 20)


def test_what_was_set_aside_is_set_right() -> None:
    counted = ledger(Translating())
    counted.reserve(TODAY, "me", 1000, Caps())
    counted.correct(TODAY, "me", 0, -900)
    assert counted.totals(TODAY) == Totals(Used(1, 100), 1)


def test_before_the_first_question_nobody_has_asked() -> None:
    assert ledger(Translating()).totals(TODAY) == Totals(Used(), 0)


def test_old_counters_go() -> None:
    session = Translating()
    counted = ledger(session)
    counted.reserve(TODAY, "me", 5, Caps())
    counted.reserve(TODAY + timedelta(days=2), "me", 5, Caps())
    assert counted.totals(TODAY).used == Used()


def test_of_two_at_the_same_moment_one_sees_the_others_row_and_takes_its_own_back() -> None:
    session, only_one = Translating(), Caps(everyone_requests=1)
    first, second = ledger(session), ledger(session)
    # So that the table is there, and old rows are not looked for.
    first.reserve(TODAY, "me", 5, Caps())
    first.correct(TODAY, "me", -1, -5)
    let_in: list[str | None] = []

    def meanwhile(statement: str) -> None:
        # Between the first look of the one and its row, the other one passes.
        if statement == SnowflakeLedger.ADD and not let_in:
            let_in.append("about to")
            let_in[0] = second.reserve(TODAY, "you", 5, only_one)

    session.before = meanwhile
    assert first.reserve(TODAY, "me", 5, only_one) == "everyone_requests"
    assert let_in == [None]
    assert first.totals(TODAY).used == Used(1, 5)

"""Counters in a Snowflake table, for the course running inside Snowflake.

Not run on a real account: tests look at the statements, and run them in another database.

A session is shared by a server's threads, and so would be a transaction on it: there is none. Each
request adds a row of its own and looks at the sums afterwards; if they are too large, it takes its
row back. Of two at the same moment at least one sees the other's row. So never more are let through
than the limits allow; at the very edge, two may both be refused.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from course.limits.ledger import EVERYONE, Caps, Totals, Used, passed
from course.limits.refusal import Over
from course.progress.snowflake import NoTable, run
from course.progress.store import StoreError

if TYPE_CHECKING:
    from snowflake.snowpark import Session

__all__ = ["SnowflakeLedger"]

# A stream may end on the day after; older counters tell nobody anything.
KEPT = timedelta(days=1)
CREATE = """\
CREATE TABLE IF NOT EXISTS COURSE_USAGE (
    ID VARCHAR NOT NULL, DAY VARCHAR NOT NULL, LEARNER VARCHAR NOT NULL,
    REQUESTS NUMBER NOT NULL, TOKENS NUMBER NOT NULL
)"""
ADD = "INSERT INTO COURSE_USAGE (ID, DAY, LEARNER, REQUESTS, TOKENS) SELECT ?, ?, ?, ?, ?"
# Both sums at once, so that they are of the same moment.
SUMS = """\
SELECT
    COALESCE(SUM(CASE WHEN LEARNER = ? THEN REQUESTS ELSE 0 END), 0) AS MY_REQUESTS,
    COALESCE(SUM(CASE WHEN LEARNER = ? THEN TOKENS ELSE 0 END), 0) AS MY_TOKENS,
    COALESCE(SUM(REQUESTS), 0) AS REQUESTS,
    COALESCE(SUM(TOKENS), 0) AS TOKENS,
    COUNT(DISTINCT LEARNER) AS LEARNERS
FROM COURSE_USAGE WHERE DAY = ?"""
REMOVE = "DELETE FROM COURSE_USAGE WHERE ID = ?"
FORGET = "DELETE FROM COURSE_USAGE WHERE DAY < ?"


class SnowflakeLedger:
    """Keeps counters in the table COURSE_USAGE of the session's schema.

    The table is made when something is first counted, which takes CREATE TABLE in that schema; from
    then on SELECT, INSERT and DELETE are enough. Values go as bound parameters only.
    """

    def __init__(self, session: Callable[[], Session]) -> None:
        self._session = session

    def reserve(self, day: date, learner: str, tokens: int, caps: Caps) -> Over | None:
        mine, everyone, _ = self._sums(day, learner)
        if over := passed(mine, everyone, tokens, caps):
            return over
        if not everyone.requests:
            self._forget(day - KEPT)
        row = self._add(day, learner, 1, tokens)
        try:
            mine, everyone, _ = self._sums(day, learner)
        except StoreError:
            # Whoever is refused is not to have used anything, if that can be helped.
            self._remove(row)
            raise
        # The row is among them already.
        over = passed(_less(mine, tokens), _less(everyone, tokens), tokens, caps)
        if over is not None:
            self._remove(row)
        return over

    def correct(self, day: date, learner: str, requests: int, tokens: int) -> None:
        self._add(day, learner, requests, tokens)

    def totals(self, day: date) -> Totals:
        _, everyone, learners = self._sums(day, EVERYONE)
        return Totals(everyone, learners)

    def _sums(self, day: date, learner: str) -> tuple[Used, Used, int]:
        try:
            rows = self._run(SUMS, [learner, learner, day.isoformat()])
        except NoTable:
            return Used(), Used(), 0
        numbers = [max(int(each), 0) for each in rows[0]]
        return Used(*numbers[:2]), Used(*numbers[2:4]), numbers[4]

    def _add(self, day: date, learner: str, requests: int, tokens: int) -> str:
        row = uuid.uuid4().hex
        values = [row, day.isoformat(), learner, requests, tokens]
        try:
            self._run(ADD, values)
        except NoTable:
            self._run(CREATE, [])
            self._run(ADD, values)
        return row

    def _remove(self, row: str) -> None:
        self._run(REMOVE, [row])

    def _forget(self, before: date) -> None:
        try:
            self._run(FORGET, [before.isoformat()])
        except NoTable:
            return

    def _run(self, statement: str, values: list[Any]) -> list[Any]:
        return run(self._session, statement, values, makes_table=statement == CREATE)


def _less(used: Used, tokens: int) -> Used:
    return Used(used.requests - 1, used.tokens - tokens)

"""What counts a day's requests and tokens: the SQLite file of progress, or a table in Snowflake.

A request is counted before it is sent, with the tokens that it may take, and corrected when it has
ended. A crashed process's reservation counts until midnight.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from course.progress import Database, NoTable, Tables

if TYPE_CHECKING:
    from snowflake.snowpark import Session

#: Which of a day's limits has been reached.
Over = Literal["learner_requests", "learner_tokens", "everyone_requests", "everyone_tokens"]
#: The first version of the SQLite file that has the table.
SINCE = 2
# A stream may end on the day after; older counters serve nobody.
KEPT = timedelta(days=1)

#: The learner under whom the counters of all learners together are kept.
EVERYONE = ""


@dataclass(frozen=True, slots=True)
class Used:
    """What has been counted of a day."""

    requests: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that may be counted of a day, for a learner and for all; ``None`` is no limit."""

    learner_requests: int | None = None
    learner_tokens: int | None = None
    everyone_requests: int | None = None
    everyone_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """A day's counters, without saying whose: all of them, and how many learners they are of."""

    used: Used
    learners: int


class Ledger(Protocol):
    """Counts for many learners, in many processes; every method raises ``StoreError``."""

    def reserve(self, day: date, learner: str, tokens: int, caps: Caps) -> Over | None:
        """Count one request and its tokens, or say which limit is against it and count nothing."""

    def correct(self, day: date, learner: str, requests: int, tokens: int) -> object:
        """Add to what was reserved on ``day``; both numbers may be negative."""

    def totals(self, day: date) -> Totals:
        """Return a day's counters."""


def passed(
    learner: Used, everyone: Used, tokens: int, caps: Caps, requests: int = 1
) -> Over | None:
    """Return the limit that one more request of ``tokens`` would exceed, the learner's first."""
    wanted: tuple[tuple[Over, int, int | None], ...] = (
        ("learner_requests", learner.requests + requests, caps.learner_requests),
        ("learner_tokens", learner.tokens + tokens, caps.learner_tokens),
        ("everyone_requests", everyone.requests + requests, caps.everyone_requests),
        ("everyone_tokens", everyone.tokens + tokens, caps.everyone_tokens),
    )
    return next((name for name, count, most in wanted if most is not None and count > most), None)


class SqliteLedger:
    """Keeps counters in the file at ``path``, for all processes on one machine.

    ``patience`` is how long to wait for other processes that are counting, in seconds: longer than
    for progress, because a learner who isn't counted is refused.
    """

    READ = "SELECT requests, tokens FROM usage WHERE day = ? AND learner = ?"
    ADD = """\
INSERT INTO usage (day, learner, requests, tokens)
VALUES (:day, :learner, MAX(:requests, 0), MAX(:tokens, 0))
ON CONFLICT DO UPDATE SET
    requests = MAX(requests + :requests, 0), tokens = MAX(tokens + :tokens, 0)"""
    FORGET = "DELETE FROM usage WHERE day < ?"
    LEARNERS = "SELECT COUNT(*) FROM usage WHERE day = ? AND learner <> ?"

    def __init__(self, path: Path, patience: float = 5.0) -> None:
        self._database = Database(path, patience)

    def reserve(self, day: date, learner: str, tokens: int, caps: Caps) -> Over | None:
        with self._database.writing() as database:
            database.execute(self.FORGET, ((day - KEPT).isoformat(),))
            mine, everyone = (self._used(database, day, who) for who in (learner, EVERYONE))
            over = passed(mine, everyone, tokens, caps)
            if over is None:
                self._add(database, day, learner, 1, tokens)
        return over

    def correct(self, day: date, learner: str, requests: int, tokens: int) -> None:
        with self._database.writing() as database:
            self._add(database, day, learner, requests, tokens)

    def totals(self, day: date) -> Totals:
        with self._database.reading(SINCE) as database:
            if database is None:
                return Totals(Used(), 0)
            (learners,) = database.execute(self.LEARNERS, (day.isoformat(), EVERYONE)).fetchone()
            return Totals(self._used(database, day, EVERYONE), int(learners))

    def _used(self, database: sqlite3.Connection, day: date, learner: str) -> Used:
        row = database.execute(self.READ, (day.isoformat(), learner)).fetchone()
        return Used(*map(int, row)) if row else Used()

    def _add(
        self, database: sqlite3.Connection, day: date, learner: str, requests: int, tokens: int
    ) -> None:
        for who in (learner, EVERYONE):
            row = {"day": day.isoformat(), "learner": who, "requests": requests, "tokens": tokens}
            database.execute(self.ADD, row)


class SnowflakeLedger:
    """Keeps counters in the table COURSE_USAGE of the session's schema; see ``Tables``.

    Once the table exists, SELECT, INSERT and DELETE are enough. A session is shared by a server's
    threads, and a transaction on it would be, too: there is none. Each request adds a row of its
    own, looks at the sums, and takes its row back if they are too large. Of two at the same moment
    at least one sees the other's row, so the limits are never passed; at the very edge, both may be
    refused.
    """

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

    def __init__(self, session: Callable[[], Session]) -> None:
        self._tables = Tables(session, self.CREATE)

    def reserve(self, day: date, learner: str, tokens: int, caps: Caps) -> Over | None:
        mine, everyone, _ = self._sums(day, learner)
        if over := passed(mine, everyone, tokens, caps):
            return over
        if not everyone.requests:
            with suppress(NoTable):
                self._tables.run(self.FORGET, [(day - KEPT).isoformat()])
        row = self.correct(day, learner, 1, tokens)
        counted = False
        try:
            mine, everyone, _ = self._sums(day, learner)
            # The sums have the row already.
            over = passed(mine, everyone, 0, caps, requests=0)
            counted = over is None
        finally:
            # A learner who is refused should not have used anything.
            if not counted:
                self._tables.run(self.REMOVE, [row])
        return over

    def correct(self, day: date, learner: str, requests: int, tokens: int) -> str:
        row = uuid.uuid4().hex
        self._tables.write(self.ADD, [row, day.isoformat(), learner, requests, tokens])
        return row

    def totals(self, day: date) -> Totals:
        _, everyone, learners = self._sums(day, EVERYONE)
        return Totals(everyone, learners)

    def _sums(self, day: date, learner: str) -> tuple[Used, Used, int]:
        try:
            rows = self._tables.run(self.SUMS, [learner, learner, day.isoformat()])
        except NoTable:
            return Used(), Used(), 0
        numbers = [max(int(each), 0) for each in rows[0]]
        return Used(*numbers[:2]), Used(*numbers[2:4]), numbers[4]

"""Counters in the SQLite file of progress: right for all processes on one machine."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from pathlib import Path

from course.limits.ledger import EVERYONE, Caps, Totals, Used, passed
from course.limits.refusal import Over
from course.progress.database import Database

__all__ = ["SqliteLedger"]

#: The first version of the file that has this table.
SINCE = 2
# A stream may end on the day after; older counters tell nobody anything.
KEPT = timedelta(days=1)
READ = "SELECT requests, tokens FROM usage WHERE day = ? AND learner = ?"
ADD = """\
INSERT INTO usage (day, learner, requests, tokens)
VALUES (:day, :learner, MAX(:requests, 0), MAX(:tokens, 0))
ON CONFLICT DO UPDATE SET
    requests = MAX(requests + :requests, 0), tokens = MAX(tokens + :tokens, 0)"""
FORGET = "DELETE FROM usage WHERE day < ?"
LEARNERS = "SELECT COUNT(*) FROM usage WHERE day = ? AND learner <> ?"


class SqliteLedger:
    """Keeps counters in the file at ``path``.

    ``patience`` is how long to wait for others that are counting, in seconds: longer than for
    progress, because who is not counted is refused.
    """

    def __init__(self, path: Path, patience: float = 5.0) -> None:
        self._database = Database(path, patience)

    def reserve(self, day: date, learner: str, tokens: int, caps: Caps) -> Over | None:
        with self._database.writing() as database:
            database.execute(FORGET, ((day - KEPT).isoformat(),))
            mine, all_of_us = _used(database, day, learner), _used(database, day, EVERYONE)
            over = passed(mine, all_of_us, tokens, caps)
            if over is None:
                _add(database, day, learner, 1, tokens)
        return over

    def correct(self, day: date, learner: str, requests: int, tokens: int) -> None:
        with self._database.writing() as database:
            _add(database, day, learner, requests, tokens)

    def totals(self, day: date) -> Totals:
        with self._database.reading(SINCE) as database:
            if database is None:
                return Totals(Used(), 0)
            (learners,) = database.execute(LEARNERS, (day.isoformat(), EVERYONE)).fetchone()
            return Totals(_used(database, day, EVERYONE), int(learners))


def _used(database: sqlite3.Connection, day: date, learner: str) -> Used:
    row = database.execute(READ, (day.isoformat(), learner)).fetchone()
    return Used(*map(int, row)) if row else Used()


def _add(database: sqlite3.Connection, day: date, learner: str, requests: int, tokens: int) -> None:
    for who in (learner, EVERYONE):
        row = {"day": day.isoformat(), "learner": who, "requests": requests, "tokens": tokens}
        database.execute(ADD, row)

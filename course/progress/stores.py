"""What keeps the facts of many learners: an SQLite file, or a table inside Snowflake."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from course.progress.database import Database, NoTable, StoreError, Tables
from course.progress.facts import Fact, Key, from_row

if TYPE_CHECKING:
    from snowflake.snowpark import Session

__all__ = ["ROWS", "SnowflakeStore", "SqliteStore", "Store"]

#: The first version of the SQLite file that has the table.
SINCE = 1
#: In one statement for Snowflake: an import may have thousands, and each statement is a round trip.
ROWS = 200

Row = TypeVar("Row")


class Store(Protocol):
    """Keeps the facts of many learners. Every method raises ``StoreError`` if it fails."""

    #: Seconds for which facts that were read stay fresh enough: 0 if reading costs next to nothing.
    fresh_for: float

    def load(self, learner: str) -> list[Fact]:
        """Return a learner's facts; none if the learner is new."""

    def save(self, learner: str, facts: Iterable[Fact]) -> None:
        """Keep facts; a fact older than the kept one changes nothing."""

    def forget(self, learner: str, keys: Collection[Key]) -> None:
        """Remove the facts with these keys."""


class SqliteStore:
    """Keeps progress in the file at ``path``, for one learner or a classroom; see ``Database``."""

    # Times of one form compare as text. An older fact never replaces a newer one: two browsers at
    # once.
    SAVE = """\
INSERT INTO progress (learner, lesson, kind, item, value, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET value = excluded.value, at = excluded.at WHERE excluded.at >= at"""
    LOAD = "SELECT lesson, kind, item, value, at FROM progress WHERE learner = ?"
    FORGET = "DELETE FROM progress WHERE learner = ? AND lesson = ? AND kind = ? AND item = ?"

    fresh_for = 0.0

    def __init__(self, path: Path, patience: float = 0.5) -> None:
        self.path = path
        self._database = Database(path, patience)

    def load(self, learner: str) -> list[Fact]:
        with self._database.reading(SINCE) as database:
            if database is None:
                return []
            return [from_row(row) for row in database.execute(self.LOAD, (learner,))]

    def save(self, learner: str, facts: Iterable[Fact]) -> None:
        with self._database.writing() as database:
            database.executemany(self.SAVE, [_row(learner, fact) for fact in facts])

    def forget(self, learner: str, keys: Collection[Key]) -> None:
        with self._database.reading(SINCE) as database:
            if database is not None:
                with database:
                    database.executemany(self.FORGET, [(learner, *key) for key in keys])


class SnowflakeStore:
    """Keeps progress in the table COURSE_PROGRESS of the session's schema; see ``Tables``.

    Once the table exists, SELECT, INSERT, UPDATE and DELETE are enough.
    """

    CREATE = """\
CREATE TABLE IF NOT EXISTS COURSE_PROGRESS (
    LEARNER VARCHAR NOT NULL, LESSON VARCHAR NOT NULL, KIND VARCHAR NOT NULL, ITEM VARCHAR NOT NULL,
    VALUE VARCHAR NOT NULL, AT VARCHAR NOT NULL
)"""
    # {rows} is (?, ?, ?, ?, ?, ?), once for each fact.
    SAVE = """\
MERGE INTO COURSE_PROGRESS AS kept
USING (
    SELECT COLUMN1 AS LEARNER, COLUMN2 AS LESSON, COLUMN3 AS KIND, COLUMN4 AS ITEM,
        COLUMN5 AS VALUE, COLUMN6 AS AT
    FROM VALUES {rows}
) AS given
ON kept.LEARNER = given.LEARNER AND kept.LESSON = given.LESSON
    AND kept.KIND = given.KIND AND kept.ITEM = given.ITEM
WHEN MATCHED AND given.AT >= kept.AT THEN UPDATE SET VALUE = given.VALUE, AT = given.AT
WHEN NOT MATCHED THEN INSERT (LEARNER, LESSON, KIND, ITEM, VALUE, AT)
    VALUES (given.LEARNER, given.LESSON, given.KIND, given.ITEM, given.VALUE, given.AT)"""
    LOAD = "SELECT LESSON, KIND, ITEM, VALUE, AT FROM COURSE_PROGRESS WHERE LEARNER = ?"
    # {rows} is (?, ?, ?), once for each key.
    FORGET = "DELETE FROM COURSE_PROGRESS WHERE LEARNER = ? AND (LESSON, KIND, ITEM) IN ({rows})"

    fresh_for = 30.0

    def __init__(self, session: Callable[[], Session]) -> None:
        self._tables = Tables(session, self.CREATE)

    def load(self, learner: str) -> list[Fact]:
        try:
            return [from_row(tuple(row)) for row in self._tables.run(self.LOAD, [learner])]
        except NoTable:
            return []
        except (TypeError, ValueError) as error:
            raise StoreError("damaged") from error

    def save(self, learner: str, facts: Iterable[Fact]) -> None:
        for some in _batches(list(facts)):
            statement = self.SAVE.format(rows=", ".join(["(?, ?, ?, ?, ?, ?)"] * len(some)))
            self._tables.write(statement, [value for fact in some for value in _row(learner, fact)])

    def forget(self, learner: str, keys: Collection[Key]) -> None:
        for some in _batches(list(keys)):
            statement = self.FORGET.format(rows=", ".join(["(?, ?, ?)"] * len(some)))
            try:
                self._tables.run(statement, [learner, *(part for key in some for part in key)])
            except NoTable:
                return


def _row(learner: str, fact: Fact) -> tuple[str, ...]:
    at = fact.at.astimezone(UTC).isoformat(timespec="microseconds")
    return (learner, *fact.key, fact.value, at)


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), ROWS):
        yield rows[start : start + ROWS]

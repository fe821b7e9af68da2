"""Progress in a Snowflake table, for the course running inside Snowflake.

Not run on a real account: tests look at the statements, and that they are valid Snowflake SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any, TypeVar

from course.progress.facts import Fact, Key, from_row
from course.progress.store import StoreError

if TYPE_CHECKING:
    from snowflake.snowpark import Session

__all__ = ["NoTable", "SnowflakeStore", "run"]

CREATE = """\
CREATE TABLE IF NOT EXISTS COURSE_PROGRESS (
    LEARNER VARCHAR NOT NULL, LESSON VARCHAR NOT NULL, KIND VARCHAR NOT NULL, ITEM VARCHAR NOT NULL,
    VALUE VARCHAR NOT NULL, AT VARCHAR NOT NULL
)"""
# {rows} is (?, ?, ?, ?, ?, ?), as often as there are facts.
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
# {rows} is (?, ?, ?), as often as there are keys.
FORGET = "DELETE FROM COURSE_PROGRESS WHERE LEARNER = ? AND (LESSON, KIND, ITEM) IN ({rows})"

#: Snowflake's number for an object that does not exist.
NO_TABLE = 2003
#: In one statement: an import may have thousands, and each statement is a round trip.
ROWS = 200

Row = TypeVar("Row")


class NoTable(StoreError):
    """Nothing was ever kept here, or the table must not be seen."""


def run(
    session: Callable[[], Session], statement: str, values: list[Any], *, makes_table: bool
) -> list[Any]:
    """Run a statement and return its rows.

    Raises:
        NoTable: its table is not there; not where it ``makes_table``.
        StoreError: it failed.
    """
    try:
        return list(session().sql(statement, params=values).collect())
    except Exception as error:  # whatever it is: its text may name the account
        if getattr(error, "sql_error_code", None) == NO_TABLE and not makes_table:
            raise NoTable("unavailable") from error
        raise StoreError("unavailable") from error


class SnowflakeStore:
    """Keeps progress in the table COURSE_PROGRESS of the session's schema.

    The table is made when something is first kept, which takes CREATE TABLE in that schema; from
    then on SELECT, INSERT, UPDATE and DELETE are enough. Values go as bound parameters only.
    """

    fresh_for = 30.0

    def __init__(self, session: Callable[[], Session]) -> None:
        self._session = session

    def load(self, learner: str) -> list[Fact]:
        try:
            rows = self._run(LOAD, [learner])
        except NoTable:
            return []
        try:
            return [from_row(tuple(row)) for row in rows]
        except (TypeError, ValueError) as error:
            raise StoreError("damaged") from error

    def save(self, learner: str, facts: Iterable[Fact]) -> None:
        for some in _batches(list(facts)):
            statement = SAVE.format(rows=", ".join(["(?, ?, ?, ?, ?, ?)"] * len(some)))
            values = [
                value
                for fact in some
                for value in (
                    learner,
                    *fact.key,
                    fact.value,
                    fact.at.astimezone(UTC).isoformat(timespec="microseconds"),
                )
            ]
            try:
                self._run(statement, values)
            except NoTable:
                self._run(CREATE, [])
                self._run(statement, values)

    def forget(self, learner: str, keys: Collection[Key]) -> None:
        for some in _batches(list(keys)):
            statement = FORGET.format(rows=", ".join(["(?, ?, ?)"] * len(some)))
            try:
                self._run(statement, [learner, *(part for key in some for part in key)])
            except NoTable:
                return

    def _run(self, statement: str, values: list[str]) -> list[Any]:
        return run(self._session, statement, values, makes_table=statement == CREATE)


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), ROWS):
        yield rows[start : start + ROWS]

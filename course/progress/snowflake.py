"""Progress in a Snowflake table, for the course running inside Snowflake.

Not run on a real account: tests look at the statements, and that they are valid Snowflake SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from course.progress.facts import Fact, Key
from course.progress.store import StoreError

if TYPE_CHECKING:
    from snowflake.snowpark import Session

__all__ = ["SnowflakeStore"]

CREATE = """\
CREATE TABLE IF NOT EXISTS COURSE_PROGRESS (
    LEARNER VARCHAR NOT NULL, LESSON VARCHAR NOT NULL, KIND VARCHAR NOT NULL, ITEM VARCHAR NOT NULL,
    VALUE VARCHAR NOT NULL, AT VARCHAR NOT NULL
)"""
SAVE = """\
MERGE INTO COURSE_PROGRESS AS kept
USING (SELECT ? AS LEARNER, ? AS LESSON, ? AS KIND, ? AS ITEM, ? AS VALUE, ? AS AT) AS given
ON kept.LEARNER = given.LEARNER AND kept.LESSON = given.LESSON
    AND kept.KIND = given.KIND AND kept.ITEM = given.ITEM
WHEN MATCHED AND given.AT >= kept.AT THEN UPDATE SET VALUE = given.VALUE, AT = given.AT
WHEN NOT MATCHED THEN INSERT (LEARNER, LESSON, KIND, ITEM, VALUE, AT)
    VALUES (given.LEARNER, given.LESSON, given.KIND, given.ITEM, given.VALUE, given.AT)"""
LOAD = "SELECT LESSON, KIND, ITEM, VALUE, AT FROM COURSE_PROGRESS WHERE LEARNER = ?"
FORGET = "DELETE FROM COURSE_PROGRESS WHERE LEARNER = ? AND LESSON = ? AND KIND = ? AND ITEM = ?"


class SnowflakeStore:
    """Keeps progress in the table COURSE_PROGRESS of the session's schema.

    The app's role needs CREATE TABLE there once. Values go as bound parameters only.
    """

    fresh_for = 30.0

    def __init__(self, session: Callable[[], Session]) -> None:
        self._session = session
        self._made = False

    def load(self, learner: str) -> list[Fact]:
        self._make()
        rows = self._run(LOAD, [learner])
        return [
            Fact(lesson, kind, item, value, datetime.fromisoformat(at))
            for lesson, kind, item, value, at in map(tuple, rows)
        ]

    def save(self, learner: str, facts: Iterable[Fact]) -> None:
        self._make()
        for fact in facts:
            at = fact.at.astimezone(UTC).isoformat(timespec="microseconds")
            self._run(SAVE, [learner, *fact.key, fact.value, at])

    def forget(self, learner: str, keys: Collection[Key]) -> None:
        self._make()
        for key in keys:
            self._run(FORGET, [learner, *key])

    def _make(self) -> None:
        if not self._made:
            self._run(CREATE, [])
            self._made = True

    def _run(self, statement: str, values: list[str]) -> list[Any]:
        try:
            return list(self._session().sql(statement, params=values).collect())
        except Exception as error:  # whatever it is: its text may name the account
            raise StoreError("unavailable") from error

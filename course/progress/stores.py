"""Where progress and counters are kept: one SQLite file, or tables inside Snowflake."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from course.progress.facts import Fact, Key, from_row

if TYPE_CHECKING:
    from snowflake.snowpark import Session

Reason = Literal["locked", "damaged", "read_only", "full", "newer", "unavailable"]
Row = TypeVar("Row")

#: Snowflake's number for an object that does not exist.
NO_TABLE = 2003
#: In one statement for Snowflake: an import may have thousands, and each statement is a round trip.
ROWS = 200
SCHEMA = 2
# What each version of the file has added to the one before it; the first makes it.
STEPS = (
    """\
CREATE TABLE progress (
    learner TEXT NOT NULL, lesson TEXT NOT NULL, kind TEXT NOT NULL, item TEXT NOT NULL,
    value TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (learner, lesson, kind, item)
) WITHOUT ROWID""",
    # learner '' is all of them together.
    """\
CREATE TABLE usage (
    day TEXT NOT NULL, learner TEXT NOT NULL,
    requests INTEGER NOT NULL, tokens INTEGER NOT NULL,
    PRIMARY KEY (day, learner)
) WITHOUT ROWID""",
)
# How sqlite3's names of errors begin: https://www.sqlite.org/rescode.html
REASONS: dict[str, Reason] = {
    "SQLITE_BUSY": "locked",
    "SQLITE_LOCKED": "locked",
    "SQLITE_CORRUPT": "damaged",
    "SQLITE_NOTADB": "damaged",
    "SQLITE_READONLY": "read_only",
    "SQLITE_CANTOPEN": "read_only",
    "SQLITE_PERM": "read_only",
    "SQLITE_FULL": "full",
}


class StoreError(Exception):
    """Something could not be read or kept; ``reason`` says why, without a secret in it."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason)


class NoTable(StoreError):
    """The table does not exist, or the role may not see it."""


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


def default_path() -> Path:
    """Return the file in the user's data folder, or in the folder that ``COURSE_DATA`` names."""
    from platformdirs import user_data_path

    named = os.environ.get("COURSE_DATA", "").strip()
    folder = user_data_path("cortex-streaming-course", appauthor=False)
    return (Path(named).expanduser() if named else folder) / "progress.sqlite3"


class Database:
    """The SQLite file at ``path``, which is made when something is first written.

    A file that is damaged, or that a newer course wrote, is left as it is. ``patience`` is how
    long to wait, in seconds, for another process that is writing. Both methods raise ``StoreError``
    for every error of SQLite and the file system, also of what is done inside them.
    """

    def __init__(self, path: Path, patience: float) -> None:
        self.path, self._patience = path, patience

    @contextmanager
    def reading(self, schema: int) -> Iterator[sqlite3.Connection | None]:
        """Open the file; ``None`` if there is none, or one from before version ``schema``."""
        with _reasons():
            if not self.path.exists():
                yield None
                return
            # Not "ro": opening repairs what was cut off in the middle of writing. A read-only file
            # opens all the same.
            with closing(self._open("rw")) as database:
                yield database if _version(database) >= schema else None

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open or make the file for one transaction, alone among all processes."""
        with _reasons():
            # Other users of this machine may not read it.
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            new = not self.path.exists()
            with closing(self._open("rwc")) as database:
                if new:
                    self.path.chmod(0o600)
                with database:
                    database.execute("BEGIN IMMEDIATE")
                    version = _version(database)
                    for step in STEPS[version:]:
                        database.execute(step)
                    if version < SCHEMA:
                        database.execute(f"PRAGMA user_version = {SCHEMA}")
                    yield database

    def _open(self, mode: str) -> sqlite3.Connection:
        # A connection for each use: learners' threads share none, and none is left open.
        uri = f"{self.path.absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(uri, uri=True, timeout=self._patience)


def _version(database: sqlite3.Connection) -> int:
    version = int(database.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA:
        raise StoreError("newer")
    return version


@contextmanager
def _reasons() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        found = (reason for start, reason in REASONS.items() if name.startswith(start))
        raise StoreError(next(found, "unavailable")) from error
    except (OSError, ValueError) as error:
        # A path that cannot be made; a row that is no fact.
        raise StoreError("read_only" if isinstance(error, OSError) else "damaged") from error


class SqliteStore:
    """Keeps progress in the file at ``path``, for one learner or a classroom; see ``Database``."""

    # Times of one form compare as text. Two browsers may save at once: the newer fact stays.
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
        with self._database.reading(schema=1) as database:
            rows = database.execute(self.LOAD, (learner,)) if database is not None else ()
            return [from_row(row) for row in rows]

    def save(self, learner: str, facts: Iterable[Fact]) -> None:
        with self._database.writing() as database:
            database.executemany(self.SAVE, [_row(learner, fact) for fact in facts])

    def forget(self, learner: str, keys: Collection[Key]) -> None:
        with self._database.reading(schema=1) as database:
            if database is not None:
                with database:
                    database.executemany(self.FORGET, [(learner, *key) for key in keys])


class Tables:
    """A table of the session's schema in Snowflake, made by ``create`` when first written to.

    Making it takes CREATE TABLE in that schema. Values go as bound parameters only. Not run on a
    real account: tests look at the statements, and run them in another database.
    """

    def __init__(self, session: Callable[[], Session], create: str) -> None:
        self._session, self._create = session, create

    def run(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """Run a statement and return its rows; or raise ``NoTable``, or another ``StoreError``."""
        try:
            return list(self._session().sql(statement, params=list(values)).collect())
        except Exception as error:  # any client's error: its text may name the account
            missing = getattr(error, "sql_error_code", None) == NO_TABLE
            raise (NoTable if missing else StoreError)("unavailable") from error

    def write(self, statement: str, values: Sequence[Any]) -> None:
        """Run a statement as ``run`` does, making its table first where that does not exist."""
        try:
            self.run(statement, values)
        except NoTable:
            self.run(self._create, [])
            self.run(statement, values)


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
        except ValueError as error:
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

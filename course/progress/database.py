"""Where progress and counters are kept: one SQLite file, or tables inside Snowflake."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from snowflake.snowpark import Session

__all__ = ["SCHEMA", "Database", "NoTable", "Reason", "StoreError", "Tables", "default_path"]

Reason = Literal["locked", "damaged", "read_only", "full", "newer", "unavailable"]

#: Snowflake's number for an object that does not exist.
NO_TABLE = 2003

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

# sqlite3's messages and names of errors: https://www.sqlite.org/rescode.html
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


def default_path() -> Path:
    """Return the file in the user's data folder, or in the folder that ``COURSE_DATA`` names."""
    named = os.environ.get("COURSE_DATA", "").strip()
    if named:
        return Path(named).expanduser() / "progress.sqlite3"
    from platformdirs import user_data_path

    return user_data_path("cortex-streaming-course", appauthor=False) / "progress.sqlite3"


class Database:
    """The file at ``path``, which is made when something is first written.

    A file that is damaged, or that a newer course wrote, is left as it is. ``patience`` is how
    long to wait, in seconds, for another process that is writing. Both methods raise ``StoreError``
    for whatever SQLite and the file system have to say, also of what is done inside them.
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
            # Not "ro": what was cut off in the middle of writing is put right by opening it. Where
            # nothing may be written, SQLite opens it for reading all the same.
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
    """Turn what SQLite and the file system raise into a reason."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        found = (reason for start, reason in REASONS.items() if name.startswith(start))
        raise StoreError(next(found, "unavailable")) from error
    except (OSError, ValueError, TypeError) as error:
        # A path that cannot be made; a row that is no fact.
        raise StoreError("read_only" if isinstance(error, OSError) else "damaged") from error


class Tables:
    """A table of the session's schema in Snowflake, made by ``create`` when first written to.

    Making it takes CREATE TABLE in that schema. Values go as bound parameters only. Not run on a
    real account: tests look at the statements, and run them in another database.
    """

    def __init__(self, session: Callable[[], Session], create: str) -> None:
        self._session, self._create = session, create

    def run(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """Run a statement and return its rows.

        Raises:
            NoTable: its table does not exist.
            StoreError: it failed.
        """
        try:
            return list(self._session().sql(statement, params=list(values)).collect())
        except Exception as error:  # any client's error: its text may name the account
            missing = getattr(error, "sql_error_code", None) == NO_TABLE
            raise (NoTable if missing else StoreError)("unavailable") from error

    def write(self, statement: str, values: Sequence[Any]) -> None:
        """Run a statement, making its table first where that does not exist.

        Raises:
            StoreError: it failed, or the table cannot be made.
        """
        try:
            self.run(statement, values)
        except NoTable:
            self.run(self._create, [])
            self.run(statement, values)

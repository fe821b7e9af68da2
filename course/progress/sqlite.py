"""Progress in a SQLite file: on one machine, for one learner or for a classroom."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC
from pathlib import Path

from course.progress.facts import Fact, Key, from_row
from course.progress.store import Reason, StoreError

__all__ = ["SqliteStore", "default_path"]

SCHEMA = 1
CREATE = """\
CREATE TABLE IF NOT EXISTS progress (
    learner TEXT NOT NULL, lesson TEXT NOT NULL, kind TEXT NOT NULL, item TEXT NOT NULL,
    value TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (learner, lesson, kind, item)
) WITHOUT ROWID"""
# Times of one form compare as text. An older fact never replaces a newer one: two browsers at once.
SAVE = """\
INSERT INTO progress (learner, lesson, kind, item, value, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET value = excluded.value, at = excluded.at WHERE excluded.at >= at"""
LOAD = "SELECT lesson, kind, item, value, at FROM progress WHERE learner = ?"
FORGET = "DELETE FROM progress WHERE learner = ? AND lesson = ? AND kind = ? AND item = ?"

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


def default_path() -> Path:
    """Return the file in the user's data folder, or in the folder that ``COURSE_DATA`` names."""
    named = os.environ.get("COURSE_DATA", "").strip()
    if named:
        return Path(named).expanduser() / "progress.sqlite3"
    from platformdirs import user_data_path

    return user_data_path("cortex-streaming-course", appauthor=False) / "progress.sqlite3"


class SqliteStore:
    """Keeps progress in the file at ``path``, which is made when something is first kept.

    A file that is damaged, or that a newer course wrote, is left as it is. ``patience`` is how
    long to wait, in seconds, for another process that is writing.
    """

    fresh_for = 0.0

    def __init__(self, path: Path, patience: float = 0.5) -> None:
        self.path, self._patience = path, patience

    def load(self, learner: str) -> list[Fact]:
        with self._reasons():
            if not self.path.exists():
                return []
            # Not "ro": what was cut off in the middle of writing is put right by opening it. Where
            # nothing may be written, SQLite opens it for reading all the same.
            with closing(self._open("rw")) as database:
                if not self._version(database):
                    return []
                return [from_row(row) for row in database.execute(LOAD, (learner,))]

    def save(self, learner: str, facts: Iterable[Fact]) -> None:
        rows = [
            (
                learner,
                *fact.key,
                fact.value,
                fact.at.astimezone(UTC).isoformat(timespec="microseconds"),
            )
            for fact in facts
        ]
        with self._reasons():
            # Others on this machine have no business with what somebody has learned.
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            new = not self.path.exists()
            with closing(self._open("rwc")) as database:
                if new:
                    self.path.chmod(0o600)
                with database:
                    database.execute("BEGIN IMMEDIATE")
                    if not self._version(database):
                        database.execute(CREATE)
                        database.execute(f"PRAGMA user_version = {SCHEMA}")
                    database.executemany(SAVE, rows)

    def forget(self, learner: str, keys: Collection[Key]) -> None:
        with self._reasons():
            if not self.path.exists():
                return
            with closing(self._open("rw")) as database, database:
                if self._version(database):
                    database.executemany(FORGET, [(learner, *key) for key in keys])

    def _open(self, mode: str) -> sqlite3.Connection:
        # A connection for each use: learners' threads share none, and none is left open.
        uri = f"{self.path.absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(uri, uri=True, timeout=self._patience)

    def _version(self, database: sqlite3.Connection) -> int:
        version = int(database.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA:
            raise StoreError("newer")
        return version

    @contextmanager
    def _reasons(self) -> Iterator[None]:
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

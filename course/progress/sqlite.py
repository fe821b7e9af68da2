"""Progress in a SQLite file: on one machine, for one learner or for a classroom."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC
from pathlib import Path

from course.progress.database import Database, default_path
from course.progress.facts import Fact, Key, from_row

__all__ = ["SqliteStore", "default_path"]

#: The first version of the file that has this table.
SINCE = 1
# Times of one form compare as text. An older fact never replaces a newer one: two browsers at once.
SAVE = """\
INSERT INTO progress (learner, lesson, kind, item, value, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET value = excluded.value, at = excluded.at WHERE excluded.at >= at"""
LOAD = "SELECT lesson, kind, item, value, at FROM progress WHERE learner = ?"
FORGET = "DELETE FROM progress WHERE learner = ? AND lesson = ? AND kind = ? AND item = ?"


class SqliteStore:
    """Keeps progress in the file at ``path``; see ``Database``."""

    fresh_for = 0.0

    def __init__(self, path: Path, patience: float = 0.5) -> None:
        self.path = path
        self._database = Database(path, patience)

    def load(self, learner: str) -> list[Fact]:
        with self._database.reading(SINCE) as database:
            if database is None:
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
        with self._database.writing() as database:
            database.executemany(SAVE, rows)

    def forget(self, learner: str, keys: Collection[Key]) -> None:
        with self._database.reading(SINCE) as database:
            if database is not None:
                with database:
                    database.executemany(FORGET, [(learner, *key) for key in keys])

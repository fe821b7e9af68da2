"""The file that progress and counters share: made new, and taken over from an older course."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from course.limits.ledgers import Caps, SqliteLedger, Totals, Used
from course.progress.facts import Fact
from course.progress.stores import SCHEMA, STEPS, SqliteStore, StoreError

TODAY = date(2026, 11, 25)
FACT = Fact("day_01_connect", "solved", "exercise:1", "code", datetime(2026, 11, 24, tzinfo=UTC))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "progress.sqlite3"


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0])


@pytest.fixture
def old(path: Path) -> Path:
    """Make the file that the first version of the course left behind."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(STEPS[0])
        row = (*("day_01_connect", "solved", "exercise:1", "code"), FACT.at.isoformat())
        database.execute("INSERT INTO progress VALUES ('me', ?, ?, ?, ?, ?)", row)
        database.execute("PRAGMA user_version = 1")
    return path


def test_a_new_file_has_the_newest_version(path: Path) -> None:
    SqliteStore(path).save("me", [FACT])
    assert version(path) == SCHEMA == len(STEPS)


def test_an_older_file_is_read_as_it_is(old: Path) -> None:
    assert SqliteStore(old).load("me") == [FACT]
    assert SqliteLedger(old).totals(TODAY) == Totals(Used(), 0)
    assert version(old) == 1


def test_counting_takes_an_older_file_over_and_keeps_all_progress(old: Path) -> None:
    assert SqliteLedger(old).reserve(TODAY, "me", 5, Caps()) is None
    assert version(old) == SCHEMA
    assert SqliteStore(old).load("me") == [FACT]
    assert SqliteLedger(old).totals(TODAY).used == Used(1, 5)


def test_saving_takes_an_older_file_over_too(old: Path) -> None:
    SqliteStore(old).save("you", [FACT])
    assert version(old) == SCHEMA
    assert SqliteStore(old).load("me") == SqliteStore(old).load("you") == [FACT]


def test_a_file_that_could_not_be_taken_over_is_as_it_was(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("course.progress.stores.STEPS", (STEPS[0], STEPS[1], "no SQL"))
    with pytest.raises(StoreError):
        SqliteLedger(old).reserve(TODAY, "me", 5, Caps())
    assert version(old) == 1
    with closing(sqlite3.connect(old)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert tables == [("progress",)]


def test_a_newer_courses_file_is_left_as_it_is(path: Path) -> None:
    SqliteLedger(path).reserve(TODAY, "me", 5, Caps())
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    for use in (
        lambda: SqliteLedger(path).reserve(TODAY, "me", 5, Caps()),
        lambda: SqliteLedger(path).totals(TODAY),
        lambda: SqliteStore(path).save("me", [FACT]),
    ):
        with pytest.raises(StoreError, match="newer"):
            use()
    assert path.read_bytes() == before

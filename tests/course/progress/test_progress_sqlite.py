"""Progress in a SQLite file: kept, shared, and never lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from course import ROOT
from course.progress.facts import Fact
from course.progress.stores import SqliteStore, StoreError, default_path

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def fact(item: str = "", value: str = "", minutes: int = 0) -> Fact:
    return Fact("day_03_write_streams", "answered", item, value, NOON + timedelta(minutes=minutes))


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "data" / "progress.sqlite3", patience=0.05)


def reason_of(error: pytest.ExceptionInfo[StoreError]) -> str:
    return error.value.reason


def test_what_is_kept_is_read_again_by_another_store(store: SqliteStore) -> None:
    store.save("me", [fact("a", "1"), fact("b", "한글 '\"\n")])
    assert sorted(SqliteStore(store.path).load("me"), key=lambda each: each.item) == [
        fact("a", "1"),
        fact("b", "한글 '\"\n"),
    ]
    assert store.load("you") == []


def test_reading_makes_no_file(store: SqliteStore) -> None:
    assert store.load("me") == []
    store.forget("me", [fact().key])
    assert not store.path.parent.exists()


def test_an_older_fact_never_replaces_a_newer_one(store: SqliteStore) -> None:
    store.save("me", [fact("a", "new", 1)])
    store.save("me", [fact("a", "old", 0)])
    assert store.load("me") == [fact("a", "new", 1)]


def test_what_is_forgotten_is_gone_for_this_learner_only(store: SqliteStore) -> None:
    for learner in ("me", "you"):
        store.save(learner, [fact("a"), fact("b")])
    store.forget("me", [fact("a").key])
    assert store.load("me") == [fact("b")]
    assert len(store.load("you")) == 2


def test_a_locked_database_is_said_to_be_locked_and_keeps_what_it_has(store: SqliteStore) -> None:
    store.save("me", [fact("a")])
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for use in (lambda: store.save("me", [fact("b")]), lambda: store.load("me")):
            with pytest.raises(StoreError) as error:
                use()
            assert reason_of(error) == "locked"
    assert store.load("me") == [fact("a")]


@pytest.mark.parametrize("damage", ["garbage", "cut short"])
def test_a_damaged_file_is_left_as_it_is(store: SqliteStore, damage: str) -> None:
    store.save("me", [fact(str(number), "x" * 500) for number in range(100)])
    whole = store.path.read_bytes()
    store.path.write_bytes(b"not a database" * 99 if damage == "garbage" else whole[:5000])
    before = store.path.read_bytes()
    for use in (lambda: store.save("me", [fact("b")]), lambda: store.load("me")):
        with pytest.raises(StoreError) as error:
            use()
        assert reason_of(error) == "damaged"
    assert store.path.read_bytes() == before


@pytest.mark.parametrize(
    ("column", "value"),
    [("at", "2026-01-01T12:00:00"), ("at", "noon"), ("at", b"1"), ("kind", "hacked")],
)
def test_a_row_that_is_no_fact_is_said_to_be_damaged(
    store: SqliteStore, column: str, value: object
) -> None:
    store.save("me", [fact("a")])
    with closing(sqlite3.connect(store.path)) as other, other:
        other.execute(f"UPDATE progress SET {column} = ?", (value,))
    with pytest.raises(StoreError) as error:
        store.load("me")
    assert reason_of(error) == "damaged"


def test_what_a_crash_has_left_half_written_is_put_right_by_reading(
    store: SqliteStore, tmp_path: Path
) -> None:
    store.save("me", [fact("a", "1")])
    left = tmp_path / "left" / "progress.sqlite3"
    left.parent.mkdir()
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        # So small a cache that the file itself is written to before the transaction ends.
        other.execute("PRAGMA cache_size = 1")
        other.execute("BEGIN IMMEDIATE")
        row = "INSERT INTO progress VALUES ('me', 'day_01_x', 'answered', ?, ?, '2026-11-24')"
        other.executemany(row, [(str(number), "x" * 500) for number in range(500)])
        for suffix in ("", "-journal"):
            shutil.copy(f"{store.path}{suffix}", f"{left}{suffix}")
    assert SqliteStore(left).load("me") == [fact("a", "1")]


def test_a_folder_that_cannot_be_made_is_read_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError) as error:
        SqliteStore(tmp_path / "file" / "progress.sqlite3").save("me", [fact()])
    assert reason_of(error) == "read_only"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("SQLITE_FULL", "full"),
        ("SQLITE_READONLY_DIRECTORY", "read_only"),
        ("SQLITE_CANTOPEN_ISDIR", "read_only"),
        ("SQLITE_IOERR", "unavailable"),
    ],
)
def test_what_sqlite_reports_becomes_a_reason(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        error = sqlite3.OperationalError("it says something")
        error.sqlite_errorname = name
        raise error

    monkeypatch.setattr(sqlite3, "connect", refuse)
    with pytest.raises(StoreError) as error:
        store.save("me", [fact()])
    assert reason_of(error) == reason


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file modes")
def test_nobody_else_on_the_machine_can_read_it(store: SqliteStore) -> None:
    store.save("me", [fact()])
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from course.progress.facts import Fact
from course.progress.stores import SqliteStore
store = SqliteStore(Path(sys.argv[1]), patience=20)
for number in range(25):
    fact = Fact("day_01_a", "answered", f"{sys.argv[2]}{number}", "", datetime.now(UTC))
    store.save("me", [fact])
"""


def test_two_processes_at_once_lose_nothing(store: SqliteStore) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(store.path), name], cwd=ROOT)
        for name in "ab"
    ]
    assert [process.wait(60) for process in running] == [0, 0]
    assert len(store.load("me")) == 50


def test_the_file_is_in_the_users_data_folder_unless_a_setting_names_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert default_path() == tmp_path / "progress.sqlite3"
    monkeypatch.delenv("COURSE_DATA")
    assert "cortex-streaming-course" in default_path().parts

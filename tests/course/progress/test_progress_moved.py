"""What moved keeps what learners did: stores, exports, and what an older course left behind."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from course.moved import NOTHING, Moved
from course.progress.facts import Fact, renamed
from course.progress.record import Progress
from course.progress.stores import SnowflakeStore, SqliteStore
from course.progress.transfer import dump, parse
from tests.course.progress.test_progress_memory import MemoryStore
from tests.course.progress.test_progress_snowflake import FakeSession

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
#: What version 0.1 of the course made: its database as SQL, and its export.
OLD = Path(__file__).parent / "from_0_1"
THREE, FOUR = "day_03_write_streams", "day_04_when_it_breaks"
BEFORE, AFTER = "exercise:4_keep_the_text", "exercise:1_keep_the_text"
MOVED = Moved.model_validate(
    {
        "moved": [
            {"from": f"{THREE}/4_keep_the_text", "to": f"{FOUR}/1_keep_the_text"},
            {"from": f"{THREE}/q-torn", "to": f"{FOUR}/q-torn"},
            {"from": f"{THREE}/q-complete", "to": f"{FOUR}/q-complete"},
            {"from": f"{THREE}#torn-text", "to": f"{FOUR}#torn-text"},
        ]
    }
)
RENAMED = Moved.model_validate({"moved": [{"from": THREE, "to": "day_05_streams"}]})


def fact(lesson: str, item: str, value: str = "", minutes: int = 0) -> Fact:
    return Fact(lesson, "tried", item, value, NOON + timedelta(minutes=minutes))


def progress(store: SqliteStore | SnowflakeStore | MemoryStore, moved: Moved = MOVED) -> Progress:
    learned = Progress(store, "local", names=lambda: moved)
    learned.refresh()
    return learned


@pytest.fixture
def database(tmp_path: Path) -> SqliteStore:
    """Return a store whose file version 0.1 has written."""
    path = tmp_path / "progress.sqlite3"
    with closing(sqlite3.connect(path)) as old:
        old.executescript((OLD / "progress.sql").read_text("utf-8"))
    return SqliteStore(path)


def is_upgraded(learned: Progress) -> None:
    program = learned.value(FOUR, "tried", AFTER)
    assert program is not None
    assert "# '조각'" in program
    assert learned.value(FOUR, "answered", "q-torn") == "2"
    assert learned.has(FOUR, "solved", "q-torn")
    assert learned.value(FOUR, "answered", "q-complete") == "0"
    assert not any(learned.has(THREE, "tried", item) for item in (BEFORE, "q-torn", "q-complete"))
    # What did not move stays, and the new day has not been opened.
    assert learned.has(THREE, "solved", "exercise:1_make_a_stream")
    assert learned.value("day_01_connect", "read") == "yes"
    assert learned.last_opened() == THREE
    assert not learned.has(FOUR, "opened")


def test_a_database_of_version_0_1_keeps_what_moved(database: SqliteStore) -> None:
    is_upgraded(progress(database))


def test_an_export_of_version_0_1_keeps_what_moved() -> None:
    learned = progress(MemoryStore())
    new, left = learned.import_((OLD / "progress.json").read_text("utf-8"), [THREE, FOUR])
    assert (new, left) == (14, 0)
    is_upgraded(learned)


def test_both_of_them_are_exported_under_the_new_names(database: SqliteStore) -> None:
    lessons = {
        (each["lesson"], each["item"]) for each in json.loads(progress(database).export())["facts"]
    }
    assert (FOUR, AFTER) in lessons
    assert (THREE, BEFORE) not in lessons


def test_a_table_in_snowflake_keeps_what_moved() -> None:
    facts = parse((OLD / "progress.json").read_text("utf-8"))
    session: Any = FakeSession([(*each.key, each.value, each.at.isoformat()) for each in facts])
    is_upgraded(progress(SnowflakeStore(lambda: session)))


def test_an_older_course_still_finds_what_it_wrote(database: SqliteStore) -> None:
    before = database.load("local")
    progress(database).record(FOUR, "tried", AFTER, "newer")
    assert {each.key for each in before} < {each.key for each in database.load("local")}


@pytest.mark.parametrize(("old", "new", "wins"), [(0, 1, "new"), (1, 0, "old")])
def test_where_both_names_have_a_fact_the_newer_one_wins(old: int, new: int, wins: str) -> None:
    facts = [fact(THREE, BEFORE, "old", old), fact(FOUR, AFTER, "new", new)]
    for order in (facts, facts[::-1]):
        (found,) = renamed(order, MOVED)
        assert (found.lesson, found.item, found.value) == (FOUR, AFTER, wins)


def test_what_was_cleared_does_not_come_back_under_its_old_name(database: SqliteStore) -> None:
    learned = progress(database)
    learned.reset(keep_solved=False)
    assert database.load("local") == []
    learned.refresh()
    assert not learned.has(FOUR, "tried", AFTER)


def test_clearing_keeps_what_was_solved_and_has_moved(database: SqliteStore) -> None:
    progress(database).reset()
    again = progress(database)
    assert again.has(FOUR, "solved", "q-torn")
    assert not again.has(FOUR, "tried", AFTER)


def test_a_lesson_that_was_renamed_takes_all_of_its_items_along() -> None:
    facts = [fact(THREE, item) for item in ("", "demo", "q-torn", BEFORE)]
    found = renamed(facts, RENAMED)
    assert found == [replace(each, lesson="day_05_streams") for each in facts]


def test_an_item_that_moved_goes_its_own_way_from_a_lesson_that_was_renamed() -> None:
    both = Moved(moved=(*MOVED.moved, *RENAMED.moved))
    assert both.now(THREE, "q-torn") == (FOUR, "q-torn")
    assert both.now(THREE, "q-first-line") == ("day_05_streams", "q-first-line")
    assert both.before(FOUR, "q-torn") == [(THREE, "q-torn")]
    assert (THREE, "q-first-line") in both.before("day_05_streams", "q-first-line")


def test_where_nothing_moved_every_fact_stays_as_it_is() -> None:
    facts = parse((OLD / "progress.json").read_text("utf-8"))
    assert renamed(facts, NOTHING) == facts
    assert dump(facts) == (OLD / "progress.json").read_text("utf-8")

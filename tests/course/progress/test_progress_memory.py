"""A learner's progress in memory, and how it comes and goes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.progress.facts import (
    KINDS,
    MAX_BYTES,
    MOST_CHARACTERS,
    MOST_FACTS,
    MOST_VALUE,
    Fact,
    ImportProblem,
    Key,
    merged,
)
from course.progress.record import Progress
from course.progress.stores import Reason, StoreError
from course.progress.transfer import dump, parse

DAY = "day_03_write_streams"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class MemoryStore:
    """A store whose failures a test can turn on."""

    def __init__(self, fresh_for: float = 0.0) -> None:
        self.fresh_for = fresh_for
        self.kept: dict[str, dict[Key, Fact]] = {}
        self.broken: Reason | None = None
        self.loads = self.saves = 0

    def load(self, learner: str) -> list[Fact]:
        self.loads += 1
        self._fail()
        return list(self.kept.get(learner, {}).values())

    def save(self, learner: str, facts: Iterable[Fact]) -> None:
        self.saves += 1
        self._fail()
        self.kept[learner] = merged(self.kept.get(learner, {}).values(), facts)

    def forget(self, learner: str, keys: Collection[Key]) -> None:
        self._fail()
        for key in keys:
            self.kept.get(learner, {}).pop(key, None)

    def _fail(self) -> None:
        if self.broken:
            raise StoreError(self.broken)


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def clock(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Time:
    return Time()


def browser(store: MemoryStore, time: Time, learner: str = "me") -> Progress:
    return Progress(store, learner, now=time.now, clock=time.clock)


def test_what_was_recorded_survives_a_restart(time: Time) -> None:
    store = MemoryStore()
    browser(store, time).record(DAY, "answered", "q", "2")
    again = browser(store, time)
    again.refresh()
    assert again.value(DAY, "answered", "q") == "2"
    assert again.has(DAY, "answered", "q")
    assert again.value(DAY, "read") is None


def test_learners_are_kept_apart(time: Time) -> None:
    store = MemoryStore()
    browser(store, time, "you").record(DAY, "read")
    mine = browser(store, time)
    mine.refresh()
    assert not mine.has(DAY, "read")


def test_what_is_known_is_not_written_again(time: Time) -> None:
    store = MemoryStore()
    progress = browser(store, time)
    for _ in range(3):
        progress.record(DAY, "tried", "demo")
        progress.record(DAY, "opened")
    assert store.saves == 2
    time.seconds = 61
    progress.record(DAY, "opened")
    assert store.saves == 3


def test_the_lesson_opened_last_is_where_to_continue(time: Time) -> None:
    progress = browser(MemoryStore(), time)
    assert progress.last_opened() is None
    for day in (DAY, "day_01_connect", DAY):
        time.seconds += 1
        progress.record(day, "opened")
        assert progress.last_opened() == day


def test_two_browsers_see_each_others_work_and_the_later_one_wins(time: Time) -> None:
    store = MemoryStore()
    one, two = browser(store, time), browser(store, time)
    one.record(DAY, "answered", "q", "0")
    time.seconds = 1
    two.record(DAY, "answered", "q", "1")
    one.refresh()
    assert one.value(DAY, "answered", "q") == "1"


def test_a_store_that_is_far_away_is_asked_now_and_then_only(time: Time) -> None:
    store = MemoryStore(fresh_for=30)
    progress = browser(store, time)
    for seconds in (0, 10, 29, 31):
        time.seconds = seconds
        progress.refresh()
    assert store.loads == 2


def test_what_could_not_be_kept_is_kept_later(time: Time) -> None:
    store = MemoryStore()
    store.broken = "locked"
    progress = browser(store, time)
    progress.record(DAY, "read", value="yes")
    assert progress.failure == "locked"
    assert progress.value(DAY, "read") == "yes"
    assert "read" in progress.export()
    store.broken = None
    time.seconds = 11
    progress.refresh()
    assert progress.failure is None
    assert store.kept["me"][(DAY, "read", "")].value == "yes"
    assert progress.value(DAY, "read") == "yes"


def test_a_store_that_failed_is_left_alone_for_ten_seconds(time: Time) -> None:
    store = MemoryStore()
    store.broken = "unavailable"
    progress = browser(store, time)
    for seconds in (0, 3, 9):
        time.seconds = seconds
        progress.refresh()
        progress.record(DAY, "answered", "q", str(seconds))
    assert store.loads + store.saves == 1


def test_a_reset_keeps_solved_work_unless_told_otherwise(time: Time) -> None:
    store = MemoryStore()
    progress = browser(store, time)
    for kind in KINDS:
        progress.record(DAY, kind, "x")
    progress.reset()
    assert [kind for kind in KINDS if progress.has(DAY, kind, "x")] == ["answered", "solved"]
    progress.reset(keep_solved=False)
    progress.refresh()
    assert store.kept["me"] == {}
    assert not progress.has(DAY, "solved", "x")


def test_a_reset_forgets_what_another_browser_has_kept_meanwhile(time: Time) -> None:
    store = MemoryStore()
    mine, other = browser(store, time), browser(store, time)
    mine.refresh()
    other.record(DAY, "read", value="yes")
    mine.reset(keep_solved=False)
    assert store.kept["me"] == {}


def test_what_is_done_now_counts_though_the_clock_went_back(time: Time) -> None:
    store = MemoryStore()
    time.seconds = 86_400
    browser(store, time).record(DAY, "answered", "q", "before")
    time.seconds = 0
    later = browser(store, time)
    later.refresh()
    later.record(DAY, "answered", "q", "after")
    later.refresh()
    assert later.value(DAY, "answered", "q") == "after"


def test_the_lesson_opened_last_is_known_though_the_clock_went_back(time: Time) -> None:
    progress = browser(MemoryStore(), time)
    time.seconds = 86_400
    progress.record("day_01_connect", "opened")
    time.seconds += 300
    progress.record(DAY, "opened")
    time.seconds = 0
    for day in ("day_01_connect", "day_02_hello_cortex"):
        progress.record(day, "opened")
        assert progress.last_opened() == day


def test_what_could_not_be_kept_is_known_to_be_unsaved(time: Time) -> None:
    store = MemoryStore()
    progress = browser(store, time)
    progress.record(DAY, "read")
    assert not progress.unsaved(DAY, "read")
    store.broken = "read_only"
    progress.record(DAY, "answered", "q", "1")
    assert progress.unsaved(DAY, "answered", "q")


def test_a_failure_is_logged_without_the_errors_text(
    time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(MemoryStore):
        def load(self, learner: str) -> list[Fact]:
            raise StoreError("unavailable") from RuntimeError("SECRET-ACCOUNT")

    browser(Broken(), time).refresh()
    assert "unavailable (RuntimeError" in caplog.text
    assert "SECRET" not in caplog.text


def test_a_reset_that_fails_forgets_nothing(time: Time) -> None:
    store = MemoryStore()
    progress = browser(store, time)
    progress.record(DAY, "read")
    store.broken = "locked"
    progress.record("day_01_connect", "read")
    progress.reset()
    assert progress.failure == "locked"
    assert progress.has(DAY, "read")
    store.broken = None
    progress.reset()
    assert progress.failure is None
    assert not progress.has(DAY, "read")
    # Nor is it kept later.
    progress.refresh()
    assert store.kept["me"] == {}


def test_an_export_can_be_imported_elsewhere_and_says_nothing_of_the_learner(time: Time) -> None:
    progress = browser(MemoryStore(), time, "secret-id")
    progress.record(DAY, "solved", "exercise", "print('한글')")
    text = progress.export()
    assert "secret-id" not in text
    store = MemoryStore()
    other = browser(store, time)
    assert other.import_(text, [DAY]) == (1, 0)
    assert store.kept["me"].keys() == {(DAY, "solved", "exercise")}
    assert other.value(DAY, "solved", "exercise") == "print('한글')"
    assert other.import_(text, [DAY]) == (0, 0)


def test_what_is_solved_in_the_middle_of_an_import_is_not_lost(time: Time) -> None:
    progress = browser(MemoryStore(), time)
    solving = Thread(target=progress.record, args=(DAY, "solved", "exercise"))

    class Watched(list[str]):
        def __contains__(self, lesson: object) -> bool:
            if solving.ident is None:
                solving.start()
                solving.join(0.05)
            return super().__contains__(lesson)

    text = dump([Fact(DAY, "answered", "q", "1", NOON)])
    assert progress.import_(text, Watched([DAY])) == (1, 0)
    solving.join()
    assert progress.has(DAY, "solved", "exercise")


def test_what_is_noted_while_a_page_looks_through_the_facts_disturbs_nobody(time: Time) -> None:
    learned = browser(MemoryStore(), time)
    learned.record(DAY, "opened")
    looking = iter(learned._facts.items())
    learned.record(DAY, "solved", "q-one")
    assert len([*looking]) == 1


def test_an_import_never_replaces_what_is_newer(time: Time) -> None:
    progress = browser(MemoryStore(), time)
    progress.record(DAY, "answered", "q", "old")
    text = progress.export()
    time.seconds = 1
    progress.record(DAY, "answered", "q", "new")
    assert progress.import_(text, [DAY]) == (0, 0)
    assert progress.value(DAY, "answered", "q") == "new"


def test_an_import_from_a_clock_that_runs_ahead_does_not_win_for_ever(time: Time) -> None:
    store = MemoryStore()
    progress, other = browser(store, time), browser(store, time)
    ahead = [Fact(DAY, "answered", q, "ahead", NOON + timedelta(days=900)) for q in ("q", "r")]
    progress.import_(dump(ahead), [DAY])
    time.seconds = 1
    progress.record(DAY, "answered", "q", "now")
    # A browser that has not looked since then.
    other.record(DAY, "answered", "r", "now")
    progress.refresh()
    assert [progress.value(DAY, "answered", q) for q in ("q", "r")] == ["now", "now"]


ENTRY = {"lesson": DAY, "kind": "read", "at": "2026-11-24T12:00:00Z"}


def exported(**changes: object) -> str:
    return json.dumps({"course": "cortex-streaming-course", "version": 1, "facts": [], **changes})


@pytest.mark.parametrize(
    ("text", "reason", "where"),
    [
        ("", "format", ""),
        ("hello", "format", ""),
        ("[]", "format", ""),
        ("[" * 100_000, "format", ""),
        (exported(course="another"), "format", "course"),
        (exported(facts=[{**ENTRY, "kind": "hacked"}]), "format", "facts.0.kind"),
        (exported(facts=[{**ENTRY, "lesson": "../../etc"}]), "format", "facts.0.lesson"),
        (exported(facts=[{**ENTRY, "lesson": f"<b> {DAY}"}]), "format", "facts.0.lesson"),
        (exported(facts=[{**ENTRY, "lesson": "day_٠١_x"}]), "format", "facts.0.lesson"),
        (exported(facts=[{**ENTRY, "at": "2026-11-24T12:00:00"}]), "format", "facts.0.at"),
        (exported(facts=[{**ENTRY, "at": "9999-12-31T23:59:59-12:00"}]), "format", "at"),
        (exported(facts=[{**ENTRY, "value": {"a": 1}}]), "format", "facts.0.value"),
        (exported(facts=[{**ENTRY, "more": 1}]), "format", "facts.0.more"),
        (exported(facts=[{**ENTRY, "![x](https://a.b)": 1}]), "format", ""),
        (exported(version=2), "version", "2"),
        (" " * (MAX_BYTES + 1), "large", ""),
    ],
)
def test_a_file_that_is_no_export_is_refused_and_changes_nothing(
    time: Time, text: str, reason: str, where: str
) -> None:
    progress = browser(MemoryStore(), time)
    progress.record(DAY, "read")
    with pytest.raises(ImportProblem) as error:
        progress.import_(text, [DAY])
    assert (error.value.reason, error.value.where) == (reason, where)
    assert progress.has(DAY, "read")


def made_up(lesson: str, count: int, value: str = "") -> list[Fact]:
    return [Fact(lesson, "answered", f"q{number}", value, NOON) for number in range(count)]


def test_imports_of_made_up_facts_end_where_a_learner_has_no_more_room(time: Time) -> None:
    progress = browser(MemoryStore(), time)
    progress.record(DAY, "read", value="yes")
    for lesson in ("day_90_a", "day_91_b"):
        progress.import_(dump(made_up(lesson, MOST_FACTS)), [DAY])
    assert len(parse(progress.export())) == MOST_FACTS
    assert progress.value(DAY, "read") == "yes"


def test_the_courses_own_lessons_come_before_others_where_room_is_short(time: Time) -> None:
    progress = browser(MemoryStore(), time)
    text = dump([*made_up("day_90_a", MOST_FACTS), *made_up(DAY, 10)])
    assert progress.import_(text, [DAY]) == (MOST_FACTS, 10)
    assert sum(fact.lesson == DAY for fact in parse(progress.export())) == 10


def test_another_courses_facts_are_kept_where_there_is_room(time: Time) -> None:
    progress = browser(MemoryStore(), time)
    assert progress.import_(dump(made_up("day_90_a", 10)), [DAY]) == (10, 0)


def test_an_export_of_all_that_a_learner_may_have_can_be_imported(time: Time) -> None:
    full = made_up(DAY, MOST_CHARACTERS // MOST_VALUE, "가" * MOST_VALUE)
    more = [Fact("day_91_b", "read", f"{n}", "", NOON) for n in range(MOST_FACTS - len(full))]
    progress = browser(MemoryStore(), time)
    assert progress.import_(dump([*full, *more]), [DAY]) == (MOST_FACTS, 0)


def test_programs_are_imported_only_as_long_as_there_is_room_for_their_texts(time: Time) -> None:
    progress = browser(MemoryStore(), time)
    half = MOST_CHARACTERS // MOST_VALUE // 2
    programs = made_up(DAY, half, "x" * MOST_VALUE)
    assert progress.import_(dump(programs), [DAY]) == (half, 0)
    programs = made_up("day_91_b", half + 2, "x" * MOST_VALUE)
    room = MOST_CHARACTERS // MOST_VALUE - half
    assert progress.import_(dump(programs), [DAY]) == (room, half + 2 - room)


def test_a_value_that_is_longer_than_any_program_is_not_noted(time: Time) -> None:
    progress = browser(MemoryStore(), time)
    progress.record(DAY, "tried", "exercise", "x" * (MOST_VALUE + 1))
    assert not progress.has(DAY, "tried", "exercise")


TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
FACTS = st.builds(
    Fact,
    st.sampled_from([DAY, "day_100_a"]),
    st.sampled_from(KINDS),
    TEXT,
    TEXT,
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
)


def test_what_no_import_would_take_keeps_nothing_else_from_being_exported() -> None:
    strange = Fact("", "answered", "q", "0", NOON)
    good = Fact(DAY, "read", "", "yes", NOON)
    assert parse(dump([strange, good])) == [good]


@given(st.lists(FACTS))
def test_every_export_reads_back_as_it_was(facts: list[Fact]) -> None:
    assert sorted(parse(dump(facts)), key=repr) == sorted(facts, key=repr)


@given(st.lists(FACTS), st.lists(FACTS))
def test_merging_loses_no_key_and_takes_the_later(one: list[Fact], two: list[Fact]) -> None:
    both = merged(one, two)
    assert both.keys() == {fact.key for fact in one + two}
    for fact in one + two:
        assert both[fact.key].at >= fact.at

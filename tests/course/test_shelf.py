"""The shelf: what a page has comes back to its own tab, and only there."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from course import shelf
from course.shelf import Shelf
from streaming import view
from tests.streaming.fakes import FakeClock

OWNER = ("learner", "a" * 32)


@dataclass(eq=False)
class Thing:
    """What a page has."""

    running: bool = False
    characters: int = 10
    values: dict[str, object] = field(default_factory=dict)
    cancelled: bool = False
    streams: tuple[Thing, ...] = ()

    def cancel(self) -> None:
        self.cancelled = True


@pytest.fixture
def there() -> set[str]:
    """The sessions whose tabs are open."""
    return {"first"}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def kept(there: set[str], clock: FakeClock) -> Shelf:
    return Shelf(there.__contains__, clock)


def test_a_refreshed_tab_gets_what_its_pages_had(kept: Shelf, there: set[str]) -> None:
    two, three = Thing(), Thing()
    kept.keep(OWNER, "day_02", two, "first")
    kept.keep(OWNER, "day_03", three, "first")
    there.clear()
    assert kept.take_back(OWNER, "second") == {"day_02": two, "day_03": three}


def test_a_copied_tab_gets_nothing_and_takes_nothing_away(kept: Shelf, there: set[str]) -> None:
    thing = Thing()
    kept.keep(OWNER, "day_03", thing, "first")
    assert kept.take_back(OWNER, "copy") == {}
    there.add("copy")
    kept.keep(OWNER, "day_03", Thing(), "copy")
    there.remove("first")
    assert kept.take_back(OWNER, "first again") == {"day_03": thing}


def test_what_a_page_streams_is_kept_with_it_by_a_session_that_never_shows_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept_on: list[object] = []
    monkeypatch.setattr(view, "keep", kept_on.append)
    stream = Thing()
    page = Thing(streams=(stream,))
    shelf.keep("day_03", page)
    assert kept_on == [page, stream]


@pytest.mark.parametrize("other", [("another", "a" * 32), ("learner", "b" * 32)])
def test_nobody_else_gets_it(kept: Shelf, there: set[str], other: tuple[str, str]) -> None:
    kept.keep(OWNER, "day_03", Thing(), "first")
    there.clear()
    assert kept.take_back(other, "second") == {}


def test_what_has_ended_is_kept_for_a_time_and_what_goes_on_as_long_as_it_does(
    kept: Shelf, there: set[str], clock: FakeClock
) -> None:
    kept.keep(OWNER, "day_02", Thing(), "first")
    kept.keep(OWNER, "day_03", Thing(running=True), "first")
    there.clear()
    clock.now += shelf.LONGEST + 1
    assert set(kept.take_back(OWNER, "second")) == {"day_03"}


@pytest.mark.parametrize("limit", ["MOST", "MOST_CHARACTERS"])
def test_of_too_much_the_longest_untouched_goes_and_ends_if_nobody_watches_it(
    kept: Shelf, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(shelf, limit, {"MOST": 2, "MOST_CHARACTERS": 25}[limit])
    closed, watched = Thing(running=True), Thing(running=True)
    kept.keep(("learner", "1" * 32), "day", closed, "closed")
    kept.keep(("learner", "2" * 32), "day", watched, "first")
    kept.keep(("learner", "3" * 32), "day", Thing(), "first")
    kept.keep(("learner", "4" * 32), "day", Thing(), "first")
    assert len(kept) == 2
    assert (closed.cancelled, watched.cancelled) == (True, False)


@pytest.mark.parametrize("said", ["", "A" * 32, "a" * 31, "../" * 11, 7, None])
def test_a_browser_may_say_anything(said: object) -> None:
    assert not (isinstance(said, str) and shelf.SECRET.fullmatch(said))

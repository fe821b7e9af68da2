"""The shelf: what a page has comes back to its own tab, and only there."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from course import shelf
from course.shelf import Shelf
from tests.streaming.fakes import FakeClock

OWNER = ("learner", "a" * 32, "day_03")


@dataclass(eq=False)
class Thing:
    """What a page has."""

    running: bool = False
    characters: int = 10
    values: dict[str, object] = field(default_factory=dict)
    cancelled: bool = False

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


def test_a_refreshed_tab_gets_what_it_had(kept: Shelf, there: set[str]) -> None:
    thing = Thing()
    kept.keep(OWNER, thing, "first")
    there.clear()
    assert kept.take_back(OWNER, "second") is thing


def test_a_copied_tab_gets_nothing_while_the_first_is_there(kept: Shelf) -> None:
    kept.keep(OWNER, Thing(), "first")
    assert kept.take_back(OWNER, "second") is None


@pytest.mark.parametrize(
    "other",
    [("another", *OWNER[1:]), ("learner", "b" * 32, "day_03"), (*OWNER[:2], "day_02")],
    ids=["learner", "tab", "page"],
)
def test_nobody_else_gets_it(kept: Shelf, there: set[str], other: tuple[str, str, str]) -> None:
    kept.keep(OWNER, Thing(), "first")
    there.clear()
    assert kept.take_back(other, "second") is None


def test_what_has_ended_is_kept_for_a_time_and_what_goes_on_as_long_as_it_does(
    kept: Shelf, there: set[str], clock: FakeClock
) -> None:
    goes_on = ("learner", "c" * 32, "day_03")
    kept.keep(OWNER, Thing(), "first")
    kept.keep(goes_on, Thing(running=True), "first")
    there.clear()
    clock.now += shelf.LONGEST + 1
    assert kept.take_back(OWNER, "second") is None
    assert kept.take_back(goes_on, "second") is not None


@pytest.mark.parametrize("limit", ["MOST", "MOST_CHARACTERS"])
def test_of_too_much_the_longest_untouched_goes_and_ends_if_nobody_watches_it(
    kept: Shelf, there: set[str], monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(shelf, limit, {"MOST": 2, "MOST_CHARACTERS": 25}[limit])
    closed, watched = Thing(running=True), Thing(running=True)
    kept.keep(("learner", "1" * 32, "day"), closed, "closed")
    kept.keep(("learner", "2" * 32, "day"), watched, "first")
    kept.keep(("learner", "3" * 32, "day"), Thing(), "first")
    kept.keep(("learner", "4" * 32, "day"), Thing(), "first")
    assert len(kept) == 2
    assert (closed.cancelled, watched.cancelled) == (True, False)


@pytest.mark.parametrize("said", ["", "A" * 32, "a" * 31, "../" * 11, 7, None])
def test_a_browser_may_say_anything(said: object) -> None:
    assert not (isinstance(said, str) and shelf.SECRET.fullmatch(said))

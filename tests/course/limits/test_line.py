"""The line of streams: first come, first served, and no place is ever lost."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest

from course.limits.policy import Entry, Refusal, StreamQueue
from tests.streaming.fakes import FakeClock


class Left(BaseException):
    """What Streamlit raises where a script waits whose reader has left."""


class Waiter:
    """Somebody who enters a line in a thread of their own."""

    def __init__(self, line: StreamQueue, name: str = "me", **options: int) -> None:
        self.ahead: list[int] = []
        self.place: Entry | None = None
        self.refused: str | None = None
        self.leaves = False
        self.looked = threading.Event()
        self._entered: Callable[[], Entry] = lambda: Entry(
            line, name, **{"queue": 99, "patience": 99, **options}
        ).enter(self._look)
        self.thread = threading.Thread(target=self._wait, daemon=True)
        self.thread.start()

    def _look(self, ahead: int) -> None:
        if not self.ahead or self.ahead[-1] != ahead:
            self.ahead.append(ahead)
        self.looked.set()
        if self.leaves:
            raise Left

    def _wait(self) -> None:
        try:
            self.place = self._entered()
        except Refusal as refusal:
            self.refused = refusal.reason
        except Left:
            self.refused = "left"
        self.looked.set()

    def is_there(self) -> Waiter:
        assert self.looked.wait(10)
        return self

    def done(self) -> Waiter:
        self.thread.join(10)
        assert not self.thread.is_alive()
        return self


def test_without_a_limit_nobody_waits() -> None:
    line = StreamQueue(grace=0.0)
    for number in range(100):
        Entry(line, str(number)).enter()


def test_who_comes_when_all_places_are_taken_waits_and_is_told_how_many_are_ahead() -> None:
    line = StreamQueue(grace=0.0)
    place = Entry(line, "first", at_once=1).enter()
    waiting = [Waiter(line, str(number), at_once=1).is_there() for number in range(3)]
    assert [each.ahead for each in waiting] == [[0], [1], [2]]
    place.leave()
    assert waiting[0].done().place is not None
    assert waiting[1].place is waiting[2].place is None


def test_whoever_gives_up_leaves_no_gap() -> None:
    line = StreamQueue(grace=0.0)
    place = Entry(line, "first", at_once=1).enter()
    one, two, three = (Waiter(line, name, at_once=1).is_there() for name in "abc")
    two.leaves = True
    assert two.done().refused == "left"
    place.leave()
    first = one.done().place
    assert first is not None
    first.leave()
    assert three.done().place is not None


def test_a_place_is_given_back_once_however_often_it_is_left() -> None:
    line = StreamQueue(grace=0.0)
    place = Entry(line, "first", at_once=1).enter()
    place.leave()
    place.leave()
    Entry(line, "second", at_once=1).enter()
    with pytest.raises(Refusal, match="refused"):
        Entry(line, "third", at_once=1, queue=0).enter()


def test_when_the_queue_is_full_the_next_is_sent_away_at_once() -> None:
    line = StreamQueue(grace=0.0)
    Entry(line, "first", at_once=1).enter()
    Waiter(line, "second", at_once=1).is_there()
    assert Waiter(line, "third", at_once=1, queue=1).done().refused == "queue"


def test_a_wait_has_an_end() -> None:
    clock = FakeClock()
    line = StreamQueue(clock=clock, grace=0.0)

    def wait(_: int) -> None:
        clock.now += 59.0

    Entry(line, "first", at_once=1).enter()
    with pytest.raises(Refusal) as told:
        Entry(line, "second", at_once=1, queue=1, patience=60.0).enter(wait)
    assert (told.value.reason, told.value.limit) == ("patience", 60)
    # And it leaves nobody in the line.
    assert line.owned("second") == 0


def test_a_learner_has_so_many_streams_and_those_that_wait_are_among_them() -> None:
    line = StreamQueue(grace=0.0)
    place = Entry(line, "me", most=2, at_once=1).enter()
    Waiter(line, "me", most=2, at_once=1).is_there()
    with pytest.raises(Refusal) as told:
        Entry(line, "me", most=2, at_once=1).enter()
    assert (told.value.reason, told.value.limit) == ("streams", 2)
    assert Waiter(line, "you", most=2, at_once=1).is_there().ahead == [1]
    place.leave()


def test_a_refused_learner_can_come_again_when_a_stream_has_ended() -> None:
    line = StreamQueue(grace=0.0)
    place = Entry(line, "me", most=1).enter()
    with pytest.raises(Refusal):
        Entry(line, "me", most=1).enter()
    place.leave()
    Entry(line, "me", most=1).enter()
    assert line.owned("me") == 1


def test_a_stream_that_ends_in_a_moment_does_not_keep_its_learner_from_the_next() -> None:
    line = StreamQueue(grace=30.0)
    place = Entry(line, "me", most=1).enter()
    second = Waiter(line, "me", most=1)
    place.leave()
    assert second.done().place is not None


def test_more_places_in_the_settings_call_those_who_wait() -> None:
    line = StreamQueue(grace=0.0)
    Entry(line, "first", at_once=1).enter()
    waiting = Waiter(line, "second", at_once=1).is_there()
    Waiter(line, "third", at_once=3).done()
    assert waiting.done().place is not None


def test_of_many_who_come_and_go_at_once_never_more_are_there_than_may() -> None:
    line, lock = StreamQueue(grace=0.0), threading.Lock()
    there, most, served = 0, 0, 0

    def come_and_go(seed: int) -> None:
        nonlocal there, most, served
        chance = random.Random(seed)
        for _ in range(20):

            def maybe_leave(_: int) -> None:
                if chance.random() < 0.3:
                    raise Left

            try:
                place = Entry(line, str(seed), at_once=3, queue=99, patience=99).enter(maybe_leave)
            except Left:
                continue
            with lock:
                there += 1
                most = max(most, there)
                served += 1
            with lock:
                there -= 1
            place.leave()

    threads = [threading.Thread(target=come_and_go, args=(seed,)) for seed in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert served > 100
    assert most <= 3
    assert (line._ends, line._waiting) == ({}, [])


def test_who_leaves_before_there_is_a_place_never_gets_in() -> None:
    line = StreamQueue(grace=30.0)
    first = Entry(line, "me", most=1).enter()
    second = Entry(line, "me", most=1)
    assert second.wait(0) == 1
    second.leave()
    first.leave()
    assert second.wait(0) == 1
    assert line.owned("me") == 0

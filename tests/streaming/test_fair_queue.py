"""FairQueue: few at a time, one after the other, and nobody for ever."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from streaming import FairQueue
from tests.streaming.asking import wait_for
from tests.streaming.fakes import FakeClock


def test_as_many_as_there_are_places_pass_at_once() -> None:
    queue = FairQueue(places=2, lease=60.0)
    with queue.turn(), queue.turn():
        pass


def test_one_more_waits_until_a_place_is_given_back() -> None:
    queue = FairQueue(places=1, lease=60.0)
    passed = threading.Event()

    def pass_through() -> None:
        with queue.turn():
            passed.set()

    with queue.turn():
        other = threading.Thread(target=pass_through)
        other.start()
        assert not passed.wait(0.05)
    assert passed.wait(30)
    other.join()


def test_the_first_to_come_is_the_first_to_go_in() -> None:
    left = [1]
    queue = FairQueue(places=1, take=lambda: bool(left and left.pop()))
    first, second = queue.join(), queue.join()
    assert second.wait(0) == 1
    assert first.wait(0) is None


def test_a_place_is_given_back_although_its_holder_fails() -> None:
    queue = FairQueue(places=1, lease=60.0)
    with pytest.raises(ValueError, match="mine"), queue.turn():
        raise ValueError("mine")
    with queue.turn():
        pass


def test_a_place_may_be_given_back_before_the_end_of_its_turn() -> None:
    queue = FairQueue(places=1, lease=60.0)
    with queue.turn() as leave:
        leave()
        leave()
        with queue.turn():
            pass


def test_whoever_takes_longer_than_a_lease_holds_nobody_up() -> None:
    clock = FakeClock()
    queue = FairQueue(places=1, lease=0.03, clock=clock)
    with ExitStack() as turns:
        for _ in range(5):
            turns.enter_context(queue.turn())
            clock.now += 0.031


def test_one_that_ends_after_its_lease_takes_no_place_away() -> None:
    clock = FakeClock()
    queue = FairQueue(places=1, lease=0.03, clock=clock)
    with queue.turn():
        clock.now += 0.031
    passing = threading.Barrier(2, timeout=30)
    second = threading.Thread(target=lambda: _through(queue, passing))
    second.start()
    passing.wait()
    third = threading.Thread(target=lambda: _through(queue, None))
    third.start()
    # Its clock is frozen: a place that the first had given back twice would let it in.
    third.join(0.05)
    assert third.is_alive()
    passing.wait()
    wait_for(lambda: not third.is_alive())
    second.join()


def test_whoever_gets_in_calls_the_next_one_where_there_is_room() -> None:
    queue = FairQueue(places=1)
    passing = threading.Barrier(3, timeout=30)
    waiting = [threading.Thread(target=_through, args=(queue, passing)) for _ in range(2)]
    with queue.turn():
        for each in waiting:
            each.start()
        wait_for(lambda: len(queue._waiting) == 2)
        with queue.changed:
            queue.places = 3
            queue.call()
        passing.wait()
        passing.wait()
    for each in waiting:
        each.join()


def _through(queue: FairQueue, passing: threading.Barrier | None) -> None:
    with queue.turn():
        if passing is not None:
            passing.wait()
            passing.wait()


def test_who_waits_for_a_place_of_their_own_is_never_told_that_nobody_is_ahead() -> None:
    queue = FairQueue(places=5, each=1)
    assert queue.join("a").wait(0) is None
    assert queue.join("a").wait(0) == 1

"""Gate: few at a time, one after the other, and nobody for ever."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from streaming.gate import Gate
from tests.streaming.asking import wait_for
from tests.streaming.fakes import FakeClock


def test_as_many_as_there_are_places_pass_at_once() -> None:
    gate = Gate(places=2, lease=60.0)
    with gate.turn(), gate.turn():
        pass


def test_one_more_waits_until_a_place_is_given_back() -> None:
    gate = Gate(places=1, lease=60.0)
    passed = threading.Event()

    def pass_through() -> None:
        with gate.turn():
            passed.set()

    with gate.turn():
        other = threading.Thread(target=pass_through)
        other.start()
        assert not passed.wait(0.05)
    assert passed.wait(30)
    other.join()


def test_a_place_is_given_back_although_its_holder_fails() -> None:
    gate = Gate(places=1, lease=60.0)
    with pytest.raises(ValueError, match="mine"), gate.turn():
        raise ValueError("mine")
    with gate.turn():
        pass


def test_a_place_may_be_given_back_before_the_end_of_its_turn() -> None:
    gate = Gate(places=1, lease=60.0)
    with gate.turn() as leave:
        leave()
        leave()
        with gate.turn():
            pass


def test_whoever_takes_longer_than_a_lease_holds_nobody_up() -> None:
    clock = FakeClock()
    gate = Gate(places=1, lease=0.03, clock=clock)
    with ExitStack() as turns:
        for _ in range(5):
            turns.enter_context(gate.turn())
            clock.now += 0.031


def test_one_that_ends_after_its_lease_takes_no_place_away() -> None:
    clock = FakeClock()
    gate = Gate(places=1, lease=0.03, clock=clock)
    with gate.turn():
        clock.now += 0.031
    passing = threading.Barrier(2, timeout=30)
    second = threading.Thread(target=lambda: _through(gate, passing))
    second.start()
    passing.wait()
    third = threading.Thread(target=lambda: _through(gate, None))
    third.start()
    # Its clock is frozen: a place that the first had given back twice would let it in.
    third.join(0.05)
    assert third.is_alive()
    passing.wait()
    wait_for(lambda: not third.is_alive())
    second.join()


def test_it_is_crowded_while_somebody_waits_for_a_place() -> None:
    gate = Gate(places=1, lease=60.0)
    waiting = threading.Thread(target=lambda: _through(gate, None))
    with gate.turn():
        assert not gate.crowded
        waiting.start()
        wait_for(lambda: gate.crowded)
    waiting.join()
    assert not gate.crowded


def _through(gate: Gate, passing: threading.Barrier | None) -> None:
    with gate.turn():
        if passing is not None:
            passing.wait()
            passing.wait()

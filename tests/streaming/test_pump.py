"""Pump: reading in a thread, with back-pressure, stopped from outside."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from streaming.pump import Pump
from tests.streaming.asking import wait_for
from tests.streaming.fakes import FakeClock


class Blocking:
    """A source that gives its deltas and then blocks like a silent socket, until aborted."""

    def __init__(self, *deltas: str) -> None:
        self._deltas = list(deltas)
        self._aborted = threading.Event()
        self.closed_by: str | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._deltas:
            return self._deltas.pop(0)
        self._aborted.wait(60)
        raise ConnectionError("shut down")

    def abort(self) -> None:
        self._aborted.set()

    def close(self) -> None:
        self.closed_by = threading.current_thread().name


def drain(pump: Pump) -> str:
    text = ""
    while not pump.ended:
        pump.wait(30.0, for_delta=True)
        text += pump.take()[0]
    return text + pump.take()[0]


def test_deltas_arrive_in_order_and_empty_ones_are_dropped() -> None:
    pump = Pump(iter(["a", "", None, "b", "c"]), buffer_chars=100)
    pump.start()
    assert drain(pump) == "abc"
    assert (pump.deltas, pump.error) == (3, None)


def test_an_empty_delta_is_a_sign_of_life_and_no_delta() -> None:
    times = iter(range(100))
    pump = Pump(iter(["a", "", "", "b"]), buffer_chars=100, clock=lambda: float(next(times)))
    pump.start()
    assert drain(pump) == "ab"
    # Not from one sign of life to the next.
    assert (pump.deltas, len(pump.gaps)) == (2, 1)
    assert pump.gaps[0] >= 3


def test_a_source_that_fails_ends_the_pump_with_its_error() -> None:
    def source() -> Iterator[str]:
        yield "a"
        raise ValueError("broken")

    pump = Pump(source(), buffer_chars=100)
    pump.start()
    assert drain(pump) == "a"
    assert isinstance(pump.error, ValueError)


def test_a_request_that_fails_ends_the_pump_with_its_error() -> None:
    class Refused:
        def __iter__(self) -> Iterator[str]:
            raise PermissionError

    pump = Pump(Refused(), buffer_chars=100)
    pump.start()
    assert drain(pump) == ""
    assert isinstance(pump.error, PermissionError)


def test_stopping_ends_a_blocked_read_and_closes_the_source_in_the_reading_thread() -> None:
    source = Blocking("a")
    pump = Pump(source, buffer_chars=100)
    pump.start()
    pump.wait(30.0, for_delta=True)
    pump.stop()
    pump.join(30)
    assert pump.ended
    assert source.closed_by == "stream-pump"


def test_stopping_while_the_request_is_on_its_way_closes_the_answer_unread() -> None:
    asked, answered = threading.Event(), threading.Event()

    class SlowRequest(Blocking):
        def __iter__(self) -> Iterator[str]:
            asked.set()
            answered.wait(30)
            return self

    source = SlowRequest("never read")
    pump = Pump(source, buffer_chars=100)
    pump.start()
    asked.wait(30)
    pump.stop()
    answered.set()
    pump.join(30)
    assert (pump.take()[0], source.closed_by) == ("", "stream-pump")


class Noting:
    """A source that notes which thread asks it, and which reads its deltas."""

    def __init__(self, *deltas: str) -> None:
        self._deltas = list(deltas)
        self.asked_by = 0
        self.read_by: list[int] = []

    def __iter__(self) -> Iterator[str]:
        self.asked_by = self.asked_by or threading.get_ident()
        return self

    def __next__(self) -> str:
        self.read_by.append(threading.get_ident())
        if not self._deltas:
            raise StopIteration
        return self._deltas.pop(0)


def test_the_thread_that_has_asked_reads_the_first_delta_and_lets_another_go_on() -> None:
    source = Noting("a", "b", "c")
    pump = Pump(source, buffer_chars=100)
    pump.start()
    assert drain(pump) == "abc"
    first, *others = source.read_by
    assert first == source.asked_by
    assert len(others) == 3
    assert set(others).isdisjoint({first, threading.get_ident()})
    assert len(set(others)) == 1


def test_where_no_second_thread_can_be_started_the_first_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = Noting("a", "b", "c")
    pump = Pump(source, buffer_chars=100)
    really, started = threading.Thread.start, 0

    def start(thread: threading.Thread) -> None:
        nonlocal started
        started += 1
        if started > 1:
            raise RuntimeError("can't start new thread")
        really(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    pump.start()
    assert drain(pump) == "abc"
    pump.join(30)
    assert (pump.error, set(source.read_by)) == (None, {source.asked_by})


def test_joining_waits_for_the_thread_that_goes_on_reading() -> None:
    source = Blocking("a", "b")
    pump = Pump(source, buffer_chars=100)
    pump.start()
    wait_for(lambda: pump.deltas == 2)
    pump.join(0.0)
    assert not pump.ended
    pump.stop()
    pump.join(30)
    assert pump.ended


def test_a_reader_that_does_not_read_holds_the_source_up_at_the_buffer_limit() -> None:
    given: list[str] = []
    full = threading.Event()

    def endless() -> Iterator[str]:
        while True:
            given.append("x" * 10)
            if len(given) == 11:
                full.set()
            yield given[-1]

    pump = Pump(endless(), buffer_chars=100)
    pump.start()
    assert full.wait(30)
    waiting, _ = pump.take()
    # Taken is not shown: until keep() says so, there is no room for more.
    pump.wait(0.05, for_delta=True)
    assert (len(waiting), pump.take()[0]) == (100, "")
    pump.keep(95)
    pump.wait(30.0, for_delta=True)
    more, _ = pump.take()
    pump.stop()
    pump.join(30)
    assert more == "x" * 10


def test_a_source_that_is_not_live_is_asked_in_the_thread_and_read_by_whoever_takes() -> None:
    threads: list[str] = []

    class Whole:
        finish_reason = "stop"

        def __iter__(self) -> Iterator[str]:
            threads.append(threading.current_thread().name)
            return self.slices()

        def slices(self) -> Iterator[str]:
            for slice_ in ("a", "", "b"):
                threads.append(threading.current_thread().name)
                yield slice_

    pump = Pump(Whole(), buffer_chars=100, live=False)
    pump.start()
    pump.wait(30.0, for_delta=True)
    assert [pump.take()[0] for _ in range(3)] == ["a", "b", ""]
    here = threading.current_thread().name
    assert threads == ["stream-pump", here, here, here]
    assert (pump.ended, pump.immediate, pump.finish_reason) == (True, False, "stop")


def test_stopping_a_source_that_is_not_live_closes_it_once_wherever_it_stands() -> None:
    closed: list[str] = []

    class Whole:
        def __iter__(self) -> Iterator[str]:
            return iter(["a", "b"])

        def close(self) -> None:
            closed.append("now")

    pump = Pump(Whole(), buffer_chars=100, live=False)
    pump.start()
    pump.wait(30.0, for_delta=True)
    assert pump.take()[0] == "a"
    pump.stop()
    pump.stop()
    assert (closed, pump.take()[0], pump.ended) == (["now"], "", True)


def test_stopping_while_the_rest_is_read_leaves_the_closing_to_whoever_reads() -> None:
    reading, go_on = threading.Event(), threading.Event()
    closed: list[str] = []

    class Whole:
        def __iter__(self) -> Iterator[str]:
            reading.set()
            go_on.wait(30)
            yield "late"

        def close(self) -> None:
            closed.append(threading.current_thread().name)

    pump = Pump(Whole(), buffer_chars=100, live=False)
    pump.start()
    pump.wait(30.0, for_delta=True)
    reader = threading.Thread(target=pump.take, name="reader")
    reader.start()
    assert reading.wait(30)
    pump.stop()
    assert closed == []
    go_on.set()
    reader.join(30)
    assert closed == ["reader"]


def test_gaps_are_those_of_the_source_not_of_its_reader() -> None:
    clock = FakeClock()

    def source() -> Iterator[str]:
        for seconds in (0.0, 0.5, 2.0):
            clock.now += seconds
            yield "text"

    pump = Pump(source(), buffer_chars=100, clock=clock)
    pump.start()
    drain(pump)
    assert list(pump.gaps) == [0.5, 2.0]


def test_what_comes_while_nobody_wants_it_is_read_at_once_afterwards() -> None:
    clock = FakeClock()
    given: list[str] = []

    def source() -> Iterator[str]:
        for delta in ("a", "b", "c"):
            given.append(delta)
            yield delta

    pump = Pump(source(), buffer_chars=100, clock=clock)
    pump.rest_until(clock.now + 0.05)
    pump.start()
    wait_for(lambda: pump.deltas == 1)
    assert given == ["a"]
    assert pump.take() == ("a", 100.0)
    clock.now += 0.05
    wait_for(lambda: pump.ended)
    # It may all have come at the beginning of the rest.
    assert pump.take() == ("bc", 100.0)


def test_a_rest_ends_when_the_reading_is_stopped() -> None:
    source = Blocking("a", "b")
    pump = Pump(source, buffer_chars=100)
    pump.rest_until(time.monotonic() + 60.0)
    pump.start()
    wait_for(lambda: pump.deltas == 1)
    pump.stop()
    wait_for(lambda: pump.ended)
    assert source.closed_by == "stream-pump"


def test_what_comes_after_a_rest_has_not_waited_since_its_beginning() -> None:
    clock = FakeClock()
    more = threading.Event()

    def source() -> Iterator[str]:
        yield "a"
        more.wait(30)
        yield "b"

    pump = Pump(source(), buffer_chars=100, clock=clock)
    pump.rest_until(clock.now + 0.001)
    pump.start()
    wait_for(lambda: pump.deltas == 1)
    pump.take()
    time.sleep(0.05)
    clock.now += 3.0
    more.set()
    wait_for(lambda: pump.ended)
    assert pump.take() == ("b", 103.0)

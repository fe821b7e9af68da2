"""Pump: reading in a thread, with back-pressure, stopped from outside."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from streaming.pump import Pump


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
        self._aborted.wait(10)
        raise ConnectionError("shut down")

    def abort(self) -> None:
        self._aborted.set()

    def close(self) -> None:
        self.closed_by = threading.current_thread().name


def drain(pump: Pump) -> str:
    text = ""
    while not pump.ended:
        pump.wait(1.0, for_delta=True)
        text += "".join(pump.take())
    return text + "".join(pump.take())


def test_deltas_arrive_in_order_and_empty_ones_are_dropped() -> None:
    pump = Pump(lambda: iter(["a", "", None, "b", "c"]), buffer_chars=100)
    pump.start()
    assert drain(pump) == "abc"
    assert (pump.deltas, pump.error) == (3, None)


def test_a_source_that_fails_ends_the_pump_with_its_error() -> None:
    def source() -> Iterator[str]:
        yield "a"
        raise ValueError("broken")

    pump = Pump(source, buffer_chars=100)
    pump.start()
    assert drain(pump) == "a"
    assert isinstance(pump.error, ValueError)


def test_a_request_that_fails_ends_the_pump_with_its_error() -> None:
    def refuse() -> Iterator[str]:
        raise PermissionError

    pump = Pump(refuse, buffer_chars=100)
    pump.start()
    assert drain(pump) == ""
    assert isinstance(pump.error, PermissionError)


def test_stopping_ends_a_blocked_read_and_closes_the_source_in_the_reading_thread() -> None:
    source = Blocking("a")
    pump = Pump(lambda: source, buffer_chars=100)
    pump.start()
    pump.wait(1.0, for_delta=True)
    pump.stop()
    pump.join(5.0)
    assert pump.ended
    assert source.closed_by == "stream-pump"


def test_stopping_while_the_request_is_on_its_way_closes_the_answer_unread() -> None:
    asked, answered = threading.Event(), threading.Event()
    source = Blocking("never read")

    def slow_request() -> Blocking:
        asked.set()
        answered.wait(5)
        return source

    pump = Pump(slow_request, buffer_chars=100)
    pump.start()
    asked.wait(5)
    pump.stop()
    answered.set()
    pump.join(5.0)
    assert (pump.take(), source.closed_by) == ([], "stream-pump")


def test_a_reader_that_does_not_read_holds_the_source_up_at_the_buffer_limit() -> None:
    given: list[str] = []
    full = threading.Event()

    def endless() -> Iterator[str]:
        while True:
            given.append("x" * 10)
            if len(given) == 11:
                full.set()
            yield given[-1]

    pump = Pump(endless, buffer_chars=100)
    pump.start()
    assert full.wait(5)
    waiting = "".join(pump.take())
    pump.stop()
    pump.join(5.0)
    assert len(waiting) == 100

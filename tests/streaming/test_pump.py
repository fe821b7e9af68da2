"""Pump: reading in a thread, with back-pressure, stopped from outside."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from streaming.deltas import Part, ToolCall, join
from streaming.pump import Pump
from tests.streaming.asking import wait_for
from tests.streaming.fakes import Blocking, pump_of


def drain(pump: Pump) -> str:
    text = ""
    while not pump.ended:
        pump.wait(30.0, for_delta=True)
        text += taken(pump)
    return text + taken(pump)


def taken(pump: Pump) -> str:
    return "".join(part for part in pump.take()[0] if isinstance(part, str))


def test_deltas_arrive_in_order_and_empty_ones_are_dropped() -> None:
    pump = pump_of(iter(["a", "", None, "b", "c"]))
    pump.start()
    assert drain(pump) == "abc"
    assert (pump.deltas, pump.error) == (3, None)


def test_an_empty_delta_is_a_sign_of_life_and_no_delta() -> None:
    # The first look is for the deadline.
    times = iter(range(-1, 100))
    pump = pump_of(iter(["a", "b", "", ""]), clock=lambda: float(next(times)))
    pump.start()
    assert drain(pump) == "ab"
    assert (pump.deltas, pump.first_arrival, pump.last_arrival) == (2, 0.0, 3.0)


def test_a_source_that_fails_ends_the_pump_with_its_error() -> None:
    def source() -> Iterator[str]:
        yield "a"
        raise ValueError("broken")

    pump = pump_of(source())
    pump.start()
    assert drain(pump) == "a"
    assert isinstance(pump.error, ValueError)


def test_a_request_that_fails_ends_the_pump_with_its_error() -> None:
    class Refused:
        def __iter__(self) -> Iterator[str]:
            raise PermissionError

    pump = pump_of(Refused())
    pump.start()
    assert drain(pump) == ""
    assert isinstance(pump.error, PermissionError)


def test_a_stream_may_be_dropped_while_its_own_thread_holds_the_lock() -> None:
    def collected() -> None:
        # The collector may come by wherever the thread is.
        with pump._changed:
            pump.stop()

    pump = pump_of(Blocking("a"))
    thread = threading.Thread(target=collected, daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()


def test_events_give_back_the_room_that_they_took() -> None:
    pieces = [ToolCall("1", "f", "x" * 20) for _ in range(100)]
    pump = pump_of(iter(pieces), buffer_chars=200)
    pump.start()
    came: list[Part] = []
    while not pump.ended:
        pump.wait(5.0, for_delta=True)
        came += pump.take()[0]
        pump.keep(0)
    came += pump.take()[0]
    assert join(came) == (ToolCall("1", "f", "x" * 2_000),)


def test_stopping_ends_a_blocked_read_and_closes_the_source_in_the_reading_thread() -> None:
    source = Blocking("a")
    pump = pump_of(source)
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
    pump = pump_of(source)
    pump.start()
    asked.wait(30)
    pump.stop()
    answered.set()
    pump.join(30)
    assert (taken(pump), source.closed_by) == ("", "stream-pump")


def test_joining_waits_for_the_thread_that_reads() -> None:
    source = Blocking("a", "b")
    pump = pump_of(source)
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

    pump = pump_of(endless())
    pump.start()
    assert full.wait(30)
    waiting = taken(pump)
    # Taken is not shown: until keep() says so, there is no room for more.
    pump.wait(0.05, for_delta=True)
    assert (len(waiting), taken(pump)) == (100, "")
    pump.keep(95)
    pump.wait(30.0, for_delta=True)
    more = taken(pump)
    pump.stop()
    pump.join(30)
    assert more == "x" * 10


@pytest.mark.parametrize("buffered", [True, False])
def test_a_source_with_a_buffer_is_not_read_until_its_reader_looks_again(buffered: bool) -> None:
    announced, asked, read_again = (threading.Event() for _ in range(3))

    class Socket(Blocking):
        def __init__(self) -> None:
            super().__init__("a", "b")
            self.buffered = buffered

        def __next__(self) -> str:
            asked.set()
            assert announced.wait(30)
            delta = super().__next__()
            if delta == "b":
                read_again.set()
            return delta

    def clock() -> float:
        if asked.is_set():
            announced.set()
        return 0.0

    pump = pump_of(Socket(), clock=clock)
    pump.start()
    assert asked.wait(30)
    reader = threading.Thread(target=pump.wait, args=(30.0,), kwargs={"for_delta": False})
    reader.start()
    if buffered:
        wait_for(lambda: pump.deltas == 1)
        assert not read_again.is_set()
    else:
        assert read_again.wait(30)
    pump.stop()
    pump.join(30)
    reader.join(30)
    assert pump.ended


def test_the_end_of_the_call_is_told_with_all_text_although_nobody_reads() -> None:
    told: list[tuple[str, str]] = []

    def source() -> Iterator[str]:
        yield "a"
        yield "b"
        raise ValueError

    pump = pump_of(source(), on_end=lambda *end: told.append(end))
    pump.start()
    pump.join(5)
    assert told == [("ab", "failed")]
    assert taken(pump) == "ab"
    assert pump.received == "ab"


def test_a_call_that_its_reader_ends_was_stopped() -> None:
    told: list[tuple[str, str]] = []
    pump = pump_of(Blocking("a"), on_end=lambda *end: told.append(end))
    pump.start()
    wait_for(lambda: pump.deltas == 1)
    pump.stop()
    pump.join(5)
    assert told == [("a", "stopped")]


def test_a_call_that_was_never_made_is_over_when_it_is_stopped() -> None:
    told: list[tuple[str, str]] = []
    pump = pump_of(Blocking("a"), on_end=lambda *end: told.append(end))
    pump.stop()
    pump.stop()
    pump.start()
    assert told == [("", "stopped")]
    assert pump.deltas == 0


@pytest.mark.parametrize("error", [None, ValueError()])
def test_a_source_that_cannot_be_closed_has_failed_unless_it_had_before(
    error: Exception | None,
) -> None:
    class Stuck(Blocking):
        def __next__(self) -> str:
            if self._deltas:
                return super().__next__()
            raise error or StopIteration

        def close(self) -> None:
            raise OSError

    pump = pump_of(Stuck("a"))
    pump.start()
    pump.join(5)
    assert isinstance(pump.error, type(error or OSError()))


def test_where_no_thread_can_be_started_the_call_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    told: list[tuple[str, str]] = []
    pump = pump_of(Blocking("a"), on_end=lambda *end: told.append(end))
    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(RuntimeError):
        pump.start()
    assert told == [("", "stopped")]

"""Streams that are read side by side: into which record, and what is left when they are ended."""

from __future__ import annotations

import threading

import pytest

from course.lab import streams as module
from course.lab.streams import Reading, reading_together
from streaming import Pace, SimulatedStrategy, stream
from tests.course.lab_making import make_lane
from tests.streaming.fakes import REQUEST, make_stream


def read(**given: object) -> Reading:
    made, _, clock = make_stream(pace=Pace.off(), **given)  # type: ignore[arg-type]
    go = threading.Event()
    reading = Reading("direct", made, go, clock)
    reading.start()
    go.set()
    reading.join()
    return reading


def test_each_piece_is_marked_with_its_time_and_how_much_there_is() -> None:
    lane = read(arrivals=((0.4, "Hello "), (0.5, "there."))).lane()
    assert lane.text == "Hello there."
    assert [characters for _, characters in lane.marks] == [5, 11, 12]
    assert [at for at, _ in lane.marks] == pytest.approx([0.4, 0.5, 0.5], abs=0.01)
    assert (lane.ended, lane.status, lane.code) == (True, "complete", None)


def test_an_error_stays_in_the_lane_with_the_text_that_came() -> None:
    lane = read(arrivals=((0.1, "Hello there"),), error=ConnectionResetError()).lane()
    assert lane.status == "failed"
    assert lane.code is not None
    assert lane.text == "Hello there"


def test_the_record_is_bounded_and_the_text_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_MARKS", 3)
    lane = read(arrivals=[(number / 10, "ab") for number in range(10)]).lane()
    assert len(lane.marks) == 3
    assert lane.text == "ab" * 10


def test_the_answer_of_method_2_existed_when_its_first_slice_came() -> None:
    custom = make_lane("custom", time_to_first_delta=3.0, total=9.0, pacing_added=0.0)
    assert custom.answer_existed == 3.0
    assert make_lane("ours", total=5.0, pacing_added=0.5).answer_existed == 4.5
    assert make_lane("custom", time_to_first_delta=3.0, status="cancelled").answer_existed is None


def test_gaps_are_between_pieces_and_not_before_the_first() -> None:
    assert make_lane(marks=((2.0, 1), (2.5, 2), (2.5, 3))).gaps == (0.5, 0.0)
    assert make_lane(marks=((2.0, 1),)).gaps == ()


def test_leaving_ends_every_stream_and_its_thread() -> None:
    waits = threading.Event()

    def answer(_: object) -> list[str]:
        waits.wait(10)
        return ["too late"]

    streams = [stream(SimulatedStrategy(answer), REQUEST) for _ in range(2)]
    before = set(threading.enumerate())
    with (
        pytest.raises(KeyboardInterrupt),
        reading_together([("custom", each) for each in streams]) as readings,
    ):
        assert len([thread for thread in threading.enumerate() if "lab-" in thread.name]) == 2
        raise KeyboardInterrupt
    assert all(reading.lane().status == "cancelled" for reading in readings)
    assert not [each for each in set(threading.enumerate()) - before if "lab-" in each.name]
    waits.set()

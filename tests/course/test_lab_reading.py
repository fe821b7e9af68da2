"""Streams that are read side by side: into which record, and what is left when they are ended."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from course.lab import streams as module
from course.lab.streams import Reading, Readings, Way
from streaming import CompletionRequest, Pace, SimulatedStrategy, Strategy
from tests.course.lab_making import make_lane
from tests.local_cortex.cortex_engines import eventually
from tests.streaming.fakes import REQUEST, make_stream

if TYPE_CHECKING:
    from connection import Connection

# Only a hang takes as long.
SECONDS = 30.0


def read(**given: object) -> Reading:
    made, _, clock = make_stream(pace=Pace.off(), **given)  # type: ignore[arg-type]
    reading = Reading("direct", made, clock)
    reading.start()
    reading.join()
    return reading


def test_each_piece_is_marked_with_its_time_and_how_much_there_is() -> None:
    lane = read(arrivals=((0.4, "Hello "), (0.5, "there."))).lane()
    assert lane.text == "Hello there."
    assert [lane.marks[0][1], lane.marks[-1][1]] == [5, 12]
    assert [lane.marks[0][0], lane.marks[-1][0]] == pytest.approx([0.4, 0.5], abs=0.01)
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


def test_all_begin_together_and_stopping_ends_every_stream_and_its_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits, asked = threading.Event(), threading.Semaphore(0)

    def answer(_: object) -> list[str]:
        asked.release()
        waits.wait(SECONDS)
        return ["too late"]

    def ask(_: object, requests: Sequence[CompletionRequest]) -> object:
        return SimpleNamespace(requests=requests, wait=lambda _: None, over=over)

    def over(number: int, text: str, end: str, *, live: bool) -> None:
        counted.append((number, text, end, live))

    counted: list[tuple[int, str, str, bool]] = []
    monkeypatch.setattr("course.limits.ask", ask)
    ways: list[tuple[Way, Strategy, Pace]] = [
        ("custom", SimulatedStrategy(answer), Pace.off()) for _ in range(2)
    ]
    before = set(threading.enumerate())
    job = Readings(cast("Connection", None), REQUEST, ways)
    job.start()
    assert all(asked.acquire(timeout=SECONDS) for _ in range(2))
    job.cancel()
    assert job.join(SECONDS)
    assert [lane.status for lane in job.lanes] == ["cancelled", "cancelled"]
    assert not [each for each in set(threading.enumerate()) - before if "lab-custom" in each.name]
    waits.set()
    assert eventually(lambda: sorted(counted) == [(n, "", "stopped", False) for n in (0, 1)])

"""What a stretch of a script is charged with."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from course.lab import cost as module
from course.lab.cost import GAP_SECONDS, SLICE, Meter, Slices, metered
from tests.streaming.fakes import FakeClock


def message(text: str) -> ForwardMsg:
    made = ForwardMsg()
    made.delta.new_element.markdown.body = text
    return made


def test_messages_are_counted_and_still_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[ForwardMsg] = []
    context = SimpleNamespace(_enqueue=sent.append)
    monkeypatch.setattr(module, "get_script_run_ctx", lambda **_: context)
    both = [message("a"), message("a long text")]
    meter = Meter()
    for each in both:
        with metered(meter):
            context._enqueue(each)
    context._enqueue(message("later"))
    assert (meter.messages, meter.sent) == (2, sum(each.ByteSize() for each in both))
    assert len(sent) == 3


def test_an_error_leaves_the_script_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[ForwardMsg] = []
    send = sent.append
    context = SimpleNamespace(_enqueue=send)
    monkeypatch.setattr(module, "get_script_run_ctx", lambda **_: context)
    with pytest.raises(KeyboardInterrupt), metered(Meter()):
        raise KeyboardInterrupt
    assert context._enqueue is send


@pytest.mark.parametrize("context", [None, SimpleNamespace()], ids=["no script", "no such field"])
def test_where_streamlit_hides_it_only_cpu_time_is_measured(
    monkeypatch: pytest.MonkeyPatch, context: object
) -> None:
    monkeypatch.setattr(module, "get_script_run_ctx", lambda **_: context)
    cpu, meter = iter([1.0, 1.25, 4.0, 4.5]), Meter()
    for _ in range(2):
        with metered(meter, cpu=lambda: next(cpu)):
            pass
    assert (meter.sent, meter.messages) == (None, None)
    assert meter.cpu == 0.75


def test_slices_come_at_their_times_and_a_late_reader_catches_up() -> None:
    clock = FakeClock()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.now += seconds

    slices = Slices("x" * (3 * SLICE + 1), sleep=sleep, clock=clock).open()
    assert len(next(slices)) == SLICE
    clock.now += 2.5 * GAP_SECONDS
    assert [len(each) for each in slices] == [SLICE, SLICE, 1]
    assert slept == pytest.approx([0.0, 0.0, 0.0, 0.5 * GAP_SECONDS])


def test_slices_go_on_after_so_many_characters_by_the_same_clock() -> None:
    clock, slept = FakeClock(), list[float]()
    slices = Slices("x" * (3 * SLICE + 1), sleep=slept.append, clock=clock)
    assert len(next(slices.after(0))) == SLICE
    clock.now += 1.5 * GAP_SECONDS
    assert [len(each) for each in slices.after(SLICE)] == [SLICE, SLICE, 1]
    assert slept == pytest.approx([0.0, 0.0, 0.5 * GAP_SECONDS, 1.5 * GAP_SECONDS])

"""TextStream: one answer, its limits, its end."""

from __future__ import annotations

import contextlib
import gc
import threading
import traceback
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming import (
    CompletionRequest,
    Limits,
    Pace,
    SimulatedStrategy,
    StreamError,
    StreamInterrupted,
    StreamTimeout,
    StreamUnavailable,
)
from streaming import stream as start
from tests.streaming.asking import wait_for
from tests.streaming.fakes import REQUEST, evenly, make_stream

LONG = "Streaming shows each word as soon as it is known. " * 40


def test_pieces_joined_are_the_deltas_joined() -> None:
    stream, _, _ = make_stream(evenly(LONG))
    assert "".join(stream) == LONG
    assert stream.text == LONG
    assert stream.status == "complete"


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=30))
def test_no_text_is_lost_or_added_whatever_the_deltas(deltas: list[str]) -> None:
    stream, _, _ = make_stream([(0.1 * index, delta) for index, delta in enumerate(deltas)])
    assert "".join(stream) == "".join(deltas).encode("utf-16", "surrogatepass").decode(
        "utf-16", "replace"
    )


def test_nothing_is_asked_before_the_first_next() -> None:
    stream, reader, _ = make_stream()
    iter(stream)
    iter(stream)
    assert (stream.status, reader.started) == ("new", 0)


def test_started_early_it_is_asked_once_and_its_clock_runs_from_then() -> None:
    stream, reader, clock = make_stream(evenly(LONG, first=0.4))
    stream.start()
    assert (stream.status, reader.started) == ("running", 1)
    clock.now += 0.3
    stream.start()
    next(stream)
    assert reader.started == 1
    assert stream.metrics.time_to_first_text == pytest.approx(0.4, abs=0.001)


def test_what_was_cancelled_is_not_started() -> None:
    stream, reader, _ = make_stream()
    stream.cancel()
    stream.start()
    assert (stream.status, reader.started) == ("cancelled", 0)


class Noting:
    """A strategy that notes what it is asked."""

    name, live = "noting", True

    def __init__(self) -> None:
        self.asked: list[CompletionRequest] = []

    def open(self, request: CompletionRequest) -> Iterator[str]:
        self.asked.append(request)
        yield "Hello."


def test_iterating_twice_asks_once() -> None:
    stream, reader, _ = make_stream()
    first = "".join(iter(stream))
    assert "".join(iter(stream)) == ""
    assert (first, reader.started) == ("Hello there.", 1)


def test_the_first_text_is_shown_the_moment_it_arrives() -> None:
    stream, _, clock = make_stream(evenly(LONG, first=0.4))
    begin = clock.now
    next(stream)
    assert clock.now - begin == pytest.approx(0.4, abs=0.001)
    assert stream.metrics.time_to_first_text == pytest.approx(0.4, abs=0.001)


def test_text_is_at_most_a_lag_behind_a_steady_model() -> None:
    pace = Pace()
    stream, _, clock = make_stream(evenly(LONG, size=4, gap=0.025, first=0.0), pace=pace)
    begin = clock.now
    shown = 0
    for piece in stream:
        shown += len(piece)
        arrived_for_sure = int((clock.now - begin - pace.lag - pace.tick) / 0.025) * 4
        assert shown >= min(arrived_for_sure, len(LONG) - 4) - 4
        if stream.metrics.total is not None:
            break


@pytest.mark.parametrize("length", [1_000, 4_000, 16_000, 64_000])
def test_an_answer_that_comes_at_once_is_shown_within_half_a_second(length: int) -> None:
    stream, _, clock = make_stream([(0.0, "x" * length)])
    begin = clock.now
    assert sum(len(piece) for piece in stream) == length
    assert clock.now - begin <= 0.5


def test_pieces_come_at_most_once_a_tick() -> None:
    stream, _, clock = make_stream(evenly(LONG, size=2, gap=0.005))
    times = []
    for _ in stream:
        times.append(clock.now)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert min(gaps) >= Pace().tick - 1e-9


def test_the_first_word_waits_for_no_tick_after_a_mark_that_shows_nothing() -> None:
    stream, _, clock = make_stream([(0.4, "## "), (0.41, "Word"), (0.42, "s and more")])
    begin = clock.now
    times = [(piece, round(clock.now - begin, 3)) for piece in stream]
    assert [time for piece, time in times if "W" in piece] == [0.41]
    assert times[-1][1] >= 0.41 + Pace().tick


def test_silence_before_the_first_text_ends_at_the_first_chunk_limit() -> None:
    stream, reader, clock = make_stream([], silent=True, limits=Limits(first_chunk=0.5))
    begin = clock.now
    with pytest.raises(StreamTimeout) as caught:
        next(stream)
    assert clock.now - begin == pytest.approx(0.5, abs=0.001)
    assert (caught.value.code, caught.value.partial) == ("first_chunk", "")
    assert (stream.status, reader.stopped) == ("timeout", True)


def test_a_model_that_thinks_is_alive_for_as_long_as_it_shows_it() -> None:
    thoughts = [(0.4 * n, "") for n in range(1, 11)]
    limits = Limits(first_chunk=0.5)
    stream, _, clock = make_stream([*thoughts, (4.3, "At last.")], limits=limits)
    begin = clock.now
    assert stream.result().text == "At last."
    assert clock.now - begin > 4.0


def test_a_model_that_has_stopped_thinking_has_the_first_chunk_limit_from_then_on() -> None:
    limits = Limits(first_chunk=0.5)
    stream, _, clock = make_stream([(0.4, "")], silent=True, limits=limits)
    begin = clock.now
    error = stream.result().error
    assert error is not None
    assert error.code == "first_chunk"
    assert clock.now - begin == pytest.approx(0.9, abs=0.01)


def test_thinking_that_never_ends_is_ended_at_the_total_limit() -> None:
    thoughts = [(0.4 * n, "") for n in range(1, 100)]
    stream, _, clock = make_stream(thoughts, silent=True, limits=Limits(first_chunk=1, total=5))
    begin = clock.now
    error = stream.result().error
    assert error is not None
    assert error.code == "total"
    assert clock.now - begin == pytest.approx(5, abs=0.01)


def test_a_stream_shows_that_the_model_thinks_until_its_first_text() -> None:
    stream, _, _ = make_stream([(0.2, ""), (0.5, ""), (0.9, "Text."), (1.5, " More.")])
    seen: list[bool] = []
    stream.on_idle = lambda: seen.append(stream.thinking)
    assert not stream.thinking
    next(stream)
    assert (any(seen), stream.thinking) == (True, False)
    seen.clear()
    list(stream)
    assert not any(seen)


def test_silence_in_the_middle_ends_at_the_idle_limit_and_keeps_the_text() -> None:
    stream, _, clock = make_stream([(0.1, "half an ans")], silent=True, limits=Limits(idle=0.5))
    begin = clock.now
    pieces = []
    with pytest.raises(StreamTimeout) as caught:
        for piece in stream:
            pieces.append(piece)
    assert clock.now - begin == pytest.approx(0.6, abs=0.01)
    assert caught.value.code == "idle"
    assert "".join(pieces) == stream.text == caught.value.partial == "half an ans"


def test_a_model_that_never_ends_is_ended_at_the_total_limit() -> None:
    endless = [(0.1 * index, "word ") for index in range(1_000)]
    stream, _, clock = make_stream(endless, limits=Limits(total=3.0))
    begin = clock.now
    with pytest.raises(StreamTimeout) as caught:
        list(stream)
    assert clock.now - begin == pytest.approx(3.0, abs=0.06)
    assert caught.value.code == "total"


def test_an_error_before_the_first_text_means_unavailable() -> None:
    stream, _, _ = make_stream([], error=ConnectionError("no"))
    with pytest.raises(StreamUnavailable) as caught:
        next(stream)
    assert caught.value.code == "connection"
    assert isinstance(caught.value.__cause__, ConnectionError)


def test_an_error_after_text_keeps_all_of_it_and_is_raised_after_its_last_piece() -> None:
    stream, _, _ = make_stream([(0.1, "kept to the last letter")], error=ConnectionError("no"))
    pieces = []
    with pytest.raises(StreamInterrupted) as caught:
        for piece in stream:
            pieces.append(piece)
    assert "".join(pieces) == caught.value.partial == "kept to the last letter"
    assert stream.status == "failed"


def test_an_error_holds_nothing_of_the_text_it_was_made_from() -> None:
    secret = ConnectionError("https://ACCOUNT.example/?token=SECRET")
    stream, _, _ = make_stream([], error=secret)
    error = stream.result().error
    assert error is not None
    assert "SECRET" not in f"{error}{error!r}"
    assert "ACCOUNT" not in f"{error}{error!r}"


def test_result_reads_the_rest_and_does_not_raise() -> None:
    stream, _, _ = make_stream([(0.1, "some text")], error=TimeoutError())
    result = stream.result()
    assert (result.text, result.status) == ("some text", "failed")
    assert isinstance(result.error, StreamError)
    assert result.error.code == "client_timeout"


def test_a_cancelled_stream_ends_without_an_error_and_keeps_its_text() -> None:
    stream, reader, _ = make_stream(evenly(LONG))
    shown = next(stream)
    stream.cancel()
    stream.cancel()
    assert list(stream) == []
    assert (stream.text, stream.status, stream.error) == (shown, "cancelled", None)
    assert reader.stopped


def test_leaving_the_with_block_stops_the_source() -> None:
    stream, reader, _ = make_stream(evenly(LONG))
    with stream:
        next(stream)
    assert (reader.stopped, stream.status) == (True, "cancelled")


def test_closing_a_finished_stream_leaves_it_complete() -> None:
    stream, _, _ = make_stream()
    list(stream)
    stream.close()
    assert stream.status == "complete"


def test_what_on_idle_raises_ends_the_iteration() -> None:
    stream, _, _ = make_stream([], silent=True)

    def leave() -> None:
        raise KeyboardInterrupt

    stream.on_idle = leave
    with pytest.raises(KeyboardInterrupt):
        next(stream)


def test_on_idle_is_called_at_least_every_tenth_of_a_second() -> None:
    stream, _, clock = make_stream([(2.0, "late")], limits=Limits())
    calls: list[float] = []
    stream.on_idle = lambda: calls.append(clock.now)
    next(stream)
    assert max(later - earlier for earlier, later in pairwise(calls)) <= 0.1001


def test_metrics_count_deltas_pieces_and_characters() -> None:
    stream, _, _ = make_stream([(0.4, "ab"), (0.9, "cd"), (1.4, "ef")], pace=Pace.off())
    pieces = list(stream)
    metrics = stream.metrics
    assert (metrics.deltas, metrics.pieces, metrics.characters) == (3, len(pieces), 6)
    assert metrics.time_to_first_delta == pytest.approx(0.4, abs=0.001)
    assert metrics.total == pytest.approx(1.4, abs=0.001)


def test_a_typewriter_writes_at_its_speed() -> None:
    stream, _, clock = make_stream([(0.0, "x" * 100)], pace=Pace.typewriter(100))
    begin = clock.now
    list(stream)
    assert clock.now - begin == pytest.approx(1.0, abs=0.06)


def test_a_cancelled_stream_stays_cancelled_whatever_comes_after() -> None:
    stream, _, _ = make_stream([(0.1, "text")])
    next(stream)
    stream.cancel()
    total = stream.metrics.total
    list(stream)
    stream.close()
    assert (stream.status, stream.metrics.total) == ("cancelled", total)
    assert total is not None


def test_a_slow_pace_leaves_the_waiting_text_with_the_source() -> None:
    deltas = [(0.001 * index, "x" * 10) for index in range(1_000)]
    limits = Limits(buffer_chars=100)
    stream, reader, _ = make_stream(deltas, pace=Pace.typewriter(100), limits=limits)
    shown = sum(len(next(stream)) for _ in range(10))
    taken = reader.deltas * 10
    # What one look brings is bounded by the pump's own buffer, which a scripted reader has not.
    assert taken - shown < 1_000
    assert "".join(stream) == "x" * (10_000 - shown)


def test_a_stream_that_is_dropped_half_way_stops_its_source() -> None:
    stream, reader, _ = make_stream(evenly(LONG))
    next(stream)
    del stream
    gc.collect()
    assert reader.stopped


def test_an_error_that_is_raised_again_and_again_does_not_grow() -> None:
    stream, _, _ = make_stream([], error=ConnectionError())
    depths = set()
    for _ in range(5):
        with pytest.raises(StreamUnavailable) as caught:
            next(stream)
        depths.add(len(traceback.extract_tb(caught.value.__traceback__)))
    assert len(depths) == 1


def test_a_strategy_that_is_not_live_has_until_the_total_limit_for_its_first_text() -> None:
    slow = SimulatedStrategy(lambda _: "the whole answer", delay=0.0)
    answer = start(slow, REQUEST, limits=Limits(first_chunk=0.0, total=60.0))
    assert answer.result().text == "the whole answer"


@pytest.mark.parametrize(
    ("reason", "status"), [("stop", "complete"), ("length", "complete"), (None, "unknown_end")]
)
def test_an_end_is_called_complete_only_where_the_service_says_why(
    reason: str | None, status: str
) -> None:
    stream, _, _ = make_stream(finish_reason=reason)
    result = stream.result()
    assert (result.status, result.finish_reason) == (status, reason)


def test_an_error_is_never_complete_whatever_the_service_said_before() -> None:
    stream, _, _ = make_stream(error=ConnectionError())
    assert stream.result().status == "failed"


TRACES = {
    "steady": [(0.005 * index, "four") for index in range(400)],
    "bursts": [(0.5 * (index // 50), "word ") for index in range(400)],
    "blob": [(0.0, "x" * 64_000)],
    "a burst after silence": [(0.0, "a"), (3.0, "x" * 5_000), (3.01, "y" * 5_000)],
}


@pytest.mark.parametrize("trace", TRACES.values(), ids=TRACES.keys())
def test_no_text_is_shown_more_than_a_quarter_of_a_second_late(
    trace: list[tuple[float, str]],
) -> None:
    stream, _, clock = make_stream(trace)
    begin, shown = clock.now, 0
    due = [(begin + at, len(delta)) for at, delta in trace]
    for piece in stream:
        late = sum(length for at, length in due if clock.now - at > 0.25)
        # One cluster is held back until it is known to be whole.
        assert shown >= late - 1
        shown += len(piece)
    assert clock.now - due[-1][0] <= 0.25


@given(
    st.lists(st.tuples(st.floats(0.0, 0.4), st.integers(1, 300)), min_size=1, max_size=40),
    st.sampled_from([None, 120.0]),
)
def test_pieces_keep_the_tick_and_the_lag_for_any_arrivals(
    steps: list[tuple[float, int]], speed: float | None
) -> None:
    at, trace = 0.0, []
    for gap, length in steps:
        at += gap
        trace.append((at, "x" * length))
    stream, _, clock = make_stream(trace, pace=Pace(speed=speed))
    times = [clock.now for _ in stream]
    assert all(later - earlier >= Pace().tick - 1e-9 for earlier, later in pairwise(times))
    if speed is None:
        assert clock.now - 100.0 - at <= 0.25


@given(st.floats(0.1, 5.0), st.lists(st.floats(0.0, 1.0), max_size=20))
def test_time_never_runs_past_a_limit(limit: float, gaps: list[float]) -> None:
    at, trace = 0.0, []
    for gap in gaps:
        at += gap
        trace.append((at, "some text. "))
    limits = Limits(first_chunk=limit, idle=limit, total=limit)
    stream, _, clock = make_stream(trace, silent=True, limits=limits)
    result = stream.result()
    assert result.status == "timeout"
    assert clock.now - 100.0 <= limit + 1e-5


def test_metrics_tell_what_the_pace_added() -> None:
    stream, _, _ = make_stream([(0.4, "a" * 100), (0.5, "b" * 100), (2.5, "c" * 100)])
    metrics = stream.result().metrics
    assert metrics.pacing_added == pytest.approx(0.2, abs=0.06)


def test_empty_and_missing_deltas_are_not_the_first_text() -> None:
    class Hesitant:
        name, live = "hesitant", True

        def open(self, request: CompletionRequest) -> Iterator[str]:
            yield from ("", None, " ", "text")  # type: ignore[misc]

    result = start(Hesitant(), REQUEST).result()
    assert (result.text, result.metrics.deltas) == (" text", 2)


@pytest.mark.parametrize("pace", [Pace.off(), Pace()])
def test_the_slices_of_a_whole_answer_are_read_without_a_thread(pace: Pace) -> None:
    strategy = SimulatedStrategy(lambda _: LONG, chunk_size=7, delay=0.0)
    with start(strategy, REQUEST, pace=pace) as answer:
        shown = next(answer)
        wait_for(lambda: "stream-pump" not in {thread.name for thread in threading.enumerate()})
        shown += "".join(answer)
    assert shown == answer.text == LONG
    assert answer.metrics.deltas == len(LONG) // 7 + 1


def test_cancelling_in_the_middle_of_the_slices_ends_them() -> None:
    strategy = SimulatedStrategy(lambda _: LONG, chunk_size=5, delay=0.0)
    answer = start(strategy, REQUEST, pace=Pace.off())
    pieces = []
    for piece in answer:
        pieces.append(piece)
        answer.cancel()
    assert pieces == [answer.text]
    assert answer.status == "cancelled"


def test_text_without_spaces_is_shown_from_its_first_delta_on() -> None:
    text = "가나다라" * 1_000
    stream, _, clock = make_stream(evenly(text, size=4, gap=0.005, first=0.4))
    begin = clock.now
    assert next(stream)
    assert clock.now - begin == pytest.approx(0.4, abs=0.001)
    assert stream.result().text == text


def test_a_blob_begins_at_once_and_takes_few_pieces() -> None:
    stream, _, clock = make_stream([(0.0, "단어 " * 7_000)])
    begin, times = clock.now, []
    for _ in stream:
        times.append(clock.now - begin)
    assert times[0] < Pace().tick
    assert (times[-1] <= 0.25, len(times) <= 6) == (True, True)


class Closing:
    """A live source that says when it was closed, and how often."""

    name, live = "closing", True

    def __init__(self) -> None:
        self.closed = 0

    def open(self, request: CompletionRequest) -> Iterator[str]:
        return iter(self)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return "word "

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("raising", [False, True])
def test_leaving_half_way_closes_the_source_once_and_ends_the_thread(raising: bool) -> None:
    source = Closing()
    limits = Limits(buffer_chars=100)
    with contextlib.suppress(RuntimeError), start(source, REQUEST, limits=limits) as answer:
        next(answer)
        next(answer)
        if raising:
            raise RuntimeError
    wait_for(lambda: "stream-pump" not in {thread.name for thread in threading.enumerate()})
    assert source.closed == 1


def test_text_and_figures_can_be_read_from_another_thread_meanwhile() -> None:
    strategy = SimulatedStrategy(lambda _: LONG * 20, chunk_size=3, delay=0.0)
    answer = start(strategy, REQUEST, pace=Pace.off())
    seen: list[int] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            characters = answer.metrics.characters
            seen.append(len(answer.text) - characters)

    watching = threading.Thread(target=look)
    watching.start()
    try:
        assert len("".join(answer)) == len(LONG) * 20
    finally:
        done.set()
        watching.join()
    # The text is read after the figures: there may be more of it, never less.
    assert min(seen) >= 0


def test_an_answer_without_text_has_no_first_delta() -> None:
    answer = start(SimulatedStrategy(lambda _: "", delay=0.0), REQUEST)
    result = answer.result()
    assert (result.text, result.error, result.status) == ("", None, "unknown_end")
    assert result.metrics.time_to_first_delta is None
    assert result.metrics.time_to_first_text is None


def test_a_slow_model_makes_no_tick_longer() -> None:
    pace = Pace(tick=0.125, lag=0.0)
    stream, _, clock = make_stream(evenly("Slowly. " * 8, size=8, gap=2.0), pace=pace)
    seen = [clock.now for _ in stream]
    assert [after - before for before, after in pairwise(seen)][:7] == pytest.approx([2.0] * 7)


def test_an_answer_that_came_whole_is_whole_however_late_its_reader_comes() -> None:
    answer, _, clock = make_stream(limits=Limits(idle=1.0, total=5.0))
    answer.start()
    clock.now += 1_000
    assert answer.result().status == "complete"
    assert answer.text == "Hello there."


def test_a_source_that_waits_for_a_slow_reader_is_not_silent() -> None:
    limits = Limits(idle=0.5, buffer_chars=10)
    pace = Pace.typewriter(10)
    stream, _, clock = make_stream([(0.1, "a" * 100)], silent=True, limits=limits, pace=pace)
    begin = clock.now
    error = stream.result().error
    assert error is not None
    assert error.code == "idle"
    assert clock.now - begin > 2.0


def test_a_limit_ends_a_stream_that_nobody_reads_and_one_that_has_come_is_left_alone() -> None:
    silent, reader, clock = make_stream([(0.0, "Hello")], silent=True, limits=Limits(idle=5.0))
    silent.start()
    reader.take()
    silent.tend()
    assert silent.status == "running"
    clock.now += 10.0
    silent.tend()
    assert (silent.status, reader.stopped) == ("timeout", True)
    whole, _, clock = make_stream(limits=Limits(total=5.0))
    whole.start()
    clock.now += 1_000
    whole.tend()
    assert whole.result().status == "complete"

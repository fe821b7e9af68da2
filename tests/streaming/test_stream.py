"""TextStream: one answer, its limits, its end."""

from __future__ import annotations

import gc
import traceback
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming import (
    Limits,
    Pace,
    SimulatedStrategy,
    StreamError,
    StreamInterrupted,
    StreamTimeout,
    StreamUnavailable,
)
from streaming import stream as start
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


def test_silence_before_the_first_text_ends_at_the_first_chunk_limit() -> None:
    stream, reader, clock = make_stream([], silent=True, limits=Limits(first_chunk=0.5))
    begin = clock.now
    with pytest.raises(StreamTimeout) as caught:
        next(stream)
    assert clock.now - begin == pytest.approx(0.5, abs=0.001)
    assert (caught.value.code, caught.value.partial) == ("first_chunk", "")
    assert (stream.status, reader.stopped) == ("timeout", True)


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


def test_on_idle_is_called_at_least_every_twentieth_of_a_second() -> None:
    stream, _, clock = make_stream([(2.0, "late")], limits=Limits())
    calls: list[float] = []
    stream.on_idle = lambda: calls.append(clock.now)
    next(stream)
    assert max(later - earlier for earlier, later in pairwise(calls)) <= 0.0501


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

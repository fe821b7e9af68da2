"""What is noted of a stream between the socket and its pieces."""

from __future__ import annotations

from collections.abc import Iterator

from course.lab.wire import MOST_EVENTS, Watched, WireRecord, code_points, is_torn, shown, summary
from local_cortex import LocalCortex, Settings
from streaming import CompletionRequest, DirectStrategy, stream
from tests.streaming.fakes import REQUEST, FakeClock

MAN, JOINER, GIRL = "\N{MAN}", "\N{ZERO WIDTH JOINER}", "\N{GIRL}"


def feed(record: WireRecord, clock: FakeClock, *deltas: str) -> None:
    """Have these deltas arrive a second apart, each in two reads of the socket."""
    for delta in deltas:
        clock.now += 1.0
        record.tap(b"data: {")
        record.tap(b"...}\n\n")
        record.delta(delta)


def test_an_event_is_whole_when_its_last_byte_has_come_in_whatever_reads() -> None:
    clock = FakeClock()
    record = WireRecord(clock)
    record.tap(b"data: one")
    clock.now += 2.0
    record.tap(b"\n\ndata: two\n\ndata: thr")
    assert [(step.at, step.event) for step in record.steps([], "")] == [
        (2.0, "data: one"),
        (2.0, "data: two"),
    ]


def test_the_summary_counts_each_piece_that_left() -> None:
    clock = FakeClock()
    record = WireRecord(clock)
    feed(record, clock, "abcd")
    assert "델타 1개로 바뀌어 조각 2개로" in summary(record.steps([(1.1, 2), (1.2, 4)], "abcd"))


def test_a_step_has_what_its_event_became_and_what_had_to_wait() -> None:
    clock = FakeClock()
    record = WireRecord(clock)
    feed(record, clock, "a", MAN, JOINER, GIRL, "b")
    steps = record.steps([(2.1, 1), (5.2, 4)], f"a{MAN}{JOINER}{GIRL}")
    assert [step.delta for step in steps] == ["a", MAN, JOINER, GIRL, "b"]
    assert [step.held for step in steps] == [
        "a",
        MAN,
        MAN + JOINER,
        MAN + JOINER + GIRL,
        "b",
    ]
    assert [is_torn(step.held) for step in steps] == [False, False, True, True, False]
    assert [step.pieces for step in steps] == [
        (),
        ((2.1, "a"),),
        (),
        (),
        ((5.2, MAN + JOINER + GIRL),),
    ]


def test_an_event_without_text_has_no_delta() -> None:
    clock = FakeClock()
    record = WireRecord(clock)
    record.tap(b'data: {"choices": []}\n\n')
    feed(record, clock, "a")
    assert [step.delta for step in record.steps([], "")] == [None, "a"]


def test_no_more_than_so_many_events_are_noted_and_the_last_keeps_its_delta() -> None:
    clock = FakeClock()
    record = WireRecord(clock)
    feed(record, clock, *(str(number % 10) for number in range(MOST_EVENTS + 5)))
    steps = record.steps([], "")
    assert record.full
    assert len(steps) == MOST_EVENTS
    assert steps[-1].delta == str((MOST_EVENTS - 1) % 10)


def test_what_cannot_be_seen_is_named() -> None:
    assert shown("a b\n") == "a␣b⏎"
    assert shown("\ud83d") == "(U+D83D)"
    assert code_points(f"{MAN}{JOINER}") == "U+1F468 U+200D"
    assert is_torn("\ud83d")
    assert not is_torn("\n")


def test_a_watched_strategy_hands_everything_on() -> None:
    class Source:
        name, live = "source", True
        closed = aborted = False

        def open(self, request: CompletionRequest) -> Iterator[str]:
            return self  # type: ignore[return-value]

        def __iter__(self) -> Iterator[str]:
            return iter(["a", "", "b"])

        def close(self) -> None:
            self.closed = True

        def abort(self) -> None:
            self.aborted = True

    source, record = Source(), WireRecord(FakeClock())
    answer = Watched(source, record).open(REQUEST)
    record.tap(b"data: ...\n\n")
    assert list(answer) == ["a", "", "b"]
    assert record.steps([], "")[0].delta == "ab"
    answer.abort()  # type: ignore[attr-defined]
    answer.close()  # type: ignore[attr-defined]
    assert source.closed
    assert source.aborted


def test_the_bytes_of_a_watched_answer_are_noted_and_not_those_of_the_next() -> None:
    record = WireRecord()
    cortex = LocalCortex.start(settings=Settings(first_token=0, tokens_per_second=10_000))
    session = cortex.session()
    source = DirectStrategy(session)
    watched = stream(Watched(source, record), REQUEST).result()
    seen = record.steps([], "")
    assert stream(source, REQUEST).result().text == watched.text
    session.close()
    cortex.close()
    assert seen[0].event.startswith("data: {")
    assert watched.text.startswith("".join(step.delta or "" for step in seen[:3]))
    assert record.steps([], "") == seen


def test_a_retry_forgets_what_came_before() -> None:
    record = WireRecord(FakeClock())
    record.tap(b"data: one\n\ndata: tw")
    record.begin()
    record.tap(b"data: three\n\n")
    assert [event for _, event in record.events] == ["data: three"]

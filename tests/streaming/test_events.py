"""Events: what a strategy gives beside the text, and where it stands in an answer."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Iterator

import pytest

from streaming import (
    Citation,
    CompletionRequest,
    Pace,
    Part,
    Retry,
    SimulatedStrategy,
    StreamResult,
    Thinking,
    ToolCall,
    ToolResult,
    Usage,
    stream,
)
from streaming.deltas import Delta, join
from tests.streaming.asking import wait_for
from tests.streaming.fakes import REQUEST, make_stream, pump_of

CALL = ToolCall("1", "weather", '{"city": "Seoul"}')
ANSWER: tuple[Part, ...] = (
    Thinking("Rain?"),
    "Let me look. ",
    CALL,
    ToolResult("1", "wet"),
    "It rains",
    Citation("Weather", "wet", "doc-1"),
    ".",
    Usage(3, 5),
)


class Attempts:
    """A strategy that gives these deltas, an attempt after the other; errors are raised."""

    name, live = "attempts", True

    def __init__(self, *attempts: list[Delta | Exception]) -> None:
        self._attempts = iter(attempts)
        self.asked = 0

    def open(self, request: CompletionRequest) -> Iterator[Delta]:
        self.asked += 1
        for delta in next(self._attempts):
            if isinstance(delta, Exception):
                raise delta
            yield delta


def answered(*attempts: list[Delta | Exception]) -> StreamResult:
    retry = Retry(attempts=len(attempts), backoff=0.0)
    return stream(Attempts(*attempts), REQUEST, pace=Pace.off(), retry=retry).result()


def test_who_asks_for_text_sees_text_alone() -> None:
    assert "".join(stream(Attempts([*ANSWER]), REQUEST)) == "Let me look. It rains."


def test_the_parts_of_an_answer_are_its_text_and_its_events_in_their_order() -> None:
    result = answered([*ANSWER])
    assert (result.parts, result.usage) == (ANSWER, Usage(3, 5))


def test_an_answer_without_events_is_one_part() -> None:
    assert answered(["one ", "text"]).parts == ("one text",)
    assert answered([]).parts == ()


def test_neighbours_are_joined_and_a_call_is_joined_by_its_id() -> None:
    deltas: list[Part] = [
        *(Thinking("a"), Thinking("b"), "c", "d"),
        *(ToolCall("1", "f", '{"x'), ToolCall("2", "", "{"), ToolCall("1", "", '": 1}')),
        *(ToolCall("2", "g", "}"), Citation("t"), Citation("t"), Thinking("e")),
    ]
    assert join(deltas) == (
        *(Thinking("ab"), "cd", ToolCall("1", "f", '{"x": 1}'), ToolCall("2", "g", "{}")),
        *(Citation("t"), Citation("t"), Thinking("e")),
    )


def test_an_event_is_there_with_the_text_in_front_of_it_and_not_before() -> None:
    text = "one two three four five six seven eight"
    running, _, _ = make_stream([(0.0, text), (0.0, CALL), (0.1, " nine")])
    seen = [running.parts for _ in running]
    for parts in seen:
        handed = "".join(part for part in parts if isinstance(part, str))
        assert (CALL in parts) == (len(handed) >= len(text))
    assert seen[-1] == (text, CALL, " nine")


def test_what_is_thought_can_be_seen_while_no_text_comes() -> None:
    going_on = threading.Event()

    class Thoughtful:
        name, live = "thoughtful", True

        def open(self, request: CompletionRequest) -> Iterator[Delta]:
            yield Thinking("Let me ")
            yield Thinking("see.")
            going_on.wait(30)
            yield "42"

    with stream(Thoughtful(), REQUEST) as running:
        running.start()
        wait_for(lambda: running.parts == (Thinking("Let me see."),))
        assert (running.thinking, running.text) == (True, "")
        going_on.set()
        assert running.result().parts == (Thinking("Let me see."), "42")


def test_a_call_can_be_seen_at_once_with_all_the_text_in_front_of_it() -> None:
    running, _, _ = make_stream([(0.0, "I look"), (0.0, CALL), (60.0, "!")])
    seen: list[tuple[Part, ...]] = []
    running.on_idle = lambda: seen.append(running.parts)
    next(running)
    running.result()
    # The last character waits for no delta that could go on with it.
    assert seen[5] == ("I look", CALL)


def test_an_emoji_in_two_halves_stays_whole_around_an_event() -> None:
    result = answered(["\ud83d", CALL, "\ude00"])
    assert (result.text, result.parts) == ("\N{GRINNING FACE}", (CALL, "\N{GRINNING FACE}"))


def test_thinking_that_fails_is_tried_again_and_replaced() -> None:
    result = answered([Thinking("No."), ConnectionError()], [Thinking("Yes."), "Fine"])
    assert (result.parts, result.error) == ((Thinking("Yes."), "Fine"), None)


@pytest.mark.parametrize("event", [CALL, ToolResult("1", "done"), Citation("t"), "text"])
def test_after_a_tool_call_nothing_is_asked_again(event: Part) -> None:
    strategy = Attempts([event, ConnectionError()], ["never"])
    result = stream(strategy, REQUEST, retry=Retry(attempts=2, backoff=0.0)).result()
    assert (strategy.asked, result.parts) == (1, (event,))
    assert result.error is not None


def test_an_event_is_a_sign_of_life_and_no_text() -> None:
    every = [(float(second), Thinking("hm")) for second in range(1, 100)]
    running, _, _ = make_stream([*every, (100.0, "At last.")])
    result = running.result()
    assert (result.error, result.metrics.time_to_first_delta) == (None, 100.0)
    assert (result.metrics.deltas, result.metrics.characters) == (1, 8)


def test_a_cancelled_answer_keeps_the_events_in_its_text_and_no_others() -> None:
    running, _, _ = make_stream([(0.0, CALL), (0.1, "one two three four five"), (0.1, ANSWER[0])])
    next(running)
    running.cancel()
    assert running.parts == (CALL, running.text)


def test_events_that_nobody_reads_hold_their_source_up_too() -> None:
    given: list[int] = []

    def endless() -> Iterator[Delta]:
        yield "text"
        while True:
            given.append(1)
            yield ToolCall("1", "f", "x" * 100)

    pump = pump_of(endless(), buffer_chars=1_000)
    pump.start()
    wait_for(lambda: len(given) >= 5)
    pump.join(0.05)
    assert len(given) <= 11
    assert [type(part) for part in pump.take()[0]] == [str, ToolCall]
    pump.stop()
    pump.join(30)


def test_a_delta_that_is_neither_text_nor_an_event_is_a_bad_answer() -> None:
    result = answered(["a ", 5])  # type: ignore[list-item]
    assert result.error is not None
    assert (result.error.code, result.text) == ("bad_answer", "a ")


def test_a_simulated_answer_is_the_text_of_what_it_simulates() -> None:
    strategy = SimulatedStrategy(lambda _: [*ANSWER], delay=0.0)
    assert "".join(strategy.open(REQUEST)) == "Let me look. It rains."


def test_parts_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(ANSWER)) == ANSWER

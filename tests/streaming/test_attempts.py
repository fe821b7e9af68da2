"""Attempts: what happens while no text has come, and that it ends with the first text."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from streaming import (
    CompletionRequest,
    Retry,
    StreamInterrupted,
    StreamUnavailable,
    sockets,
    stream,
)
from streaming.attempts import Attempts
from streaming.errors import StreamError
from tests.streaming.fakes import REQUEST, FakeClock


class Source:
    """The deltas of one attempt, then its error if it has one."""

    def __init__(self, deltas: list[str], error: Exception | None) -> None:
        self._deltas = iter(deltas)
        self._error = error
        self.closed = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        for delta in self._deltas:
            return delta
        if self._error is not None:
            raise self._error
        raise StopIteration

    def close(self) -> None:
        self.closed += 1


class Scripted:
    """A strategy whose attempts go as told; an exception is raised by ``open`` itself."""

    live = True

    def __init__(self, *attempts: Source | Exception, name: str = "scripted") -> None:
        self.name = name
        self.attempts = list(attempts)

    def open(self, request: CompletionRequest) -> Iterator[str]:
        attempt = self.attempts.pop(0)
        if isinstance(attempt, Exception):
            raise attempt
        return attempt


def answer(*deltas: str, error: Exception | None = None) -> Source:
    return Source(list(deltas), error)


def busy(retry_after: float | None = None) -> StreamUnavailable:
    return StreamUnavailable("rate_limited", status=429, retry_after=retry_after)


def make(
    *strategies: Scripted, retry: Retry | None = None, total: float = 300.0
) -> tuple[Attempts, list[float]]:
    clock = FakeClock()
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        clock.now += seconds

    attempts = Attempts(
        strategies,
        REQUEST,
        retry or Retry(),
        total,
        clock=clock,
        wait=wait,
        chance=lambda: 0.0,
    )
    return attempts, waits


def test_it_has_asked_and_has_text_when_iter_returns() -> None:
    attempts, _ = make(Scripted(answer("", "text")))
    assert attempts.attempts == 0
    iter(attempts)
    assert attempts.attempts == 1


def test_whether_what_comes_may_wait_is_the_answers_own_to_say() -> None:
    attempts, _ = make(Scripted(answer("a"), name="plain"))
    iter(attempts)
    waits = answer("a")
    waits.buffered = True  # type: ignore[attr-defined]
    others, _ = make(Scripted(waits))
    iter(others)
    assert (attempts.buffered, others.buffered) == (False, True)


def test_what_may_pass_is_asked_again_after_waits_that_double() -> None:
    attempts, waits = make(Scripted(busy(), busy(), answer("at last")))
    assert list(attempts) == ["at last"]
    assert (attempts.attempts, waits) == (3, [0.5, 1.0])


def test_an_attempt_that_cannot_be_closed_is_followed_by_another_all_the_same() -> None:
    class Stuck(Source):
        def close(self) -> None:
            raise OSError

    attempts, _ = make(Scripted(Stuck([], busy()), answer("ok")))
    assert list(attempts) == ["ok"]


def test_what_will_not_pass_is_not_asked_again() -> None:
    attempts, waits = make(Scripted(StreamUnavailable("bad_request", status=400)))
    with pytest.raises(StreamUnavailable, match="bad_request"):
        iter(attempts)
    assert (attempts.attempts, waits) == (1, [])


def test_the_last_attempts_own_error_is_raised() -> None:
    attempts, _ = make(Scripted(busy(), busy(), ConnectionError("the last")))
    with pytest.raises(ConnectionError, match="the last"):
        iter(attempts)
    assert attempts.attempts == 3


def test_the_service_says_how_long_to_wait_at_least() -> None:
    attempts, waits = make(Scripted(busy(retry_after=12.0), answer("ok")))
    assert list(attempts) == ["ok"]
    assert waits == [12.0]


def test_no_wait_passes_the_total_limit() -> None:
    attempts, waits = make(Scripted(busy(retry_after=10.0), answer("too late")), total=10.0)
    with pytest.raises(StreamUnavailable, match="rate_limited"):
        iter(attempts)
    assert waits == []


def test_a_class_that_was_refused_together_does_not_come_back_together() -> None:
    retry = Retry(backoff=1.0)
    assert [retry.delay(1, None, chance) for chance in (0.0, 0.5, 1.0)] == [1.0, 0.75, 0.5]


def test_waits_stop_growing() -> None:
    assert Retry(backoff=1.0, longest=5.0).delay(10, None, 0.0) == 5.0


def test_the_fallback_is_asked_when_the_first_strategy_has_failed() -> None:
    first, second = Scripted(PermissionError()), Scripted(answer("plan B"), name="second")
    attempts, _ = make(first, second)
    assert list(attempts) == ["plan B"]
    assert (attempts.strategy.name, attempts.attempts) == ("second", 2)


def test_empty_deltas_are_not_yet_an_answer() -> None:
    broken = answer("", "", error=ConnectionError())
    attempts, _ = make(Scripted(broken, answer("whole")))
    assert list(attempts) == ["whole"]
    assert broken.closed == 1


def test_after_the_first_text_nothing_is_asked_again() -> None:
    broken = answer("half", error=ConnectionError())
    attempts, waits = make(Scripted(broken, answer("never")), Scripted(answer("never")))
    deltas = iter(attempts)
    assert next(deltas) == "half"
    with pytest.raises(ConnectionError):
        next(deltas)
    attempts.close()
    assert (attempts.attempts, waits, broken.closed) == (1, [], 1)


def test_an_answer_without_text_is_an_answer() -> None:
    attempts, _ = make(Scripted(answer(), answer("never")))
    assert list(attempts) == []
    assert attempts.attempts == 1


def test_closing_half_way_closes_the_source_once() -> None:
    source = answer("one", "two", "three")
    attempts, _ = make(Scripted(source))
    next(iter(attempts))
    attempts.close()
    attempts.close()
    assert source.closed == 1


def test_an_abort_ends_a_wait_for_the_next_attempt() -> None:
    ways = [Scripted(busy(), answer("never")), Scripted(answer("never"))]
    attempts = Attempts(ways, REQUEST, Retry(backoff=60.0), 300.0)
    threading.Timer(0.05, attempts.abort).start()
    with pytest.raises(StreamUnavailable):
        iter(attempts)
    assert attempts.attempts == 1


def test_an_abort_before_the_connection_is_there_ends_the_wait_on_it_as_well() -> None:
    ours, theirs = socket.socketpair()

    class Connecting(Scripted):
        def open(self, request: CompletionRequest) -> Iterator[str]:
            attempts.abort()
            sockets.show(ours)
            ours.settimeout(5.0)  # only a hang takes as long
            assert ours.recv(1) == b""
            return super().open(request)

    attempts, _ = make(Connecting(answer("never")), retry=Retry(attempts=1))
    with ours, theirs:
        assert list(iter(attempts)) == []


def test_a_stream_retries_falls_back_and_says_so_in_its_figures() -> None:
    result = stream(
        Scripted(busy(), busy()),
        REQUEST,
        retry=Retry(attempts=2, backoff=0.0),
        fallback=Scripted(answer("one ", "text"), name="plan B"),
    ).result()
    assert (result.text, result.error) == ("one text", None)
    assert (result.metrics.strategy, result.metrics.attempts) == ("plan B", 3)


def test_a_stream_that_broke_off_keeps_its_text_and_is_not_asked_again() -> None:
    strategy = Scripted(answer("half", error=ConnectionError()), answer("never"))
    result = stream(strategy, REQUEST, fallback=Scripted(answer("never"))).result()
    assert isinstance(result.error, StreamInterrupted)
    assert (result.text, len(strategy.attempts)) == ("half", 1)


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"backoff": -1.0}, {"longest": -1.0}])
def test_a_retry_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Retry(**wrong)  # type: ignore[arg-type]


def test_no_time_at_all_is_a_time_to_wait() -> None:
    assert Retry(backoff=0.0, longest=0.0).delay(1, None, 0.0) == 0.0


def test_only_what_may_pass_is_called_retryable() -> None:
    assert StreamError("rate_limited").retryable
    assert not StreamError("unauthorised").retryable


def test_a_refusal_in_a_stored_procedure_is_asked_again_and_then_falls_back() -> None:
    slip = ValueError("Request failed: rate limited")
    result = stream(
        Scripted(slip, slip),
        REQUEST,
        retry=Retry(attempts=2, backoff=0.0),
        fallback=Scripted(answer("one text"), name="plan B"),
    ).result()
    assert (result.text, result.metrics.strategy, result.metrics.attempts) == (
        "one text",
        "plan B",
        3,
    )


def test_empty_deltas_are_a_sign_of_life_until_the_next_attempt() -> None:
    clock = FakeClock()
    thinking, failed = answer("", ""), answer(error=ValueError("no"))
    attempts = Attempts([Scripted(thinking)], REQUEST, Retry(attempts=1), 60.0, clock=clock)
    assert list(attempts) == []
    assert attempts.last_sign == clock.now
    second = Attempts([Scripted(failed)], REQUEST, Retry(attempts=1), 60.0, clock=clock)
    with pytest.raises(ValueError, match="no"):
        list(second)
    assert second.last_sign is None


def test_what_a_refusal_says_is_read_before_its_attempt_is_closed() -> None:
    class Refusal(Exception):
        def __init__(self, source: Source) -> None:
            self.response = self
            self.status_code = 403
            self._source = source

        def iter_raw(self) -> Iterator[bytes]:
            assert not self._source.closed
            yield b'{"code": "003001"}'

    source = answer()
    source._error = Refusal(source)
    result = stream(Scripted(source), REQUEST).result()
    assert result.error is not None
    assert (result.error.code, source.closed) == ("account_type", 1)

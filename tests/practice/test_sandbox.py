"""A run, from its place in the queue to its end, whoever ends it."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from practice import Event, Refused, RunLimits, SqlError, run
from practice.events import Asked, Delta, Ended, Idle, Preparing, Printed, Queried, Queued, Slept
from practice.sandbox import places as places_module
from practice.sandbox import process
from practice.sandbox.places import (
    LEAST_BYTES,
    STALE_SECONDS,
    Places,
    RunPlace,
)
from practice.sandbox.runtime import Runtime
from streaming import CompletionRequest, StreamError
from tests.practice.programs import (
    SETUP,
    answers,
    children,
    descriptors,
    end,
    heard,
    printed,
    ran,
)

pytestmark = [
    pytest.mark.usefixtures("runtime"),
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]

# What ends or begins at once does so within this, however busy the machine is.
SOON_SECONDS = 20
SLEEP = "import time\nprint()\ntime.sleep(40)"
COMPUTE = "print()\nwhile True: pass"
# It waits, and does not say so.
WAIT = "print()\nimport select\nselect.select([], [], [], 40)"
MEBIBYTE = 1 << 20


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    before = children() | descriptors()
    yield
    if not children() | descriptors() <= before:
        gc.collect()  # a fifth of a second, so not after each test
    # Threads that other tests have left open a file for a moment, too.
    soon(lambda: children() | descriptors() <= before)
    assert children() | descriptors() <= before
    assert [each.name for each in threading.enumerate() if each.name.startswith("practice")] == []


def thorough(*values: object) -> Any:
    """Return the values of a test that `make test` leaves out."""
    return pytest.param(*values, marks=pytest.mark.thorough)


def started(code: str, **options: Any) -> Generator[Event]:
    return run(code, **{"complete": answers, **options})


def until(events: Iterator[Event], kind: type[Event]) -> Event:
    return next(event for event in events if isinstance(event, kind))


def running_worker(events: Iterator[Event]) -> int:
    """Let a program run up to what it prints, and return its worker's number."""
    before = children()
    until(events, Printed)
    (worker,) = children() - before
    return worker


def soon(true: Callable[[], bool]) -> bool:
    """Wait until another thread or process has made something true."""
    deadline = time.monotonic() + SOON_SECONDS
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    return true()


# What a run is made of


def test_a_program_is_told_as_it_goes() -> None:
    code = (
        "import streamlit as st\n" + SETUP + "st.write_stream(Complete('m', 'hi', stream=True))\n"
        "print('done')"
    )
    events = [event for event in ran(code) if not isinstance(event, Idle | Preparing)]
    assert [event.op for event in events] == [
        *("complete", "draw", "next", "piece", "next", "piece", "next", "piece", "next", "shown"),
        *("print", "ended"),
    ]
    assert heard(events) == "Streaming shows words."
    assert all(event.line == 5 for event in events[:-2])
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_what_a_session_is_made_with_adds_up() -> None:
    made = SETUP.replace('.configs({"account": "a", ', '.config("account", "a").configs({')
    assert printed(ran(f"{made}print('made')")) == "made\n"


def test_a_program_may_leave_by_exit_and_quit() -> None:
    events = ran("try:\n    quit()\nexcept SystemExit:\n    print('quit')\nexit()\nprint('more')")
    assert (printed(events), end(events)) == ("quit\n", "end")


def test_of_an_error_deep_in_a_recursion_the_line_that_raised_it_is_told() -> None:
    assert end(ran("def f(n):\n    if n:\n        f(n - 1)\n    1 / n\nf(30)")) == (
        "ZeroDivisionError@4"
    )


def test_a_long_answer_is_no_flood() -> None:
    limits = RunLimits(events=50)
    code = f"{SETUP}print(len(list(Complete('m', 'hi', stream=True))))"
    events = ran(code, lambda _: ["x"] * 500, limits=limits)
    assert printed(events) == "500\n"
    assert end(events) == "end"


def test_an_answer_of_a_megabyte_arrives_whole() -> None:
    code = f"{SETUP}print(len(Complete('m', 'hi')))"
    assert printed(ran(code, lambda _: "글" * MEBIBYTE)) == f"{MEBIBYTE}\n"


def test_an_answer_that_is_not_read_holds_nobody_up() -> None:
    code = f"""{SETUP}
stream = Complete("m", "x", stream=True)
import os, select
os.write(1, b'{{"op":"next","call":0}}\\n')
select.select([], [], [], 40)
"""
    limits = RunLimits(silence=0.5)
    assert end(ran(code, lambda _: "x" * MEBIBYTE, limits=limits)) == "silence"


def test_what_is_printed_without_an_end_is_told_in_pieces() -> None:
    events = ran("for _ in range(10_000): print('x', end='')")
    assert printed(events) == "x" * 10_000
    assert sum(isinstance(event, Printed) for event in events) < 10


def test_statements_get_their_rows_their_errors_and_no_more_than_their_number() -> None:
    def sql(query: str, params: list[Any] | None) -> tuple[list[str], list[list[Any]]]:
        if query == "wrong":
            raise SqlError("no such table", 2003, "01ab")
        if query == "refused":
            raise Refused("statement")
        if query == "broken":
            raise KeyError(query)
        return ["N", "Q"], [[1, params]]

    code = f"""{SETUP}
print(session.sql("ok", params=[7]).collect())
for query in ("wrong", "refused", "broken"):
    try: session.sql(query).collect()
    except Exception as error: print(type(error).__name__, error)
session.sql("ok").collect()
"""
    events = ran(code, sql=sql, limits=RunLimits(calls=4))
    assert printed(events).splitlines() == [
        "[Row(N=1, Q=[7])]",
        "SnowparkSQLException (1304): 01ab: no such table",
        "NotHere statement",
        "SnowparkSQLException (1304): SQL execution internal error",
    ]
    assert end(events) == "no_calls@9"
    # An error without a number has 0.
    told = [(event.value, event.failed) for event in events if isinstance(event, Queried)]
    assert told == [("1", None), ("", 2003), ("", None), ("", 0), ("", None)]


class Http(Exception):
    """An error of requests, as far as streaming looks at it."""

    def __init__(self, status: int) -> None:
        self.response = type("Response", (), {"status_code": status, "headers": {}})


FAILURES: dict[str, tuple[Exception, str]] = {
    "refused-401": (Refused("401"), "HTTPError 401 "),
    "refused-model": (Refused("model", "not that one"), "NotHere not that one"),
    "http-429": (Http(429), "HTTPError 429 "),
    "http-503": (Http(503), "HTTPError 503 "),
    "unavailable": (StreamError("unavailable"), "HTTPError 503 "),
    "rate": (StreamError("rate_limited"), "HTTPError 429 "),
    "first": (StreamError("first_chunk"), "TimeoutError"),
    "total": (StreamError("total"), "TimeoutError"),
    "timeout": (TimeoutError(), "TimeoutError"),
    "connection": (ConnectionError(), "ConnectionError "),
    "cut": (StreamError("cut"), "ChunkedEncodingError "),
    "bad": (StreamError("bad_answer"), "ResponseParseException "),
    "service": (StreamError("service"), "MidStreamException "),
    "bug": (ZeroDivisionError(SETUP), "MidStreamException "),
}


def test_what_the_model_raises_becomes_the_snowflake_clients_error() -> None:
    def failing(request: CompletionRequest) -> Iterator[str]:
        when, _, name = request.model.partition(" ")
        if when == "later":
            return _later(FAILURES[name][0])
        raise FAILURES[name][0]

    def _later(error: Exception) -> Iterator[str]:
        yield "begun"
        raise error

    code = f"""{SETUP}
for when in ("at-once", "later"):
    for name in {list(FAILURES)}:
        try:
            for text in Complete(f"{{when}} {{name}}", "hi", stream=True): assert text == "begun"
        except Exception as error: print(type(error).__name__, error)
"""
    events = ran(code, failing, limits=RunLimits(calls=50))
    told = printed(events).splitlines()
    expected = [text for _, text in FAILURES.values()]
    for line, beginning in zip(told[: len(expected)], expected, strict=True):
        assert line.startswith(beginning)
    # A connection that is lost after the first text has been cut.
    expected[list(FAILURES).index("connection")] = "ChunkedEncodingError "
    for line, beginning in zip(told[len(expected) :], expected, strict=True):
        assert line.startswith(beginning)
    failed = [event.failed for event in events if isinstance(event, Delta) and event.failed]
    # An answer that is cut before its first text had begun: the call itself succeeds.
    assert len(failed) == len(FAILURES) + 1


def test_an_answer_ends_with_the_clients_error_at_its_deadline() -> None:
    code = f"""{SETUP}
import time
pieces = Complete("m", "hi", stream=True, deadline=time.time() + 60)
print(next(pieces))
time.time = lambda: 1e12
try: next(pieces)
except TimeoutError: print("late")
"""
    assert printed(ran(code)) == "Streaming \nlate\n"


# Ended by whoever watches


def test_closing_a_run_that_is_queued_leaves_the_queue() -> None:
    places = Places(1)
    taken = taken_of(places)
    events = started("print(1)", places=places)
    assert isinstance(next(events), Queued)
    events.close()
    taken.end()
    assert is_free(places)


def test_closing_a_run_ends_its_worker_at_once() -> None:
    events = started(COMPUTE, limits=RunLimits(cpu=2 * SOON_SECONDS))
    worker = running_worker(events)
    begun = time.monotonic()
    events.close()
    assert time.monotonic() - begun < SOON_SECONDS
    assert worker not in children()


def test_closing_a_run_that_is_asleep_ends_its_worker_at_once() -> None:
    events = started(SLEEP)
    until(events, Slept)
    begun = time.monotonic()
    events.close()
    assert time.monotonic() - begun < SOON_SECONDS


class Answer:
    """A model's answer that notes whether it has been closed."""

    def __init__(self, text: Callable[[], str]) -> None:
        self.closed = False
        self._text = text

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return self._text()

    def close(self) -> None:
        self.closed = True


ASK = f"{SETUP}for text in Complete('m', 'hi', stream=True): pass"


def test_closing_a_run_that_waits_for_the_model_closes_the_answer() -> None:
    answer = Answer(lambda: "x")
    before = children()
    events = started(ASK, complete=lambda _: answer)
    until(events, Delta)
    assert children() - before
    events.close()
    assert answer.closed
    assert not children() - before


class Left(BaseException):
    """Like Streamlit's, when a page is left."""


def test_a_page_that_is_left_while_the_model_thinks_ends_the_run() -> None:
    def leave() -> str:
        raise Left

    answer = Answer(leave)
    with pytest.raises(Left):
        ran(ASK, lambda _: answer)
    assert answer.closed


def test_an_answer_that_cannot_be_closed_keeps_no_other_open() -> None:
    class Stuck(Answer):
        def close(self) -> None:
            super().close()
            raise OSError

    made: list[Stuck] = []

    def ask(_: CompletionRequest) -> Stuck:
        made.append(Stuck(lambda: "x"))
        return made[-1]

    ran(f"{SETUP}kept = [Complete('m', 'hi', stream=True) for _ in range(3)]", ask)
    assert [answer.closed for answer in made] == [True] * 3


def test_a_run_that_nobody_holds_any_more_ends() -> None:
    events = started(WAIT)
    worker = running_worker(events)
    del events
    assert worker not in children()


PARENT = """
import itertools, sys, practice
from tests.practice.programs import children
events = practice.run(sys.argv[1], complete=lambda _: "x")
next(event for event in events if event.op == "print")
print(*children(), flush=True)
for event in events: pass
"""


def test_a_worker_ends_when_its_parent_is_killed() -> None:
    command = [sys.executable, "-c", PARENT, WAIT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path.cwd()) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    assert soon(lambda: not _is_worker(worker))


def _is_worker(number: int) -> bool:
    # In a container nobody may collect what has ended.
    try:
        return b"worker.py" in Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return False


def test_the_worker_has_nothing_of_its_parents(
    monkeypatch: pytest.MonkeyPatch, runtime: Runtime
) -> None:
    monkeypatch.setenv("PRACTICE_SECRET", "x")
    with Path(__file__).open() as kept:
        os.set_inheritable(kept.fileno(), True)
        events = started(WAIT)
        worker = Path("/proc", str(running_worker(events)))
        assert (worker / "environ").read_bytes() == b""
        assert (worker / "cwd").readlink() == Path("/")
        files = [link.readlink() for link in (worker / "fd").iterdir()]
        names = {str(name).partition(":")[0] for name in files}
        names.discard(str(runtime.compiled))
        assert names <= {"pipe", "/dev/null", "anon_inode"}
        ours = {os.readlink(f"/proc/self/fd/{number}") for number in descriptors_now()}
        shared = {str(name) for name in files} & ours
        assert sum(name.startswith("pipe") for name in shared) == 2
        stat = (worker / "stat").read_text().rpartition(")")[2].split()
        assert int(stat[16]) == min(os.nice(0) + 5, 19)
        limits = (worker / "limits").read_text()
        assert "Max core file size        0 " in limits
        assert "Max file size             0 " in limits
        events.close()


def descriptors_now() -> list[str]:
    return [each for each in os.listdir("/proc/self/fd") if Path("/proc/self/fd", each).exists()]


# Ended at a limit


@pytest.mark.parametrize(
    ("code", "limits", "reason"),
    [
        (COMPUTE, RunLimits(cpu=0.8, silence=30), "cpu"),
        (WAIT, RunLimits(silence=0.4), "silence"),
        ("import time\nfor _ in range(3): time.sleep(0.2)", RunLimits(sleep=0.5), "sleep"),
        ("import time\nwhile True: time.sleep(0.1)", RunLimits(wall=1.0), "wall"),
        ("data = bytearray(60 << 20)", RunLimits(memory=64 * MEBIBYTE), "no_memory@1"),
        ("for _ in range(11): print()", RunLimits(events=10), "flood"),
        ("import streamlit as st\nfor _ in '1234': st.text('x')", RunLimits(draws=3), "flood"),
        ("import time\nfor _ in '1234': time.sleep(1e-3)", RunLimits(sleeps=3), "flood"),
        ("print('x' * 2_000)", RunLimits(output=1_000), "flood"),
        (f"{SETUP}for _ in '123': Complete('m', 'x')", RunLimits(calls=2), "no_calls@4"),
        (f"{SETUP}Complete('m', 'x' * 11)", RunLimits(prompt=10), "no_prompt@4"),
        ("pass;pass;p", RunLimits(code=10), "code"),
    ],
)
def test_a_run_ends_beyond_its_limit(code: str, limits: RunLimits, reason: str) -> None:
    assert end(ran(code, limits=limits)) == reason


def test_a_run_may_use_all_of_its_limits() -> None:
    code = f"""{SETUP}
import time
import streamlit as st
for _ in "12": kept = Complete("m", "x" * 10)
for _ in "123":
    st.text("x")
    time.sleep(0.1)
data = bytearray(30 << 20)
"""
    most = {"calls": 2, "prompt": 10, "draws": 3, "sleeps": 3, "sleep": 0.31, "code": len(code)}
    limits = RunLimits(memory=64 * MEBIBYTE, **most)  # type: ignore[arg-type]
    assert end(ran(code, limits=limits)) == "end"


def test_the_events_up_to_the_limit_are_told() -> None:
    events = ran("for n in range(100): print(n)", limits=RunLimits(events=10))
    assert printed(events).split() == [str(n) for n in range(10)]


def test_an_interpreter_that_does_not_start_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "START", WAIT)
    assert end(ran("pass", limits=RunLimits(start=0.5))) == "start"


def test_neither_the_models_time_nor_that_of_drawing_is_the_programs() -> None:
    clock = Clock()

    def slow(_: CompletionRequest) -> Iterator[str]:
        clock.seconds += 50
        yield "x"

    events = []
    code = f"import time\n{SETUP}print(Complete('m', 'x'))\ntime.sleep(0.1)\nprint(2)"
    limits = RunLimits(wall=20, drawing=1_000)
    for event in run(code, complete=slow, clock=clock, limits=limits):
        events.append(event)
        clock.seconds += 50 * (not isinstance(event, Idle))
    assert printed(events) == "x\n2\n"
    assert end(events) == "end"


def test_the_time_of_a_model_is_limited_all_in_all() -> None:
    clock = Clock()

    def slow(_: CompletionRequest) -> str:
        clock.seconds += 25
        return "x"

    code = f"{SETUP}for n in range(9):\n    Complete('m', 'x')\n    print(n)"
    events = ran(code, slow, clock=clock)
    assert printed(events).split() == ["0", "1"]
    assert end(events) == "model"


def test_the_time_of_drawing_is_limited_all_in_all() -> None:
    clock = Clock()
    events = []
    for event in started("for n in range(9): print(n)", clock=clock):
        events.append(event)
        clock.seconds += 3 * isinstance(event, Printed)
    assert printed(events).split() == ["0", "1", "2", "3"]
    assert end(events) == "drawing"


def test_a_run_whose_drawing_never_ends_gives_everything_back() -> None:
    clock, places, before = Clock(), Places(1, most=1), children()
    events = started(COMPUTE, clock=clock, places=places, learner="me")
    until(events, Printed)
    assert not is_free(places)
    clock.seconds += 11
    assert soon(lambda: is_free(places, "me") and not children() - before)
    assert end(list(events)) == "drawing"


def test_a_run_whose_drawing_raises_gives_everything_back() -> None:
    places, before = Places(1, most=1), children()

    def draw() -> None:
        for _ in started(COMPUTE, places=places):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        draw()
    assert is_free(places)
    assert not children() - before


def test_a_run_whose_first_event_nobody_takes_away_gives_everything_back() -> None:
    clock, places = Clock(), Places(1, most=1)
    events = started(COMPUTE, clock=clock, places=places)
    next(events)
    clock.seconds += 11
    assert soon(lambda: is_free(places))
    events.close()


def test_a_program_that_cannot_be_sent_gives_its_place_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> bytes:
        raise UnicodeEncodeError("utf-8", "x", 0, 1, "half a character")

    places = Places(1, most=1)
    monkeypatch.setattr("practice.sandbox.lifecycle.job", fail)
    with pytest.raises(UnicodeEncodeError):
        ran("pass", places=places)
    assert is_free(places)


class Endless(Answer):
    """An answer of which nothing comes until it is closed."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        super().__init__(self._wait)

    def _wait(self) -> str:
        assert self._ended.wait(20)
        raise StopIteration

    def close(self) -> None:
        super().close()
        self._ended.set()


def test_a_model_that_says_nothing_is_given_up() -> None:
    clock, places, answer = Clock(), Places(1, most=1), Endless()

    def ask(_: CompletionRequest) -> Answer:
        clock.seconds += 61
        return answer

    assert end(ran(ASK, ask, clock=clock, places=places)) == "model"
    assert answer.closed
    assert is_free(places)


def test_a_program_that_asks_and_dies_is_not_answered() -> None:
    answer = Endless()
    ask = b'{"op":"complete","model":"m","prompt":"x","options":null,"stream":true}\n'
    code = f"import os\nos.write(1, {ask!r})\nos._exit(0)"
    assert end(ran(code, lambda _: answer)) == "end"
    assert answer.closed


def test_a_program_that_computes_is_not_taken_for_a_silent_one() -> None:
    limits = RunLimits(cpu=0.8, silence=0.2)
    assert end(ran(COMPUTE, limits=limits)) == "cpu"


@pytest.mark.thorough
def test_a_program_that_others_leave_no_processor_is_not_taken_for_a_silent_one() -> None:
    events = started(COMPUTE, limits=RunLimits(silence=1.0))
    worker, processor = running_worker(events), min(os.sched_getaffinity(0))
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        for each in (worker, busy.pid):
            os.sched_setaffinity(each, {processor})
        os.sched_setscheduler(worker, os.SCHED_IDLE, os.sched_param(0))
        # Where each session has a share of its own, a process gets no less than that.
        with contextlib.suppress(OSError):
            Path(f"/proc/{worker}/autogroup").write_text("19")
        begun = next(events).at
        assert next(each for each in events if each.at > begun + 1.5).op == "idle"
    finally:
        events.close()
        busy.kill()
        busy.wait()


def test_a_worker_that_cannot_be_started_is_a_run_that_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none(*_: object, **__: object) -> None:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(subprocess, "Popen", none)
    assert end(ran("print(1)")) == "start"


def test_a_worker_that_cannot_be_looked_after_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: int) -> None:
        raise psutil.NoSuchProcess(1)

    # That nothing is left of it is looked at after every test.
    monkeypatch.setattr(
        "practice.sandbox.process.psutil", SimpleNamespace(Process=none, Error=psutil.Error)
    )
    assert end(ran("print(1)")) == "start"


# Places and turns


def taken_of(places: Places, learner: str | None = None) -> RunPlace:
    """Take a place at once."""
    place = places.join(learner)
    assert place.wait(0) is None
    return place


def is_free(places: Places, learner: str | None = None) -> bool:
    place = places.join(learner)
    free = place.wait(0) is None
    place.end()
    return free


def test_who_comes_first_is_let_in_first() -> None:
    places = Places(1)
    first = taken_of(places)
    second, third = places.join(), places.join()
    assert (second.wait(0), third.wait(0)) == (0, 1)
    first.leave()
    assert third.wait(0) == 1
    assert second.wait(0) is None
    assert third.wait(0) == 0
    second.leave()
    assert third.wait(0) is None


def test_who_goes_away_holds_nobody_up() -> None:
    places = Places(1)
    first = taken_of(places)
    second, third = places.join(), places.join()
    assert (second.wait(0), third.wait(0)) == (0, 1)
    second.end()
    assert third.wait(0) == 0
    first.leave()
    assert third.wait(0) is None


def test_who_has_stopped_looking_is_passed_by_and_may_come_back() -> None:
    clock = Clock()
    places = Places(2, clock=clock)
    busy = [taken_of(places), taken_of(places)]
    stuck, patient = places.join(), places.join()
    assert stuck.wait(0) == 0
    busy[0].leave()
    assert patient.wait(0) == 1
    clock.seconds += STALE_SECONDS + 1
    assert patient.wait(0) is None
    busy[1].leave()
    assert stuck.wait(0) is None


def test_a_learner_has_so_many_places_and_lets_others_pass() -> None:
    places = Places(9, most=9, each=2)
    mine = [taken_of(places, "me"), taken_of(places, "me")]
    third = places.join("me")
    assert third.wait(0) == 1
    assert is_free(places, "you")
    mine[0].leave()
    assert third.wait(0) == 1, "it is still there"
    mine[0].end()
    assert third.wait(0) is None


def test_memory_that_a_program_does_not_take_lets_the_next_one_in_at_once() -> None:
    places = Places(2, most=1)
    first, second = taken_of(places), places.join()
    first.leave()
    waiting = threading.Thread(target=second.wait, args=(60,))
    waiting.start()
    waiting.join(0.05)
    assert waiting.is_alive()
    first.weigh(0)
    waiting.join(30)
    assert not waiting.is_alive()


def test_nobody_in_particular_has_any_number_of_places() -> None:
    places = Places(9, most=9, each=2)
    assert [taken_of(places).wait(0) for _ in range(5)] == [None] * 5


def test_a_place_is_given_back_once_however_often() -> None:
    places = Places(1, most=1)
    first = taken_of(places, "me")
    for _ in range(2):
        first.leave()
        first.end()
    taken_of(places, "me")
    assert not is_free(places)


def test_who_waits_holds_the_memory_that_it_has_and_no_more() -> None:
    places = Places(9, most=2)
    waiting, growing = taken_of(places), taken_of(places)
    assert not is_free(places)
    assert waiting.weigh(LEAST_BYTES // 2)
    assert not is_free(places)
    assert growing.weigh(LEAST_BYTES)
    assert is_free(places)


def test_who_grows_when_there_is_no_room_is_told() -> None:
    places = Places(9, most=2)
    first, second = taken_of(places), taken_of(places)
    assert first.weigh(LEAST_BYTES)
    assert second.weigh(LEAST_BYTES)
    third = taken_of(places)
    assert first.weigh(LEAST_BYTES)
    assert not first.weigh(2 * LEAST_BYTES)
    third.end()
    assert first.weigh(2 * LEAST_BYTES)


def test_there_are_no_more_at_once_than_fit_into_the_memory() -> None:
    places = Places(2, most=1)
    first = started(SLEEP, places=places)
    until(first, Slept)
    assert not is_free(places)
    second = started("pass", places=places)
    assert isinstance(next(second), Queued)
    first.close()
    assert end(list(second)) == "end"
    assert is_free(places)


@pytest.mark.parametrize(
    ("code", "kind"),
    [(SLEEP, Slept), (ASK, Asked), ("pass", Ended)],
    ids=["asleep", "asking", "ended"],
)
def test_a_place_is_given_back_when_a_program_first_waits_or_ends(
    code: str, kind: type[Event]
) -> None:
    places = Places(1)
    events = started(code, places=places)
    next(events)
    assert not is_free(places)
    until(events, kind)
    if kind is Ended:
        assert list(events) == []
    assert is_free(places)
    events.close()
    # Once, however often it waits.
    taken_of(places)
    assert not is_free(places)


def test_a_place_is_given_back_when_a_run_is_closed() -> None:
    places = Places(1)
    events = started(COMPUTE, places=places)
    next(events)
    events.close()
    assert is_free(places)


def test_a_program_that_waits_and_does_not_say_so_gives_its_place_back() -> None:
    places = Places(1)
    code = "import select\nwhile True: print(1); select.select([], [], [], 0.3)"
    events = started(code, places=places, limits=RunLimits(silence=1.0, wall=20))
    # Its limit would end it, and with it the events.
    while not is_free(places):
        next(events)
    assert next(events)
    events.close()


def test_seven_programs_with_a_slow_model_hold_nobody_else_up() -> None:
    places, answer = Places(2, most=7), threading.Event()

    def slow(_: CompletionRequest) -> str:
        assert answer.wait(3 * SOON_SECONDS)
        return "x"

    code = f"{SETUP}for _ in range(20): Complete('m', 'x')"
    ends: list[str] = []
    threads = [
        threading.Thread(
            target=lambda n=n: ends.append(end(ran(code, slow, places=places, learner=f"slow {n}")))
        )
        for n in range(7)
    ]
    for thread in threads:
        thread.start()
    try:
        honest = ran("print(1)", places=places, learner="honest")
        assert end(honest) == "end"
        assert ends == []
    finally:
        answer.set()
        for thread in threads:
            thread.join()
    assert ends == ["end"] * 7


def test_a_third_run_of_a_learner_waits_and_other_learners_do_not() -> None:
    places = Places(9, most=9)
    mine = [started(SLEEP, places=places, learner="me") for _ in range(3)]
    for events in mine[:2]:
        until(events, Slept)
    assert isinstance(next(mine[2]), Queued)
    assert end(ran("pass", places=places, learner="you")) == "end"
    mine[0].close()
    until(mine[2], Slept)
    for events in mine:
        events.close()


def test_a_program_that_takes_more_memory_than_is_left_is_ended() -> None:
    places = Places(9, most=2)
    code = "import time\ntime.sleep(0.3)\nprint(1)\nx = b'x' * (70 << 20)\ntime.sleep(9)"
    events = started(code, places=places)
    until(events, Printed)
    other = taken_of(places)
    assert other.weigh(200 * MEBIBYTE)
    assert end(list(events)) == "memory"


@pytest.mark.parametrize(
    ("container", "most"), [("max", 7), (str(512 << 20), 1), (str(900 << 20), 3), (None, 7)]
)
def test_half_of_the_memory_is_for_programs(
    container: str | None, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = tmp_path / "memory.max"
    if container is not None:
        limit.write_text(container)
    monkeypatch.setattr(places_module, "CONTAINER_LIMIT", limit)
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": (2 << 30) // 4096}
    monkeypatch.setattr(os, "sysconf", sizes.__getitem__)
    # Two at least: one would keep everybody waiting who is not asleep.
    assert places_module._that_fit() == max(2, most)

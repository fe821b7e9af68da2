"""A run of the lab, without a page: it waits its turn, works, ends, is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, cast

import pytest

from course.lab.jobs import Job
from course.lab.views import Bench
from course.limits import Admission, Refusal

# Only a hang takes as long.
SECONDS = 30.0


class Line:
    """An admission that waits behind ``ahead``, one number a look; it may refuse at the end."""

    def __init__(self, *ahead: int, refusal: Refusal | None = None) -> None:
        self.ahead, self.refusal = list(ahead), refusal
        self.cancelled = False

    def wait(self, _: float) -> int | None:
        if not self.ahead and self.refusal is not None:
            raise self.refusal
        return self.ahead.pop(0) if self.ahead else None

    def cancel(self) -> None:
        self.cancelled = True


class Work(Job):
    def __init__(self, line: Line | None = None, do: Callable[[Job], object] = lambda _: 0) -> None:
        super().__init__(cast("Admission", line or Line()))
        self._do = do

    def work(self) -> None:
        self._do(self)


def until_cancelled(job: Job) -> None:
    job.wait_for(lambda: False)


def finish(job: Job) -> None:
    job.start()
    assert job.join(SECONDS)


def test_a_job_runs_from_its_making_to_the_end_of_its_work() -> None:
    seen: list[Any] = []
    job = Work(do=lambda job: seen.append((job.running, job.begun)))
    assert job.running
    assert not job.begun
    finish(job)
    assert seen == [(True, True)]
    assert not job.running
    assert not job.stopped


def test_it_works_when_nobody_is_ahead_any_more() -> None:
    line = Line(2, 1)
    job = Work(line, lambda job: line.ahead.append(-1 if job.ahead is None else job.ahead))
    finish(job)
    assert line.ahead == [-1]
    assert not line.cancelled


def test_a_job_that_is_stopped_in_the_queue_asks_nothing() -> None:
    line, did = Line(*[1] * 1_000), list[Job]()
    job = Work(line, did.append)
    job.start()
    job.cancel()
    assert job.join(SECONDS)
    assert (line.cancelled, did, job.begun, job.stopped) == (True, [], False, True)


def test_a_refusal_in_the_queue_is_kept_without_its_traceback() -> None:
    job = Work(Line(1, refusal=Refusal("patience", limit=9)))
    finish(job)
    assert job.refusal is not None
    assert (job.refusal.reason, job.refusal.limit) == ("patience", 9)
    assert job.refusal.__traceback__ is None
    assert not job.begun


def test_work_that_waits_ends_at_once_when_it_is_cancelled() -> None:
    seen: list[bool] = []

    def work(job: Job) -> None:
        until_cancelled(job)
        seen.append(job.running)

    job = Work(do=work)
    job.start()
    assert not job.join(0.05)
    job.cancel()
    assert job.join(SECONDS)
    assert (job.stopped, seen) == (True, [True]), "its record may change until then"


def test_a_job_whose_work_fails_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Job) -> None:
        raise ZeroDivisionError

    line, raised = Line(), SimpleQueue[threading.ExceptHookArgs]()
    monkeypatch.setattr(threading, "excepthook", raised.put)
    Work(line, fail).start()
    assert raised.get(timeout=SECONDS).exc_type is ZeroDivisionError
    assert line.cancelled


def test_what_has_ended_cannot_be_stopped_any_more() -> None:
    job = Work()
    finish(job)
    job.cancel()
    assert not job.stopped


def test_starting_a_run_ends_the_one_before_it_in_any_view() -> None:
    bench, first, second = Bench(), Work(do=until_cancelled), Work(do=until_cancelled)
    bench.begin("compare", lambda: first)
    assert bench.going_on is first
    bench.begin("wire", lambda: second)
    assert first.join(SECONDS)
    assert (bench.going_on, first.stopped) == (second, True)
    bench.cancel()
    assert second.join(SECONDS)
    assert bench.jobs == {"compare": first, "wire": second}


def test_a_run_that_cannot_start_says_why_and_leaves_the_last_one_alone() -> None:
    def refuse() -> Job:
        raise Refusal("queue", limit=3)

    bench, first = Bench(), Work(do=until_cancelled)
    bench.begin("compare", lambda: first)
    bench.want("compare")
    bench.begin("compare", refuse)
    assert isinstance(bench.failed, Refusal)
    assert bench.failed.__traceback__ is None
    assert (bench.wanted, bench.going_on) == (None, first)
    bench.cancel()


def test_a_run_that_was_asked_for_stays_so_when_its_script_is_ended_before_it_starts() -> None:
    class ScriptEnds(BaseException):
        """What Streamlit raises."""

    def end() -> Job:
        raise ScriptEnds

    bench = Bench()
    bench.want("wire")
    with pytest.raises(ScriptEnds):
        bench.begin("wire", end)
    assert bench.wanted == "wire"
    bench.begin("wire", Work)
    assert bench.wanted is None

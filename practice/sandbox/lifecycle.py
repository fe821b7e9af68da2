"""Runs a learner's program in the sandbox, and tells what it does while it does it."""

from __future__ import annotations

import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Generator
from typing import Any

import pydantic

from practice.events import (
    Asked,
    Delta,
    Done,
    Draw,
    Drawing,
    Ended,
    Event,
    Failed,
    Forged,
    Idle,
    Piece,
    Preparing,
    ProgramEvent,
    Queried,
    Queued,
    Reason,
    Shown,
    Slept,
    guest_event,
)
from practice.sandbox.answers import Answers, Complete, Refused, Sql
from practice.sandbox.job import RunLimits, Scene, job
from practice.sandbox.places import Places, RunPlace
from practice.sandbox.process import Process
from practice.sandbox.runtime import Runtime, find

__all__ = ["run"]

LOG = logging.getLogger(__name__)

#: Shared by all of a server's learners.
PLACES = Places()
# How often the caller may notice that its reader has gone.
LOOK_SECONDS = 0.1
# How often somebody else looks whether the run still goes on, and how late that may be.
WATCH_SECONDS = 0.25
# The share of a core that a program takes that computes, even while nine others do.
BUSY = 0.1


def _no_sql(
    query: str,  # noqa: ARG001
    params: list[Any] | None,  # noqa: ARG001
) -> tuple[list[str], list[list[Any]]]:
    raise Refused("sql")


def run(
    code: str,
    *,
    complete: Complete,
    sql: Sql = _no_sql,
    scene: Scene | None = None,
    limits: RunLimits | None = None,
    learner: str | None = None,
    places: Places = PLACES,
    runtime: Runtime | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[Event]:
    """Run a program and yield what it does; the last event is always an ``Ended``.

    Closing the iterator ends the program. So does not asking it for the next event for longer than
    drawing may take, or a model that takes longer than its limit: then all that the run holds is
    given back, whatever the thread that iterates is doing. Nothing of the program reaches this
    process but events.

    Args:
        code: the program, as its author would save it.
        complete: answers its ``Complete``, in the thread that iterates; what it raises, the program
            gets as the Snowflake client's error for it. Its answer's ``close`` is called in any
            thread when the run ends meanwhile. A ``BaseException`` of it, such as Streamlit's for a
            page that is left, ends the run.
        sql: answers its statements, likewise.
        scene: what its widgets are set to, and where it runs.
        limits: what it may use.
        learner: who runs it; ``None`` is nobody in particular, of whom any number may run.
        places: where it waits for its turn.
        runtime: the interpreter; by default the one that is installed.
        clock: seconds.

    Raises:
        Unavailable: programs cannot be run on this machine.
    """
    limits = limits or RunLimits()
    runtime = runtime or find()
    begun = clock()
    if len(code) > limits.code:
        yield Ended(reason="code")
        return
    if not runtime.is_ready:
        yield from _prepared(runtime)
    place = places.join(learner)
    running: _Run | None = None
    try:
        while (ahead := place.wait(LOOK_SECONDS)) is not None:
            yield Queued(at=clock() - begun, ahead=ahead)
        running = _Run(Answers(complete, sql, limits), limits, place, clock)
        running.start(runtime, job(code, scene or Scene(), runtime.modules))
        yield from running.events()
    finally:
        place.end()
        if running is not None:
            running.end()


def _prepared(runtime: Runtime) -> Generator[Event]:
    """Compile the interpreter in a thread, so that the caller can show progress."""
    failed: list[BaseException] = []

    def prepare() -> None:
        try:
            runtime.prepare()
        except BaseException as error:
            failed.append(error)

    begun = time.monotonic()
    thread = threading.Thread(target=prepare, name="practice-compile", daemon=True)
    thread.start()
    while thread.is_alive():
        yield Preparing(at=time.monotonic() - begun)
        thread.join(LOOK_SECONDS)
    if failed:
        raise failed[0]


class _Run:
    """One program and what it has used so far.

    Three clocks run, one at a time: while it is waited for, while a model or a statement is, and
    while the caller draws an event.
    """

    def __init__(
        self, answers: Answers, limits: RunLimits, place: RunPlace, clock: Callable[[], float]
    ) -> None:
        self._answers = answers
        self._limits = limits
        self._place = place
        self._clock = clock
        self._process: Process | None = None
        self._started = clock()
        self._waited = self._modelled = self._drawn = 0.0
        # When the caller is late to come back, from a model or from drawing.
        self._late = math.inf
        self._asks = False
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look_after, name="practice-watch", daemon=True)
        # When what it has of the memory was weighed last; not before it has waited for something.
        self._weighed: float | None = None
        # Since its last line: how long it has been silent, how long it may be, and from which
        # processor time on.
        self._silent = 0.0
        self._patience = limits.start
        self._computed = 0.0
        self._ready = False
        self._slept = 0.0
        self._events = 0
        self._draws = 0
        self._sleeps = 0
        self._drawing = Drawing(limits.nesting, limits.spinners)

    def start(self, runtime: Runtime, job: bytes) -> None:
        """Start the worker and send it the program."""
        try:
            self._process = Process(runtime, self._limits)
            self._watch.start()
        except (OSError, RuntimeError):  # there are too many processes, or threads
            LOG.exception("No process could be started for a practice program")
            self._let_go()
        else:
            self._process.send(job)

    def end(self) -> None:
        """End whatever still runs, and leave nothing behind."""
        self._let_go()
        if self._watch.ident is not None and self._watch is not threading.current_thread():
            self._watch.join(1.0)

    def _let_go(self) -> None:
        """Give everything back; in whatever thread, and more than once."""
        self._over.set()
        self._place.end()
        process = self._process
        if process is not None:
            process.kill()
        self._answers.close()

    def _look_after(self) -> None:
        """End the run in place of a thread that is stuck in a model's answer, or in drawing."""
        while not self._over.wait(WATCH_SECONDS):
            died = self._asks and self._process is not None and self._process.has_ended()
            if died or self._clock() > self._late:
                self._let_go()

    def events(self) -> Generator[Event]:
        """Yield what the program does until it ends or has to be ended."""
        while True:
            reason = self._passed_limit()
            if reason is not None:
                yield from self._shown(self._ended(reason))
                return
            try:
                line = self._next_line()
            except queue.Empty:
                yield from self._shown(Idle(at=self._now()))
                continue
            event = self._read(line)
            if event is None:
                continue
            yield from self._shown(event)
            if isinstance(event, Ended):
                return
            if isinstance(event, Failed):
                yield from self._shown(self._ended("error"))
                return

    def _shown(self, event: Event) -> Generator[Event]:
        begun = self._clock()
        self._late = begun + self._limits.drawing - self._drawn + WATCH_SECONDS
        try:
            yield event
        finally:
            self._late = math.inf
            self._drawn += self._clock() - begun

    def _next_line(self) -> bytes | None:
        """Wait for a line, for a moment.

        Raises:
            queue.Empty: there is none yet.
        """
        if self._process is None:
            return None
        begun = self._clock()
        try:
            return self._process.lines.get(timeout=LOOK_SECONDS)
        finally:
            passed = self._clock() - begun
            self._waited += passed
            self._silent += passed

    def _passed_limit(self) -> Reason | None:
        limits = self._limits
        if self._slept > limits.sleep:
            return "sleep"
        if self._waited > limits.wall:
            return "wall"
        if self._modelled > limits.model:
            return "model"
        if self._drawn > limits.drawing:
            return "drawing"
        if self._over.is_set():  # it has died, and something was waited for in vain
            return self._process.why_it_ended() if self._process else "crash"
        if self._silent > self._patience and not self._is_busy():
            return "silence" if self._ready else "crash"
        if self._waited > limits.silence:
            # It may wait without saying so, again and again; nobody else is to wait for that.
            self._rest()
        return None if self._weigh() else "memory"

    def _rest(self) -> None:
        """Note that it waits for something: it computes no more, and can be weighed."""
        self._place.leave()
        if self._weighed is None:
            self._weighed = -math.inf

    def _weigh(self) -> bool:
        """Say how much of the memory it has, now and then; tell whether there is room for it."""
        now = self._clock()
        if self._process is None or self._weighed is None or now < self._weighed + LOOK_SECONDS:
            return True
        self._weighed = now
        return self._place.weigh(self._process.resident())

    def _has_flooded(self) -> bool:
        limits = self._limits
        return (
            self._events > limits.events
            or self._draws > limits.draws
            or self._sleeps > limits.sleeps
        )

    def _is_busy(self) -> bool:
        """Whether it computes, slowly if others do, too: its processor time is its limit then."""
        computed = self._process.computed() if self._process else 0.0
        return computed - self._computed > BUSY * self._silent

    def _read(self, line: bytes | None) -> Event | None:
        """Return what a line tells, and answer it if it asks for something; ``None`` is nothing."""
        if self._process is None:
            return self._ended("crash")
        if line is None:
            return self._ended(self._process.why_it_ended())
        self._silent, self._patience = 0.0, self._limits.silence
        self._computed = self._process.computed()
        try:
            event = guest_event(line)
            if event.op == "ready":
                self._begin()
                return None
            if event.op == "end":
                return self._ended("end")
            self._events += 1
            self._draws += event.count if isinstance(event, Draw) else 0
            self._sleeps += isinstance(event, Slept)
            if self._has_flooded():
                return self._ended("flood")
            return self._handled(event.model_copy(update={"at": self._now()}), self._process)
        except (pydantic.ValidationError, Forged):
            return self._ended("protocol")

    def _begin(self) -> None:
        """Note that the interpreter has started, which it does once.

        Raises:
            Forged: it has.
        """
        if self._ready:
            raise Forged
        self._ready = True

    def _handled(self, event: Any, process: Process) -> ProgramEvent:
        """Answer an event that asks for something; return it as the caller gets it.

        Raises:
            Forged: the program cannot have come by it honestly.
        """
        if isinstance(event, Slept):
            self._rest()
            self._slept += event.seconds
            self._patience += event.seconds
        elif isinstance(event, Asked | Delta | Queried):
            self._rest()
            if not process.has_taken_all():
                raise Forged
            event, answer = self._answered(event)
            if isinstance(event, Delta) and event.text is not None:
                # Not the program's doing: an answer has as many pieces as the model gives it.
                self._events -= 1
            process.send(answer)
        elif isinstance(event, Draw | Piece | Shown | Done):
            event = self._drawing.take(event)
        told: ProgramEvent = event
        return told

    def _answered(self, event: Asked | Delta | Queried) -> tuple[Asked | Delta | Queried, bytes]:
        self._weigh()
        begun = self._clock()
        self._late = begun + self._limits.model - self._modelled + WATCH_SECONDS
        self._asks = True
        try:
            return self._answers.to(event)
        finally:
            self._asks = False
            self._late = math.inf
            self._modelled += self._clock() - begun

    def _ended(self, reason: Reason) -> Ended:
        return Ended(at=self._now(), reason=reason)

    def _now(self) -> float:
        return self._clock() - self._started

"""Runs a learner's program in the sandbox, and tells what it does while it does it."""

from __future__ import annotations

import contextlib
import logging
import math
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pydantic

from practice.events import (
    Again,
    Asked,
    Delta,
    Draw,
    DrawnPage,
    Ended,
    Event,
    Failed,
    Forged,
    Idle,
    Kept,
    Piece,
    Preparing,
    ProgramEvent,
    Queried,
    Queued,
    Reason,
    SessionState,
    Shown,
    Slept,
    guest_event,
)
from practice.sandbox.answers import Answers, Complete, Refused, Sql
from practice.sandbox.job import RunLimits, Scene, Turn, job
from practice.sandbox.places import Places, RunPlace
from practice.sandbox.process import Process
from practice.sandbox.runtime import Runtime, find

LOG = logging.getLogger(__name__)

#: Shared by all of a server's learners.
PLACES = Places()
# How often the caller may notice that its reader has gone.
LOOK_SECONDS = 0.1
# How often somebody else looks whether the run still goes on, and how late that may be.
WATCH_SECONDS = 0.25
# In place of a line; no line holds this.
NOT_YET = b"\n"
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
    chat: Complete | None = None,
    sql: Sql = _no_sql,
    scene: Scene | None = None,
    state: SessionState | None = None,
    limits: RunLimits | None = None,
    learner: str | None = None,
    places: Places = PLACES,
    runtime: Runtime | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[Event]:
    """Run a program and yield what it does; the last event is always an ``Ended``.

    For each message of a scene, and after ``st.rerun()``, it runs again, with what its page kept;
    an ``Again`` stands between two runs. One that does not come to its end is the last.

    Closing the iterator ends the program. So does not asking it for the next event for longer than
    drawing may take, or a model that takes longer than its limit: then all that the run holds is
    given back, whatever the thread that iterates is doing.

    Args:
        code: the program.
        complete: answers its ``Complete``, in the thread that iterates; the program gets what it
            raises as the Snowflake client's error. Its answer's ``close`` is called in any thread
            when the run ends. A ``BaseException``, such as Streamlit's for a page that is left,
            ends the run.
        chat: answers its OpenAI client, likewise; by default ``complete`` does. An answer may have
            ``finish_reason`` and ``usage``, which the program gets at its end.
        sql: answers its statements, likewise.
        scene: what its widgets are set to, and where it runs.
        state: what the run before kept, or an empty one for the first; the event before the last
            is a ``Kept`` then, unless the program fails. ``None``: nothing is kept.
        limits: what it may use.
        learner: who runs it; ``None`` is nobody in particular, who may run any number.
        places: where it waits for its turn.
        runtime: the interpreter; by default the one that is installed.
        clock: seconds.

    Raises:
        Unavailable: programs cannot be run on this machine.
    """
    limits, scene = limits or RunLimits(), scene or Scene()
    runtime = runtime or find()
    if len(code) > limits.code:
        yield Ended(reason="code")
        return
    if not runtime.is_ready:
        yield from _prepared(runtime)

    def once(turn: Turn) -> Generator[Event]:
        begun = clock()
        place = places.join(learner)
        running: _Run | None = None
        try:
            while (ahead := place.wait(LOOK_SECONDS)) is not None:
                yield Queued(at=clock() - begun, ahead=ahead)
            running = _Run(Answers(complete, sql, limits, chat), limits, place, clock)
            running.start(runtime, job(code, scene, turn, runtime.modules))
            yield from running.events()
        finally:
            place.end()
            if running is not None:
                running.end()

    messages, reruns = iter(scene.say), 0
    turn: Turn | None = Turn(SessionState() if state is None and scene.say else state)
    while turn is not None:
        ended, kept = yield from _until_it_ends(once(turn))
        turn = _after(turn, kept, messages) if ended.reason == "end" else None
        reruns = reruns + 1 if turn is not None and turn.is_rerun else 0
        if reruns > limits.reruns:
            turn, ended = None, Ended(at=ended.at, reason="reruns")
        yield ended if turn is None else Again(said=turn.message)


def _after(turn: Turn, kept: Kept | None, messages: Iterator[str]) -> Turn | None:
    """Return why the program runs again, if it does."""
    state = turn.state if kept is None else kept.state
    if kept is not None and kept.rerun:
        return Turn(state, is_rerun=True)
    message = next(messages, None)
    return None if message is None else Turn(state, message)


def _until_it_ends(events: Generator[Event]) -> Generator[Event, None, tuple[Ended, Kept | None]]:
    """Yield the events of one run except the last; return that and what its page keeps."""
    kept: Kept | None = None
    with contextlib.closing(events):
        for event in events:
            if isinstance(event, Ended):
                return event, kept
            kept = event if isinstance(event, Kept) else kept
            yield event
    raise AssertionError("a run without an end")


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
    """One program and what it has used so far."""

    def __init__(
        self, answers: Answers, limits: RunLimits, place: RunPlace, clock: Callable[[], float]
    ) -> None:
        self._answers, self._limits, self._place, self._clock = answers, limits, place, clock
        self._process: Process | None = None
        self._started = clock()
        # Three clocks run, one at a time: while the program is waited for, while a model or a
        # statement is, and while the caller draws an event.
        self._spent = {"wall": 0.0, "model": 0.0, "drawing": 0.0, "sleep": 0.0}
        # When the caller is late to come back, from a model or from drawing.
        self._late = math.inf
        self._asks = self._ready = False
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look_after, name="practice-watch", daemon=True)
        # When its memory was weighed last; it isn't before the program has waited for something.
        self._weighed: float | None = None
        # Since its last line: how long it has been silent, how long it may be, and its processor
        # time by then.
        self._silent, self._patience, self._computed = 0.0, limits.start, 0.0
        self._counts: Counter[str] = Counter()
        self._page = DrawnPage(limits.nesting, limits.spinners)

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
        if self._process is not None:
            self._process.kill()
        self._answers.close()

    def _look_after(self) -> None:
        """End the run in place of a thread that is stuck in a model's answer, or in drawing."""
        while not self._over.wait(WATCH_SECONDS):
            died = self._asks and self._process is not None and self._process.has_ended()
            if died or self._clock() > self._late:
                self._let_go()

    @contextlib.contextmanager
    def _timed(self, what: str, limit: float) -> Iterator[None]:
        """Charge the time that passes to a clock; beyond its limit the watch ends the run."""
        begun = self._clock()
        self._late = begun + limit - self._spent[what] + WATCH_SECONDS
        try:
            yield
        finally:
            self._late = math.inf
            self._spent[what] += self._clock() - begun

    def events(self) -> Generator[Event]:
        """Yield what the program does until it ends or has to be ended."""
        event: Event | None = None
        while not isinstance(event, Ended):
            failed = isinstance(event, Failed)
            reason = "error" if failed else self._passed_limit()
            event = self._ended(reason) if reason is not None else self._next()
            if event is not None:
                with self._timed("drawing", self._limits.drawing):
                    yield event

    def _next(self) -> Event | None:
        """Wait a moment for a line, and return what it tells."""
        if self._process is None:
            return self._ended("start")
        begun = self._clock()
        line: bytes | None = NOT_YET
        with contextlib.suppress(queue.Empty):
            line = self._process.lines.get(timeout=LOOK_SECONDS)
        passed = self._clock() - begun
        self._spent["wall"] += passed
        self._silent += passed
        if line == NOT_YET:
            return Idle(at=self._now())
        return self._read(line, self._process)

    def _passed_limit(self) -> Reason | None:
        spent, limits = self._spent, self._limits
        for what in ("sleep", "wall", "model", "drawing"):
            if spent[what] > getattr(limits, what):
                return what
        if self._over.is_set():  # it has died while something was waited for
            return self._process.why_it_ended() if self._process else "start"
        if self._silent > self._patience and not self._is_busy():
            return "silence" if self._ready else "start"
        if spent["wall"] > limits.silence:
            # It may wait again and again without saying so; nobody else should wait for that.
            self._rest()
        return None if self._weigh() else "memory"

    def _rest(self) -> None:
        """Note that it waits for something: it computes no more, and can be weighed."""
        self._place.leave()
        if self._weighed is None:
            self._weighed = -math.inf

    def _weigh(self) -> bool:
        """Tell the place how much memory it has, now and then; return whether there is room."""
        now = self._clock()
        if self._process is None or self._weighed is None or now < self._weighed + LOOK_SECONDS:
            return True
        self._weighed = now
        return self._place.weigh(self._process.resident())

    def _is_busy(self) -> bool:
        """Return whether it computes, slowly if others do, too: the limit then is ``cpu``."""
        process = self._process
        if process is None:
            return False
        return process.is_ready() or process.computed() - self._computed > BUSY * self._silent

    def _read(self, line: bytes | None, process: Process) -> Event | None:
        """Return what a line tells, and answer it if it asks for something; ``None`` is nothing."""
        if line is None:
            return self._ended(process.why_it_ended())
        self._silent, self._patience = 0.0, self._limits.silence
        self._computed = process.computed()
        try:
            event = guest_event(line)
            if event.op == "ready":
                # The interpreter starts once.
                if self._ready:
                    raise Forged
                self._ready = True
                return None
            if event.op == "end":
                return self._ended("end")
            self._counts["events"] += 1
            self._counts["draws"] += event.count if isinstance(event, Draw) else 0
            self._counts["sleeps"] += isinstance(event, Slept)
            if any(count > getattr(self._limits, what) for what, count in self._counts.items()):
                return self._ended("flood")
            return self._handled(event.model_copy(update={"at": self._now()}), process)
        except (pydantic.ValidationError, Forged):
            return self._ended("protocol")

    def _handled(self, event: Any, process: Process) -> ProgramEvent:
        """Answer an event that asks for something; return it as the caller gets it.

        Raises:
            Forged: the program cannot have come by it honestly.
        """
        if isinstance(event, Slept):
            self._rest()
            self._spent["sleep"] += event.seconds
            self._patience += event.seconds
        elif isinstance(event, Asked | Delta | Queried):
            self._rest()
            if not process.has_taken_all():
                raise Forged
            self._weigh()
            self._asks = True
            try:
                with self._timed("model", self._limits.model):
                    event, answer = self._answers.to(event)
            finally:
                self._asks = False
            if isinstance(event, Delta) and event.text is not None:
                # An answer has as many pieces as the model gives it.
                self._counts["events"] -= 1
            process.send(answer)
        elif isinstance(event, Draw | Piece | Shown):
            event = self._page.take(event)
        told: ProgramEvent = event
        return told

    def _ended(self, reason: Reason) -> Ended:
        return Ended(at=self._now(), reason=reason)

    def _now(self) -> float:
        return self._clock() - self._started

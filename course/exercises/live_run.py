"""A run of a learner's program in a thread of its own, so that no page has to wait for it."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Literal

import streamlit as st

from connection import ConnectionFailed
from course import connection_panel, limits, progress
from course.exercises.answering import Backend
from course.limits import Refusal
from course.progress import Progress
from course.settings import AnswerSettings
from practice import Event, Exercise, RunLimits, Unavailable, grade
from practice.events import (
    Asked,
    Ended,
    Idle,
    Kept,
    Preparing,
    Queried,
    Queued,
    SessionState,
    Shown,
)
from practice.exercises import SceneText
from practice.grading import can_be_run

__all__ = ["LIMITS", "Run", "Use", "Waiting", "item", "learner", "start"]

LOG = logging.getLogger(__name__)
LIMITS = RunLimits()
# Seconds between two looks at the checks, and how much longer than a look: a tenth of the time.
LOOK_SECONDS = 0.2
LOOK_SHARE = 9

#: How a run ended. ``judged``: it came to its end, or its code can only be read; ``unavailable``:
#: there is no sandbox here; ``failed``: there is no connection; ``refused``: a limit of this
#: server; ``broken``: an error of ours.
End = Literal["judged", "stopped", "unavailable", "failed", "refused", "broken"]


@dataclass(frozen=True)
class Waiting:
    """What a run waits for before its program goes on.

    ``what`` is ``queued`` or ``preparing``, for the sandbox, or ``answer``, for a place to ask a
    model; ``number`` is how many are ahead, or the seconds so far.
    """

    what: Literal["queued", "preparing", "answer"]
    number: int


@dataclass(frozen=True)
class Use:
    """What a learner did to a widget in the output: in which scene, its label, its new value."""

    scene: int
    label: str
    value: object
    before: SessionState | None = None


class _Stopped(BaseException):
    """Ends the program's answers in the run's thread; no program sees it."""


class Run:
    """A program in all scenes of an exercise; one that cannot be run is only judged.

    With a ``use`` it runs again in one scene, as a page does after a click, and nothing is checked.
    ``scenes`` is what it has done so far, which only its thread adds to, ``passed`` the ids of the
    checks that have passed. ``end`` is ``None`` while it runs.
    """

    def __init__(self, exercise: Exercise, code: str, use: Use | None = None) -> None:
        self._exercise = exercise
        self.id = uuid.uuid4().hex
        self.use = use
        self.code = code
        self.scenes: list[list[Event]] = []
        self.characters = 0
        self.passed: frozenset[str] = frozenset()
        self.waiting: Waiting | None = None
        self.end: End | None = None
        self.failure: ConnectionFailed | None = None
        self.refusal: Refusal | None = None
        self._lock = threading.Lock()

    @property
    def running(self) -> bool:
        return self.end is None

    @property
    def is_judged(self) -> bool:
        """Whether there is a verdict, if only on the shape of the code."""
        return self.end in ("judged", "unavailable")

    @property
    def events(self) -> list[Event]:
        return [event for scene in self.scenes for event in scene]

    def state_after(self, number: int) -> SessionState | None:
        """Return what a scene's page keeps for its next run; ``None`` if it failed."""
        kept = [event.state for event in self.scenes[number] if isinstance(event, Kept)]
        return kept[-1] if kept else None

    def cancel(self) -> None:
        """End it, from any thread: at once for the page, and a moment later in the sandbox."""
        self._ended("stopped")

    def start(self, backend: Backend, learned: Progress, learner: str) -> None:
        """Begin. ``learned`` records a solved exercise even if nobody watches the end."""
        work = partial(self._work, backend, learned, learner)
        threading.Thread(target=work, name="exercise-run", daemon=True).start()

    def wait(self, ahead: int) -> None:
        """Note that its answer waits for a place; end the wait if the run was stopped."""
        self.waiting = Waiting("answer", ahead)
        self.look()

    def look(self) -> None:
        """End what the run's thread waits for if the run was stopped."""
        if not self.running:
            raise _Stopped

    def failed(self, error: Exception) -> None:
        """Record an error that isn't the program's fault."""
        match error:
            case Unavailable():
                LOG.warning("Programs cannot be run here (%s): %s", error.reason, error)
                self.scenes = []
                self._ended("unavailable")
            case ConnectionFailed():
                # Without the tracebacks, which would keep all of this thread's run.
                self.failure = error.again()
                self.failure.__cause__ = None
                self._ended("failed")
            case _:
                LOG.error("A practice program could not be run", exc_info=error)
                self._ended("broken")

    def forget_failure(self) -> None:
        self.failure = None

    def _ended(self, how: End) -> None:
        with self._lock:
            self.end = self.end or how

    def _work(self, backend: Backend, learned: Progress, learner: str) -> None:
        state = self.use.before if self.use is not None else None
        try:
            for scene in self._plan() if can_be_run(self.code) else ():
                self.scenes.append([])
                with closing(backend.run(self.code, scene, state=state, learner=learner)) as events:
                    self._record(backend, events)
                if backend.refusal is not None:
                    self.refusal = backend.refusal
                    return self._ended("refused")
                self.look()
            graded = self._exercise.is_graded and self.use is None
            if graded and all(
                each.passed for each in grade(self._exercise, self.code, self.events)
            ):
                learned.record(self._exercise.day, "solved", item(self._exercise), self.code)
            self._ended("judged")
        except _Stopped:
            pass  # the page knows
        except Exception as error:
            self.failed(error)

    def _plan(self) -> list[SceneText]:
        scenes, use = self._exercise.about.scenes, self.use
        if use is None:
            return scenes
        # What a page has kept holds what the scene had set its widgets to.
        inputs = {} if use.before else dict(scenes[use.scene].inputs)
        used = {"press": [], "say": [], "inputs": inputs | {use.label: use.value}}
        return [scenes[use.scene].model_copy(update=used)]

    def _record(self, backend: Backend, events: Iterator[Event]) -> None:
        """Keep what the program does, until it ends, is stopped, or the server refuses it."""
        stale, next_look = False, 0.0
        for event in events:
            if backend.refusal is not None:
                return
            self.look()
            match event:
                case Queued():
                    self.waiting = Waiting("queued", event.ahead)
                case Preparing():
                    self.waiting = Waiting("preparing", round(event.at))
                case _:
                    self.waiting = None
            if not isinstance(event, Queued | Preparing | Idle):
                self.scenes[-1].append(event)
                self.characters += len(repr(event))
            stale = stale or isinstance(event, Asked | Shown | Queried | Ended)
            begun = time.monotonic()
            if stale and self.use is None and (begun >= next_look or isinstance(event, Ended)):
                self.passed = self._passed_so_far()
                # A program may do very much in a moment, and looking takes the server's time.
                now = time.monotonic()
                stale, next_look = False, now + max(LOOK_SECONDS, LOOK_SHARE * (now - begun))

    def _passed_so_far(self) -> frozenset[str]:
        """Return the checks that have passed; the others are open, not wrong."""
        about, events = self._exercise.about, self.events
        finished = sum(isinstance(event, Ended) for event in events)
        if events and not isinstance(events[-1], Ended):
            events.append(Ended(reason="end"))
        scenes = [scene.id for scene in about.scenes]
        # That something has not happened is known at the end.
        known = {
            check.id
            for check in about.checks
            if scenes.index(check.scene or scenes[0]) < finished or not check.passes.is_tentative
        }
        results = grade(self._exercise, self.code, events)
        return frozenset(
            each.id for each in results if each.passed and each.id in {*known, "parses"}
        )


def start(exercise: Exercise, code: str, use: Use | None = None) -> Run:
    """Start a program for this page's learner, and record it if it is an attempt."""
    started = Run(exercise, code, use)
    learned = progress.current()
    try:
        backend = Backend(
            AnswerSettings.from_environment(),
            connection_panel.preferred(),
            on_idle=started.look,
            policy_of=limits.current_policy,
            on_wait=started.wait,
        )
        if use is None and exercise.is_graded and exercise.is_attempt(code):
            learned.record(exercise.day, "tried", item(exercise), code)
        started.start(backend, learned, learner())
    except Exception as error:
        started.failed(error)
    return started


def learner() -> str:
    """Return the learner whose runs are counted."""
    who = progress.learner()
    if who.how != "local":
        return who.id
    # Everybody at this machine is one learner; their windows are counted apart.
    return str(st.session_state.setdefault("practice-learner", uuid.uuid4().hex))


def item(exercise: Exercise) -> str:
    """Return an exercise's name in its learner's progress."""
    return progress.EXERCISE + exercise.name

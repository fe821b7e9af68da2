"""What a learner wrote in an exercise, and what came of it, for this session."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from connection import ConnectionFailed
from course.limits.refusal import Refusal
from course.progress import panel as progress_panel
from course.progress.facts import EXERCISE
from practice import Event, Exercise, RunLimits

__all__ = ["LIMITS", "Attempt", "attempt_at", "item", "keep", "key_of"]

LIMITS = RunLimits()


@dataclass
class Attempt:
    """What a learner wrote last in an exercise, and what came of it.

    Attributes:
        code: the program.
        scenes: what it did, scene by scene; empty before it has been run.
        judged: whether there is a verdict: it was run to its end, or can only be read.
        revision: a new one makes the editor take the code over.
        unavailable: whether no program can be run on this machine.
        failure: why there was nothing to answer it, so that it was not run.
        broken: whether it was broken off by a fault of the course's own.
        refusal: the limit of this server that it was broken off by.
    """

    code: str
    scenes: list[list[Event]] = field(default_factory=list)
    judged: bool = False
    revision: str = ""
    unavailable: bool = False
    failure: ConnectionFailed | None = None
    broken: bool = False
    refusal: Refusal | None = None

    @property
    def events(self) -> list[Event]:
        """All of it, in order."""
        return [event for scene in self.scenes for event in scene]


def attempt_at(exercise: Exercise) -> Attempt:
    """Return the attempt of this session, or what was written last, or the beginning."""
    known = st.session_state.get(key_of(exercise, "attempt"))
    if isinstance(known, Attempt):
        return known
    progress = progress_panel.current()
    kept = progress.value(exercise.day, "tried", item(exercise))
    solved = progress.value(exercise.day, "solved", item(exercise))
    code = kept or solved or exercise.starter
    return Attempt(code if len(code) <= LIMITS.code else exercise.starter)


def keep(exercise: Exercise, attempt: Attempt) -> None:
    """Make an attempt that of this session."""
    st.session_state[key_of(exercise, "attempt")] = attempt


def key_of(exercise: Exercise, what: str) -> str:
    """Return the key of something of an exercise, in the session and on the page."""
    return f"practice-{exercise.day}-{exercise.name}-{what}"


def item(exercise: Exercise) -> str:
    """Return what an exercise is called in its learner's progress."""
    return EXERCISE + exercise.name

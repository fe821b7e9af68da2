"""An attempt at an exercise: what a learner wrote, its result, and what the checks say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import streamlit as st

from connection import ConnectionFailed
from course import connection_panel, limits, progress
from course.language import current, text
from course.limits import Refusal
from practice import CheckResult, Event, Exercise, RunLimits, grade
from practice.editor import Mark

LIMITS = RunLimits()

State = Literal["passed", "open", "failed"]
ICONS: Mapping[State, str] = {
    "passed": ":green[:material/check_circle:]",
    "open": ":gray[:material/radio_button_unchecked:]",
    "failed": ":red[:material/cancel:]",
}


@dataclass
class Attempt:
    """What a learner wrote last in an exercise, and its result.

    ``scenes`` is what it did, scene by scene; ``judged`` whether there is a verdict: it was run to
    its end, or can only be read. A new ``revision`` makes the editor take the code over.
    """

    code: str
    scenes: list[list[Event]] = field(default_factory=list)
    judged: bool = False
    revision: str = ""
    # Why it was not run, or not to its end: no sandbox, no session, an error of ours, a limit.
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
    learned = progress.current()
    kept = learned.value(exercise.day, "tried", item(exercise))
    solved = learned.value(exercise.day, "solved", item(exercise))
    code = kept or solved or exercise.starter
    return Attempt(code if len(code) <= LIMITS.code else exercise.starter)


def keep(exercise: Exercise, attempt: Attempt) -> None:
    """Keep an attempt for this session."""
    st.session_state[key_of(exercise, "attempt")] = attempt


def key_of(exercise: Exercise, what: str) -> str:
    """Return the key of something of an exercise, in the session and on the page."""
    return f"practice-{exercise.day}-{exercise.name}-{what}"


def item(exercise: Exercise) -> str:
    """Return an exercise's name in its learner's progress."""
    return progress.EXERCISE + exercise.name


def verdict_on(exercise: Exercise, attempt: Attempt) -> list[CheckResult]:
    """Return the checks of an attempt; none before it has been judged."""
    if not attempt.judged:
        return []
    return grade(exercise, attempt.code, attempt.events, current())


def say(
    exercise: Exercise, attempt: Attempt, results: Sequence[CheckResult], *, following: bool
) -> None:
    """Draw the verdict on an attempt: its checks, and the first thing to fix.

    ``following`` tells whether there is an exercise after this one.
    """
    wait = st.session_state.pop(key_of(exercise, "wait"), None)
    if wait is not None:
        st.warning(text("practice.too_many", seconds=f"{wait:.0f}"), icon=":material/hourglass:")
    if attempt.failure is not None:
        connection_panel.failure(
            attempt.failure, "practice", lambda: setattr(attempt, "failure", None)
        )
    if attempt.broken:
        st.error(text("practice.crashed"), icon=":material/build:")
    if attempt.refusal is not None:
        limits.say_refusal(attempt.refusal, of_exercise=True)
    if attempt.unavailable:
        st.info(text("practice.unavailable"), icon=":material/info:")
    if not results:
        return
    # One thing at a time: the first that is wrong is explained, the others wait.
    wrong = _first_wrong(results)
    for result in results:
        line("passed" if result.passed else "failed" if result is wrong else "open", result.title)
        if result is wrong:
            st.warning(result.message, icon=":material/lightbulb:")
    if all(result.passed for result in results) and not attempt.unavailable:
        said = text("practice.solved_next" if following else "practice.solved")
        st.success(said, icon=":material/celebration:")
        progress.say_if_unsaved(exercise.day, "solved", item(exercise))


def _first_wrong(results: Sequence[CheckResult]) -> CheckResult | None:
    return next((each for each in results if not each.passed and each.message), None)


def line(state: State, title: str) -> None:
    """Draw a line of the list of checks: an icon, and its meaning in words."""
    said = text(f"practice.{state}")
    st.markdown(f"{ICONS[state]} {title} :small[:gray[{said}]]")


def marks(results: Sequence[CheckResult]) -> list[Mark]:
    """Return the line that the first message is about, for the editor to mark."""
    wrong = _first_wrong(results)
    # The message itself is below the editor.
    return [Mark(wrong.line, text("practice.see_below"))] if wrong and wrong.line else []

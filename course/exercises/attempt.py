"""An attempt at an exercise: what a learner wrote last, and its run, kept for this session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from course import moved, progress, shelf
from course.exercises.live_run import LIMITS, Run, Use, item
from course.language import current
from practice import CheckResult, Exercise, grade


@dataclass(eq=False)
class Attempt:
    """What a learner wrote last in an exercise, and its run in this session, if there was one.

    A new ``revision`` makes the editor take the code over. A click in the output starts ``again``.
    """

    code: str
    run: Run | None = None
    revision: str = ""
    again: Run | None = None

    @property
    def runs(self) -> list[Run]:
        return [each for each in (self.run, self.again) if each is not None and each.running]

    @property
    def running(self) -> bool:
        return bool(self.runs)

    @property
    def characters(self) -> int:
        runs = (each for each in (self.run, self.again) if each is not None)
        return len(self.code) + sum(each.characters for each in runs)

    def cancel(self) -> None:
        for each in self.runs:
            each.cancel()

    def use(self, scene: int, label: str, value: object) -> Use:
        """Return what a click in the output means: the page goes on from what it kept."""
        before = self.run.state_after(scene) if self.run is not None else None
        if self.again is not None and self.again.use and self.again.use.scene == scene:
            kept = self.again.state_after(0) if self.again.scenes else None
            before = kept or self.again.use.before
        return Use(scene, label, value, before)


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
    """Keep an attempt for this tab; the run of the one before ends."""
    known = attempt_at(exercise)
    if known is not attempt:
        known.cancel()
    shelf.keep(key_of(exercise, "attempt"), attempt)


def key_of(exercise: Exercise, what: str) -> str:
    """Return the key of something of an exercise, in the session and on the page."""
    return _key(exercise.day, exercise.name, what)


def former_keys(exercise: Exercise, what: str) -> list[str]:
    """Return the keys that it had where the exercise was before it moved."""
    return [_key(*was, what) for was in moved.kept().before(exercise.day, exercise.name)]


def _key(lesson: str, name: str, what: str) -> str:
    return f"practice-{lesson}-{name}-{what}"


def verdict_on(exercise: Exercise, run: Run | None) -> list[CheckResult]:
    """Return the checks of a run; none before it has been judged."""
    if run is None or not run.is_judged:
        return []
    return grade(exercise, run.code, run.events, current())


def first_wrong(results: Sequence[CheckResult]) -> CheckResult | None:
    """Return what to fix first: one thing at a time is explained, the others wait."""
    return next((each for each in results if not each.passed and each.message), None)

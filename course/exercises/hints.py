"""The help beside an exercise: hints one by one, and the solution."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence

import streamlit as st

from course import progress
from course.exercises.attempt import Attempt, item, key_of
from course.language import current, drawer, text
from practice import Exercise

__all__ = ["SOLUTIONS", "hints", "say_when_solutions_are_shown", "shows_all", "solution"]

#: Whether solutions are shown: ``after-try`` (the default), ``always`` or ``never``.
SOLUTIONS = "COURSE_SOLUTIONS"


def hints(exercise: Exercise, *, running: bool) -> None:
    """Draw the current hint, and buttons to the others."""
    # While a program runs, no click gets through, so the buttons are disabled.
    known = exercise.about.hints
    key = key_of(exercise, "hint")
    shown = min(int(st.session_state.get(key, 0)), len(known))

    def show(number: int) -> None:
        st.session_state[key] = number

    with st.container(horizontal=True, vertical_alignment="center", key="practice-hints"):
        if shown == 0:
            st.button(
                text("practice.hint", count=len(known)),
                icon=":material/lightbulb:",
                disabled=running,
                on_click=show,
                args=(1,),
                key=key_of(exercise, "hint-first"),
            )
            return
        st.button(
            text("practice.hint_before"),
            icon=":material/chevron_left:",
            disabled=running or shown == 1,
            on_click=show,
            args=(shown - 1,),
            key=key_of(exercise, "hint-before"),
        )
        st.caption(text("practice.hint_number", number=shown, count=len(known)), width="content")
        st.button(
            text("practice.hint_after"),
            icon=":material/chevron_right:",
            disabled=running or shown == len(known),
            on_click=show,
            args=(shown + 1,),
            key=key_of(exercise, "hint-after"),
        )
    st.info(known[shown - 1].of(current()), icon=":material/lightbulb:")


def solution(exercise: Exercise, attempt: Attempt) -> None:
    """Draw the drawer with the solution and how one's own code differs, or why there is none."""
    if not _shows(exercise):
        say_when_solutions_are_shown()
        return
    label, key = text("practice.solution"), key_of(exercise, "solution")
    box = drawer(label, key=key, icon=":material/key:")
    if not box.open:
        return
    with box:
        st.code(exercise.solution, language="python", wrap_lines=True)
        changes = list(
            difflib.unified_diff(
                attempt.code.splitlines(),
                exercise.solution.splitlines(),
                text("practice.yours"),
                text("practice.solution"),
                lineterm="",
                n=1,
            )
        )
        if changes:
            st.caption(text("practice.compare"))
            st.code("\n".join(changes), language="diff", wrap_lines=True)


def shows_all(found: Sequence[Exercise]) -> bool:
    """Tell whether the solutions of all these exercises are shown to this learner."""
    return all(map(_shows, found))


def say_when_solutions_are_shown(*, several: bool = False) -> None:
    """Say why a solution, or several, are hidden, in their place."""
    hidden = "practice.solutions_later" if several else "practice.solution_later"
    hidden = "practice.solution_never" if _mode() == "never" else hidden
    st.caption(f":material/lock: {text(hidden)}")


def _shows(exercise: Exercise) -> bool:
    if _mode() != "after-try":
        return _mode() == "always"
    learned = progress.current()
    return any(learned.has(exercise.day, kind, item(exercise)) for kind in ("tried", "solved"))


def _mode() -> str:
    """Return when solutions are shown; a setting that is none of these is the usual one."""
    mode = os.environ.get(SOLUTIONS, "").strip().lower()
    return mode if mode in ("always", "never") else "after-try"

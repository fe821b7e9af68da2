"""The exercises and snippets on a lesson's page, each in a panel of its own.

An exercise has an editor, runs, checks, hints and a solution; a snippet only an editor and runs.
"""

from __future__ import annotations

import difflib
import logging
import os
import uuid
from collections.abc import Collection, Sequence
from functools import lru_cache, partial
from typing import Literal

import streamlit as st

import streaming.view
from course import LESSONS, connection_panel, progress, script
from course.content import anchor_of
from course.exercises.attempt import (
    Attempt,
    attempt_at,
    first_wrong,
    former_keys,
    keep,
    key_of,
    verdict_on,
)
from course.exercises.live_run import item, learner, start
from course.exercises.outcome import Result
from course.exercises.rate import RateLimit
from course.language import current, drawer, text
from practice import CheckResult, Exercise, ExerciseError, load_exercises, snippet
from practice.editor import Labels, Mark, code_editor

LOG = logging.getLogger(__name__)
#: A learner who thinks needs one run in ten seconds; one who only clicks is slowed down.
RATE = RateLimit(count=12, seconds=60.0)
#: Whether solutions are shown: ``after-try`` (the default), ``always`` or ``never``.
SOLUTIONS = "COURSE_SOLUTIONS"

#: How far a learner is with an exercise.
State = Literal["solved", "tried", "new"]
ICONS: dict[State, str] = {
    "solved": ":green[:material/check_circle:]",
    "tried": ":blue[:material/pending:]",
    "new": ":gray[:material/radio_button_unchecked:]",
}


@lru_cache(maxsize=64)
def _loaded(lesson: str, files: tuple[tuple[str, int], ...]) -> list[Exercise]:  # noqa: ARG001
    return load_exercises(lesson, LESSONS)


def draw(lesson: str, name: str) -> None:
    """Draw the panel of an exercise of the lesson whose folder is called ``lesson``."""
    exercise = next((each for each in _usable(lesson) if each.name == name), None)
    if exercise is None:
        st.warning(text("practice.broken"), icon=":material/build:")
    else:
        _panel(exercise)


def draw_snippet(lesson: str, source: str, code: str) -> None:
    """Draw code of a lesson in an editor, to be run and changed; ``source`` tells it from others.

    Nothing is checked, and a run is no part of the learner's progress.
    """
    _panel(snippet(lesson, source, code))


def draw_practice(lesson: str, placed: Collection[str]) -> None:
    """Draw the list of a lesson's exercises, and the panels of those not ``placed`` in its text."""
    found = _usable(lesson)
    if not found:
        if (LESSONS / lesson / "practice").is_dir():
            st.warning(text("practice.broken"), icon=":material/build:")
        return
    states = _states(lesson)
    st.session_state[_list_key(lesson)] = states
    st.markdown(
        "\n".join(
            f"- {ICONS[state]} [{exercise.about.title.of(current())}](#{anchor_of(exercise.name)})"
            f" :small[:gray[{text(f'practice.is_{state}')}]]"
            for exercise, state in zip(found, states, strict=True)
        )
    )
    st.download_button(
        text("practice.export"),
        # Looked up here: the callback of a download knows nothing of this session.
        progress.current().export,
        file_name="my-work.json",
        mime="application/json",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        key=f"practice-{lesson}-export",
        help=text("practice.export_help"),
    )
    for exercise in found:
        if exercise.name not in placed:
            _panel(exercise)


def _usable(lesson: str) -> list[Exercise]:
    """Return a lesson's exercises, read again when a file of theirs has changed; none if broken."""
    try:
        files = sorted((LESSONS / lesson / "practice").glob("*/*"))
        return _loaded(lesson, tuple((str(path), path.stat().st_mtime_ns) for path in files))
    except (ExerciseError, OSError) as error:
        LOG.warning("The exercises of %s cannot be used: %s", lesson, error)
        return []


def _states(lesson: str) -> tuple[State, ...]:
    learned = progress.current()

    def state(exercise: Exercise) -> State:
        if learned.has(lesson, "solved", item(exercise)):
            return "solved"
        return "tried" if learned.has(lesson, "tried", item(exercise)) else "new"

    return tuple(map(state, _usable(lesson)))


def _list_key(lesson: str) -> str:
    """Return the key of the states that the list of a lesson's exercises shows."""
    return f"practice-{lesson}-list"


def _list_is_old(lesson: str) -> bool:
    shown = st.session_state.get(_list_key(lesson))
    return shown is not None and shown != _states(lesson)


# A fragment each: a click in one draws no other, and ends no run.
@st.fragment
def _panel(exercise: Exercise) -> None:
    connection_panel.rerun_if_fixed()
    turn = streaming.view.Turn()
    followed = key_of(exercise, "followed")
    with st.container(border=True, key=key_of(exercise, "panel")):
        if exercise.is_graded:
            st.subheader(exercise.about.title.of(current()), anchor=anchor_of(exercise.name))
            st.markdown(exercise.about.task.of(current()))
        if before := _built_on(exercise):
            link = f"[{before.about.title.of(current())}](#{anchor_of(before.name)})"
            st.caption(f":material/lock: {text('practice.builds_on', title=link)}")
            return
        running = _exercise(exercise)
        # Without a result in the turn before, nothing is left there that has to go.
        goes_on = st.session_state.get(followed, True)
        if (run := attempt_at(exercise).run) is not None:
            connection_panel.say_if_replaced(run)
            st.session_state[followed] = running is not None
        # Last, when all else is on the page and can be used.
        if running is not None:
            # What another run has left there goes when a turn ends: the first, at once.
            streaming.view.pulse(turn, key_of(exercise, "run"))
            running.follow(turn, goes_on=goes_on)
            streaming.view.again(turn, key_of(exercise, "run"))
        elif not turn.whole and _list_is_old(exercise.day):
            # The list and the section with the solution are outside the fragment.
            st.rerun()


def _exercise(exercise: Exercise) -> Result | None:
    """Draw an exercise; return the result's places if its program runs."""
    attempt = attempt_at(exercise)
    run, running = attempt.run, attempt.running
    results = verdict_on(exercise, run)
    edited = code_editor(
        attempt.code,
        key=key_of(exercise, "editor"),
        labels=_labels(),
        former=former_keys(exercise, "editor"),
        marks=_marks(results),
        revision=attempt.revision,
        running=running,
        on_stop=attempt.cancel,
    )
    if edited.reset:
        keep(exercise, Attempt(exercise.starter, revision=uuid.uuid4().hex))
        script.draw_again()
    if edited.ran:
        _run(exercise, edited.code)
        script.draw_again()
    wait = st.session_state.pop(key_of(exercise, "wait"), None)
    if wait is not None:
        st.warning(text("practice.too_many", seconds=f"{wait:.0f}"), icon=":material/hourglass:")
    use = partial(_use, exercise)
    result = Result(exercise, run, attempt.again, use) if run is not None else None
    if result is not None and run not in attempt.runs:
        result.show(results)
    if exercise.is_graded:
        _hints(exercise)
        _solution(exercise, attempt)
    return result if running else None


def _run(exercise: Exercise, code: str) -> None:
    """Run the program, unless the learner runs too often."""
    before = attempt_at(exercise)
    if _may_run(exercise):
        # First, since a learner has few places for programs.
        before.cancel()
        keep(exercise, Attempt(code, start(exercise, code), before.revision))
    elif code != before.code:
        keep(exercise, Attempt(code, revision=before.revision))


def _may_run(exercise: Exercise) -> bool:
    """Count a run; false if the learner runs too often, and the page says so."""
    seconds = RATE.take(learner())
    if seconds:
        st.session_state[key_of(exercise, "wait")] = seconds
    return not seconds


def _use(exercise: Exercise, scene: int, label: str, value: object) -> None:
    """Run the program again as a widget in its output was used, unless it runs too often."""
    attempt = attempt_at(exercise)
    if attempt.run is None or not _may_run(exercise):
        return
    use = attempt.use(scene, label, value)
    attempt.cancel()
    attempt.again = start(exercise, attempt.run.code, use)
    keep(exercise, attempt)


def _marks(results: Sequence[CheckResult]) -> list[Mark]:
    """Return the line that the verdict is about, for the editor to mark."""
    wrong = first_wrong(results)
    return [Mark(wrong.line, text("practice.see_below"))] if wrong and wrong.line else []


def _labels() -> Labels:
    # The browser fills these in.
    later = {name: f"{{{name}}}" for name in ("modifier", "line", "limit")}
    return Labels(**{name: text(f"editor.{name}", **later) for name in Labels.__dataclass_fields__})


def awaited(lesson: str, after: Collection[str] | None) -> list[Exercise]:
    """Return which exercises of ``after``, or of all, the learner has yet to try.

    Until then the lesson's solution is hidden. A learner who can't try any need not wait.
    """
    named = (each for each in _usable(lesson) if after is None or each.name in after)
    return [each for each in named if not _shows(each)]


def _built_on(exercise: Exercise) -> Exercise | None:
    """Return the exercise to try first, because the program of this one gives it away."""
    named = exercise.about.builds_on
    if named is None or _mode() == "always":
        return None
    return next(
        (each for each in _usable(exercise.day) if each.name == named and not _tried(each)), None
    )


def _hints(exercise: Exercise) -> None:
    """Draw the current hint, and buttons to the others."""
    known = exercise.about.hints
    key = key_of(exercise, "hint")
    shown = min(int(st.session_state.get(key, 0)), len(known))

    def button(label: str, icon: str, number: int, name: str) -> None:
        st.button(
            label,
            icon=f":material/{icon}:",
            disabled=not 1 <= number <= len(known),
            on_click=st.session_state.__setitem__,
            args=(key, number),
            key=f"{key}-{name}",
        )

    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}s"):
        if shown == 0:
            button(text("practice.hint", count=len(known)), "lightbulb", 1, "first")
            return
        button(text("practice.hint_before"), "chevron_left", shown - 1, "before")
        st.caption(text("practice.hint_number", number=shown, count=len(known)), width="content")
        button(text("practice.hint_after"), "chevron_right", shown + 1, "after")
    st.info(known[shown - 1].of(current()), icon=":material/lightbulb:")


def _solution(exercise: Exercise, attempt: Attempt) -> None:
    """Draw the drawer with the solution and how one's own code differs, or why there is none."""
    if not _shows(exercise):
        say_why_hidden()
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


def say_why_hidden(awaited: Sequence[Exercise] = ()) -> None:
    """Show what to attempt before a solution is shown: these exercises, or the one above."""
    said = text("practice.solution_later")
    if _mode() == "never":
        said = text("practice.solution_never")
    elif awaited:
        titles = (
            f"[{each.about.title.of(current())}](#{anchor_of(each.name)})" for each in awaited
        )
        said = text("practice.solutions_later", titles=", ".join(titles))
    st.caption(f":material/lock: {said}")


def _shows(exercise: Exercise) -> bool:
    if _mode() != "after-try":
        return _mode() == "always"
    return _tried(exercise)


def _tried(exercise: Exercise) -> bool:
    learned = progress.current()
    return any(learned.has(exercise.day, kind, item(exercise)) for kind in ("tried", "solved"))


def _mode() -> str:
    """Return when solutions are shown; a setting that is none of these is the usual one."""
    mode = os.environ.get(SOLUTIONS, "").strip().lower()
    return mode if mode in ("always", "never") else "after-try"

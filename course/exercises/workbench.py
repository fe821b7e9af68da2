"""The hands-on exercises on a lesson's page: editor, run, checks, hints, solution."""

from __future__ import annotations

import difflib
import logging
import os
import uuid
from collections.abc import Sequence
from functools import lru_cache

import streamlit as st

from course import LESSONS, connection_panel, progress, script
from course.exercises import live_run
from course.exercises.attempt import (
    Attempt,
    attempt_at,
    item,
    keep,
    key_of,
    marks,
    say,
    verdict_on,
)
from course.language import current, drawer, text, widget_key
from practice import Exercise, ExerciseError, TooMany, Turns, load_exercises
from practice.editor import Labels, code_editor

LOG = logging.getLogger(__name__)
#: A learner who thinks needs one run in ten seconds; one who only clicks is slowed down.
TURNS = Turns(count=12, seconds=60.0)
#: Whether solutions are shown: ``after-try`` (the default), ``always`` or ``never``.
SOLUTIONS = "COURSE_SOLUTIONS"


def exercises(lesson: str) -> list[Exercise]:
    """Return a lesson's exercises, read again when a file of theirs has changed.

    Raises:
        ExerciseError: one of them cannot be used.
    """
    files = sorted((LESSONS / lesson / "practice").glob("*/*"))
    return _loaded(lesson, tuple((str(path), path.stat().st_mtime_ns) for path in files))


@lru_cache(maxsize=64)
def _loaded(lesson: str, files: tuple[tuple[str, int], ...]) -> list[Exercise]:  # noqa: ARG001
    return load_exercises(lesson, LESSONS)


def draw(lesson: str) -> None:
    """Draw the exercises of the lesson whose folder is called ``lesson``, if it has any."""
    try:
        found = exercises(lesson)
    except (ExerciseError, OSError) as error:
        LOG.warning("The exercises of %s cannot be used: %s", lesson, error)
        st.warning(text("practice.broken"), icon=":material/build:")
        return
    if not found:
        return
    # Not in the fragment: only a click outside it interrupts what runs inside. The style sheet
    # shows it while something does.
    st.button(text("practice.stop"), icon=":material/stop_circle:", key="practice-stop")
    _panel(lesson, found)


@st.fragment
def _panel(lesson: str, found: Sequence[Exercise]) -> None:
    connection_panel.rerun_if_fixed()
    request = script.Request(_runs(lesson))
    running = request.get()
    request.done()
    with st.container(border=True, key="practice"):
        chosen = _chosen(lesson, found, running)
        exercise = found[chosen]
        language = current()
        st.markdown(f"**{exercise.about.title.of(language)}**")
        st.markdown(exercise.about.task.of(language))
        runs = exercise.name == running
        _exercise(exercise, runs=runs, following=chosen + 1 < len(found))
        connection_panel.say_if_replaced()


def _chosen(lesson: str, found: Sequence[Exercise], running: str | None) -> int:
    """Draw the choice of an exercise and return it; while one runs, return that one."""
    if len(found) == 1:
        return 0
    language = current()
    learned = progress.current()
    solved = {each.name for each in found if learned.has(lesson, "solved", item(each))}

    def label(number: int) -> str:
        title = f"{number + 1}. {found[number].about.title.of(language)}"
        return f":green[:material/check_circle:] {title}" if found[number].name in solved else title

    key = f"practice-{lesson}"
    first = next((n for n, each in enumerate(found) if each.name not in solved), 0)
    chosen = int(st.session_state.get(key, first))
    chosen = next((n for n, each in enumerate(found) if each.name == running), chosen)
    picked = st.radio(
        text("practice.choose"),
        range(len(found)),
        index=chosen if chosen < len(found) else first,
        format_func=label,
        # Other labels make another widget. So does a running program, and a click that was under
        # way is dropped.
        key=widget_key(f"{key}-{running or ''}-{'-'.join(sorted(solved))}"),
        disabled=running is not None,
        horizontal=True,
    )
    st.session_state[key] = picked
    return picked


def _runs(lesson: str) -> str:
    return f"practice-{lesson}-runs"


def _exercise(exercise: Exercise, *, runs: bool, following: bool) -> None:
    attempt = attempt_at(exercise)
    results = verdict_on(exercise, attempt)
    edited = code_editor(
        attempt.code,
        key=key_of(exercise, "editor"),
        labels=_labels(),
        marks=marks(results),
        revision=attempt.revision,
        running=runs,
    )
    if edited.reset:
        keep(exercise, Attempt(exercise.starter, revision=uuid.uuid4().hex))
        script.draw_again()
    if edited.ran:
        _take_turn(exercise, edited.code)
        # Drawn once more before the run, so that the editor shows it.
        script.draw_again()
    # Empty, so that nothing of the last run appears beside this one.
    output = st.empty().container()
    verdict = st.empty()
    if runs:
        _hints(exercise, running=True)
        shown = shows_solutions(exercise.day)
        live_run.run_live(exercise, attempt, output, verdict)
        if shows_solutions(exercise.day) != shown:
            # The lesson's own section with the solution is outside the fragment.
            st.rerun()
        script.draw_again()
    if attempt.scenes:
        with output:
            live_run.show_again(exercise, attempt)
    with verdict.container():
        say(exercise, attempt, results, following=following)
    _hints(exercise, running=False)
    _solution(exercise, attempt)
    st.download_button(
        text("practice.export"),
        # Looked up here: the callback of a download knows nothing of this session.
        progress.current().export,
        file_name="my-work.json",
        mime="application/json",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        key=key_of(exercise, "export"),
        help=text("practice.export_help"),
    )


def _take_turn(exercise: Exercise, code: str) -> None:
    """Keep the program and request its run, unless the learner runs too often."""
    before = attempt_at(exercise)
    try:
        TURNS.take(live_run.learner())
    except TooMany as error:
        st.session_state[key_of(exercise, "wait")] = error.seconds
        if code == before.code:
            return  # its result still stands
    else:
        script.Request(_runs(exercise.day)).make(exercise.name)
    keep(exercise, Attempt(code, revision=before.revision))


def _labels() -> Labels:
    # The browser fills these in.
    later = {name: f"{{{name}}}" for name in ("modifier", "line", "limit")}
    return Labels(**{name: text(f"editor.{name}", **later) for name in Labels.__dataclass_fields__})


def shows_solutions(lesson: str) -> bool:
    """Tell whether this learner may see a lesson's section with the solution."""
    try:
        return all(map(_shows, exercises(lesson)))
    except (ExerciseError, OSError):
        return True  # a learner who cannot try need not wait


def say_when_solutions_are_shown(lesson: str) -> None:
    """Say why a lesson's section with the solution is hidden, in its place."""
    _say_why_hidden(several=len(exercises(lesson)) > 1)


def _hints(exercise: Exercise, *, running: bool) -> None:
    """Draw the current hint, and buttons to the others; no click gets through while it runs."""
    known = exercise.about.hints
    key = key_of(exercise, "hint")
    shown = min(int(st.session_state.get(key, 0)), len(known))

    def button(label: str, icon: str, number: int, name: str) -> None:
        st.button(
            label,
            icon=f":material/{icon}:",
            disabled=running or not 1 <= number <= len(known),
            on_click=st.session_state.__setitem__,
            args=(key, number),
            key=f"{key}-{name}",
        )

    with st.container(horizontal=True, vertical_alignment="center", key="practice-hints"):
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
        _say_why_hidden(several=False)
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


def _say_why_hidden(*, several: bool) -> None:
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

"""The hands-on exercises on a lesson's page: editor, run, checks, hints, solution."""

from __future__ import annotations

import difflib
import logging
import os
import uuid
from collections.abc import Sequence
from functools import lru_cache

import streamlit as st

import streaming.view
from course import LESSONS, connection_panel, progress, script
from course.exercises.attempt import Attempt, attempt_at, first_wrong, keep, key_of, verdict_on
from course.exercises.live_run import item, learner, start
from course.exercises.outcome import Result
from course.language import current, drawer, text, widget_key
from practice import CheckResult, Exercise, ExerciseError, TooMany, Turns, load_exercises
from practice.editor import Labels, Mark, code_editor

LOG = logging.getLogger(__name__)
#: A learner who thinks needs one run in ten seconds; one who only clicks is slowed down.
TURNS = Turns(count=12, seconds=60.0)
#: Whether solutions are shown: ``after-try`` (the default), ``always`` or ``never``.
SOLUTIONS = "COURSE_SOLUTIONS"
# Which exercise's run was followed in the turn before this one.
FOLLOWED = "practice-followed"


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
    _panel(lesson, found)


@st.fragment
def _panel(lesson: str, found: Sequence[Exercise]) -> None:
    connection_panel.rerun_if_fixed()
    turn = streaming.view.Turn()
    with st.container(border=True, key="practice"):
        chosen = _chosen(lesson, found)
        exercise = found[chosen]
        st.markdown(f"**{exercise.about.title.of(current())}**")
        st.markdown(exercise.about.task.of(current()))
        running = _exercise(exercise, following=chosen + 1 < len(found))
        connection_panel.say_if_replaced()
        followed = st.session_state.get(FOLLOWED)
        st.session_state[FOLLOWED] = exercise.name if running is not None else ""
        # Last, when all else is on the page and can be used.
        if running is not None:
            # What another exercise or run has left there goes when a turn ends: the first, at once.
            streaming.view.pulse(turn, key_of(exercise, "run"))
            running.follow(turn, goes_on=followed == exercise.name)
            streaming.view.again(turn, key_of(exercise, "run"))


def _chosen(lesson: str, found: Sequence[Exercise]) -> int:
    """Draw the choice of an exercise and return it."""
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
    picked = st.radio(
        text("practice.choose"),
        range(len(found)),
        index=chosen if chosen < len(found) else first,
        format_func=label,
        # Other labels make another widget.
        key=widget_key(f"{key}-{'-'.join(sorted(solved))}"),
        horizontal=True,
    )
    st.session_state[key] = picked
    return picked


def _exercise(exercise: Exercise, *, following: bool) -> Result | None:
    """Draw an exercise; return the result's places if its program runs."""
    attempt = attempt_at(exercise)
    run, running = attempt.run, attempt.running
    results = verdict_on(exercise, run)
    edited = code_editor(
        attempt.code,
        key=key_of(exercise, "editor"),
        labels=_labels(),
        marks=_marks(results),
        revision=attempt.revision,
        running=running,
        on_stop=attempt.stop,
    )
    if edited.reset:
        keep(exercise, Attempt(exercise.starter, revision=uuid.uuid4().hex))
        script.draw_again()
    if edited.ran:
        shown = _shows(exercise)
        _take_turn(exercise, edited.code)
        if _shows(exercise) != shown:
            # The lesson's own section with the solution is outside the fragment.
            st.rerun()
        script.draw_again()
    wait = st.session_state.pop(key_of(exercise, "wait"), None)
    if wait is not None:
        st.warning(text("practice.too_many", seconds=f"{wait:.0f}"), icon=":material/hourglass:")
    result = Result(exercise, run) if run is not None else None
    if run is not None and running:
        streaming.view.keep(run)
    elif result is not None:
        result.show(results, following=following)
    _hints(exercise)
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
    return result if running else None


def _take_turn(exercise: Exercise, code: str) -> None:
    """Run the program, unless the learner runs too often."""
    before = attempt_at(exercise)
    try:
        TURNS.take(learner())
    except TooMany as error:
        st.session_state[key_of(exercise, "wait")] = error.seconds
        if code != before.code:
            keep(exercise, Attempt(code, revision=before.revision))
    else:
        # First, since a learner has few places for programs.
        before.stop()
        keep(exercise, Attempt(code, start(exercise, code), before.revision))


def _marks(results: Sequence[CheckResult]) -> list[Mark]:
    """Return the line that the verdict is about, for the editor to mark."""
    wrong = first_wrong(results)
    return [Mark(wrong.line, text("practice.see_below"))] if wrong and wrong.line else []


def _labels() -> Labels:
    # The browser fills these in.
    later = {name: f"{{{name}}}" for name in ("modifier", "line", "limit")}
    return Labels(**{name: text(f"editor.{name}", **later) for name in Labels.__dataclass_fields__})


def shows_solutions(lesson: str, names: Sequence[str] | None = None) -> bool:
    """Tell whether this learner may see a lesson's section with the solution.

    ``names`` are the exercises that have to be attempted first; ``None``: all of the lesson's.
    """
    try:
        return all(map(_shows, _named(lesson, names)))
    except (ExerciseError, OSError):
        return True  # a learner who cannot try need not wait


def say_when_solutions_are_shown(lesson: str, names: Sequence[str] | None = None) -> None:
    """Say which exercises of ``names`` have to be attempted before the solution is shown."""
    open_ = [each for each in _named(lesson, names) if not _shows(each)]
    _say_why_hidden([each.about.title.of(current()) for each in open_])


def _named(lesson: str, names: Sequence[str] | None) -> list[Exercise]:
    return [each for each in exercises(lesson) if names is None or each.name in names]


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
        _say_why_hidden()
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


def _say_why_hidden(titles: Sequence[str] = ()) -> None:
    """Say when the solution will be shown; ``titles`` are of the exercises to attempt first."""
    if _mode() == "never":
        hidden = text("practice.solution_never")
    elif titles:
        hidden = text("practice.solutions_later", titles=", ".join(titles))
    else:
        hidden = text("practice.solution_later")
    st.caption(f":material/lock: {hidden}")


def _shows(exercise: Exercise) -> bool:
    if _mode() != "after-try":
        return _mode() == "always"
    learned = progress.current()
    return any(learned.has(exercise.day, kind, item(exercise)) for kind in ("tried", "solved"))


def _mode() -> str:
    """Return when solutions are shown; a setting that is none of these is the usual one."""
    mode = os.environ.get(SOLUTIONS, "").strip().lower()
    return mode if mode in ("always", "never") else "after-try"

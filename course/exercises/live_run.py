"""Runs a learner's program in an exercise's scenes, live, and shows again what it did."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from connection import ConnectionFailed
from course import connection_panel, limits, progress, script
from course.exercises.answering import Answers, scene_of
from course.exercises.attempt import LIMITS, Attempt, item, key_of, line, verdict_on
from course.language import current, text
from course.settings import AnswerSettings
from practice import Event, Exercise, Unavailable, grade, run
from practice.events import (
    Asked,
    Draw,
    Ended,
    Failed,
    Preparing,
    Printed,
    Queried,
    Queued,
    Shown,
)
from practice.exercises import SceneText
from practice.grading import can_be_run
from practice.replay import replay

LOG = logging.getLogger(__name__)
RUNNING = "practice-running"
# Seconds between two looks at the checks, and how much longer than a look: a tenth of the time.
LOOK_SECONDS = 0.2
LOOK_SHARE = 9
# The editor fills a window, and the learner wants to see what the program does.
WATCH = script.scroll_script(f".st-key-{RUNNING}", "center")


def learner() -> str:
    """Return the learner whose runs are counted."""
    who = progress.learner()
    if who.how != "local":
        return who.id
    # Everybody at this machine is one learner; their windows are counted apart.
    return str(st.session_state.setdefault("practice-learner", uuid.uuid4().hex))


def run_live(
    exercise: Exercise, attempt: Attempt, output: DeltaGenerator, verdict: DeltaGenerator
) -> None:
    """Run a program in all scenes, and keep its result in the attempt.

    One that does not parse, or has a blank left, is judged without being run.
    """
    learned = progress.current()
    try:
        answers = Answers(
            AnswerSettings.from_environment(),
            connection_panel.preferred(),
            on_idle=script.allow_stop,
            policy_of=limits.current_policy,
            enter=lambda policy: policy.entry().enter(lambda _: script.allow_stop()),
        )
        learned.record(exercise.day, "tried", item(exercise), attempt.code)
        with output, st.container(key=RUNNING):
            st.html(WATCH, unsafe_allow_javascript=True)
            for scene in exercise.about.scenes if can_be_run(attempt.code) else ():
                attempt.scenes.append([])
                _run_scene(exercise, scene, attempt, answers, verdict)
                if answers.refusal is not None:
                    attempt.refusal = answers.refusal
                    return
    except Unavailable as error:
        LOG.warning("Programs cannot be run here (%s): %s", error.reason, error)
        attempt.scenes.clear()
        attempt.unavailable = True
    except ConnectionFailed as error:
        # Without the traceback, which would keep all of this script's run in the session.
        attempt.failure = ConnectionFailed(error.reason, error.errno, error.sqlstate, error.where)
        return
    except Exception:
        LOG.exception("A practice program could not be run")
        attempt.broken = True
        return
    attempt.judged = True
    if not attempt.unavailable and all(each.passed for each in verdict_on(exercise, attempt)):
        learned.record(exercise.day, "solved", item(exercise), attempt.code)


def _run_scene(
    exercise: Exercise,
    scene: SceneText,
    attempt: Attempt,
    answers: Answers,
    verdict: DeltaGenerator,
) -> None:
    _scene_heading(exercise, scene)
    status = st.empty()
    with closing(
        run(
            attempt.code,
            complete=partial(answers.complete, fault=scene.fault),
            sql=partial(answers.sql, fault=scene.fault),
            scene=scene_of(scene),
            limits=LIMITS,
            learner=learner(),
        )
    ) as events:
        _replay(exercise, scene, _watched(exercise, attempt, answers, events, status, verdict))
    _show_the_error(attempt.scenes[-1])


def _watched(
    exercise: Exercise,
    attempt: Attempt,
    answers: Answers,
    events: Iterator[Event],
    status: DeltaGenerator,
    verdict: DeltaGenerator,
) -> Iterator[Event]:
    """Keep each event until the server refuses one, tick what is done, say what is waited for."""
    _tick(exercise, attempt, verdict)
    waiting, stale, next_look = True, False, 0.0
    for event in events:
        if answers.refusal is not None:
            return
        if isinstance(event, Queued):
            status.info(text("practice.queued", ahead=event.ahead), icon=":material/group:")
        elif isinstance(event, Preparing):
            status.info(
                text("practice.preparing", seconds=f"{event.at:.0f}"), icon=":material/build:"
            )
        elif waiting:
            status.empty()
            waiting = False
        attempt.scenes[-1].append(event)
        stale = stale or isinstance(event, Asked | Shown | Queried | Ended)
        begun = time.monotonic()
        if stale and (begun >= next_look or isinstance(event, Ended)):
            _tick(exercise, attempt, verdict)
            # A program may do very much in a moment, and looking takes the server's time.
            now = time.monotonic()
            stale, next_look = False, now + max(LOOK_SECONDS, LOOK_SHARE * (now - begun))
        yield event


def _tick(exercise: Exercise, attempt: Attempt, verdict: DeltaGenerator) -> None:
    """Show which checks have passed so far; the others are open, not wrong."""
    events = attempt.events
    finished = sum(isinstance(event, Ended) for event in events)
    if events and not isinstance(events[-1], Ended):
        events.append(Ended(reason="end"))
    scenes = [scene.id for scene in exercise.about.scenes]
    # That something has not happened is known at the end.
    known = {
        check.id
        for check in exercise.about.checks
        if scenes.index(check.scene or scenes[0]) < finished or not check.passes.is_tentative
    }
    passed = {
        result.id: result.title
        for result in grade(exercise, attempt.code, events, current())
        if result.passed and result.id in {*known, "parses"}
    }
    # All of them in their order, those of scenes that are still to come, too.
    titles = {check.id: check.title.of(current()) for check in exercise.about.checks}
    first = {name: title for name, title in passed.items() if name not in titles}
    with verdict.container():
        for name, title in (first | titles).items():
            line("passed" if name in passed else "open", title)


def show_again(exercise: Exercise, attempt: Attempt) -> None:
    """Show what a program did, as it was shown when it did it."""
    for scene, events in zip(exercise.about.scenes, attempt.scenes, strict=False):
        _scene_heading(exercise, scene)
        if any(isinstance(event, Draw | Printed) for event in events):
            _replay(exercise, scene, iter(events))
        else:
            # An empty box would look like a fault of the page.
            st.caption(text("practice.nothing"))
        _show_the_error(events)
    if not attempt.judged and not attempt.broken and attempt.refusal is None:
        st.info(text("practice.stopped"), icon=":material/stop_circle:")


def _replay(exercise: Exercise, scene: SceneText, events: Iterator[Event]) -> None:
    with st.container(border=True):
        replay(
            events,
            key=key_of(exercise, scene.id),
            printed=text("practice.printed"),
            sidebar=text("practice.sidebar"),
            undrawn=partial(text, "practice.undrawn"),
        )


def _scene_heading(exercise: Exercise, scene: SceneText) -> None:
    title = scene.title.of(current()) if scene.title and len(exercise.about.scenes) > 1 else ""
    st.caption(f":material/play_circle: {title or text('practice.output')}")


def _show_the_error(events: Sequence[Event]) -> None:
    """Show the error that ended a program, unchanged; the verdict explains it."""
    for event in events[-2:]:
        if isinstance(event, Failed):
            where = event.lines[-1] if event.lines else 0
            said = text("practice.error", line=where) if where else text("practice.error_nowhere")
            if event.what:
                st.error(f"**{said}**", icon=":material/error:")
                continue
            st.error(f"**{said}** `{event.type}`", icon=":material/error:")
            st.code(f"{event.type}: {event.message}", language=None, wrap_lines=True)

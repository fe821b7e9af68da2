"""The home page: what the course is, its lessons, and the connection in use."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from connection import connect
from course import connection_panel, content, progress
from course.content import Broken, Lesson
from course.language import current, text
from course.navigation import found, page_of, title_of
from course.problems import log_once
from course.script import allow_stop

__all__ = ["draw"]

PARSER = "markdown_it"  # imported with the first lesson that is read
LOOK_SECONDS = 1.0
LOOKED_KEY = "course_home_looked"
CARD_WIDTH = 280  # pixels: three beside each other on a laptop, one on a phone


def draw() -> None:
    """Draw the page."""
    st.set_page_config(page_title=text("course.title"))
    connection_panel.badge()
    entries = found()
    lessons = [entry for entry in entries if isinstance(entry, Lesson)]
    progress.refresh()
    learned = progress.current()
    _hero(lessons, learned)
    progress.say_if_not_saved()
    if not entries:
        st.info(text("home.none"), icon=":material/menu_book:")
    week = 1
    weeks: dict[int, list[Lesson | Broken]] = {}
    for entry in entries:
        # A broken lesson does not say which week it is for: that of the one before.
        week = entry.meta.week if isinstance(entry, Lesson) else week
        weeks.setdefault(week, []).append(entry)
    marks = []
    for number, group in weeks.items():
        st.header(text("course.week", week=number), anchor=f"week-{number}")
        with st.grid(min_column_width=CARD_WIDTH, key=f"week-{number}", row_height="content"):
            for entry in group:
                with st.container(border=True, key=f"card-{entry.name}"):
                    marks.append((entry, _card(entry, learned)))
    st.header(text("progress.heading"), anchor="progress")
    if lessons:
        read = sum(learned.value(lesson.name, "read") == "yes" for lesson in lessons)
        solved = sum(learned.count(lesson.name, "solved") for lesson in lessons)
        st.markdown(text("progress.summary", total=len(lessons), read=read, solved=solved))
    progress.controls([entry.name for entry in entries])
    _look_into(marks)


def _hero(lessons: Sequence[Lesson], learned: progress.Progress) -> None:
    with st.container(key="hero"):
        st.title(text("course.title"), anchor=False)
        st.markdown(text("course.tagline"))
        st.caption(text("course.how"))
        with st.container(horizontal=True, vertical_alignment="center", key="hero-links"):
            last = learned.last_opened()
            before = next((lesson for lesson in lessons if lesson.name == last), None)
            if next_one := before or next(iter(lessons), None):
                label = text("home.begin", day=next_one.meta.day)
                if before is not None:
                    label = text("home.continue", lesson=title_of(before))
                st.page_link(page_of(next_one), label=label, icon=":material/play_arrow:")
            kind = connect(connection_panel.preferred()).kind
            label = text("home.connection", label=text(f"connection.{kind}"))
            st.caption(f":material/cable: {label}", width="content")


def _card(entry: Lesson | Broken, learned: progress.Progress) -> DeltaGenerator:
    """Draw a lesson's card, and return the place in it for what is found out later."""
    if isinstance(entry, Broken):
        day = entry.day
        st.markdown(f"### {title_of(entry)}", anchors=False)
    else:
        meta, language = entry.meta, current()
        day = meta.day
        facts = (
            text("course.day", day=day),
            text("course.minutes", minutes=content.minutes(entry)),
            _state(entry, learned),
        )
        st.markdown(
            f":small[{' · '.join(facts)}]\n\n"
            f"### {meta.icon} {meta.title.of(language)}\n\n"
            f"{meta.summary.of(language)}",
            anchors=False,
        )
    place = st.empty()
    if isinstance(entry, Broken):
        place.warning(text("home.broken"), icon=":material/build:")
    # The day is in the label, or a screen reader's list of links would say "open" at each.
    label = text("course.open", day=day)
    st.page_link(page_of(entry), label=label, icon=":material/arrow_forward:")
    return place


def _state(lesson: Lesson, learned: progress.Progress) -> str:
    solved = learned.count(lesson.name, "solved")
    states = []
    if learned.value(lesson.name, "read") == "yes":
        states.append(f":green[:material/check_circle: {text('home.read')}]")
    elif learned.has(lesson.name, "opened"):
        states.append(f":blue[{text('home.opened')}]")
    if learned.has(lesson.name, "tried", "demo"):
        states.append(text("home.tried"))
    if solved:
        states.append(f":green[{text('home.solved', count=solved)}]")
    return " · ".join(states) or text("home.new")


def _look_into(marks: Sequence[tuple[Lesson | Broken, DeltaGenerator]]) -> None:
    """Mark the lessons whose prose is broken, once everything has been drawn."""
    if PARSER not in sys.modules:
        _look_soon()
        return
    for entry, place in marks:
        allow_stop()
        broken = entry if isinstance(entry, Broken) else content.read(entry, current())
        if broken.problems:
            log_once("A lesson cannot be shown", broken.problems)
            place.warning(text("home.broken"), icon=":material/build:")


@st.fragment(run_every=LOOK_SECONDS)
def _look_soon() -> None:
    """Look a moment after the first Home of a process: importing the parser takes some 0.1 s."""
    if st.session_state.setdefault(LOOKED_KEY, False):
        importlib.import_module(PARSER)
        st.rerun()
    st.session_state[LOOKED_KEY] = True

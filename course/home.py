"""The home page: what the course is, its lessons, and the connection in use."""

from __future__ import annotations

import importlib
import logging
import sys
from functools import lru_cache

import streamlit as st

from connection import connect
from course import connection_panel, content, progress
from course.content import Broken, Lesson, entries
from course.language import Language, current, text
from course.navigation import page_of, title_of
from course.problems import Problem
from course.script import allow_stop

__all__ = ["draw"]

LOG = logging.getLogger(__name__)
PARSER = "markdown_it"  # imported with the first lesson that is read
LOOK_SECONDS = 1.0
LOOKED_KEY = "course_home_looked"
CARD_WIDTH = 280  # pixels: three beside each other on a laptop, one on a phone


def draw() -> None:
    """Draw the page."""
    st.set_page_config(page_title=text("course.title"))
    connection_panel.badge()
    found = entries()
    progress.refresh()
    learned = progress.current()
    _hero(found, learned)
    progress.say_if_not_saved()
    if not found:
        st.info(text("home.none"), icon=":material/menu_book:")
    week = 1
    weeks: dict[int, list[Lesson | Broken]] = {}
    for entry in found:
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
    _summary(found, learned)
    _look_into(marks)


def _hero(found: list[Lesson | Broken], learned: progress.Progress) -> None:
    with st.container(key="hero"):
        st.title(text("course.title"), anchor=False)
        st.markdown(text("course.tagline"))
        st.caption(text("course.how"))
        with st.container(horizontal=True, vertical_alignment="center", key="hero-links"):
            lessons = [entry for entry in found if isinstance(entry, Lesson)]
            last = learned.last_opened()
            before = next((lesson for lesson in lessons if lesson.name == last), None)
            if before is not None:
                label = text("home.continue", lesson=title_of(before))
                st.page_link(page_of(before), label=label, icon=":material/play_arrow:")
            elif lessons:
                label = text("home.begin", day=lessons[0].meta.day)
                st.page_link(page_of(lessons[0]), label=label, icon=":material/play_arrow:")
            kind = connect(connection_panel.preferred()).kind
            st.caption(
                f":material/cable: {text('home.connection', label=text(f'connection.{kind}'))}",
                width="content",
            )


def _summary(found: list[Lesson | Broken], learned: progress.Progress) -> None:
    lessons = [entry.name for entry in found if isinstance(entry, Lesson)]
    read = sum(learned.value(name, "read") == "yes" for name in lessons)
    solved = sum(learned.count(name, "solved") for name in lessons)
    st.header(text("progress.heading"), anchor="progress")
    if lessons:
        st.markdown(text("progress.summary", total=len(lessons), read=read, solved=solved))
    progress.controls([entry.name for entry in found])


def _card(entry: Lesson | Broken, learned: progress.Progress) -> st.delta_generator.DeltaGenerator:
    """Draw a lesson's card, and return the place in it for what is found out later."""
    if isinstance(entry, Broken):
        st.markdown(f"### {title_of(entry)}", anchors=False)
        place = st.empty()
        place.warning(text("home.broken"), icon=":material/build:")
        _open_link(entry, entry.day)
        return place
    language: Language = current()
    facts = (
        text("course.day", day=entry.meta.day),
        text("course.minutes", minutes=entry.meta.minutes),
        _state(entry, learned),
    )
    st.markdown(
        f":small[{' · '.join(facts)}]\n\n"
        f"### {entry.meta.icon} {entry.meta.title.of(language)}\n\n"
        f"{entry.meta.summary.of(language)}",
        anchors=False,
    )
    place = st.empty()
    _open_link(entry, entry.meta.day)
    return place


def _open_link(entry: Lesson | Broken, day: int) -> None:
    # The day is in the label, or a screen reader's list of links would say "open" at each.
    label = text("course.open", day=day)
    st.page_link(page_of(entry), label=label, icon=":material/arrow_forward:")


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


def _look_into(marks: list[tuple[Lesson | Broken, st.delta_generator.DeltaGenerator]]) -> None:
    """Mark the lessons whose prose is broken, once everything has been drawn.

    Reading a lesson takes some hundredths of a second, and only after it has changed.
    """
    if PARSER not in sys.modules:
        _look_soon()
        return
    for entry, place in marks:
        if isinstance(entry, Broken):
            _log_once(entry.problems)
            continue
        allow_stop()
        if problems := content.read(entry, current()).problems:
            _log_once(problems)
            place.warning(text("home.broken"), icon=":material/build:")


@lru_cache(maxsize=1024)
def _log_once(problems: tuple[Problem, ...]) -> None:
    """Log what is wrong with a lesson, once in a process and not for every visitor."""
    LOG.error("A lesson cannot be shown:\n%s", "\n".join(map(str, problems)))


@st.fragment(run_every=LOOK_SECONDS)
def _look_soon() -> None:
    """Look a moment after the first Home of a process, whose reader does not wait for it."""
    if st.session_state.setdefault(LOOKED_KEY, False):
        importlib.import_module(PARSER)
        st.rerun()
    st.session_state[LOOKED_KEY] = True

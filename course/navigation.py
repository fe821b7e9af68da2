"""The course's pages, and the guard that lets each of them be entered cold.

With a ``pages/`` folder, Streamlit runs the page of the first deep link after a server start
without running Home.py first, and so without translated titles; ``AppTest.switch_page`` does the
same. The guard registers the navigation in that case and starts the run again, through Home.py.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from course.catalog import ROOT, lessons
from course.language import chooser, current, text
from course.lesson import Lesson

__all__ = ["guard", "page_of", "run"]

# Per run, not in the session state: a session whose navigation ran once is not to skip it later.
SENT_KEY = "course_sent_through_home"
_through_home: ContextVar[bool] = ContextVar("through_home", default=False)


def run(home: Callable[[], None]) -> None:
    """Run the page that was asked for; called by Home.py, with what draws the home page."""
    chosen = _register(home)
    token = _through_home.set(True)
    try:
        with st.sidebar:
            chooser()
        chosen.run()
    finally:
        _through_home.reset(token)


def guard() -> None:
    """Make sure that this page is run by Home.py; every page calls this before all else."""
    if _through_home.get():
        st.session_state.pop(SENT_KEY, None)
    elif not st.session_state.pop(SENT_KEY, False):
        st.session_state[SENT_KEY] = True
        _register(_nothing)
        st.rerun()
    # Else this file is the app itself, as in AppTest.from_file: there is no Home.py to run it.


def page_of(lesson: Lesson) -> StreamlitPage:
    """Return a lesson's page as Streamlit knows it; its URL path is the file's name."""
    # The path is also what Streamlit makes of the file without a navigation, so a deep link means
    # the same page before and after the navigation is known.
    return st.Page(
        ROOT / "pages" / f"{lesson.name}.py",
        title=f"{text('course.day', day=lesson.meta.day)}. {lesson.meta.title.of(current())}",
        icon=lesson.meta.icon,
        url_path=lesson.name,
    )


def _register(home: Callable[[], None]) -> StreamlitPage:
    front = st.Page(home, title=text("course.home"), icon=":material/home:", default=True)
    weeks: dict[str, list[StreamlitPage]] = {"": [front]}
    for lesson in lessons():
        week = text("course.week", week=lesson.meta.week)
        weeks.setdefault(week, []).append(page_of(lesson))
    return st.navigation(weeks, expanded=True)


def _nothing() -> None:
    """Stand in for the home page while another page registers the navigation."""

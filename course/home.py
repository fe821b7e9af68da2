"""The home page: what the course is, its lessons, and the connection in use."""

from __future__ import annotations

import streamlit as st

from course import connection_panel
from course.catalog import lessons
from course.language import current, text
from course.navigation import page_of

__all__ = ["draw"]


def draw() -> None:
    """Draw the page."""
    st.set_page_config(page_title=text("course.title"))
    connection_panel.badge()
    language = current()
    st.title(text("course.title"), anchor=False)
    st.markdown(text("course.tagline"))
    st.caption(text("course.how"))
    for lesson in lessons():
        with st.container(border=True):
            st.caption(
                f"{text('course.day', day=lesson.meta.day)} · "
                f"{text('course.minutes', minutes=lesson.meta.minutes)}"
            )
            st.subheader(f"{lesson.meta.icon} {lesson.meta.title.of(language)}", anchor=False)
            st.markdown(lesson.meta.summary.of(language))
            st.page_link(
                page_of(lesson), label=text("course.open"), icon=":material/arrow_forward:"
            )

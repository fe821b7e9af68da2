"""The end of a day: marking it as read, and its moment once everything is done."""

from __future__ import annotations

import streamlit as st

from course import progress
from course.content import Lesson
from course.language import current, text
from course.navigation import lessons, page_of, title_of
from course.standing import FINISH, Step, finish, next_step, standing_of

#: The day whose moment this tab has seen last: it stays as it was until the page is left.
MOMENT_KEY = "course_moment"


# A fragment: marking a day as read draws no lesson again.
@st.fragment
def draw(lesson: Lesson) -> None:
    """Draw the end of a lesson's page."""
    learned, name = progress.current(), lesson.name
    day = standing_of(lesson, learned)
    if finish(day, learned):
        st.session_state[MOMENT_KEY] = name
    with st.container(key=FINISH):
        if day.done:
            is_new = st.session_state.get(MOMENT_KEY) == name
            with st.container(key="moment-new" if is_new else "moment"):
                st.markdown(done(lesson))
                days = lessons()
                step = next_step([standing_of(each, learned) for each in days], name)
                # The next lesson has a link below.
                following = next((each.name for each in days if each.day > lesson.day), "")
                if step is not None and step.lesson.name not in (name, following):
                    st.page_link(
                        page_of(step.lesson), label=what_next(step), icon=":material/arrow_forward:"
                    )
        with st.container(horizontal=True, vertical_alignment="center", key="read-box"):
            if day.read:
                left = len(day.has.exercises) - len(day.solved)
                said = text("milestone.left", count=left) if left else ""
                read = f":green[:material/check_circle:] {text('lesson.was_read')}"
                st.markdown(f"{read} {said}".strip(), width="content")
            st.button(
                text("lesson.unmark_read" if day.read else "lesson.mark_read"),
                key="mark-read",
                type="tertiary" if day.read else "primary",
                icon=None if day.read else ":material/check:",
                on_click=learned.record,
                args=(name, "read"),
                kwargs={"value": "no" if day.read else "yes"},
            )
            progress.say_if_unsaved(name, "read")


def done(lesson: Lesson) -> str:
    """Return that a day is finished and what was built in it, as Markdown."""
    what = (lesson.meta.built or lesson.meta.title).of(current())
    said = text("milestone.done", day=lesson.day)
    return f":green[:material/task_alt:] **{said}** {text('milestone.built', what=what)}"


def what_next(step: Step) -> str:
    """Return what a step leads to, as a label."""
    return text(f"home.{step.kind}", day=step.lesson.day, lesson=title_of(step.lesson))

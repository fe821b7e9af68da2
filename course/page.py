"""The frame of a lesson's page: guard, title, text, and a place for the live demo."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from connection import connect
from course import (
    ASSETS,
    connection_panel,
    content,
    contents,
    exercises,
    lab,
    limits,
    milestone,
    navigation,
    progress,
    shelf,
)
from course.content import (
    Block,
    Code,
    ExercisePlace,
    Heading,
    Lesson,
    Question,
    draw_goals,
    draw_section,
)
from course.demo import failures_explained
from course.language import current, text
from course.problems import LessonError
from course.standing import OWN
from course.visitor import opened_here
from course.warm import warm_up

__all__ = ["LessonPage", "lesson_page"]

LOG = logging.getLogger(__name__)
ICON = ASSETS / "icon.svg"


class LessonPage:
    """A lesson's page whose goals have been drawn, with a place for its demo above its text.

    ``prefer`` is the kind of connection that the learner asked for, if they did.
    """

    def __init__(
        self,
        prefer: str | None,
        lesson: Lesson,
        draw_question: Callable[[], None],
        draw_text: Callable[[], None],
    ) -> None:
        self.prefer = prefer
        self._lesson = lesson
        # Beside each other and not one in the other: Streamlit copies, for each fragment in each
        # tab, all containers around it, and around each of those.
        self._demo = st.container(border=True, key="demo-box")
        draw_question()
        self._lab = st.container()
        self._draw_text = draw_text

    def draw(self, draw_demo: Callable[[], None]) -> None:
        """Draw the lesson's text, and the live demo by ``draw_demo`` in its place above it.

        The demo is a fragment: a click inside runs it alone, and not the lesson, which costs the
        server ten times as much. A demo that fails is explained.
        """
        # For each piece of the demo's answer the browser looks at all elements beside the demo,
        # but not at what is in a container: 450 parts of Day 3's page instead of 1,180.
        with st.container():
            self._draw_text()
        with self._demo:
            # What does not change is not in the fragment: Streamlit's server sends the messages of
            # all its sessions one after the other, and a class that presses Generate waits.
            with st.container(horizontal=True, vertical_alignment="center", key="demo-head"):
                st.subheader(text("demo.heading"), anchor="demo", width="content")
                connection_panel.say_what_answers(connect(self.prefer))
            hint = self._lesson.meta.demo
            if hint:
                st.markdown(hint.of(current()))
            self._run(draw_demo)
        if self._lesson.meta.lab:
            with self._lab:
                lab.draw(self._lesson.meta.lab)
        warm_up(connect(self.prefer))

    @st.fragment
    def _run(self, draw_demo: Callable[[], None]) -> None:
        limits.say_if_unusable()
        connection_panel.rerun_if_fixed()
        shelf.begin(self._lesson.name)
        with failures_explained(self._lesson.name):
            draw_demo()
        shelf.end()


def lesson_page(name: str) -> LessonPage:
    """Begin the page of the lesson whose folder is called ``name``; its demo completes it.

    A lesson that is broken ends the run here: the page says so, and the log gives the fix.
    """
    navigation.guard(name)
    shelf.arrive()
    # Not on Home: Streamlit reads an icon file with numpy, and Home's first reader would wait.
    st.set_page_config(page_icon=ICON)
    connection_panel.badge()
    # Start it while the page is drawn, so that the first button press doesn't wait for it.
    connect(connection_panel.preferred()).prepare()
    found = (each for each in navigation.lessons() if each.name == name)
    try:
        lesson = next(found, None) or content.find(name)
        parts = content.sections(lesson, current())
        source = content.program(lesson)
    except LessonError as error:
        content.say_that_it_is_broken(name, error.problems)
        st.stop()
    _contents(parts, has_lab=bool(lesson.meta.lab))
    contents.follow(name)
    not_saved = _head(lesson)
    draw_live = partial(_draw_live, name)
    goals = parts.pop("goals")
    draw_goals(name, goals, lesson.meta.summary.of(current()), draw_live)
    progress.refresh()
    progress.current().record(name, "opened")
    # Only now is it known whether anything can be kept.
    with not_saved:
        progress.say_if_not_saved()

    def draw_question() -> None:
        questions = [block for block in goals if isinstance(block, Question)]
        draw_section(name, questions, draw_live)

    def draw_text() -> None:
        awaited = exercises.awaited(name, lesson.meta.solution_after)
        for section, blocks in parts.items():
            if section == "solution" and awaited:
                draw_section(name, blocks[:1], draw_live)
                exercises.say_why_hidden(awaited)
                continue
            draw_section(name, blocks, draw_live)
            if section == "practice":
                exercises.draw_practice(name, _placed([goals, *parts.values()]))
        # The whole program is the solution, too.
        _take_away(lesson, "" if awaited else source)
        milestone.draw(lesson)
        _neighbours(lesson)
        if opened_here():
            _edit_hint(name)

    return LessonPage(connection_panel.preferred(), lesson, draw_question, draw_text)


def _draw_live(name: str, block: ExercisePlace | Code) -> None:
    if isinstance(block, ExercisePlace):
        exercises.draw(name, block.name)
    else:
        exercises.draw_snippet(name, block.source, block.text)


def _placed(sections: Iterable[Sequence[Block]]) -> set[str]:
    """Return the names of the exercises that stand in a lesson's text."""
    return {each.name for part in sections for each in part if isinstance(each, ExercisePlace)}


def _head(lesson: Lesson) -> DeltaGenerator:
    """Draw the lesson's head, and return the place in it for what is found out later."""
    st.title(navigation.title_of(lesson), anchor="top")
    with st.container(horizontal=True, vertical_alignment="center", key="lesson-facts"):
        minutes = text("course.minutes", minutes=content.minutes(lesson))
        st.caption(f":material/schedule: {minutes}", width="content")
        if _is_stale(lesson):
            st.badge(
                text("lesson.stale"),
                icon=":material/translate:",
                color="orange",
                help=text("lesson.stale_help"),
            )
        before = [each for each in navigation.lessons() if each.day in lesson.meta.prerequisites]
        if before:
            # A link inside the page's own text would open a second tab.
            st.caption(text("lesson.prerequisites"), width="content")
            for each in before:
                st.page_link(navigation.page_of(each))
    return st.container()


def _is_stale(lesson: Lesson) -> bool:
    try:
        return bool(content.stale(lesson, current()))
    except LessonError as error:
        LOG.warning("%s", error)
        return True


def _contents(parts: Mapping[str, Sequence[Block]], *, has_lab: bool) -> None:
    links = []
    for name, blocks in parts.items():
        headings = (block for block in blocks if isinstance(block, Heading))
        links += [f"{'  ' * (each.level - 2)}- [{each.text}](#{each.id})" for each in headings]
        if name == "goals":
            links.append(f"- [{text('demo.heading')}](#demo)")
            links += [f"- [{text('lab.heading')}](#lab)"] if has_lab else []
    with st.sidebar, st.container(key="contents"):
        st.caption(text("course.contents"))
        st.markdown("\n".join(links))


def _take_away(lesson: Lesson, source: str) -> None:
    if source:
        with st.container(key=OWN):
            st.download_button(
                text("course.download", file=lesson.program_name),
                source,
                file_name=lesson.program_name,
                mime="text/x-python",
                icon=":material/download:",
                on_click="ignore",
            )
    if lesson.meta.links:
        st.subheader(text("course.links"), anchor="links")
        links = [f"- [{link.title.of(current())}]({link.url})" for link in lesson.meta.links]
        st.markdown("\n".join(links))


def _neighbours(lesson: Lesson) -> None:
    lessons = navigation.lessons()
    here = [each.name for each in lessons].index(lesson.name)

    def link(key: str, near: Sequence[Lesson], icon: str, side: Literal["left", "right"]) -> None:
        for each in near:
            label = text(key, lesson=navigation.title_of(each))
            st.page_link(navigation.page_of(each), label=label, icon=icon, icon_position=side)

    with st.container(horizontal=True, horizontal_alignment="distribute", key="neighbours"):
        link("lesson.previous", lessons[:here][-1:], ":material/arrow_back:", "left")
        link("lesson.next", lessons[here + 1 :][:1], ":material/arrow_forward:", "right")


def _edit_hint(name: str) -> None:
    files = {
        "prose": f"lessons/{name}/{current()}.md",
        "steps": f"lessons/{name}/steps/",
        "page": f"pages/{name}.py",
    }
    st.caption(f":material/edit: {text('lesson.edit', **files)}")

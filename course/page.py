"""The frame of a lesson's page: guard, title, text, and a place for the live demo."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from connection import ConnectionFailed, connect
from course import catalog, connection_panel, navigation
from course.language import current, text
from course.lesson import Block, Lesson, program, sections
from course.warm import warm_up

__all__ = ["LessonPage", "lesson_page"]

ICON = Path(__file__).parent / "assets" / "icon.svg"
CALLOUTS = {
    "note": (st.info, ":material/info:"),
    "tip": (st.success, ":material/lightbulb:"),
    "warning": (st.warning, ":material/warning:"),
}


class LessonPage:
    """A lesson's page whose goals have been drawn, with places for its demo and for its text.

    ``prefer`` is the kind of connection that the learner asked for, if they did.
    """

    def __init__(self, prefer: str | None, draw_text: Callable[[], None]) -> None:
        self.prefer = prefer
        self._demo = st.container()
        self._text = st.container()
        self._draw_text: Callable[[], None] | None = draw_text

    def draw_text(self) -> None:
        """Draw the lesson's text below the demo, once in a run.

        It is drawn after the demo, so that a click's effect is seen first; but before an answer
        streams, because that may take a minute.
        """
        draw, self._draw_text = self._draw_text, None
        if draw is not None:
            with self._text:
                draw()

    @contextmanager
    def demo(self) -> Iterator[None]:
        """Draw the live demo in its place, then the text; a connection that fails is explained."""
        with self._demo, st.container(border=True):
            st.subheader(text("demo.heading"), anchor="demo")
            st.caption(text("demo.intro"))
            connection_panel.say_what_answers(connect(self.prefer))
            try:
                yield
            except ConnectionFailed as error:
                connection_panel.failure(error)
        self.draw_text()
        warm_up(connect(self.prefer))


def lesson_page(name: str) -> LessonPage:
    """Begin the page of the lesson whose folder is called ``name``; its demo completes it.

    Raises:
        LessonError: the lesson's files are wrong.
    """
    navigation.guard(name)
    # Not on Home: Streamlit reads an icon file with numpy, and Home's first reader would wait.
    st.set_page_config(page_icon=ICON)
    lesson = catalog.find(name)
    connection_panel.badge()
    language = current()
    parts = sections(lesson, language)
    _contents(parts)
    st.title(lesson.meta.title.of(language), anchor="top")
    st.caption(
        f"{text('course.day', day=lesson.meta.day)} · "
        f"{text('course.minutes', minutes=lesson.meta.minutes)}"
    )
    _section(parts.pop("goals"), lead=f"**{lesson.meta.summary.of(language)}**")

    def draw_text() -> None:
        for blocks in parts.values():
            _section(blocks)
        _take_away(lesson)

    return LessonPage(connection_panel.preferred(), draw_text)


def _contents(parts: Mapping[str, Sequence[Block]]) -> None:
    links = [f"- [{blocks[0].text}](#{name})" for name, blocks in parts.items()]
    links.insert(1, f"- [{text('demo.heading')}](#demo)")
    with st.sidebar:
        st.caption(text("course.contents"))
        st.markdown("\n".join(links))


def _section(blocks: Sequence[Block], lead: str = "") -> None:
    for block in blocks:
        if block.kind == "heading":
            draw = st.header if block.level == 2 else st.subheader
            draw(block.text, anchor=block.id)
        elif block.kind == "code":
            st.code(block.text, language="python")
        elif block.kind == "markdown":
            if lead:
                st.info(f"{lead}\n\n{block.text}", icon=":material/flag:")
                lead = ""
            else:
                st.markdown(block.text)
        else:
            draw_callout, icon = CALLOUTS[block.kind]
            draw_callout(block.text, icon=icon)


def _take_away(lesson: Lesson) -> None:
    st.download_button(
        text("course.download", file=lesson.program_name),
        program(lesson),
        file_name=lesson.program_name,
        mime="text/x-python",
        icon=":material/download:",
        on_click="ignore",
    )
    if lesson.meta.links:
        st.caption(text("course.links"))
        language = current()
        st.markdown(
            "\n".join(f"- [{link.title.of(language)}]({link.url})" for link in lesson.meta.links)
        )

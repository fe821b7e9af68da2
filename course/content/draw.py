"""Drawing the blocks of a lesson's prose."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import streamlit as st

from course.content import figures, glossary
from course.content.blocks import Block, Callout, Chart, Code, Diagram, Heading, Markdown, Question
from course.content.catalog import LESSONS
from course.content.questions import draw_question
from course.language import current, text
from course.problems import LessonError

__all__ = ["draw_goals", "draw_section"]

LOG = logging.getLogger(__name__)
HEADINGS = {2: st.header, 3: st.subheader}
CALLOUTS = {
    "note": (st.info, ":material/info:"),
    "tip": (st.success, ":material/lightbulb:"),
    "warning": (st.warning, ":material/warning:"),
    "todo": (st.warning, ":material/edit_note:"),
}


def draw_goals(lesson: str, blocks: Sequence[Block], summary: str) -> None:
    """Draw the goals of the lesson whose folder is called ``lesson`` as a callout.

    The lesson's summary heads it.
    """
    heading, *rest = blocks
    _draw(heading, lesson)
    goals = "\n\n".join(block.text for block in rest if isinstance(block, Markdown))
    st.info(f"**{summary}**\n\n{goals}", icon=":material/flag:")
    for block in rest:
        if not isinstance(block, Markdown):
            _draw(block, lesson)


def draw_section(lesson: str, blocks: Sequence[Block]) -> None:
    """Draw a section of the lesson whose folder is called ``lesson``."""
    for block in blocks:
        _draw(block, lesson)


def _draw(block: Block, lesson: str) -> None:
    if isinstance(block, Markdown):
        _markdown(block.text)
    elif isinstance(block, Heading):
        HEADINGS[block.level](block.text, anchor=block.id)
    elif isinstance(block, Code):
        # Wrapped, because what scrolls sideways cannot be reached with the keyboard.
        st.code(block.text, language="python", wrap_lines=True)
    elif isinstance(block, Callout):
        box, icon = CALLOUTS[block.kind]
        lead = f"**{text('lesson.todo')}** " if block.kind == "todo" else ""
        box(lead + block.text, icon=icon)
    elif isinstance(block, Question):
        draw_question(lesson, block, _draw)
    elif isinstance(block, Diagram):
        figures.draw_diagram(block)
    else:
        _chart(block)


def _markdown(source: str) -> None:
    if "](term:" not in source:
        st.markdown(source)
        return
    try:
        terms = glossary.load(LESSONS)
    except LessonError as error:
        LOG.warning("The glossary cannot be read:\n%s", error)
        terms = glossary.Glossary({})
    # The only HTML is the glossary's: reading the prose refuses any other.
    st.markdown(glossary.with_tips(source, terms, current()), unsafe_allow_html=True)


def _chart(chart: Chart) -> None:
    try:
        figures.draw_chart(chart)
    except Exception:  # an instructor's program: the lesson goes on without its picture
        LOG.exception("The chart %s cannot be drawn", chart.file.name)
        st.warning(text("lesson.no_figure", caption=chart.caption), icon=":material/broken_image:")

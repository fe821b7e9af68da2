"""Drawing the blocks of a lesson's prose, its questions included."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import streamlit as st

from course import LESSONS, progress
from course.content import figures, glossary
from course.content.blocks import Block, Callout, Chart, Code, Diagram, Heading, Markdown, Question
from course.language import current, text, widget_key
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
        _question(lesson, block)
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


# A fragment: choosing redraws the question and not the lesson, and ends no answer that streams.
@st.fragment
def _question(lesson: str, question: Question) -> None:
    """Draw a question; the choice is part of the learner's progress, and survives a refresh."""
    learned = progress.current()
    key = widget_key(f"question-{lesson}-{question.id}")
    with st.container(border=True, key=f"box-{question.id}"):
        st.markdown(f":material/help: **{text('question.heading')}**")
        for block in question.blocks:
            _draw(block, lesson)
        before = learned.value(lesson, "answered", question.id)
        chosen = st.radio(
            text("question.choose"),
            range(len(question.options)),
            index=_index(before, len(question.options)),
            format_func=lambda index: question.options[index].text,
            key=key,
            # Noted when it is chosen and not when it is drawn: an old window that is drawn again
            # knows less than the browser in which the answer was changed.
            on_change=_note,
            args=(lesson, question, key),
        )
        if chosen is not None:
            option = question.options[chosen]
            box, icon = (st.success, "check_circle") if option.right else (st.info, "replay")
            box(option.explanation, icon=f":material/{icon}:")
            progress.say_if_unsaved(lesson, "answered", question.id)


def _note(lesson: str, question: Question, key: str) -> None:
    chosen = st.session_state.get(key)
    # Not a number: an option that the lesson had when the page was drawn.
    if isinstance(chosen, int):
        learned = progress.current()
        learned.record(lesson, "answered", question.id, str(chosen))
        if question.options[chosen].right:
            learned.record(lesson, "solved", question.id)


def _index(before: str | None, options: int) -> int | None:
    # An edited question may have fewer options than when it was answered, and an answer from a file
    # may be anything, such as an option's text.
    return next((number for number in range(options) if str(number) == before), None)

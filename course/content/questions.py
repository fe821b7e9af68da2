"""Questions in the prose: one choice, and what there is to say about it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from course.content.blocks import Block, Question
from course.language import text, widget_key
from course.progress import panel as progress_panel

__all__ = ["draw_question"]


# A fragment: choosing redraws the question and not the lesson, and ends no answer that streams.
@st.fragment
def draw_question(lesson: str, question: Question, draw: Callable[[Block, str], None]) -> None:
    """Draw a question of ``lesson``; ``draw`` draws a block that it consists of, of that lesson.

    What was chosen is part of the learner's progress, and chosen again after a refresh.
    """
    progress = progress_panel.current()
    key = widget_key(f"question-{lesson}-{question.id}")
    with st.container(border=True, key=f"box-{question.id}"):
        st.markdown(f":material/help: **{text('question.heading')}**")
        for block in question.blocks:
            draw(block, lesson)
        before = progress.value(lesson, "answered", question.id)
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
            progress_panel.say_if_unsaved(lesson, "answered", question.id)


def _note(lesson: str, question: Question, key: str) -> None:
    chosen = st.session_state.get(key)
    # Not a number: an option that the lesson had when the page was drawn.
    if isinstance(chosen, int):
        progress = progress_panel.current()
        progress.record(lesson, "answered", question.id, str(chosen))
        if question.options[chosen].right:
            progress.record(lesson, "solved", question.id)


def _index(before: str | None, options: int) -> int | None:
    # An edited question may have fewer options than when it was answered, and an answer from a file
    # may be anything, such as an option's text.
    return next((number for number in range(options) if str(number) == before), None)

"""Questions in the prose: one choice, and what there is to say about it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from course import progress_panel
from course.language import text
from course.prose import Block, Question

__all__ = ["draw_question"]


# A fragment: choosing redraws the question and not the lesson, and ends no answer that streams.
@st.fragment
def draw_question(lesson: str, question: Question, draw: Callable[[Block], None]) -> None:
    """Draw a question of ``lesson``; ``draw`` draws the blocks that it consists of.

    What was chosen is part of the learner's progress, and chosen again after a refresh.
    """
    progress = progress_panel.current()
    key = f"question-{lesson}-{question.id}"
    with st.container(border=True, key=f"box-{question.id}"):
        st.markdown(f":material/help: **{text('question.heading')}**")
        for block in question.blocks:
            draw(block)
        before = progress.value(lesson, "answered", question.id)
        chosen = st.radio(
            text("question.choose"),
            range(len(question.options)),
            index=_index(before, len(question.options)),
            format_func=lambda index: question.options[index].text,
            key=key,
        )
        if chosen is None:
            return
        option = question.options[chosen]
        progress.record(lesson, "answered", question.id, str(chosen))
        if option.right:
            progress.record(lesson, "solved", question.id)
            st.success(option.explanation, icon=":material/check_circle:")
        else:
            st.info(option.explanation, icon=":material/replay:")


def _index(before: str | None, options: int) -> int | None:
    # An edited question may have fewer options than when it was answered.
    return int(before) if before and before.isdigit() and int(before) < options else None

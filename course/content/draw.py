"""Drawing a lesson: its prose, figures and questions, and what a page says when it is broken."""

from __future__ import annotations

import html
import logging
import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import streamlit as st

from course import LESSONS, progress
from course.content import glossary
from course.content.lesson_blocks import (
    Block,
    Callout,
    Chart,
    Code,
    Diagram,
    ExercisePlace,
    Heading,
    Markdown,
    Question,
)
from course.language import current, text, widget_key
from course.problems import LessonError, Problem, places
from practice.sources import kept_until_changed, read_python

LOG = logging.getLogger(__name__)
#: Says which page cannot be shown; `make check` listens.
BROKEN = logging.getLogger(f"{__name__}.broken")
# Their errors' texts may name the account.
CLIENTS = frozenset({"snowflake", "requests", "urllib3", "httpx", "openai"})
# Between three people there is room for twenty letters on a phone; Mermaid's own margins take it.
NARROW = (
    '%%{init: {"sequence": {"width": 80, "height": 44, "actorMargin": 16, "diagramMarginX": 0,'
    ' "messageMargin": 28, "noteMargin": 6, "boxMargin": 6}}}%%'
)
HEADINGS = {2: st.header, 3: st.subheader}
CALLOUTS = {
    "note": (st.info, ":material/info:"),
    "tip": (st.info, ":material/lightbulb:"),
    "warning": (st.warning, ":material/warning:"),
    "todo": (st.warning, ":material/edit_note:"),
}


def draw_goals(
    lesson: str,
    blocks: Sequence[Block],
    summary: str,
    draw_live: Callable[[ExercisePlace | Code], None],
) -> None:
    """Draw the goals of a lesson as a callout headed by its summary.

    Not the section's questions: they stand below the demo.
    """
    heading, *rest = blocks
    _draw(heading, lesson)
    goals = "\n\n".join(block.text for block in rest if isinstance(block, Markdown))
    with st.container(key="goals"):
        st.info(f"**{summary}**\n\n{goals}", icon=":material/flag:")
    others = [block for block in rest if not isinstance(block, Markdown | Question)]
    draw_section(lesson, others, draw_live)


def draw_section(
    lesson: str, blocks: Sequence[Block], draw_live: Callable[[ExercisePlace | Code], None]
) -> None:
    """Draw a section of a lesson; ``draw_live`` draws an exercise or a snippet in its place."""
    with ExitStack() as folded:
        for block in blocks:
            if isinstance(block, Heading):
                folded.close()
            if isinstance(block, Heading) and block.folded:
                # A drawer's label is no heading, and many who listen go from heading to heading.
                name = html.escape(block.text.replace("`", ""))
                st.html(f'<h3 class="only-heard">{name}</h3>')
                # Its key keeps an open one open when its label changes with the language.
                key = f"folded-{lesson}-{block.id}"
                folded.enter_context(st.expander(block.text, key=key))
                # The anchor is inside: the browser opens what a link leads into.
                st.html(f'<span id="{block.id}" class="folded"></span>')
            elif isinstance(block, ExercisePlace) or (isinstance(block, Code) and block.run):
                draw_live(block)
            else:
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
        with st.container(key=f"figure-{block.line}"):
            st.mermaid_chart(f"{block.source}\n{NARROW}", alt=block.caption)
            st.caption(block.caption)
    elif isinstance(block, Chart):
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
        spec = chart_of(chart.file, chart.labels)
        with st.container(key=f"figure-{chart.line}"):
            st.vega_lite_chart(spec=spec, width="stretch", alt=chart.caption)
            st.caption(chart.caption)
    except Exception:  # an instructor's program: the lesson goes on without its picture
        LOG.exception("The chart %s cannot be drawn", chart.file.name)
        st.warning(text("lesson.no_figure", caption=chart.caption), icon=":material/broken_image:")


# Building a chart imports Altair and takes a tenth of a second; what it looks like never changes.
@kept_until_changed
def chart_of(file: Path, labels: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """Return a chart's Vega-Lite specification; its file, an instructor's, may raise anything."""
    source, _ = read_python(file)
    module = ModuleType(f"figure_{file.stem}")
    try:
        exec(compile(source, file, "exec", dont_inherit=True), vars(module))  # noqa: S102
        spec: dict[str, Any] = module.chart(dict(labels)).to_dict()
    except SystemExit as error:
        raise RuntimeError("it ends the program") from error
    return spec


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


def say_that_it_is_broken(name: str, problems: Iterable[Problem]) -> None:
    """Draw the page of a lesson that cannot be shown: where to look; the log has what is wrong."""
    found = tuple(problems)
    BROKEN.error("The lesson %s cannot be shown:\n%s", name, "\n".join(map(str, found)))
    st.title(text("lesson.broken_title"), anchor="top")
    said = (text("lesson.broken"), f"{text('lesson.broken_where')} {places(found)}")
    st.error("\n\n".join([*said, text("lesson.broken_hint")]), icon=":material/build:")


def say_that_code_failed(name: str, what: Literal["page", "demo"], error: Exception) -> None:
    """Draw a note that the code of a lesson's page has raised ``error``; the log has the rest."""
    BROKEN.error("The %s of %s fails:\n%s", what, name, _described(error))
    st.error(text(f"lesson.{what}_failed", file=f"pages/{name}.py"), icon=":material/build:")


def _described(error: Exception) -> str:
    """Return where an error comes from and what it says; of a client's error, only its type."""
    kind = type(error)
    frames = "".join(traceback.format_tb(error.__traceback__))
    if kind.__module__.partition(".")[0] in CLIENTS:
        return f"{frames}{kind.__module__}.{kind.__name__}"
    return f"{frames}{kind.__name__}: {error}"

"""The stream lab's box on a lesson's page, and what its four views share: one run at a time."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterable
from typing import TypeVar, cast

import streamlit as st

from connection import Connection, ConnectionFailed, connect
from course import connection_panel, limits, script
from course.language import choice, drawer, text
from course.limits import Refusal

__all__ = ["REQUEST", "WANTED", "choose_question", "draw", "figures", "heading", "kept", "run"]

# The views, by the names of their texts and of their modules.
VIEWS = ("compare", "wire", "breaking", "cost")
QUESTIONS = ("short", "medium", "long")
# The key of the container that a run has on the page: the style sheet shows Stop beside it.
RUNNING = "lab-running"
WANTED = "lab-wanted"
#: The view whose run was asked for.
REQUEST = script.Request(WANTED)
# The settings fill a phone's window, and the learner wants to see what happens.
WATCH = script.scroll_script(f".st-key-{RUNNING}")
# A run looks for a stop several times a second, and then ends its streams.
SETTLE_SECONDS = 2.0

Kept = TypeVar("Kept")


def draw() -> None:
    """Draw the lab where the page is now; closed, it costs next to nothing."""
    # Not in the fragment: only a click outside it interrupts what runs inside. The style sheet
    # shows it while something does.
    st.button(text("demo.stop"), icon=":material/stop_circle:", key="lab-stop")
    _panel()


@st.fragment
def _panel() -> None:
    connection_panel.rerun_if_fixed()
    wanted = REQUEST.get()
    with st.container(key="lab"):
        st.subheader(text("lab.heading"), anchor="lab")
        st.caption(text("lab.about"))
        box = drawer(text("lab.open"), key="lab-drawer", icon=":material/science:")
        if box.open:
            with box:
                _view(connect(connection_panel.preferred()), wanted)


def _view(connection: Connection, wanted: str | None) -> None:
    # A new thread answers the click on Stop at once (``runner.fastReruns``), while the stopped
    # thread may still be ending its streams.
    turn = kept("turn", threading.Lock)
    if turn.acquire(timeout=SETTLE_SECONDS):
        turn.release()
    running = wanted in VIEWS
    chosen = choice(
        st.radio,
        text("lab.choose"),
        VIEWS,
        key="lab-view",
        format_func={view: text(f"lab.{view}.title") for view in VIEWS}.__getitem__,
        disabled=running,
        horizontal=True,
    )
    view = wanted if wanted in VIEWS else chosen
    failures: list[ConnectionFailed | Refusal] = kept("failures", list)
    if running:
        failures.clear()
    try:
        # Imported when it is looked at: most pages are closed before the lab is opened.
        importlib.import_module(f"course.lab.{view}").draw(connection, running=running)
    except (ConnectionFailed, Refusal) as error:
        REQUEST.done()
        # Without the traceback, which would keep all of this script's run in the session.
        failed = error.again()
        failed.__cause__ = None
        failures.append(failed)
        script.draw_again()
    for failed in failures:
        if isinstance(failed, Refusal):
            limits.say_refusal(failed)
        else:
            connection_panel.failure(failed, key="lab", on_fixed=failures.clear)
    connection_panel.say_if_replaced()


def kept(name: str, make: Callable[[], Kept]) -> Kept:
    """Return an object of this session; a run that is being stopped changes it in place."""
    return cast("Kept", st.session_state.setdefault(f"lab-{name}", make()))


def run(view: str, work: Callable[[], None], *, running: bool) -> None:
    """Draw a view's button; after a click, do its ``work`` alone, then draw the view again."""
    st.button(
        text("lab.running" if running else f"lab.{view}.run"),
        key=f"lab-run-{view}",
        type="primary",
        icon=":material/play_arrow:",
        disabled=running,
        on_click=REQUEST.make,
        args=(view,),
    )
    if not running:
        return
    with kept("turn", threading.Lock), st.container(key=RUNNING):
        REQUEST.done()
        st.html(WATCH, unsafe_allow_javascript=True)
        work()
    script.draw_again()


def heading(title: str) -> None:
    """Draw a heading below the lab's own."""
    st.markdown(f"#### {title}", anchors=False)


def choose_question(key: str, *, running: bool) -> str:
    """Draw the choice of a question by its length, and return the question."""
    questions = {name: text(f"lab.question.{name}") for name in QUESTIONS}
    lengths = {name: len(question) for name, question in questions.items()}
    labels = {name: text(f"lab.length.{name}", characters=lengths[name]) for name in QUESTIONS}
    chosen = choice(
        st.selectbox,
        text("lab.compare.question"),
        QUESTIONS,
        key=key,
        index=1,
        format_func=labels.__getitem__,
        disabled=running,
    )
    return questions[chosen]


def figures(lines: Iterable[tuple[str, str]]) -> str:
    """Return a list of figures, given the keys of their texts, as Markdown."""
    return "\n".join(f"- {text(key)} **{value}**" for key, value in lines)

"""A run of the lab: how it begins, what it keeps in the session, and how it stops."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

import streamlit as st

from course import script
from course.language import text

__all__ = ["REQUEST", "WANTED", "heading", "kept", "run_button", "running_box", "settle"]

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


def kept(name: str, make: Callable[[], Kept]) -> Kept:
    """Return an object of this session, made at the first call.

    Views change it in place: a run that is being stopped must not touch the session state.
    """
    return cast("Kept", st.session_state.setdefault(f"lab-{name}", make()))


def run_button(view: str, *, running: bool) -> None:
    """Draw the button that begins a view's run at the next run of the fragment."""
    st.button(
        text("lab.running" if running else f"lab.{view}.run"),
        key=f"lab-run-{view}",
        type="primary",
        icon=":material/play_arrow:",
        disabled=running,
        on_click=REQUEST.make,
        args=(view,),
    )


def heading(title: str) -> None:
    """Draw a heading below the lab's own."""
    st.markdown(f"#### {title}", anchors=False)


@contextmanager
def running_box() -> Iterator[None]:
    """Hold the session's one run, in a container that is brought into view."""
    with kept("turn", threading.Lock), st.container(key=RUNNING):
        REQUEST.done()
        st.html(WATCH, unsafe_allow_javascript=True)
        yield


def settle() -> None:
    """Wait for a run that is being stopped, to draw its result.

    A new thread answers the click on Stop at once (``runner.fastReruns``), while the stopped thread
    may still be ending its streams.
    """
    turn = kept("turn", threading.Lock)
    if turn.acquire(timeout=SETTLE_SECONDS):
        turn.release()

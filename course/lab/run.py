"""What the lab keeps in a session, and how a run begins and draws itself anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn, TypeVar, cast

import streamlit as st
from streamlit.errors import StreamlitAPIException

from course.language import text

__all__ = [
    "begun",
    "draw_again",
    "heading",
    "kept",
    "pause",
    "run_button",
    "running_box",
    "settle",
    "to_be_run",
]

# The key of the container that is on the page while a run is: the style sheet shows Stop then.
RUNNING = "lab-running"
WANTED = "lab-wanted"
# The settings fill a phone's window; whoever pressed the button wants to see what happens.
WATCH = """\
<script>requestAnimationFrame(() => {
  const run = document.querySelector(".st-key-lab-running");
  if (run && run.getBoundingClientRect().top > window.innerHeight / 2) {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    run.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  }
});</script>"""
# A run that was asked for this long ago is not wanted any more: its learner has left the page.
PATIENCE_SECONDS = 5.0
# A run looks several times a second whether it is to stop, and then ends its streams.
SETTLE_SECONDS = 2.0

Kept = TypeVar("Kept")


def kept(name: str, make: Callable[[], Kept]) -> Kept:
    """Return an object of this session, made when it is first asked for.

    It is changed in place, because a run that is being stopped must not touch the session state.
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
        on_click=_want,
        args=(view,),
    )


def _want(view: str) -> None:
    st.session_state[WANTED] = view, time.monotonic()


def to_be_run() -> str | None:
    """Return which view is to be run now.

    It is wanted until its run has begun: the click may have come while the page was still being
    drawn, and another run of the script may take the place of the one that heard of it.
    """
    view, since = st.session_state.get(WANTED, (None, 0.0))
    return view if time.monotonic() - since < PATIENCE_SECONDS else None


def begun() -> None:
    """Note that what was to be run has been, or cannot be."""
    st.session_state.pop(WANTED, None)


def heading(title: str) -> None:
    """Draw a heading below the lab's own."""
    st.markdown(f"#### {title}", anchors=False)


@contextmanager
def running_box() -> Iterator[None]:
    """Hold the session's one run, in a container that is brought into view."""
    with kept("turn", threading.Lock), st.container(key=RUNNING):
        begun()
        st.html(WATCH, unsafe_allow_javascript=True)
        yield


def settle() -> None:
    """Wait for a run that has been told to stop, to draw what came of it.

    The click on Stop is answered by a new thread at once (``runner.fastReruns``), while the thread
    that it stops may still be looking at its streams.
    """
    turn = kept("turn", threading.Lock)
    if turn.acquire(timeout=SETTLE_SECONDS):
        turn.release()


def pause(seconds: float) -> None:
    """Wait, and let Streamlit stop this script if it is to."""
    time.sleep(seconds)
    # Reading the session state is where Streamlit lets a waiting script be stopped.
    _ = "lab" in st.session_state


def draw_again() -> NoReturn:
    """Run the fragment anew, or all of the page where all of it is being run."""
    with suppress(StreamlitAPIException):
        st.rerun(scope="fragment")
    st.rerun()
    raise AssertionError  # st.rerun() does not return

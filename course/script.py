"""The run of a page's script: where it may stop, start again, and scroll the window to."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Literal, NoReturn

import streamlit as st
from streamlit.errors import StreamlitAPIException

__all__ = ["Request", "allow_stop", "draw_again", "pause", "scroll_script"]

# A request this old is dropped: its learner has left the page.
PATIENCE_SECONDS = 5.0


def allow_stop() -> None:
    """Let Streamlit stop this script here: it looks for a click when the session state is read."""
    _ = "course" in st.session_state


def pause(seconds: float) -> None:
    """Sleep, then let Streamlit stop this script."""
    time.sleep(seconds)
    allow_stop()


def draw_again() -> NoReturn:
    """Run the fragment again, or the whole page while the whole page is running."""
    with suppress(StreamlitAPIException):
        st.rerun(scope="fragment")
    st.rerun()
    raise AssertionError  # st.rerun() does not return


def scroll_script(selector: str, block: Literal["start", "center"] = "start") -> str:
    """Return HTML that scrolls an element in the window's lower half, or below, into view."""
    return f"""\
<script>requestAnimationFrame(() => {{
  const watched = document.querySelector("{selector}");
  if (watched && watched.getBoundingClientRect().top > window.innerHeight / 2) {{
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    watched.scrollIntoView({{ block: "{block}", behavior: calm ? "auto" : "smooth" }});
  }}
}});</script>"""


class Request:
    """A click that the next run of a fragment answers, such as Run; one for each ``key``.

    It stays until ``done``: the page may still be drawing when the click comes, and another run of
    the script may replace the one that received it.
    """

    def __init__(self, key: str) -> None:
        self._key = key

    def make(self, what: str) -> None:
        """Ask for something."""
        st.session_state[self._key] = what, time.monotonic()

    def get(self) -> str | None:
        """Return what was asked for, if that was a moment ago."""
        what, since = st.session_state.get(self._key, (None, 0.0))
        return what if time.monotonic() - since < PATIENCE_SECONDS else None

    def done(self) -> None:
        """Drop the request: its run has begun, or cannot begin."""
        st.session_state.pop(self._key, None)

"""The run of a page's script: where it may stop, start again, and scroll the window to."""

from __future__ import annotations

from contextlib import suppress
from typing import NoReturn

import streamlit as st
from streamlit.errors import StreamlitAPIException


def allow_stop() -> None:
    """Let Streamlit stop this script here: it looks for a click when the session state is read."""
    _ = "course" in st.session_state


def draw_again() -> NoReturn:
    """Run the fragment again, or the whole page while the whole page is running."""
    with suppress(StreamlitAPIException):
        st.rerun(scope="fragment")
    st.rerun()
    raise AssertionError  # st.rerun() does not return


def focus_script(selector: str) -> str:
    """Return HTML that lets the keyboard reach an element that scrolls."""
    return f"""\
<script>requestAnimationFrame(() => {{
  const scrolls = document.querySelector("{selector}");
  if (scrolls) scrolls.tabIndex = 0;
}});</script>"""


def scroll_script(selector: str, once: str) -> str:
    """Return HTML that scrolls an element in the window's lower half, or below, into view.

    A tab does so for each ``once`` one time, however often it is drawn: a busy browser draws only
    the last of what comes together, so the first time can be lost.
    """
    return f"""\
<script>requestAnimationFrame(() => {{
  const watched = document.querySelector("{selector}");
  if (!watched || sessionStorage.getItem("course.watched.{once}")) return;
  sessionStorage.setItem("course.watched.{once}", "yes");
  if (watched.getBoundingClientRect().top > window.innerHeight / 2) {{
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    watched.scrollIntoView({{ block: "start", behavior: calm ? "auto" : "smooth" }});
  }}
}});</script>"""


def show_inside_script(selector: str, box: str) -> str:
    """Return HTML that scrolls ``box``, and nothing around it, to the end of an element in it.

    An element that fits is shown from its beginning.
    """
    return f"""\
<span class="only-script"></span><script>requestAnimationFrame(() => {{
  const [shown, box] = ["{selector}", "{box}"].map((each) => document.querySelector(each));
  if (shown && box) {{
    const [inner, outer] = [shown, box].map((each) => each.getBoundingClientRect());
    // Sixteen pixels: the box's own padding.
    box.scrollTop += Math.max(inner.top - outer.top - 16, inner.bottom - outer.bottom + 16);
  }}
}});</script>"""

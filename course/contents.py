"""A page's place in the browser: the contents follow the reader, and old links lead on.

The browser alone does it. A heading that comes into view costs the server nothing, and the server
never learns the part of an address behind its #.
"""

from __future__ import annotations

import streamlit as st

from course import ASSETS, moved
from course.language import current, text

GO_TO_KEY = "course_go_to"

_follower = st.components.v2.component(
    "course_contents", js=(ASSETS / "contents.js").read_text("utf-8")
)


def go_to(lesson: str, place: str) -> None:
    """Let the page of a lesson begin at ``place``, an anchor or a container's key; once."""
    _, _, turn = st.session_state.get(GO_TO_KEY, ("", "", 0))
    st.session_state[GO_TO_KEY] = (lesson, place, turn + 1)


def follow(name: str) -> None:
    """Let the contents of the lesson whose folder is called ``name`` follow its reader."""
    lesson, place, turn = st.session_state.get(GO_TO_KEY, ("", "", 0))
    key = f"contents-{name}"
    with st.container(key="contents-follower"):
        _follower(
            key=key,
            data={
                "moved": moved.kept().anchors(name),
                "to": "",
                "place": place,
                # Counted, since what a tab was told once stays in its session.
                "turn": turn if lesson == name and place else 0,
                "language": current(),
            },
        )
        del st.session_state[key]  # it has no state (practice/editor says why)


def lead_on(to: str) -> None:
    """Draw the page of a lesson that is called ``to`` now: it leads there, anchor and all."""
    st.info(text("course.moved"), icon=":material/moved_location:")
    data = {"moved": {}, "to": to, "place": "", "turn": 0, "language": current()}
    _follower(key=f"moved-{to}", data=data)

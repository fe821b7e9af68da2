"""Drawing a page again that Streamlit has emptied.

What a fragment asks for while another page is on its way, by a click or by itself, is run after
that page, for the page before: the browser then takes away all that the new page has drawn, and the
fragment is gone, too (streamlit 1.67, handleNewSession in the browser's code). The page would stay
empty for good.
"""

from __future__ import annotations

import streamlit as st

from course import ASSETS

#: In the session: whether a page with fragments has been shown.
LESSON_SEEN = "course_lesson_seen"

_look = st.components.v2.component("course_emptied", js=(ASSETS / "emptied.js").read_text("utf-8"))


def look(page: str) -> None:
    """Let the browser run the page at this address once more if it was emptied.

    Call it outside of the page's own code: what that has drawn goes with the page.
    """
    if page:
        st.session_state[LESSON_SEEN] = True
    # Home has no fragments of its own: as the first page of a tab it does not load four scripts of
    # 200 KB for this component.
    if LESSON_SEEN in st.session_state:
        _look(key="course_emptied", data={}, on_empty_change=lambda: None, height=1)
        del st.session_state["course_emptied"]  # it has no state (practice/editor says why)

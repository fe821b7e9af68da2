"""Drawing a page again that Streamlit has emptied.

What a fragment asks for while another page is on its way, by a click or by itself, is run after
that page, for the page before: the browser then takes away all that the new page has drawn, and the
fragment is gone, too (streamlit 1.67, handleNewSession in the browser's code). The page would stay
empty for good.
"""

from __future__ import annotations

import streamlit as st

#: In the session: whether a page with fragments has been shown.
LESSON_SEEN = "course_lesson_seen"

_look = st.components.v2.component(
    "course_emptied",
    js="""
const LOOK_MS = 300, LOOKS = 3
let timer, looks = 0, asked = false
export default function ({ setTriggerValue }) {
    clearInterval(timer)
    timer = setInterval(() => {
        const app = document.querySelector('[data-testid="stApp"]')
        const main = document.querySelector('[data-testid="stMainBlockContainer"]')
        // Every page has a title or says what is wrong.
        const empty = main && !main.querySelector('h1, [data-testid="stAlert"]')
        if (!empty) asked = false
        looks = empty && app?.dataset.testScriptState === "notRunning" ? looks + 1 : 0
        if (looks < LOOKS || asked) return
        asked = true
        setTriggerValue("empty", performance.now())
    }, LOOK_MS)
}
""",
)


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

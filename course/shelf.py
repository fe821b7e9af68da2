"""Answers that outlive a refresh: kept on the server for one tab of one learner.

A refreshed page is a new session to Streamlit, which knows nothing of the last one. The browser
keeps a secret for each tab (``sessionStorage``: no other tab and no address has it), and hands it
over once the page is there.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from streaming import TextStream

__all__ = ["Kept", "Shelf", "keep", "take_back"]

# What the browser makes: 128 random bits; anything else is no tab of ours.
SECRET = re.compile(r"[0-9a-f]{32}")
# Of a whole server, and for how long after its end an answer waits for its tab; seconds.
MOST = 500
MOST_CHARACTERS = 20_000_000
LONGEST = 600.0

_tab = st.components.v2.component(
    "course_tab",
    js="""
export default function ({ setStateValue }) {
    let secret = sessionStorage.getItem("course.tab")
    if (!secret) {
        const bytes = crypto.getRandomValues(new Uint8Array(16))
        secret = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
        sessionStorage.setItem("course.tab", secret)
    }
    setStateValue("secret", secret)
}
""",
)


@dataclass(frozen=True)
class Kept:
    """An answer, and the values of the session that belong to it: prompt, model, method."""

    stream: TextStream
    values: Mapping[str, Any]
    session: str
    """Which session shows it."""
    since: float
    """Seconds, on the shelf's clock."""


class Shelf:
    """The answers of all tabs, the longest untouched first."""

    def __init__(
        self, is_there: Callable[[str], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._is_there = is_there
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str, str], Kept] = OrderedDict()

    def keep(
        self,
        owner: tuple[str, str, str],
        stream: TextStream,
        values: Mapping[str, Any],
        session: str,
    ) -> None:
        """Keep an answer for its ``owner``: a learner, a tab and a page, which has one answer."""
        with self._lock:
            self._kept.pop(owner, None)
            self._kept[owner] = Kept(stream, MappingProxyType(dict(values)), session, self._clock())
            self._make_room()

    def take_back(self, owner: tuple[str, str, str], session: str) -> Kept | None:
        """Return the answer of ``owner`` to a new session of the same tab.

        ``None`` if there is none, or if the session that shows it is still there: a tab that the
        browser has copied knows the secret, too.
        """
        with self._lock:
            self._make_room()
            kept = self._kept.get(owner)
            if kept is None or kept.session == session or self._is_there(kept.session):
                return None
            self._kept.pop(owner)
            self._kept[owner] = Kept(kept.stream, kept.values, session, self._clock())
            return kept

    def __len__(self) -> int:
        return len(self._kept)

    def _make_room(self) -> None:
        now = self._clock()
        for owner, kept in list(self._kept.items()):
            if kept.stream.status not in ("new", "running") and now > kept.since + LONGEST:
                del self._kept[owner]
        while len(self._kept) > 1 and (
            len(self._kept) > MOST
            or sum(len(kept.stream.text) for kept in self._kept.values()) > MOST_CHARACTERS
        ):
            self._kept.popitem(last=False)


SHELF = Shelf(
    lambda session: runtime.exists() and runtime.get_instance().is_active_session(session)
)


def keep(page: str, learner: str, stream: TextStream, values: Mapping[str, Any]) -> None:
    """Keep a page's answer for this tab, with the session's values that belong to it."""
    st.session_state[f"shelf-{page}"] = dict(values)
    context = get_script_run_ctx()
    secret = st.session_state.get("shelf-tab")
    if secret is not None and context is not None:
        SHELF.keep((learner, secret, page), stream, values, context.session_id)


def take_back(page: str, learner: str) -> None:
    """Put a page's widgets as they were, and bring back what a refresh has left.

    Call it before the page's widgets are drawn.
    """
    for name, value in st.session_state.pop("shelf-taken", {}).items():
        st.session_state[name] = value
    for name, value in st.session_state.get(f"shelf-{page}", {}).items():
        st.session_state.setdefault(name, value)
    if "shelf-tab" in st.session_state:
        return

    @st.fragment
    def ask() -> None:
        secret = _tab(key="course-tab", on_secret_change=lambda: None).get("secret")
        context = get_script_run_ctx()
        if context is None or not isinstance(secret, str) or not SECRET.fullmatch(secret):
            return
        st.session_state["shelf-tab"] = secret
        kept = SHELF.take_back((learner, secret, page), context.session_id)
        if kept is not None:
            st.session_state["shelf-taken"] = st.session_state[f"shelf-{page}"] = dict(kept.values)
            st.rerun()

    ask()

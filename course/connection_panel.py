"""What the pages say about the connection: a badge in the sidebar, a failure and its fix."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from weakref import WeakSet

import streamlit as st

from connection import Attempt, Connection, ConnectionFailed, connect
from course import __version__
from course.language import current, text, texts
from course.visitor import opened_here

# The learner's own choice: Local Cortex over an account that fails, or an entry of the secrets.
PREFERENCE_KEY = "course_connection"
# A failed connection has been fixed, which concerns the whole page.
FIXED_KEY = "course_connection_fixed"
# How many times Local Cortex had been replaced when this tab was last told, and beside what.
REPLACED_KEY = "course_cortex_replaced"
COLOURS = {"local": "blue", "account": "green", "snowflake": "green"}


def preferred() -> str | None:
    """Return the kind of connection that the learner asked for in this tab, if they did."""
    preference = st.session_state.get(PREFERENCE_KEY)
    return preference if isinstance(preference, str) else None


def relayed() -> bool:
    """Return whether Local Cortex has another server answer."""
    return bool(os.environ.get("COURSE_RELAY_URL", "").strip())


def badge() -> None:
    """Draw which connection is in use; opening it shows what was tried.

    A setting that names no connection ends the run here, with what it should be.
    """
    try:
        connection = connect(preferred())
    except ValueError as error:
        st.error(str(error), icon=":material/settings_alert:")
        st.stop()
    st.session_state.setdefault(REPLACED_KEY, (connect("local").replaced, WeakSet()))
    kind = connection.kind
    label = f":{COLOURS[kind]}[:material/cable:] {text(f'connection.{kind}')}"
    with st.sidebar, st.popover(label, width="stretch"):
        about = "relay" if kind == "local" and relayed() else kind
        st.markdown(text(f"connection.about_{about}"))
        if not connection.token_streaming:
            st.markdown(text("connection.buffered"))
        st.caption(text("connection.tried"))
        st.markdown("\n".join(map(_line, connection.attempts)))
        _offer_entries(connection, "badge")
        if preferred() is not None:
            st.button(text("connection.use_configured"), on_click=_prefer, args=(None,))
        st.caption(text("course.version", version=__version__))


def _line(attempt: Attempt) -> str:
    entries = ", ".join(map(_shown, attempt.found))
    key = f"connection.attempt.{attempt.outcome}"
    known = key if key in texts(current()) else "connection.attempt.failed"
    return f"- {text(f'connection.{attempt.kind}')}: {text(known, entries=entries)}"


def say_what_answers(connection: Connection) -> None:
    """Show beside a demo that no model answers, or that a relay does."""
    if connection.kind == "local":
        said = text("connection.about_relay" if relayed() else "connection.scripted")
        st.caption(said, width="content")


def say_if_replaced(*shown: object) -> None:
    """Say, once in each tab, that Local Cortex was started again, and what was lost with it.

    Call it at the end of what can ask a question, below the answer. It stays beside the answers
    that are ``shown``, however often they are drawn again, until others take their place.
    """
    # Exercises ask it where the page's own connection is an account.
    now = connect("local").replaced
    told, beside = st.session_state.get(REPLACED_KEY, (now, WeakSet()))
    if now > told:
        beside = WeakSet(shown)
    if now > told or (shown and beside.issuperset(shown)):
        st.warning(text("connection.replaced"), icon=":material/restart_alt:")
    st.session_state[REPLACED_KEY] = now, beside


def rerun_if_fixed() -> None:
    """Run the whole page again after a failure was fixed in this fragment.

    The page chose its connection before that.
    """
    if st.session_state.pop(FIXED_KEY, False):
        st.rerun()


def failure(
    error: ConnectionFailed, key: str = "demo", on_fixed: Callable[[], object] = lambda: None
) -> None:
    """Show why the connection failed and how to fix it; offer the script instead of an account.

    ``key`` tells the buttons of several failures on a page apart; ``on_fixed`` is called when one
    of them has been pressed.
    """

    def fixed() -> None:
        st.session_state[FIXED_KEY] = True
        on_fixed()

    def fix(label: str, act: Callable[[], object], name: str, icon: str) -> None:
        acts = (act, fixed)
        st.button(text(label), on_click=_in_turn, args=acts, icon=icon, key=f"{key}-{name}")

    local = error.reason == "local"
    if local:
        st.error(
            f"**{text('connection.failed_local')}**\n\n{error.where}",
            icon=":material/settings_alert:",
        )
    else:
        facts = [f"`{error.where}`"] if error.where else []
        facts += [f"Snowflake {error.errno:06}"] if error.errno else []
        known = texts(current())
        reason = known.get(f"connection.reason.{error.reason}", known["connection.reason.unknown"])
        reason = reason.format(fix=error.fix)
        lines = [f"**{text('connection.failed')}**", reason, " · ".join(facts)]
        st.error("\n\n".join(filter(None, lines)), icon=":material/cloud_off:")
    with st.container(horizontal=True):
        if not local:
            use_local = partial(_prefer, "local")
            fix("connection.use_local", use_local, "use-local", ":material/computer:")
        # A failure is not tried again by itself: reruns with a wrong password would lock the user
        # out.
        again = connect("local" if local else preferred()).reset
        fix("connection.try_again", again, "try-again", ":material/refresh:")
    if not local:
        _offer_entries(connect(preferred()), key, fixed)


def _offer_entries(
    connection: Connection, key: str, on_fixed: Callable[[], object] = lambda: None
) -> None:
    """Offer the accounts under other names in the secrets, to the owner of the secrets only."""
    entries = [entry for attempt in connection.attempts for entry in attempt.found]
    if not entries or not opened_here():
        return
    for entry in entries:
        label = text("connection.use_entry", entry=_shown(entry))
        acts = partial(_prefer, entry), on_fixed
        st.button(label, on_click=_in_turn, args=acts, key=f"{key}-use-{entry}")
    st.caption(text("connection.keep_entry", entry=entries[0]))


def _shown(entry: str) -> str:
    return text("connection.top_of_secrets") if entry == "[]" else f"`{entry}`"


def _in_turn(*acts: Callable[[], object]) -> None:
    for act in acts:
        act()


def _prefer(kind: str | None) -> None:
    st.session_state[PREFERENCE_KEY] = kind

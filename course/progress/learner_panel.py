"""Progress on the pages: whose it is, what is not saved, and the learner's controls."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

import streamlit as st

from connection import connect
from course import connection_panel
from course.language import drawer, text
from course.progress.facts import MAX_BYTES, ImportProblem, Kind
from course.progress.record import Progress
from course.progress.stores import SnowflakeStore, SqliteStore, Store, default_path
from course.visitor import COOKIE, Learner, new_id, opened_here, who

KEY = "course_progress"
ANONYMOUS_KEY = "course_anonymous"
UPLOAD_KEY = "progress-import"
IMPORTED_KEY = "course_imported"
COOKIE_SECONDS = 365 * 24 * 3600


def current() -> Progress:
    return _known()[1]


def learner() -> Learner:
    return _known()[0]


def _known() -> tuple[Learner, Progress]:
    """Find out who is learning, once in a session and for each connection that is preferred.

    Asking Streamlit and the secrets takes a millisecond each, and a lesson's page asks for the
    learner thirty times. Of a connection it matters only whether it is Snowflake from the inside,
    which stays as it is for a process.
    """
    preferred = connection_panel.preferred()
    known = st.session_state.get(KEY)
    if known is not None and known[0] == preferred:
        return cast("tuple[Learner, Progress]", known[1:])
    kind = connect(preferred).kind
    anonymous = st.session_state.setdefault(ANONYMOUS_KEY, new_id(_cookie()))
    user = {key: st.user.get(key) for key in ("is_logged_in", "user_name", "email", "sub", "iss")}
    learner = who(kind, user, opened_here(), anonymous)
    store: Store = SqliteStore(default_path())
    if kind == "snowflake":
        store = SnowflakeStore(lambda: connect().session)
    progress = Progress(store, learner.id)
    st.session_state[KEY] = (preferred, learner, progress)
    progress.refresh()
    return learner, progress


def refresh() -> None:
    """Read what other browsers have saved, and give a new anonymous learner a cookie."""
    learner, progress = _known()
    progress.refresh()
    anonymous = st.session_state[ANONYMOUS_KEY]
    if learner.how == "anonymous" and _cookie() != anonymous:
        secure = "; Secure" if str(st.context.url).startswith("https:") else ""
        # Streamlit can read cookies but sets none; the id has only letters, digits, - and _.
        cookie = f"{COOKIE}={anonymous}; Max-Age={COOKIE_SECONDS}; Path=/; SameSite=Lax{secure}"
        st.html(f"<script>document.cookie = '{cookie}';</script>", unsafe_allow_javascript=True)


def _cookie() -> str | None:
    value = st.context.cookies.get(COOKIE)
    return value if isinstance(value, str) else None  # AppTest has something else there


def say_if_not_saved() -> None:
    """Warn the learner if progress is not being saved."""
    reason = current().failure
    if reason is not None:
        message = f"**{text('progress.not_saved')}** {text(f'progress.reason.{reason}')}"
        st.warning(message, icon=":material/cloud_off:")


def say_if_unsaved(lesson: str, kind: Kind, item: str = "") -> None:
    """Show beside something just done that it could not be saved."""
    if current().unsaved(lesson, kind, item):
        st.caption(f":material/cloud_off: {text('progress.not_saved')}")


def controls(lessons: Collection[str]) -> None:
    """Draw the learner's controls: export, import, reset; ``lessons`` names the course's."""
    with st.container(key="progress-controls"):
        # Drawn when it is opened: most visits to Home are for something else.
        box = drawer(text("progress.manage"), key="progress-manage", icon=":material/settings:")
    if not box.open:
        return
    with box:
        st.caption(text("progress.about"))
        st.download_button(
            text("progress.export"),
            # Looked up here: the callback of a download knows nothing of this session.
            current().export,
            file_name="course-progress.json",
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
            key="progress-export",
        )
        _import(lessons)
        with st.popover(text("progress.reset"), icon=":material/delete:"):
            st.markdown(text("progress.reset_sure"))
            everything = st.checkbox(text("progress.reset_solved"), key="progress-reset-solved")
            st.button(
                text("progress.reset_now"),
                key="progress-reset",
                icon=":material/delete_forever:",
                on_click=_forget,
                args=(everything,),
            )


def _import(lessons: Collection[str]) -> None:
    st.file_uploader(
        text("progress.import"),
        type="json",
        key=UPLOAD_KEY,
        max_upload_size=MAX_BYTES // 1_000_000,
        # Once for each file: drawn again after a reset, it would bring everything back.
        on_change=_take,
        args=(lessons,),
    )
    found = st.session_state.get(IMPORTED_KEY)
    if isinstance(found, tuple):
        count, left = found
        st.success(text("progress.imported", count=count), icon=":material/check_circle:")
        if left:
            st.warning(text("progress.no_room", count=left), icon=":material/inventory_2:")
    elif found is not None:
        message = text(f"progress.problem.{found.reason}", where=found.where or "-")
        st.error(message, icon=":material/error:")


def _take(lessons: Collection[str]) -> None:
    given = st.session_state.get(UPLOAD_KEY)
    st.session_state.pop(IMPORTED_KEY, None)
    if given is not None:
        try:
            found = current().import_(given.getvalue().decode("utf-8", "replace"), lessons)
        except ImportProblem as problem:
            st.session_state[IMPORTED_KEY] = problem
        else:
            st.session_state[IMPORTED_KEY] = found


def _forget(everything: bool) -> None:
    st.session_state.pop(IMPORTED_KEY, None)
    current().reset(keep_solved=not everything)

"""The stream lab's box on a lesson's page; closed, it costs next to nothing."""

from __future__ import annotations

import importlib

import streamlit as st

from connection import Connection, ConnectionFailed, connect
from course import connection_panel, limits, script
from course.lab import frame
from course.language import choice, drawer, text
from course.limits import Refusal

__all__ = ["draw"]

# The views, by the names of their texts and of their modules.
VIEWS = ("compare", "wire", "breaking", "cost")


def draw() -> None:
    """Draw the lab where the page is now."""
    # Not in the fragment: only a click outside it interrupts what runs inside. The style sheet
    # shows it while something does.
    st.button(text("demo.stop"), icon=":material/stop_circle:", key="lab-stop")
    _panel()


@st.fragment
def _panel() -> None:
    connection_panel.rerun_if_fixed()
    wanted = frame.REQUEST.get()
    with st.container(key="lab"):
        st.subheader(text("lab.heading"), anchor="lab")
        st.caption(text("lab.about"))
        box = drawer(text("lab.open"), key="lab-drawer", icon=":material/science:")
        if box.open:
            with box:
                _view(connect(connection_panel.preferred()), wanted)


def _view(connection: Connection, wanted: str | None) -> None:
    frame.settle()
    running = wanted in VIEWS
    titles = {view: text(f"lab.{view}.title") for view in VIEWS}
    chosen = choice(
        st.radio,
        text("lab.choose"),
        VIEWS,
        key="lab-view",
        format_func=titles.__getitem__,
        disabled=running,
        horizontal=True,
    )
    view = wanted if wanted in VIEWS else chosen
    failures: list[ConnectionFailed | Refusal] = frame.kept("failures", list)
    if running:
        failures.clear()
    try:
        # Imported when it is looked at: most pages are closed before the lab is opened.
        importlib.import_module(f"course.lab.{view}").draw(connection, running=running)
    except ConnectionFailed as error:
        frame.REQUEST.done()
        # Without the traceback, which would keep all of this script's run in the session.
        failures.append(ConnectionFailed(error.reason, error.errno, error.sqlstate, error.where))
        script.draw_again()
    except Refusal as error:
        frame.REQUEST.done()
        failures.append(error.again())
        script.draw_again()
    for failed in failures:
        if isinstance(failed, Refusal):
            limits.say_refusal(failed)
        else:
            connection_panel.failure(failed, key="lab", on_fixed=failures.clear)
    connection_panel.say_if_replaced()

"""Getting the first answer of a process ready while its first reader is still reading.

Importing the Snowflake clients takes more than a second. Whoever presses Generate first is not to
wait for it, and whoever only looks at Home is not to pay for it: a lesson's page starts it in the
background once it has been drawn.
"""

from __future__ import annotations

import contextlib
import importlib
import threading

import streamlit as st

from connection import Connection, ConnectionFailed

__all__ = ["warm_up"]


def warm_up(connection: Connection) -> None:
    """Load the clients, and open the session where that asks nobody but this machine."""
    _once(connection.kind, connection)


# Streamlit leaves arguments whose name begins with an underscore out of the cache's key.
@st.cache_resource(show_spinner=False)
def _once(kind: str, _connection: Connection) -> threading.Thread:  # noqa: ARG001
    thread = threading.Thread(target=_load, args=(_connection,), name="warm-up", daemon=True)
    thread.start()
    return thread


def _load(connection: Connection) -> None:
    # What is missing or fails here is reported when it is used, where a reader can see it.
    with contextlib.suppress(ImportError):
        importlib.import_module("snowflake.cortex")
    if connection.kind == "local":
        with contextlib.suppress(ConnectionFailed):
            _ = connection.session

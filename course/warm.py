"""Getting the first answer of a process ready while its first reader is still reading.

Importing the Snowflake clients takes more than a second. The first press of Generate should not
wait for it, and Home should not pay for it: a lesson's page starts it once it has been drawn.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import threading

import streamlit as st

from connection import Connection, ConnectionFailed
from course import tls
from course.connection_panel import relayed
from course.script import allow_stop
from local_cortex import models
from streaming import CompletionRequest, DirectStrategy

POLL_SECONDS = 0.05


def warm_up(connection: Connection) -> threading.Thread:
    """Load the clients, and open the session where that asks nobody but this machine.

    For a browser it returns when that is done, or when a click ends the wait: when a run ends,
    Streamlit looks through all new modules for 200 ms and sends nothing, which must not happen when
    the first Stop is pressed. Without a browser, as in AppTest, it returns at once. The thread that
    does the work is returned.
    """
    thread = _once(connection.kind, connection)
    while thread.is_alive() and st.context.url is not None:
        thread.join(POLL_SECONDS)
        allow_stop()
    return thread


# Streamlit leaves arguments whose name begins with an underscore out of the cache's key.
@st.cache_resource(show_spinner=False)
def _once(kind: str, _connection: Connection) -> threading.Thread:  # noqa: ARG001
    thread = threading.Thread(target=_load, args=(_connection,), name="warm-up", daemon=True)
    thread.start()
    return thread


def _load(connection: Connection) -> None:
    # What is missing or fails here is reported when it is used, where a reader can see it.
    with contextlib.suppress(ImportError, ConnectionFailed, OSError):
        importlib.import_module("snowflake.cortex")
        tls.install()
        if connection.kind == "local":
            session = connection.session
            if not relayed():
                # Client and server import some more with their first answer. iter() returns when
                # the server has begun to answer; no text is waited for.
                request = CompletionRequest(model=models.DEFAULTS[0], prompt="Hello")
                answer = DirectStrategy(session).open(request)
                iter(answer)
                answer.close()
    # What is loaded by now lives as long as the process. Looking through all of it took 0.2 s each
    # time that Python collected, and every answer froze meanwhile.
    gc.freeze()
    # Collect once, so the next full collection scans only page garbage.
    gc.collect()

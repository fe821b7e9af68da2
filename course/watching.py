"""An answer on the page: what it waits for, its text as it comes, and how it ended."""

from __future__ import annotations

from html import escape

import streamlit as st

from connection import Connection, connect
from course import limits
from course.connection_panel import preferred, relayed
from course.demo_state import LIMITS, LOOK_SECONDS, Asked
from course.language import current, text
from course.script import scroll_script
from course.stream_errors import explain
from streaming import StreamError, StreamResult
from streaming.view import Turn, again, pulse, show

# What a relay's trouble looks like from here.
RELAY_CODES = frozenset({"bad_request", "rate_limited", "service", "unavailable"})
# The window scrolls to this.
WATCHED = '<span class="demo-watched watched-{}"></span>'
# Tells the style sheet that there is something to stop.
RUNNING = '<span class="demo-running"></span>'
# Tells the learner, until the first word, what the answer waits for.
STATUS = '<span class="demo-status">{}</span>'


def watch(asked: Asked, key: str) -> StreamResult | None:
    """Show an answer where the page is now, in a container called ``key``, and how it ended.

    Return its result; ``None`` while it goes on, and where nothing was asked.
    """
    status = _Status(asked)
    if not _is_let_in(asked, key, status):
        return None
    if asked.stream is not None:
        with st.container(key=key):
            result = show(asked.stream, key=key, on_wait=status.say)
        if result.status == "running":
            return None
    status.end()
    if asked.refusal is not None:
        limits.say_refusal(asked.refusal)
        return None
    if asked.stream is None:
        st.info(text("demo.stopped_early"), icon=":material/stop_circle:")
        return None
    connection = connect(preferred())
    if not asked.ended:
        asked.ended = True
        _learn_from(result.error, connection)
    _say_how_it_ended(result, connection)
    return result


def _is_let_in(asked: Asked, key: str, status: _Status) -> bool:
    """Show how many are ahead until somebody else waits; false: the browser calls again."""
    turn = Turn()
    if asked.running and asked.stream is None:
        pulse(turn, f"{key}-line")
    while asked.running and asked.stream is None:
        status.say()
        if turn.wait(LOOK_SECONDS):
            again(turn, key)
            return False
    return True


def _learn_from(error: StreamError | None, connection: Connection) -> None:
    """Note, once, what an answer's end says of the connection."""
    if error is not None and error.code == "unauthorised":
        # The session may be over: the next use connects again.
        connection.reset()
    elif error is not None:
        connection.check(error.__cause__ or error)


class _Status:
    """Says, until the first word, what the answer waits for; and that there is something to stop.

    It is one element, there or empty: what stands below keeps its place.
    """

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._said = self._text() if asked.running else ""
        if asked.running:
            self._place = st.html(self._html(), unsafe_allow_javascript=True)
        else:
            self._place = st.empty()

    def say(self) -> None:
        said = self._text()
        if said != self._said:
            self._said = said
            self._place.html(self._html(), unsafe_allow_javascript=True)

    def end(self) -> None:
        if self._said:
            self._place.empty()

    def _html(self) -> str:
        named = self._asked.watched
        watch = WATCHED.format(named) + scroll_script(f".watched-{named}", named) if named else ""
        return watch + RUNNING + STATUS.format(escape(self._said))

    def _text(self) -> str:
        stream, ahead = self._asked.stream, self._asked.ahead
        if stream is None and ahead is not None:
            return text("limits.waiting", ahead=ahead)
        thinks = stream is not None and stream.thinking
        return text("demo.thinking" if thinks else "demo.waiting", model=self._asked.request.model)


def _say_how_it_ended(result: StreamResult, connection: Connection) -> None:
    if result.status == "cancelled":
        kept = "demo.stopped" if result.text else "demo.stopped_early"
        st.info(text(kept), icon=":material/stop_circle:")
    elif result.error is None and not result.text:
        st.info(text("demo.empty_answer"), icon=":material/chat_bubble:")
    elif result.finish_reason == "length":
        st.info(text("demo.cut_at_max_tokens"), icon=":material/content_cut:")
    error = result.error
    if error is None:
        return
    message = explain(error, current(), getattr(LIMITS, error.code, None))
    if connection.kind == "local" and relayed() and error.code in RELAY_CODES:
        message = text("demo.relay_failed")
    if result.text:
        message += f" {text('demo.partial')}"
    st.error(message, icon=":material/error:")

"""Showing a stream on a Streamlit page. The only module of this package that imports Streamlit."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import streamlit as st

from streaming.errors import StreamError
from streaming.stream import StreamResult, TextStream

__all__ = ["show"]


def show(
    stream: TextStream,
    *,
    key: str | None = None,
    cursor: str | None = None,
    waiting: str | None = None,
) -> StreamResult:
    """Show a stream where the page is now, piece by piece, and return how it ended.

    A stream that has ended is shown as it stands, so the same call serves the rerun that follows
    a click elsewhere. An error does not raise: it is in the result, the partial text is on the
    page. Stop, a rerun or a closed tab ends the model call.

    Args:
        stream: what to show.
        key: where in the session state to keep the stream, so that a rerun finds its text.
        cursor: a mark behind the text while it grows.
        waiting: text beside a spinner until the first piece is there.
    """
    if key is not None:
        # Before the first piece: a rerun may come at any moment after it.
        st.session_state[key] = stream
    place = st.empty()
    if stream.status in ("new", "running"):
        # Reading the session state is where Streamlit lets a waiting script be stopped.
        stream.on_idle = lambda: "streaming" in st.session_state
        try:
            with place.container():
                _write(stream, cursor, waiting)
        finally:
            # On every path, with Streamlit's own Stop and rerun exceptions passing through. Not
            # close(), which waits for the connection: whoever pressed Stop is waiting for the page.
            stream.cancel()
    place.markdown(stream.text)
    return stream.result()


def _write(stream: TextStream, cursor: str | None, waiting: str | None) -> None:
    pieces: Iterator[str] = iter(stream)
    try:
        if waiting is not None:
            with st.spinner(waiting):
                first = next(pieces, "")
            pieces = chain([first], pieces)
        st.write_stream(pieces, cursor=cursor)
    except StreamError:
        return  # it is in the stream, and show() returns it

"""Showing a stream on a page: to its end, or in turns with everything else on the page."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import streamlit as st
from streamlit.runtime.scriptrunner import add_script_run_ctx

from streaming.errors import StreamError
from streaming.stream import StreamResult, TextStream
from streaming.view.drawing import Drawing
from streaming.view.kept import Answer, keep
from streaming.view.turns import Turn, again

__all__ = ["show"]


class _TurnIsOver(Exception):
    """Somebody else waits while nothing comes."""


def show(
    stream: TextStream,
    *,
    key: str | None = None,
    cursor: str | None = None,
    on_wait: Callable[[], object] | None = None,
) -> StreamResult:
    """Show a stream where the page is now, piece by piece, and return how it ended.

    Without a ``key`` the call lasts until the end; a click anywhere else ends the answer. With one,
    the answer survives: other clicks are answered meanwhile, and the text goes on. While the whole
    page is run the call returns at once with the status ``"running"``, and so it does in a fragment
    when somebody clicks elsewhere. The run that follows the end, of the page or of the fragment
    around the call, returns the final result. A stream that has ended is shown as it stands.

    An error does not raise: it is in the result, the partial text is on the page. A tab that stays
    closed ends the model call after some seconds. The text is untrusted: no HTML in it is rendered,
    its images are links, and its diagrams are shown as code.

    Args:
        stream: what to show.
        key: a name for the answer, used once on the page.
        cursor: a mark behind the text while it grows.
        on_wait: called now and then while nothing comes, such as to say that the model is thinking.
    """
    if key is None:
        return _to_the_end(stream, cursor or "", on_wait)
    slot = f"streaming-{key}"
    answer = st.session_state.get(slot)
    if not isinstance(answer, Answer) or answer.stream is not stream:
        answer = st.session_state[slot] = Answer(stream)
    keep(stream)
    turn = Turn()
    if turn.in_fragment or not answer.running:
        _take_turn(answer, turn, key, cursor or "", on_wait)
        answer.told |= not answer.running
        return _state(answer)

    @st.fragment
    def part() -> None:
        turn = Turn()
        _take_turn(answer, turn, key, cursor or "", on_wait)
        if not turn.whole and not answer.running and not answer.told:
            st.rerun()

    part()
    return _state(answer)


def _state(answer: Answer) -> StreamResult:
    """Return how a stream stands, without waiting for it."""
    stream = answer.stream
    if not answer.running:
        return stream.result()
    return StreamResult(stream.text, "running", None, stream.metrics)


def _take_turn(
    answer: Answer,
    turn: Turn,
    key: str,
    cursor: str,
    on_wait: Callable[[], object] | None,
) -> None:
    """Draw the answer so far, and go on until it ends or somebody else waits."""

    def look() -> None:
        if turn.over:
            raise _TurnIsOver
        if on_wait is not None:
            on_wait()

    answer.stream.start()
    with st.container():
        drawing = Drawing(cursor)
        with suppress(StreamError, _TurnIsOver):
            while answer.running:
                _draw(answer, drawing)
                look()
                answer.read(look)
        _draw(answer, drawing)
        if answer.running:
            again(turn, key)


def _draw(answer: Answer, drawing: Drawing) -> None:
    if not answer.running:
        answer.catch_up()
    blocks, growing = answer.state
    drawing.update(answer.finished[:blocks], growing, last=not answer.running)
    pace = answer.stream.pace
    answer.stream.pace = replace(pace, tick=max(answer.tick, drawing.tick))


def _to_the_end(
    stream: TextStream, cursor: str, on_wait: Callable[[], object] | None
) -> StreamResult:
    answer, drawing = Answer(stream), Drawing(cursor)

    def look() -> None:
        # Reading the session state is where Streamlit lets a waiting script be stopped.
        _ = "streaming" in st.session_state
        if on_wait is not None:
            on_wait()

    with st.container():
        try:
            while answer.running:
                answer.read(look)
                _draw(answer, drawing)
        except StreamError:
            pass  # it is in the stream, and in the result
        except BaseException:
            # Streamlit's Stop and rerun among them. Not close(), which waits for the connection:
            # the learner who pressed Stop waits for the page.
            stream.cancel()
            _beside(lambda: _draw(answer, drawing))
            raise
        _draw(answer, drawing)
    return stream.result()


def _beside(draw: Callable[[], None]) -> None:
    """Draw although Streamlit is stopping this run: in its own thread each message raises that."""
    thread = threading.Thread(target=draw, daemon=True)
    add_script_run_ctx(thread)
    thread.start()
    thread.join()

"""Showing a stream on a page: to its end, or in turns with everything else on the page."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.runtime.scriptrunner import add_script_run_ctx

from streaming.errors import StreamError
from streaming.stream import StreamResult, TextStream
from streaming.view.growing import GROWING
from streaming.view.kept import Answer, keep
from streaming.view.parts import Picture
from streaming.view.turns import Turn, again, pulse

__all__ = ["show"]


class _TurnIsOver(Exception):
    """Somebody else waits while nothing comes."""


def show(
    stream: TextStream,
    *,
    key: str | None = None,
    cursor: str | None = None,
    on_wait: Callable[[], object] | None = None,
    thinking: str = ":material/neurology:",
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

    What a model thinks aloud is in a status box, which closes when something else comes; a tool
    call is a card with its arguments and its result; citations are footnotes when all has come.

    Args:
        stream: what to show.
        key: a name for the answer, used once on the page.
        cursor: a mark behind the text while it grows.
        on_wait: called now and then while nothing comes, such as to say that the model is thinking.
        thinking: the label of the boxes in which a model thinks aloud, in Markdown.
    """
    new_picture = partial(Picture, cursor or "", thinking)
    if key is None:
        return _to_the_end(stream, new_picture, on_wait)
    slot = f"streaming-{key}"
    answer = st.session_state.get(slot)
    if not isinstance(answer, Answer) or answer.stream is not stream:
        answer = st.session_state[slot] = Answer(stream)
    keep(stream)
    turn = Turn()
    if turn.fragment is not None:
        over = _take_turn(answer, turn, key, new_picture, on_wait)
        answer.told |= over
        return _state(answer, over=over)

    over = False

    @st.fragment
    def part() -> None:
        nonlocal over
        turn = Turn()
        over = _take_turn(answer, turn, key, new_picture, on_wait)
        if over and not turn.whole and not answer.told:
            st.rerun()

    # When it has ended, too: elsewhere on the page its text would vanish for a moment.
    part()
    answer.told |= over
    return _state(answer, over=over)


def _state(answer: Answer, *, over: bool) -> StreamResult:
    """Return how a stream stands as it was drawn, without waiting for it."""
    stream = answer.stream
    if over:
        return stream.result()
    return StreamResult(stream.text, "running", None, stream.metrics, parts=stream.parts)


def _take_turn(
    answer: Answer,
    turn: Turn,
    key: str,
    new_picture: Callable[[], Picture],
    on_wait: Callable[[], object] | None,
) -> bool:
    """Draw the answer till it ends or somebody else waits; return whether it has ended."""

    def look() -> None:
        if turn.over:
            raise _TurnIsOver
        if on_wait is not None:
            on_wait()
        pulse(turn, key)

    def draw() -> bool:
        with box:
            return _draw(answer, picture)

    answer.stream.start()
    box, picture = st.container(), new_picture()
    GROWING.add(answer)
    try:
        while answer.running:
            draw()
            if turn.over:
                break
            # Not before the first text, which would have to wait for it.
            if answer.stream.text:
                pulse(turn, key)
            answer.read(look, picture.tick)
    except (StreamError, _TurnIsOver):
        pass  # an error is in the result
    finally:
        GROWING.discard(answer)
    over = draw()
    if not over:
        pulse(turn, key)
        again(turn, key)
    return over


def _draw(answer: Answer, picture: Picture) -> bool:
    """Draw what there is; return whether it is all."""
    over = not answer.running
    if over:
        answer.catch_up()
    picture.update(answer.state, answer.stream.parts, over=over)
    return over


def _to_the_end(
    stream: TextStream,
    new_picture: Callable[[], Picture],
    on_wait: Callable[[], object] | None,
) -> StreamResult:
    answer, picture = Answer(stream), new_picture()

    def look() -> None:
        # Reading the session state is where Streamlit lets a waiting script be stopped.
        _ = "streaming" in st.session_state
        if on_wait is not None:
            on_wait()

    with st.container():
        try:
            while answer.running:
                answer.read(look, picture.tick)
                _draw(answer, picture)
        except StreamError:
            pass  # it is in the stream, and in the result
        except BaseException:
            # Streamlit's Stop and rerun among them. Not close(), which waits for the connection:
            # the learner who pressed Stop waits for the page.
            stream.cancel()
            _beside(lambda: _draw(answer, picture))
            raise
        _draw(answer, picture)
    return stream.result()


def _beside(draw: Callable[[], object]) -> None:
    """Draw although Streamlit is stopping this run: in its own thread each message raises that."""
    thread = threading.Thread(target=draw, daemon=True)
    add_script_run_ctx(thread)
    thread.start()
    thread.join()

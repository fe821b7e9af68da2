"""Showing a stream on a Streamlit page. The only module of this package that imports Streamlit.

``st.write_stream`` sends the whole text again at each update. Here it is given one Markdown block
after the other: what is finished stays on the page as it is, and only the open block is sent again.
When the answer has ended, all of it takes their place, as one element if possible.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import add_script_run_ctx

from streaming.blocks import Blocks
from streaming.errors import StreamError
from streaming.stream import StreamResult, TextStream
from streaming.untrusted import parser, safe

__all__ = ["show", "write"]

# Seconds between two updates. Each costs the server a millisecond or two and the browser eight,
# whatever its length, and eight a second look even. Of a long answer more can be read than is new:
# there half as many will do.
TICK = 0.125
LONG_TICK = 0.2
LONG_CHARACTERS = 1_000
# The greatest share of a processor that making a text harmless may take while it grows. Of some
# texts, which nobody but an attacker writes, 30,000 characters take a second.
SAFETY_SHARE = 0.1
# What begins an icon's name. ``st.markdown`` changes its slash, in code too; ``st.code`` does not.
ICON = ":material/"


def show(
    stream: TextStream,
    *,
    key: str | None = None,
    cursor: str | None = None,
) -> StreamResult:
    """Show a stream where the page is now, piece by piece, and return how it ended.

    A stream that has ended is shown as it stands, so the same call serves the rerun that follows
    a click elsewhere. An error does not raise: it is in the result, the partial text is on the
    page. Stop, a rerun or a closed tab ends the model call. The text is untrusted: no HTML in it is
    rendered, its images are links, and its diagrams are shown as code.

    Args:
        stream: what to show.
        key: where in the session state to keep the stream, so that a rerun finds its text.
        cursor: a mark behind the text while it grows.
    """
    if key is not None:
        # Before the first piece: a rerun may come at any moment after it.
        st.session_state[key] = stream
    place = st.empty()
    drawn: list[DeltaGenerator] = []
    if stream.status in ("new", "running"):
        stream.pace = replace(stream.pace, tick=max(stream.pace.tick, TICK))
        stream.in_batches = True
        # Reading the session state is where Streamlit lets a waiting script be stopped.
        stream.on_idle = lambda: "streaming" in st.session_state
        try:
            with place.container():
                _write(stream, cursor, drawn)
        except BaseException:
            # Streamlit's Stop and rerun among them. Not close(), which waits for the connection:
            # the learner who pressed Stop waits for the page.
            stream.cancel()
            _leave(place, stream, drawn)
            raise
        stream.cancel()
    _draw(place, stream.text, drawn)
    return stream.result()


def write(
    place: DeltaGenerator,
    pieces: Iterable[str | None],
    *,
    cursor: str | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Write a model's text into an ``st.empty()`` as it comes, and return it as it came.

    That is ``st.write_stream``, but the browser fetches nothing. What is code may be known only
    later: then what has been written is written again.
    """
    text = ""
    more = iter(pieces)
    ended = False

    def additions() -> Iterator[str]:
        nonlocal text, ended
        written = safe(text)
        yield written
        next_look = 0.0
        while not ended:
            try:
                # A client may hand on a delta without text as None.
                text += next(more) or ""
            except StopIteration:
                ended = True
            began = clock()
            if began < next_look and not ended:
                continue
            now = safe(text)
            next_look = clock() + (clock() - began) / SAFETY_SHARE
            if not now.startswith(written):
                ended = False
                return
            yield now[len(written) :]
            written = now

    while not ended:
        place.write_stream(additions(), cursor=cursor)
    return text


def _write(stream: TextStream, cursor: str | None, drawn: list[DeltaGenerator]) -> None:
    pieces: Iterator[str] = iter(stream)
    blocks = Blocks()
    length = 0
    try:
        # No place for text before there is some: it would be one message more.
        pieces = chain([next(pieces, "")], pieces)
        while True:
            finished: list[str] = []
            place = st.empty()
            drawn.append(place)
            written = write(place, _open_block(blocks, pieces, finished), cursor=cursor)
            length += sum(map(len, finished))
            if length > LONG_CHARACTERS:
                stream.pace = replace(stream.pace, tick=max(stream.pace.tick, LONG_TICK))
            if not finished:
                return
            for number, block in enumerate(finished):
                if number:
                    place = st.empty()
                    drawn.append(place)
                if number or block != written or ICON in block:
                    _draw(place, block)
    except StreamError:
        return  # it is in the stream, and show() returns it


def _draw(place: DeltaGenerator, text: str, drawn: Iterable[DeltaGenerator] = ()) -> None:
    """Draw a text that has ended into an ``st.empty()``, as one element if that shows its code."""
    tokens = parser().parse(text) if ICON in text else []
    fences = [token for token in tokens if token.type == "fence" and token.level == 0]
    if not any(ICON in fence.content for fence in fences):
        place.markdown(safe(text))
        return
    lines = re.split(r"\r\n?|\n", text)
    begin = 0
    # A container keeps what one in the same place had behind what it gets itself.
    for each in drawn:
        each.empty()
    with place.container():
        for fence in fences:
            start, end = fence.map or (0, 0)
            if before := "\n".join(lines[begin:start]).strip():
                st.markdown(safe(before))
            st.code(fence.content, language=next(iter(fence.info.split()), None))
            begin = end
        if rest := "\n".join(lines[begin:]).strip():
            st.markdown(safe(rest))


def _open_block(blocks: Blocks, pieces: Iterator[str], finished: list[str]) -> Iterator[str]:
    """Give the open block's text as it comes, until there are ``finished`` blocks or no more."""
    length = len(blocks.open)
    yield blocks.open
    for piece in pieces:
        finished += blocks.feed(piece)
        if finished:
            yield finished[0][length:]
            return
        length += len(piece)
        yield piece


def _leave(place: DeltaGenerator, stream: TextStream, drawn: Iterable[DeltaGenerator]) -> None:
    """Leave the text without a cursor, although Streamlit is stopping this run.

    In the script's own thread each message to the page would raise that order once more.
    """
    thread = threading.Thread(target=_draw, args=(place, stream.text, drawn), daemon=True)
    add_script_run_ctx(thread)
    thread.start()
    thread.join()

"""A page for a test: each Markdown text as blocks, as one element, and as show() leaves it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from streaming import CompletionRequest, Pace, SimulatedStrategy, stream
from streaming.view import show
from streaming.view.blocks import Blocks
from streaming.view.growing import Drawing
from streaming.view.untrusted import safe
from tests.browser.nasty_markdown import (
    ATTACKS,
    CORPUS,
    MARKER,
    ONE_OF_A_KIND,
    STOPPED,
    WITH_CODE,
)
from tests.streaming.fakes import make_stream

REQUEST = CompletionRequest(model="any", prompt="any")


def whole_answer(text: str) -> Callable[[CompletionRequest], str]:
    return lambda _: text


def blocks_of(text: str) -> list[str]:
    blocks = Blocks()
    finished: list[str] = []
    for start in range(0, len(text), 3):
        finished += blocks.feed(text[start : start + 3])
    return [*finished, blocks.open]


part = st.query_params["part"]
if part == "attacks":
    with st.container(key="control"):
        st.markdown(f"![a]({MARKER}/control)")
    for number, attack in enumerate(ATTACKS):
        text = attack.format(*[MARKER] * 9)
        with st.container(key=f"attack-{number}"):
            st.markdown(safe(text))
            # What has half arrived is shown with its open ends completed.
            for end in range(len(text) - 6, len(text)):
                Drawing().update([], text[:end])
            whole = SimulatedStrategy(whole_answer(text), chunk_size=3, delay=0.0)
            show(stream(whole, REQUEST, pace=Pace.off()), cursor="▌")
elif part == "code":
    with st.container(key="code"):
        whole = SimulatedStrategy(whole_answer(WITH_CODE), chunk_size=3, delay=0.0)
        show(stream(whole, REQUEST, pace=Pace.off()), cursor="▌")
    for number, text in enumerate(STOPPED):
        with st.container(key=f"stopped-{number}"):
            # The connection breaks after the last word that came.
            broken = make_stream([(0.0, text)], pace=Pace.off(), error=ConnectionError())[0]
            show(broken, cursor="▌")
else:
    for number, (name, text) in enumerate(CORPUS.items()):
        if (name in ONE_OF_A_KIND) != (part == "one of a kind"):
            continue
        with st.container(key=f"blocks-{number}"):
            for block in blocks_of(text):
                st.markdown(safe(block))
        with st.container(key=f"whole-{number}"):
            st.markdown(safe(text))
        with st.container(key=f"shown-{number}"):
            whole = SimulatedStrategy(whole_answer(text), chunk_size=3, delay=0.0)
            show(stream(whole, REQUEST, pace=Pace.off()), cursor="▌")
st.text("The end")

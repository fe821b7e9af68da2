"""A page for a test: each Markdown text as blocks, as one element, and as show() leaves it."""

from __future__ import annotations

import os
from collections.abc import Callable

import streamlit as st

from streaming import CompletionRequest, Pace, SimulatedStrategy, stream
from streaming.blocks import Blocks
from streaming.untrusted import SafePieces, safe
from streaming.view import show
from tests.browser.nasty_markdown import ATTACKS, CORPUS

REQUEST = CompletionRequest(model="any", prompt="any")


def whole_answer(text: str) -> Callable[[CompletionRequest], str]:
    return lambda _: text


def blocks_of(text: str) -> list[str]:
    blocks = Blocks()
    finished: list[str] = []
    for start in range(0, len(text), 3):
        finished += blocks.feed(text[start : start + 3])
    return [*finished, blocks.open]


if marker := os.environ.get("TEST_MARKER"):
    for number, attack in enumerate(ATTACKS):
        text = attack.replace("{}", marker).replace("{{", "{").replace("}}", "}")
        with st.container(key=f"attack-{number}"):
            st.markdown(safe(text))
            growing = SafePieces()
            st.markdown("".join(map(growing.feed, text)) + growing.finish())
            # What has half arrived is shown with its open ends completed.
            for end in range(len(text) - 8, len(text)):
                st.write_stream([safe(text[:end])])
else:
    for number, text in enumerate(CORPUS.values()):
        with st.container(key=f"blocks-{number}"):
            for block in blocks_of(text):
                st.markdown(safe(block))
        with st.container(key=f"whole-{number}"):
            st.markdown(safe(text))
        with st.container(key=f"shown-{number}"):
            whole = SimulatedStrategy(whole_answer(text), chunk_size=3, delay=0.0)
            show(stream(whole, REQUEST, pace=Pace.off()), cursor="▌")
st.text("The end")

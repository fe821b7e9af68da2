"""A page for a test: an answer that takes its time, and a widget beside it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import streamlit as st

from streaming import CompletionRequest, stream
from streaming.view import show

TEXT = "A first paragraph.\n\nThen one with **bold words " + "that go on " * 4_000
SHORT = "".join(f"Paragraph {number}, in some words.\n\n" for number in range(40)) + "The end."


class Slow:
    name = "slow"
    live = True

    def __init__(self, text: str) -> None:
        self.text = text

    def open(self, request: CompletionRequest) -> Iterator[str]:
        try:
            for start in range(0, len(self.text), 4):
                yield self.text[start : start + 4]
                time.sleep(0.02)
        finally:
            closed.append("closed")


@st.cache_resource
def closed_in_this_process() -> list[str]:
    return []


closed = closed_in_this_process()
# With a key, an answer survives; without one, the page waits for it.
key = "answer" if "survives" in st.query_params else None
if st.button("Ask"):
    text = SHORT if "short" in st.query_params else TEXT
    request = CompletionRequest(model="any", prompt="any")
    st.session_state.answer = stream(Slow(text), request)
    st.session_state.told = 0
st.text(f"clicks: {sum(st.checkbox(f'Widget {number}') for number in range(8))}")
if "answer" in st.session_state:
    with st.container(key="shown"):
        result = show(st.session_state.answer, key=key, cursor="▌")
    st.session_state.told += result.status != "running"
    st.text(f"status: {result.status}, told {st.session_state.told} times")
st.text(f"closed: {len(closed)}")

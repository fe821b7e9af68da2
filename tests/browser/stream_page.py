"""A page for a test: an answer that takes its time, and a widget beside it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import streamlit as st

from streaming import CompletionRequest, stream
from streaming.view import show

TEXT = "A first paragraph.\n\nThen one with **bold words " + "that go on " * 4_000


class Slow:
    name = "slow"
    live = True

    def __init__(self, closed: list[str]) -> None:
        self.closed = closed

    def open(self, request: CompletionRequest) -> Iterator[str]:
        try:
            for start in range(0, len(TEXT), 4):
                yield TEXT[start : start + 4]
                time.sleep(0.02)
        finally:
            self.closed.append("closed")


closed: list[str] = st.session_state.setdefault("closed", [])
if st.button("Ask"):
    request = CompletionRequest(model="any", prompt="any")
    st.session_state.answer = stream(Slow(closed), request)
st.checkbox("Another widget")
if "answer" in st.session_state:
    with st.container(key="answer"):
        result = show(st.session_state.answer, key="answer", cursor="▌")
    st.text(f"status: {result.status}")
st.text(f"closed: {len(closed)}")

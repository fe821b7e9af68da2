"""A page for a test: an answer that takes its time, and a widget beside it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import streamlit as st

from streaming import Citation, CompletionRequest, Part, Thinking, ToolCall, ToolResult, stream
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


class Tools:
    name = "tools"
    live = True

    def __init__(self, clicked: list[threading.Event]) -> None:
        self.clicked = clicked

    def open(self, request: CompletionRequest) -> Iterator[Part]:
        # However slow the browser is, each click comes before what follows it.
        while not self.clicked[1].wait(0.05):
            yield Thinking("Let me see. ")
        yield "I look it up."
        for piece in ('{"x": ', "1}"):
            yield ToolCall("1", "look_up", piece)
            time.sleep(0.1)
        self.clicked[2].wait(60)
        yield ToolResult("1", "found")
        yield Citation("A document")
        yield "That's it."


@st.cache_resource
def closed_in_this_process() -> list[str]:
    return []


closed = closed_in_this_process()
# With a key, an answer survives; without one, the page waits for it.
key = "answer" if "survives" in st.query_params else None
clicked = st.session_state.setdefault("clicked", [threading.Event() for _ in range(9)])
if st.button("Ask"):
    text = SHORT if "short" in st.query_params else TEXT
    request = CompletionRequest(model="any", prompt="any")
    way = Tools(clicked) if "tools" in st.query_params else Slow(text)
    st.session_state.answer = stream(way, request)
    st.session_state.second = stream(Slow(TEXT), request)
    st.session_state.told = 0
clicks = sum(st.checkbox(f"Widget {number}") for number in range(8))
st.text(f"clicks: {clicks}")
clicked[clicks].set()
if "answer" in st.session_state:
    with st.container(key="shown"):
        result = show(st.session_state.answer, key=key, cursor="▌")
    st.session_state.told += result.status != "running"
    st.text(f"status: {result.status}, told {st.session_state.told} times")
    if "two" in st.query_params:
        with st.container(key="second"):
            show(st.session_state.second, key="second")
st.text(f"closed: {len(closed)}")

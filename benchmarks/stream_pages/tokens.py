"""The answer that the pages of this folder show, and when each token of it comes."""

from __future__ import annotations

import time
from collections.abc import Iterator

import streamlit as st

from benchmarks.texts import answer

TOKEN = 4


def asked_for() -> tuple[str, float]:
    """Return the text and the seconds between two tokens, as the page's address asks for them.

    ``?characters=2000&gap=0.02``; with ``&wait=1`` a button is what starts the answer.
    """
    if "wait" in st.query_params and not st.button("Answer"):
        st.stop()
    return answer(int(st.query_params["characters"])), float(st.query_params["gap"])


def tokens(text: str, gap: float) -> Iterator[str]:
    """Yield 4 characters at a time, each at its time: a reader who is late catches up."""
    began = time.monotonic()
    for number, start in enumerate(range(0, len(text), TOKEN)):
        time.sleep(max(0.0, began + number * gap - time.monotonic()))
        yield text[start : start + TOKEN]

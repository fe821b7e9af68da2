"""Answers that Stop closes or only leaves, and the tokens made for them after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from course.language import text
from streaming import CompletionRequest, DirectStrategy, StreamResult

if TYPE_CHECKING:
    from snowflake.snowpark import Session

# Local Cortex's own header and statement (local_cortex/README.md, "Tokens after Stop").
NUMBER = "x-local-cortex-stream"
STREAMS = "SHOW LOCAL CORTEX STREAMS"


@dataclass(frozen=True, slots=True)
class Tokens:
    """How many tokens Local Cortex has made for an answer, and whether it makes more."""

    made: int
    running: bool


class _LeftOpen:
    """An answer that its reader can only stop reading."""

    def __init__(self, answer: Iterator[str]) -> None:
        self._answer = answer
        self._deltas: Iterator[str] | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._deltas is None:
            # In a context of its own, so that nobody sees the socket and can shut it down.
            self._deltas = Context().run(iter, self._answer)
        return next(self._deltas)


class Stoppable:
    """Method 1, with its tokens counted; unless it ``closes``, a stopped reader only stops reading.

    The strategy refers to its last answer, as a variable of a script does.
    """

    name = "direct"

    def __init__(self, session: Session, *, closes: bool) -> None:
        self._session, self._closes = session, closes
        self._method = DirectStrategy(session)
        self._answer: Any = None
        self._tokens: Tokens | None = None

    @property
    def live(self) -> bool:
        return self._method.live

    def open(self, request: CompletionRequest) -> Iterator[str]:
        """Return the answer's deltas, with a way to close it or without."""
        self._answer = answer = self._method.open(request)
        return answer if self._closes else _LeftOpen(answer)

    def tokens(self) -> Tokens | None:
        """Ask Local Cortex about the last answer; ``None`` where nobody counts (an account)."""
        response = self._answer.response if self._answer is not None else None
        number = response.headers.get(NUMBER) if response is not None else None
        if number is not None and (self._tokens is None or self._tokens.running):
            from snowflake.snowpark.exceptions import SnowparkClientException  # a second to import

            # A session that is over has no figure any more: the last one stands.
            with suppress(SnowparkClientException):
                rows = self._session.sql(STREAMS).collect()
                found = next((row for row in rows if row["number"] == int(number)), None)
                if found is not None:
                    self._tokens = Tokens(found["made"], found["state"] == "running")
        return self._tokens

    def abort(self) -> None:
        """End a reader's wait for the model, from any thread."""
        if self._answer is not None:
            self._answer.abort()

    def close(self) -> None:
        """Close the last answer, whether a reader may or not; not while one reads."""
        if self._answer is not None:
            self._answer.close()

    def draw(self, place: DeltaGenerator, result: StreamResult) -> bool:
        """Draw what was made after a reader had gone; return whether that still goes on."""
        tokens = self.tokens()
        if tokens is None:
            place.caption(text("stopping.unknown"))
            return False
        read = result.metrics.deltas
        with place.container():
            st.metric(text("stopping.after"), f"{max(0, tokens.made - read):,}")
            key = "stopping.running" if tokens.running else "stopping.over"
            st.caption(text(key, made=tokens.made, read=read))
        return tokens.running

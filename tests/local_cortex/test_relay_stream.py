"""Events that no server should send, and some do."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from local_cortex.engines import EngineError, ToolPiece
from local_cortex.engines.relay_reading import OPTIONAL, Rejection, RelayStream

NAMES = st.sampled_from(
    [
        *("choices", "delta", "content", "text", "finish_reason", "error", "message", "usage"),
        *("prompt_tokens", "completion_tokens", "reasoning", "object", "type", "param", "detail"),
    ]
)
# Halves of surrogate pairs included.
TEXTS = st.text(st.characters(exclude_categories=()))
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | NAMES
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner), max_leaves=9
)


@given(st.lists(st.fixed_dictionaries({"choices": st.lists(ANYTHING)}) | ANYTHING))
def test_whatever_comes_is_read_or_an_error_of_the_relay(events: list[Any]) -> None:
    stream, failed = RelayStream(), None
    try:
        for event in events:
            for added in stream.feed("", json.dumps(event)):
                text = added.arguments if isinstance(added, ToolPiece) else added.text
                assert text.encode() is not None
        stream.finish()
    except EngineError as error:
        failed = error
    assert failed is None or (failed.status == 502 and str(failed).encode())


def test_a_rejection_without_words_says_so() -> None:
    error = Rejection(500, "", "application/json", b"").error("llama3.1-8b")
    assert str(error) == "the relay target answered 500: no reason given"


@given(ANYTHING, st.sampled_from([200, 307, 400, 401, 404, 422, 429, 500, 503]))
def test_whatever_a_server_rejects_with_has_a_meaning(body: Any, status: int) -> None:
    rejection = Rejection(status, "", "application/json", json.dumps(body).encode())
    assert rejection.field(OPTIONAL) in (None, *OPTIONAL)
    error = rejection.error("llama3.1-8b")
    assert error.status in (400, 429, 502, 503)
    assert 0 < len(str(error)) < 700
    str(error).encode()

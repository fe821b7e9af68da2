"""Messages: what a person is told, for every code and in both languages."""

from __future__ import annotations

import string

import pytest

from streaming import StreamTimeout, StreamUnavailable
from streaming.errors import CLASS_CODES, CLIENT_SLIPS, RETRYABLE, STATUS_CODES
from streaming.messages import explain, messages

CODES = {
    *CLASS_CODES.values(),
    *CLIENT_SLIPS.values(),
    *STATUS_CODES.values(),
    *RETRYABLE,
    *("total", "http", "unknown"),
}


def test_every_code_has_a_text_in_both_languages_and_no_text_is_left_over() -> None:
    assert set(messages()) == CODES
    assert {tuple(sorted(texts)) for texts in messages().values()} == {("en", "ko")}


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_text_has_no_blank_but_the_limit(code: str) -> None:
    for text in messages()[code].values():
        blanks = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        assert blanks <= ({"seconds"} if code in ("first_chunk", "idle", "total") else set())


def test_a_limit_is_named_in_seconds() -> None:
    assert "30 s" in explain(StreamTimeout("idle"), "en", 30.0)
    assert "30초" in explain(StreamTimeout("idle"), "ko", 30.0)


def test_nothing_of_what_caused_the_error_is_told() -> None:
    error = StreamUnavailable("brand-new-code")
    error.__cause__ = ConnectionError("https://ACCOUNT.example/?token=SECRET")
    assert explain(error, "en") == messages()["unknown"]["en"]

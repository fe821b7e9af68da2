"""What the page says for every error code, in both languages."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import streaming
from course.lab.streams import explained
from course.stream_errors import explain, messages
from streaming import StreamTimeout, StreamUnavailable
from streaming.errors import CLASS_CODES, CLIENT_SLIPS, RETRYABLE, STATUS_CODES
from streaming.reasons import NUMBERS, WORDS

README = Path(streaming.__file__).with_name("README.md")
CODES = {
    *CLASS_CODES.values(),
    *CLIENT_SLIPS.values(),
    *STATUS_CODES.values(),
    *NUMBERS.values(),
    *(code for _, code in WORDS),
    *RETRYABLE,
    *("total", "http", "unknown"),
}


def test_every_code_has_a_text_in_both_languages_and_no_text_is_left_over() -> None:
    assert set(messages()) == CODES
    assert {tuple(sorted(texts)) for texts in messages().values()} == {("en", "ko")}


def test_the_readme_lists_every_code_and_whether_it_may_work_later() -> None:
    readme = README.read_text("utf-8").partition("## What can go wrong")[2]
    rows = re.findall(r"^\| `(\w+)` \|[^|]+\| (yes)?", readme, re.MULTILINE)
    assert {code: later == "yes" for code, later in rows} == {
        code: code in RETRYABLE for code in CODES
    }


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_text_has_no_blank_but_the_limit(code: str) -> None:
    for text in messages()[code].values():
        blanks = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        assert blanks <= ({"seconds"} if code in ("first_chunk", "idle", "total") else set())


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("region", "CORTEX_ENABLED_CROSS_REGION"),
        ("forbidden", "SNOWFLAKE.CORTEX_USER"),
        ("last_message", "`messages`"),
    ],
)
def test_advice_names_the_setting_in_both_languages(code: str, advice: str) -> None:
    assert all(advice in text for text in messages()[code].values())


def test_a_limit_is_named_in_seconds() -> None:
    assert "30 s" in explain(StreamTimeout("idle"), "en", 30.0)
    assert "30초" in explain(StreamTimeout("idle"), "ko", 30.0)
    assert "130초" in explained("first_chunk"), "in the lab, too"


def test_nothing_of_what_caused_the_error_is_told() -> None:
    error = StreamUnavailable("brand-new-code")
    error.__cause__ = ConnectionError("https://ACCOUNT.example/?token=SECRET")
    assert explain(error, "en") == messages()["unknown"]["en"]

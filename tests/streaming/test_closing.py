"""closed(): an answer that was cut off is shown without its open ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.closing import closed


@pytest.mark.parametrize(
    ("cut", "shown"),
    [
        ("some **bold te", "some **bold te**"),
        ("some **bold ", "some **bold**"),
        ("some **", "some"),
        ("some *it", "some *it*"),
        ("***both", "***both***"),
        ("**bold and *it", "**bold and *it***"),
        ("some `co", "some `co`"),
        ("some ``a`b", "some ``a`b``"),
        ("**bold `co", "**bold `co`**"),
        ("~~gone", "~~gone~~"),
        ("see [the do", "see the do"),
        ("see [docs](https://exam", "see docs"),
        ("**see [docs](https://exam", "**see docs**"),
        ("$$\n\\frac{1}", "$$\n\\frac{1}\n$$"),
        ("```py\nx = 1\n``", "```py\nx = 1"),
    ],
)
def test_what_is_open_is_closed(cut: str, shown: str) -> None:
    assert closed(cut) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Nothing open here.",
        "**bold** and *italic* and `code` and [a](https://example.com).",
        "**bold *both*** and `a*b` and 2 * 3 * 4",
        "* item\n* item two",
        "an escaped \\* star and \\` tick",
        "```py\nx = a**b",
        "~~~\n`open\n~~~\n\ndone",
        "$$\nx\n$$\n\nand on",
        "| a | b |\n|---|--",
    ],
)
def test_what_is_not_open_stays_as_it_is(text: str) -> None:
    assert closed(text) == text


def test_only_the_last_paragraph_is_touched() -> None:
    assert closed("a **b\n\nc **d") == "a **b\n\nc **d**"


@given(st.text(alphabet="ab *`~[]()\\\n$", max_size=40))
def test_it_never_fails_and_closing_twice_is_closing_once(text: str) -> None:
    once = closed(text)
    assert len(once) <= len(text) + 40
    assert isinstance(closed(once), str)

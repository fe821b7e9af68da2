"""Untrusted Markdown: images become links, code stays code where that is sure.

That nothing is fetched is seen in a browser: tests/browser/test_markdown_blocks.py.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.untrusted import SafePieces, safe
from tests.browser.nasty_markdown import ATTACKS, CORPUS

URL = "https://example.com/a.png"


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        (f"![a cat]({URL})", f"[a cat]({URL})"),
        (f"![]({URL})", f"<{URL}>"),
        ("![](data:image/png;base64,AA)", "\\![](data:image/png;base64,AA)"),
        (f"[![alt]({URL})](https://example.com)", f"[[alt]({URL})](https://example.com)"),
        ("![alt][ref]", "[alt][ref]"),
        (f"!![a]({URL})", f"!\\![a]({URL})"),
        (f"\\![a]({URL})", f"\\![a]({URL})"),
        ("wow![1]", "wow\\![1]"),
        ("`![a](b)` and `c`", "`![a](b)` and `c`"),
        ("```rust\nvec![1]\n```\n\nend", "```rust\nvec![1]\n```\n\nend"),
    ],
)
def test_an_image_becomes_a_link_and_code_stays_code(markdown: str, shown: str) -> None:
    assert safe(markdown) == shown


@pytest.mark.parametrize("text", [text for text in CORPUS.values() if "![" not in text])
def test_a_text_without_images_comes_back_as_it_is(text: str) -> None:
    assert safe(text) is text


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_safe_stays_as_it_is(attack: str) -> None:
    once = safe(attack)
    assert safe(once) == once


def in_pieces(text: str, size: int) -> str:
    growing = SafePieces()
    pieces = [growing.feed(text[start : start + size]) for start in range(0, len(text), size)]
    return "".join(pieces) + growing.finish()


@given(st.sampled_from([*ATTACKS, *CORPUS.values()]), st.integers(1, 30))
def test_pieces_give_the_same_whatever_their_size(text: str, size: int) -> None:
    assert in_pieces(text, size) == in_pieces(text, len(text))


@given(st.sampled_from([*ATTACKS, *CORPUS.values()]), st.integers(1, 30))
def test_pieces_add_nothing_but_backslashes_before_images(text: str, size: int) -> None:
    assert in_pieces(text, size).replace("\\", "") == text.replace("\\", "")

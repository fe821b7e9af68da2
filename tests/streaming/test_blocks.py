"""Blocks: a growing Markdown text is cut only where nothing in front can change any more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.view import blocks as module
from streaming.view.blocks import Blocks, parser
from tests.browser.nasty_markdown import CORPUS


def cut(text: str, size: int = 1) -> tuple[list[str], str]:
    blocks = Blocks()
    finished: list[str] = []
    for start in range(0, len(text), size):
        finished += blocks.feed(text[start : start + size])
    return finished, blocks.open


def test_a_paragraph_is_finished_when_the_next_one_begins() -> None:
    blocks = Blocks()
    assert blocks.feed("One.\n\n") == []
    assert blocks.feed("T") == ["One.\n\n"]
    assert blocks.open == "T"


def test_one_piece_may_finish_several_blocks() -> None:
    assert Blocks().feed("# A\n\nb\n\n> c\n\nd") == ["# A\n\n", "b\n\n", "> c\n\n"]


@pytest.mark.parametrize(
    "text",
    [
        "```\na\n\nb\n",
        "~~~~\na\n~~~\n\nb\n",
        "- a\n\n- b\n\n  c\n",
        "1. a\n\n2. b\n",
        "- a\n\n  ```\n  b\n\n  c\n",
        "a\n\n    code\n",
        "a\n- b\n\n- c\n",
        "<!-- a\n\nb\n",
        "<pre>\n\nb\n",
        "$$\na\n\nb\n",
        "[a]: https://example.com\n\nb\n\nc",
        "see [a][b]\n\nb\n\nc",
        "note[^1]\n\nb\n\nc",
        ":::note\n\nb\n\nc",
        "    indented\n\nb\n\nc",
    ],
)
def test_a_blank_line_inside_a_block_is_no_cut(text: str) -> None:
    assert cut(text) == ([], text)


def test_brackets_in_code_tie_nothing() -> None:
    assert cut("`a[0][1]`\n\n```\na[0][1]\n```\n\nend")[0] == [
        "`a[0][1]`\n\n",
        "```\na[0][1]\n```\n\n",
    ]


def test_what_may_still_become_a_list_item_is_waited_for() -> None:
    blocks = Blocks()
    assert blocks.feed("- a\n\n1") == []
    assert blocks.feed("990 was a year.\n") == ["- a\n\n"]
    blocks = Blocks()
    assert blocks.feed("- a\n\n**") == []
    assert blocks.feed("b") == ["- a\n\n"]


@given(st.sampled_from(list(CORPUS.values())), st.integers(1, 50), st.integers(1, 50))
def test_the_text_stays_as_it_is_for_any_chunking(text: str, size: int, other: int) -> None:
    finished, rest = cut(text, size)
    assert "".join(finished) + rest == text
    assert all(finished)
    again, rest = cut(text, other)
    assert "".join(again) + rest == text


@given(st.text(alphabet="ab-*1.>#`~$|[]^:<! \n\r\t", max_size=80), st.integers(1, 9))
def test_no_text_breaks_it(text: str, size: int) -> None:
    finished, rest = cut(text, size)
    assert "".join(finished) + rest == text


@pytest.mark.parametrize(
    "text",
    [
        "```\n" + "x = 1\n\n" * 4_000,
        "- an item\n\n" * 3_000,
        "1. item\n\n   more of it\n\n" * 1_500,
        "<!--\n\nwords\n\n" * 2_000,
        "word " * 6_000,
        "> quoted\n>\n" * 3_000,
        "A paragraph of some words.\n\n" * 1_000,
    ],
    ids=["fence", "list", "ordered list", "comment", "paragraph", "quote", "paragraphs"],
)
def test_the_work_is_in_proportion_to_the_text(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = 0
    real = parser()

    class Counting:
        def parse(self, part: str, environment: dict[str, object]) -> object:
            nonlocal parsed
            parsed += len(part)
            return real.parse(part, environment)

    monkeypatch.setattr(module, "parser", Counting)
    cut(text, 4)
    assert parsed <= 6 * len(text)

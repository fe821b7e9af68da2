"""Long texts cut into chunks."""

from __future__ import annotations

import pytest

from local_cortex.engines import EngineError
from local_cortex.engines.computed import split_markdown, split_text

HEADERS = {"#": "header_1", "##": "header_2"}


@pytest.mark.parametrize(
    ("text", "size", "overlap", "chunks"),
    [
        ("hello world are here", 15, 10, ["hello world are", "world are here"]),
        ("one\n\ntwo three", 11, 0, ["one", "two three"]),
        ("abcdef", 4, 1, ["abcd", "def"]),
        ("한국어 문장입니다", 4, 0, ["한국어", "문장입", "니다"]),
        ("", 5, 0, []),
    ],
)
def test_a_text_is_cut_at_its_widest_separator(
    text: str, size: int, overlap: int, chunks: list[str]
) -> None:
    assert split_text(text, "none", size, overlap) == chunks


def test_markdown_is_cut_before_its_headers() -> None:
    text = "intro of it\n# One\nfirst text\n## Two\nsecond"
    assert split_text(text, "markdown", 20) == [
        "intro of it",
        "# One\nfirst text",
        "## Two\nsecond",
    ]


def test_own_separators_take_the_place_of_the_usual_ones() -> None:
    assert split_text("a b|c d", "none", 4, separators=["|"]) == ["a b", "|c d"]


@pytest.mark.parametrize("size", [10, 100, 1000])
def test_no_chunk_is_too_long_and_no_word_is_lost(size: int) -> None:
    text = "\n\n".join(f"Paragraph {number} says a few words. " * 5 for number in range(50))
    chunks = split_text(text, "markdown", size, size // 5)
    assert max(map(len, chunks)) <= size
    assert set(" ".join(chunks).split()) >= set(text.split()) if size > 10 else True


def test_chunks_of_markdown_know_their_headers() -> None:
    text = "# Tea\nGreen tea\n## Korea\nNokcha\n# Coffee\nBlack"
    assert split_markdown(text, HEADERS, 100) == [
        {"chunk": "Green tea", "headers": {"header_1": "Tea"}},
        {"chunk": "Nokcha", "headers": {"header_1": "Tea", "header_2": "Korea"}},
        {"chunk": "Black", "headers": {"header_1": "Coffee"}},
    ]


@pytest.mark.parametrize(
    ("form", "size", "overlap"), [("html", 5, 0), ("none", 0, 0), ("none", 5, 5), ("none", 5, -1)]
)
def test_what_cannot_be_is_refused(form: str, size: int, overlap: int) -> None:
    with pytest.raises(EngineError):
        split_text("x", form, size, overlap)


def test_an_overlap_that_would_repeat_a_long_text_too_often_is_refused() -> None:
    with pytest.raises(EngineError, match="overlap is too large"):
        split_text("x" * 100_000, "none", 1_000, 999)

"""Markdown as markdown-it reads it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = ["has_html", "spans", "tokens"]


def tokens(text: str) -> list[Token]:
    """Return a Markdown text's blocks: lists, tables, fences, paragraphs."""
    return _parser().parse(text)


def spans(text: str) -> Iterator[Token]:
    """Yield what a Markdown text holds inside its paragraphs: links, code, emphasis, HTML."""
    for token in tokens(text):
        yield from token.children or ()


def has_html(text: str) -> bool:
    """Tell whether there is HTML inside a Markdown text's paragraphs."""
    return any(span.type == "html_inline" for span in spans(text)) if "<" in text else False


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # Home lists lessons and reads no prose, so it does not pay for this.
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table")

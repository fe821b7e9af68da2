"""Markdown as markdown-it reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = ["lines", "references", "spans", "tokens"]


#: May be one, or may stand in a fence.
DEFINITION = re.compile(r"^[ >]*\[[^\]]+\]:", re.MULTILINE)


def tokens(text: str) -> list[Token]:
    """Return a Markdown text's blocks: lists, tables, fences, paragraphs."""
    return _parser().parse(text)


def spans(text: str) -> Iterator[Token]:
    """Yield what a Markdown text holds inside its paragraphs: links, code, emphasis, HTML."""
    for token in tokens(text):
        yield from token.children or ()


def references(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line, from 0 on, and the label of each address that stands apart from its link."""
    if not DEFINITION.search(text):
        return
    found: dict[str, Any] = {}
    _parser().parse(text, found)
    for label, reference in found.get("references", {}).items():
        yield reference["map"][0], label


def lines(text: str) -> list[str]:
    r"""Return a text's lines as Markdown counts them: only \n ends one, and stays at its end."""
    found = [f"{line}\n" for line in text.split("\n")]
    found[-1] = found[-1][:-1]
    return found if found[-1] else found[:-1]


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # Home lists lessons and reads no prose, so it does not pay for this.
    from markdown_it import MarkdownIt

    # Without text_join, what is escaped is told from what is not.
    return MarkdownIt("commonmark").enable("table").disable("text_join")

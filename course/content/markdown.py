"""Markdown as markdown-it reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


#: May be one, or may stand in a fence.
DEFINITION = re.compile(r"^[ >]*\[[^\]]+\]:", re.MULTILINE)

ICON = re.compile(r":material/([^\s:`\"']*)")
UNDEFINED = re.compile(r"\[[^\]^][^\]]*\]\[[^\]]*\]")
#: What is left of a link that Markdown does not take for one, such as [text](two words).
UNREAD = re.compile(r"\]\(.{0,40}")
HOST = re.compile(r"[^\s.]+(\.[^\s.]+)+")


def tokens(text: str) -> list[Token]:
    """Return a Markdown text's blocks: lists, tables, fences, paragraphs."""
    return _parser().parse(text)


def spans(text: str) -> Iterator[Token]:
    """Yield what a Markdown text holds inside its paragraphs: links, code, emphasis, HTML."""
    for token in tokens(text):
        yield from token.children or ()


def unknown_icons(text: str) -> Iterator[str]:
    """Yield the names of icons in a text that Streamlit does not know."""
    for name in ICON.findall(text):
        # Four thousand names, read only where there is an icon.
        from streamlit.material_icon_names import ALL_MATERIAL_ICONS

        if name not in ALL_MATERIAL_ICONS:
            yield name


def leads_somewhere(target: str) -> bool:
    """Tell whether a link leaves the page with https and a host, or names a term."""
    if target.startswith("term:"):
        return target != "term:"
    try:
        parts = urlsplit(target)
        return parts.scheme == "https" and bool(HOST.fullmatch(parts.hostname or ""))
    except ValueError:  # a host in brackets that is no address
        return False


def faults(children: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong inside a paragraph, and how to fix it: what is neither link nor icon."""
    for span in children:
        if span.type == "text" and (found := UNDEFINED.search(span.content)):
            fix = "Write [text](https://...), or put it between backticks if it is code"
            yield f"the link `{found[0]}` leads nowhere", fix
        if span.type == "text" and (found := UNREAD.search(span.content)):
            fix = "Write [text](https://...) without blanks, or put it between backticks"
            yield f"`{found[0]}` cannot be read as a link", fix
    shown = "".join(span.content if span.type == "text" else " " for span in children)
    for name in unknown_icons(shown):
        fix = "Take one of https://fonts.google.com/icons, or put it between backticks"
        yield f"there is no icon `:material/{name}:`", fix


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

    # Without text_join, escaped characters stay apart from plain ones.
    return MarkdownIt("commonmark").enable("table").disable("text_join")

"""Markdown as markdown-it reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from io import StringIO
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


ICON = re.compile(r":material/([^\s:`\"']*)")
#: Text that was meant as a link but isn't one: what is wrong, and how to fix it.
NO_LINKS = (
    (
        re.compile(r"\[[^\]^][^\]]*\]\[[^\]]*\]"),
        "the link `{}` leads nowhere",
        "Write [text](https://...), or put it between backticks if it is code",
    ),
    (
        re.compile(r"\]\(.{0,40}"),
        "`{}` cannot be read as a link",
        "Write [text](https://...) without blanks, or put it between backticks",
    ),
    (
        re.compile(r"^\[[^\]]+\]:"),
        "the address after `{}` stands apart from its link",
        "Write the address into the link: [text](https://...)",
    ),
)
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
    """Return whether a link leaves the page with https and a host, or names a term."""
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
        for wrong, what, fix in NO_LINKS if span.type == "text" else ():
            if found := wrong.search(span.content):
                yield what.format(found[0]), fix
    shown = "".join(span.content if span.type == "text" else " " for span in children)
    for name in unknown_icons(shown):
        fix = "Use one of https://fonts.google.com/icons, or put it between backticks"
        yield f"there is no icon `:material/{name}:`", fix


def lines(text: str) -> list[str]:
    r"""Return a text's lines as Markdown counts them: only \n ends one, and stays at its end."""
    return StringIO(text, newline="\n").readlines()


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # Home lists lessons and reads no prose, so it does not pay for this.
    from markdown_it import MarkdownIt

    # Each block is drawn by itself, so no link finds an address that stands apart from it. Without
    # text_join, escaped characters stay apart from plain ones.
    return MarkdownIt("commonmark").enable("table").disable(["reference", "text_join"])

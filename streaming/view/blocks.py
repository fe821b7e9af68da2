"""Where a growing Markdown text can be cut, so that what is finished need not be sent again.

A cut is made only after a blank line, where a new block begins at the top level of the document: in
front of it nothing can change any more. A Markdown parser decides that, not a rule of thumb, since
a blank line may as well be inside fenced code, a list, HTML or a quotation. What the parser does
not know, display math, is left to :data:`MATH`; what ties distant blocks together, references and
footnotes, ends the cutting for good.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = ["Blocks", "fences_in", "parser"]

BLANK = re.compile(r"[ \t]*\r?")
FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
MATH = re.compile(r" {0,3}(\${2,})[^$]*$")
LIST_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?:[ \t]|\r?$)")
# A line that has begun with anything else begins a block, however it goes on.
MAY_BE_LIST_ITEM = re.compile(r"[-+\d]|\*(?!\*[^\s*])")
# One block's text may point to another's, or reach over blank lines in ways of its own.
TIES = ("][", "[^")
CONTAINER = ":::"
# After a fruitless look the block has to grow by this factor before the next, so that all looks
# together take time in proportion to its length.
GROWTH = 1.25


@cache
def parser() -> MarkdownIt:
    """Return the parser; made when it is first needed."""
    return MarkdownIt("commonmark").enable("table")


@cache
def _block_parser() -> MarkdownIt:
    # What is inside a line takes most of the time.
    return MarkdownIt("commonmark").enable("table").disable("inline")


def fences_in(text: str) -> list[Token]:
    """Return the code in fences at a text's top level."""
    tokens = _block_parser().parse(text)
    return [token for token in tokens if token.type == "fence" and token.level == 0]


class Blocks:
    """A Markdown text that is fed piece by piece and given back block by block; no clock, no I/O.

    Attributes:
        open: what may still change: everything that was fed and not given back.
    """

    def __init__(self) -> None:
        self.open = ""
        # Where the line begins that has not ended yet, and whether it was looked at already.
        self._line = 0
        self._looked = False
        self._after_blank = False
        self._fence = ""
        self._math = ""
        self._next_look = 0.0
        self._given_up = False

    def feed(self, piece: str) -> list[str]:
        """Add text; return the parts of the whole that are now finished, in their order."""
        finished: list[str] = []
        seen = len(self.open)
        self.open += piece
        while not self._given_up:
            newline = self.open.find("\n", max(seen, self._line))
            line = self.open[self._line : newline if newline >= 0 else None]
            if self._after_blank and self._begins_block(line, ended=newline >= 0):
                finished.append(self.open[: self._line])
                self.open = self.open[self._line :]
                self._line, seen, newline = 0, 0, newline - len(finished[-1])
                self._next_look = 0.0
            if newline < 0:
                break
            self._pass(line)
            self._line = newline + 1
        return finished

    def _begins_block(self, line: str, *, ended: bool) -> bool:
        """Return whether the block in front of this line is finished; look at a line only once."""
        if self._looked or self._fence or self._math or not line or line[0] in " \t\r":
            return False
        if not ended and MAY_BE_LIST_ITEM.match(line):
            return False
        self._looked = True
        if self._line < self._next_look or (LIST_ITEM.match(self.open) and LIST_ITEM.match(line)):
            return False
        # Streamlit removes what indents all lines of a text, and of a block of its own.
        if self.open.lstrip("\r\n")[:1] in (" ", "\t"):
            return False
        references: dict[str, Any] = {}
        block = self.open[: self._line]
        tokens = _block_parser().parse(block + line, references)
        if references.get("references") or _ties(block + line):
            self._given_up = True
            return False
        begins = [token.map[0] for token in tokens if token.level == 0 and token.map]
        if begins and begins[-1] == block.count("\n"):
            return True
        self._next_look = self._line * GROWTH
        return False

    def _pass(self, line: str) -> None:
        """Note what a line that has ended says about the next one."""
        self._looked = False
        self._after_blank = bool(BLANK.fullmatch(line))
        if self._math:
            self._math = "" if _closes(line, self._math) else self._math
        elif self._fence:
            self._fence = "" if _closes(line, self._fence) else self._fence
        elif fence := FENCE.match(line):
            self._fence = fence[1]
        elif math := MATH.match(line):
            self._math = math[1]
        elif line.startswith(CONTAINER) or "\r" in line[:-1]:
            self._given_up = True


def _closes(line: str, opening: str) -> bool:
    stripped = line.strip()
    return set(stripped) == {opening[0]} and len(stripped) >= len(opening)


def _ties(text: str) -> bool:
    """Return whether one of the ties stands in a text, outside of its code."""
    return any(tie in text for tie in TIES) and any(
        tie in "".join(child.content for child in token.children or () if child.type == "text")
        for token in parser().parse(text)
        for tie in TIES
    )

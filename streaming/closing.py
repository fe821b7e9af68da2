"""Closing what a text has left open, so that an answer that was cut off still looks like one.

``**bold and `co`` would be shown with its asterisks and its backtick. A text that is streaming is
completed by the browser; for one that was stopped in the middle, this does it once and for all.
"""

from __future__ import annotations

import re

__all__ = ["closed"]

FENCE = re.compile(r"^ {0,3}(`{3,}(?=[^`\n]*$)|~{3,})", re.MULTILINE)
MATH = re.compile(r"^\$\$\s*$", re.MULTILINE)
# A link whose address is not all there, or whose bracket is still open.
OPEN_LINK = re.compile(r"\[([^\[\]]*)(?:\](?:\([^()\s]*)?)?$")
# What may open or close: an escaped character, which does neither, code, emphasis, strikethrough.
MARK = re.compile(r"\\.|(`+)|(\*+|~~)")


def closed(markdown: str) -> str:
    """Return the text with everything closed that its last paragraph has left open."""
    opening = ""
    for fence in FENCE.finditer(markdown):
        if not opening:
            opening = fence[1]
        elif fence[1].startswith(opening):
            opening = ""
    if opening:
        # An open fence is closed by the end of the text, but for the line that might have done it.
        last = markdown.rpartition("\n")[2].strip()
        half = bool(last) and not last.strip(opening[0]) and len(last) < len(opening)
        return markdown.rpartition("\n")[0] if half else markdown
    if len(MATH.findall(markdown)) % 2:
        return f"{markdown.rstrip()}\n$$"
    before, blank, paragraph = markdown.rpartition("\n\n")
    return before + blank + _close_inline(paragraph)


def _close_inline(paragraph: str) -> str:
    text = paragraph.rstrip()
    opened: list[tuple[str, int]] = []
    position = 0
    while mark := MARK.search(text, position):
        position = mark.end()
        if mark[1]:
            partner = re.compile(rf"(?<!`){mark[1]}(?!`)").search(text, position)
            if partner is None:
                return _without_or_with(text, [*opened, (mark[1], mark.start())])
            position = partner.end()
        elif mark[2]:
            _open_or_close(opened, text, mark.start(), mark[2])
    if not opened:
        return OPEN_LINK.sub(r"\1", text) if OPEN_LINK.search(text) else paragraph
    return _without_or_with(OPEN_LINK.sub(r"\1", text), opened)


def _open_or_close(opened: list[tuple[str, int]], text: str, start: int, mark: str) -> None:
    after = text[start + len(mark) : start + len(mark) + 1]
    before = text[start - 1 : start]
    rest = mark
    while before.strip() and opened and rest.startswith(opened[-1][0]):
        rest = rest[len(opened.pop()[0]) :]
    if rest != mark:
        return
    # An asterisk before a space begins a list item or multiplies; at the end it is a mark cut off.
    if after.strip() or (not after and before):
        opened.append((mark, start))


def _without_or_with(text: str, opened: list[tuple[str, int]]) -> str:
    """Take marks away that nothing follows; give the others their partners."""
    while opened and opened[-1][1] + len(opened[-1][0]) >= len(text):
        text = text[: opened.pop()[1]].rstrip()
    return text + "".join(mark for mark, _ in reversed(opened))

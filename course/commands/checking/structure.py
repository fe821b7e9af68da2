"""Whether a lesson's two languages are the same lesson."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from course.content.lesson_blocks import (
    Block,
    Callout,
    Chart,
    Code,
    Diagram,
    ExercisePlace,
    Heading,
    Question,
    texts,
)
from course.content.markdown import spans, tokens
from course.content.prose import Prose
from course.problems import Problem

#: What a block consists of, in words, and its line.
Part: TypeAlias = tuple[str, int]
PARAGRAPH = "a paragraph"

QUOTED = re.compile(r'"[^"]*"')
#: What a diagram says to people: labels in quotes or brackets, names after "as", messages.
LABEL = re.compile(r'"[^"]*"|\[[^\]]*\]|\([^)]*\)|\{[^}]*\}|\|[^|]*\|| as .*| *:.*| -- .*?(?= --)')
TITLED = re.compile(
    r"\s*(loop|alt|else|opt|par|and|critical|option|break|title|section|subgraph)\b.*"
)
COMMENTS = {"toml": re.compile(r"^\s*#.*"), "sh": re.compile(r"^\s*#.*"), "sql": re.compile("--.*")}


def compare(original: Prose, other: Prose) -> Iterator[Problem]:
    """Yield the first place in each section where two languages differ in structure.

    Where only the paragraphs differ, or where nothing is translated, that is a warning.
    """
    copied = [name for name in original.sections if _is_copied(name, original, other)]
    if len(copied) == len(original.sections):
        fix = "Translate it"
        what = f"is a copy of {original.path.name}"
        yield Problem(other.path, 0, what, fix, "warning")
        copied = []
    for name, blocks in original.sections.items():
        line = other.sections[name][0].line
        if name in copied:
            what = f"section `{name}` has the same text as {original.path.name}"
            yield Problem(other.path, line, what, "Translate it", "warning")
        ours, theirs = (
            [part for block in prose.sections[name] for part in _outline(block)]
            for prose in (original, other)
        )
        ends = blocks[-1].line, other.sections[name][-1].line
        if found := _difference(ours, theirs, ends, paragraphs=False):
            here, there = found
            what = (
                f"section `{name}` differs from {original.path.name}: here {there[0]}, "
                f"there (line {here[1]}) {here[0]}"
            )
            fix = "Give both languages the same headings, code, lists and questions"
            yield Problem(other.path, there[1], what, fix)
            continue
        if found := _difference(ours, theirs, ends, paragraphs=True):
            here, there = found
            what = (
                f"section `{name}` has other paragraphs than {original.path.name}: "
                f"here {there[0]}, there (line {here[1]}) {here[0]}"
            )
            fix = "Translate the one that is missing, or break the text at the same places"
            yield Problem(other.path, there[1], what, fix, "warning")
        yield from _compare_links(name, original, other)


def _difference(
    ours: Sequence[Part], theirs: Sequence[Part], ends: tuple[int, int], *, paragraphs: bool
) -> tuple[Part, Part] | None:
    end = "the section's end"
    both = [
        [*(each for each in parts if paragraphs or each[0] != PARAGRAPH), (end, line)]
        for parts, line in zip((ours, theirs), ends, strict=True)
    ]
    # The shorter one ends first, and its end is no part of the longer one.
    return next((pair for pair in zip(*both, strict=False) if pair[0][0] != pair[1][0]), None)


def _is_copied(name: str, original: Prose, other: Prose) -> bool:
    """Return whether a section's text, without headings and code, is the same in both languages."""
    said = [
        "\n".join(
            text
            for block in prose.sections[name]
            if not isinstance(block, Heading)
            for text in texts(block)
        )
        for prose in (original, other)
    ]
    return said[0] == said[1] and any(map(str.isalpha, said[0]))


def _compare_links(section: str, original: Prose, other: Prose) -> Iterator[Problem]:
    # Word order differs between languages, so the order of links in a section may too.
    ours, theirs = (Counter(_targets(text.sections[section])) for text in (original, other))
    for target in (ours - theirs) | (theirs - ours):
        side = original if target in ours - theirs else other
        what = f"section `{section}` links to `{target}` in {side.path.name} only"
        fix = "Link to it in both languages, equally often"
        yield Problem(other.path, other.sections[section][0].line, what, fix)


def _targets(blocks: Sequence[Block]) -> Iterator[str]:
    for text in (text for block in blocks for text in texts(block)):
        for span in spans(text):
            if span.type == "link_open":
                yield str(span.attrs["href"])


def _outline(block: Block) -> Iterator[Part]:
    """Yield what a block consists of; what its paragraphs say does not count."""
    line = block.line
    if isinstance(block, Heading):
        kind = "a folded heading" if block.folded else f"a heading of level {block.level}"
        yield f"{kind} with the id `{block.id}`", line
    elif isinstance(block, Code):
        kind = "snippet that fails" if block.fails else "snippet" if block.run else "code"
        yield f"the {kind} `{block.source}`", line
    elif isinstance(block, ExercisePlace):
        yield f"the exercise `{block.name}`", line
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
        yield from _question_outline(block)
    else:
        yield from _markdown_outline(block.text, line)


def _question_outline(question: Question) -> Iterator[Part]:
    line, options = question.line, question.options
    right = next((i for i, option in enumerate(options, 1) if option.right), 0)
    yield f"the question `{question.id}`: {len(options)} options, number {right} right", line
    for inner in question.blocks:
        yield from _outline(inner)
    for number, option in enumerate(options, start=1):
        code = [span.content for span in spans(option.text) if span.type == "code_inline"]
        yield f"option {number} of `{question.id}` with the code {code}", line
        for token in tokens(option.explanation):
            if token.type == "paragraph_open":
                yield PARAGRAPH, line


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


def _markdown_outline(text: str, line: int) -> Iterator[Part]:
    for token in tokens(text):
        at = line + token.map[0] if token.map else line
        if token.type == "paragraph_open":
            yield PARAGRAPH, at
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

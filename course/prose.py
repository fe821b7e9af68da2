"""A lesson's prose: Markdown read into the blocks that its page draws.

The elements are documented in lessons/README.md. Reading collects every mistake instead of stopping
at the first, so that whoever writes a lesson sees them all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from course.language import Language
from course.lesson import Lesson, read_code
from course.problems import LessonError, Problem

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = [
    "Block",
    "Callout",
    "Chart",
    "Code",
    "Diagram",
    "Heading",
    "Markdown",
    "Option",
    "Prose",
    "Question",
    "read",
    "sections",
    "spans",
    "texts",
    "tokens",
]

HEADING = re.compile(r"(?P<text>.*?)\s*\{#(?P<id>[a-z0-9-]+)\}")
CALLOUT = re.compile(r"\[!([A-Z]+)\][ \t]*(?:\{#(?P<id>[a-z0-9-]+)\})?[ \t]*\n?")
CALLOUTS = ("NOTE", "TIP", "WARNING", "TODO")
MARK = re.compile(r"\[(?P<mark>[ xX])\][ \t]+")
SETTING = re.compile(r'(\w+)=("[^"]*"|\S+)')
#: What a fence may hold as it is; Python comes from files.
PLAIN_FENCES = ("text", "sh", "toml", "sql")


@dataclass(frozen=True, slots=True)
class Markdown:
    """Prose as it is."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of ``level`` 2 to 4, with its anchor."""

    text: str
    level: int
    id: str
    line: int


@dataclass(frozen=True, slots=True)
class Code:
    """Python from one of the lesson's files."""

    text: str
    source: str
    line: int


@dataclass(frozen=True, slots=True)
class Callout:
    """A coloured box."""

    kind: Literal["note", "tip", "warning", "todo"]
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to a question, and what is said to whoever chooses it."""

    text: str
    right: bool
    explanation: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question with one right answer among ``options``."""

    id: str
    blocks: tuple[Block, ...]
    options: tuple[Option, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Diagram:
    """A Mermaid diagram."""

    source: str
    caption: str
    line: int


@dataclass(frozen=True, slots=True)
class Chart:
    """What ``chart(labels)`` in ``file`` returns."""

    file: Path
    labels: tuple[tuple[str, str], ...]
    caption: str
    line: int


Block: TypeAlias = "Markdown | Heading | Code | Callout | Question | Diagram | Chart"


@dataclass(frozen=True, slots=True)
class Prose:
    """A lesson in one language.

    ``sections`` are its blocks by section, heading first; ``sources`` the Markdown that each came
    from; ``problems`` what is wrong with it.
    """

    path: Path
    sections: dict[str, tuple[Block, ...]]
    sources: dict[str, str]
    problems: tuple[Problem, ...]


def sections(lesson: Lesson, language: Language) -> dict[str, tuple[Block, ...]]:
    """Return a lesson's prose, section by section.

    Raises:
        LessonError: something is wrong with it.
    """
    prose = read(lesson, language)
    if prose.problems:
        raise LessonError(prose.problems)
    return dict(prose.sections)


def read(lesson: Lesson, language: Language) -> Prose:
    """Read a lesson's prose with its code put in; cached until one of its files changes."""
    return _read(lesson, language, _changed(lesson))


def tokens(text: str) -> list[Token]:
    """Return a Markdown text's blocks: lists, tables, fences, paragraphs."""
    return _parser().parse(text)


def spans(text: str) -> Iterator[Token]:
    """Yield what a Markdown text holds inside its paragraphs: links, code, emphasis, HTML."""
    for token in tokens(text):
        yield from token.children or ()


def _changed(lesson: Lesson) -> tuple[tuple[str, int, int], ...]:
    """Return when each file of the lesson was last written; a removed one changes it as well."""
    folders = (lesson.folder, *(lesson.folder / name for name in ("steps", "figures", "practice")))
    files = [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
    stats = ((path.name, path.stat()) for path in files if path.is_file())
    return tuple(sorted((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats))


@lru_cache(maxsize=512)
def _read(
    lesson: Lesson,
    language: Language,
    changed: tuple[tuple[str, int, int], ...],  # noqa: ARG001 - part of the key
) -> Prose:
    path = lesson.folder / f"{language}.md"
    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        fix = "Every lesson has ko.md and en.md, saved as UTF-8"
        return Prose(path, {}, {}, (Problem(path, 0, f"cannot be read ({reason})", fix),))
    reader = _Reader(lesson, path)
    blocks = list(reader.blocks(source, 1))
    found: dict[str, list[Block]] = {}
    for block in blocks:
        if isinstance(block, Heading) and block.level == 2:
            found[block.id] = []
        if not found:
            what = "there is text before the first section"
            reader.report(block.line, what, "Begin with a section, such as `## 0. Goals {#goals}`")
            break
        next(reversed(found.values())).append(block)
    wanted = lesson.meta.sections
    if tuple(found) != wanted:
        what = f"the sections are {', '.join(found) or 'none'}"
        reader.report(1, what, f"They must be {', '.join(wanted)}, in this order")
    reader.check_ids_and_anchors(blocks)
    return Prose(
        path,
        {name: tuple(blocks) for name, blocks in found.items()},
        _cut(source, blocks),
        tuple(sorted(reader.problems, key=lambda problem: problem.line)),
    )


def _cut(source: str, blocks: Sequence[Block]) -> dict[str, str]:
    lines = source.splitlines(keepends=True)
    heads = [block for block in blocks if isinstance(block, Heading) and block.level == 2]
    ends = [head.line - 1 for head in heads[1:]] + [len(lines)]
    return {
        head.id: "".join(lines[head.line - 1 : end]) for head, end in zip(heads, ends, strict=False)
    }


class _Reader:
    """Reads one file, and notes what is wrong with it."""

    def __init__(self, lesson: Lesson, path: Path) -> None:
        self._lesson, self._path = lesson, path
        self.problems: list[Problem] = []

    def report(self, line: int, what: str, fix: str) -> None:
        self.problems.append(Problem(self._path, line, what, fix))

    def blocks(self, source: str, first_line: int) -> Iterator[Block]:
        """Yield the blocks of a text whose first line is the file's line ``first_line``."""
        lines = source.splitlines(keepends=True)
        start = 0  # of the plain prose that has not been yielded

        def plain(end: int) -> Iterator[Markdown]:
            text = "".join(lines[start:end])
            if text.strip():
                skipped = len(text) - len(text.lstrip("\n"))
                yield Markdown(text.strip("\n"), first_line + start + skipped)

        for token in tokens(source):
            if token.level or token.map is None or token.nesting < 0:
                continue
            top, end = token.map
            text = "".join(lines[top:end])
            line = first_line + top
            block = self._special(token, text, line)
            if block is not None:
                yield from plain(top)
                yield block
                start = end
            elif token.type == "html_block" or _has_html(text):
                what, fix = (
                    "there is HTML in the prose",
                    "Put it between backticks, or leave it out",
                )
                self.report(line, what, fix)
        yield from plain(len(lines))

    def check_ids_and_anchors(self, blocks: Sequence[Block]) -> None:
        """Note ids that are there twice, and links inside the page that lead nowhere."""
        ids = [block.id for block in blocks if isinstance(block, Heading | Question)]
        seen: set[str] = {"demo", "top"}
        for block in blocks:
            if isinstance(block, Heading | Question):
                if block.id in seen:
                    self.report(block.line, f"the id `{block.id}` is taken", "Choose another one")
                seen.add(block.id)
            for text in texts(block):
                self._check_links(text, block, ids)

    def _check_links(self, text: str, block: Block, ids: Sequence[str]) -> None:
        first = block.line + 1 if isinstance(block, Callout | Question) else block.line
        if isinstance(block, Callout) and "](term:" in text:
            what = "a term in a callout cannot be explained there"
            self.report(block.line, what, "Move it to a paragraph")
        if "](" not in text and "<" not in text:
            return  # no link: most texts, and parsing is what reading a lesson takes its time for
        for token in tokens(text):
            line = first + token.map[0] if token.map else first
            for span in token.children or ():
                target = str(span.attrs.get("href", ""))
                if target.startswith("#") and target[1:] not in (*ids, "demo", "top"):
                    what = f"the link to `{target}` leads to no heading of this page"
                    self.report(line, what, "Use the id of one, such as `#theory`")
                elif span.type == "link_open" and not target.startswith(("#", "https://", "term:")):
                    what = f"the link `{target}` is neither https:// nor # nor term:"
                    self.report(line, what, "Write it in full, with https://")

    def _special(self, token: Token, text: str, line: int) -> Block | None:
        """Return the block that a Markdown token stands for, or ``None`` for plain prose."""
        if token.type == "heading_open":
            return self._heading(text, int(token.tag[1:]), line)
        if token.type == "fence":
            return self._fence(token, line)
        if token.type == "blockquote_open":
            inner = "".join(
                re.sub(r"^ {0,3}> ?", "", row) for row in text.splitlines(keepends=True)
            )
            mark = CALLOUT.match(inner)
            if mark:
                return self._boxed(mark, inner[mark.end() :], line)
        return None

    def _heading(self, text: str, level: int, line: int) -> Heading | None:
        match = HEADING.fullmatch(text.strip().lstrip("#").strip())
        if match is None or not 2 <= level <= 4:
            what = "a heading has no ASCII id" if match is None else "a heading of this level"
            self.report(line, what, "Write it like `## Goals {#goals}`, with two to four #")
            return None
        return Heading(match["text"], level, match["id"], line)

    def _fence(self, token: Token, line: int) -> Block | None:
        name, _, rest = token.info.strip().partition(" ")
        settings = {key: value.strip('"') for key, value in SETTING.findall(rest)}
        allowed = {
            "python": ("file", "region"),
            "mermaid": ("caption",),
            "altair": ("file", "caption"),
        }
        if name not in (*allowed, *PLAIN_FENCES):
            what = f"a fence with `{name}`" if name else "a fence that does not say what it holds"
            self.report(line, what, f"It may hold {', '.join((*allowed, *PLAIN_FENCES))}")
            return None
        for key in settings:
            if key not in allowed.get(name, ()):
                fix = f"It may have {' and '.join(allowed.get(name, ())) or 'none'}"
                self.report(line, f"a {name} fence has no setting `{key}`", fix)
        if name == "python":
            return self._code(settings, token.content, line)
        if name in allowed:
            if not settings.get("caption"):
                self.report(line, "a figure has no caption", 'Add caption="One sentence."')
            caption = settings.get("caption", "")
            if name == "mermaid":
                return Diagram(token.content, caption, line)
            return self._chart(settings.get("file", ""), token.content, caption, line)
        return None

    def _code(self, settings: dict[str, str], content: str, line: int) -> Code | None:
        file, region = settings.get("file", ""), settings.get("region", "")
        if not file or content.strip():
            fix = "Put it into a file in steps/ and write ```python file=steps/name.py and ```"
            self.report(line, "Python is pasted into the prose", fix)
            return None
        try:
            return Code(read_code(self._lesson, file, region), f"{file}#{region}", line)
        except LookupError as error:
            self.report(line, str(error), "Correct the name, or add what is missing")
            return None

    def _chart(self, file: str, content: str, caption: str, line: int) -> Chart | None:
        path = (self._lesson.folder / file).resolve()
        if not file.startswith("figures/") or not path.is_file():
            what = f"there is no chart `{file}` in the lesson"
            self.report(line, what, "Write file=figures/name.py")
            return None
        labels = []
        for number, row in enumerate(content.splitlines(), start=1):
            name, colon, label = row.partition(":")
            if row.strip() and not (colon and name.strip().isidentifier()):
                self.report(line + number, "a chart's label cannot be read", "Write `name: text`")
            elif row.strip():
                labels.append((name.strip(), label.strip()))
        return Chart(path, tuple(labels), caption, line)

    def _boxed(self, mark: re.Match[str], inner: str, line: int) -> Block | None:
        if mark[1] == "QUESTION":
            return self._question(mark["id"] or "", inner, line)
        if mark[1] not in CALLOUTS:
            fix = f"There are {', '.join((*CALLOUTS, 'QUESTION'))}"
            self.report(line, f"there is no callout [!{mark[1]}]", fix)
            return None
        if _has_html(inner):
            what, fix = "there is HTML in the prose", "Put it between backticks, or leave it out"
            self.report(line, what, fix)
        kind = cast("Literal['note', 'tip', 'warning', 'todo']", mark[1].lower())
        return Callout(kind, inner.strip("\n"), line)

    def _question(self, identifier: str, inner: str, line: int) -> Question | None:
        parsed = tokens(inner)
        lists = [t for t in parsed if t.type == "bullet_list_open" and t.level == 0 and t.map]
        if not identifier or not lists:
            what = "a question has no id" if not identifier else "a question has no options"
            self.report(line, what, "Write it as lessons/README.md shows, under Questions")
            return None
        top, end = cast("list[int]", lists[-1].map)
        rows = inner.splitlines(keepends=True)
        options = [
            self._option("".join(rows[t.map[0] : t.map[1]]), line)
            for t in parsed
            if t.type == "list_item_open" and t.level == 1 and t.map and top <= t.map[0] < end
        ]
        if sum(option.right for option in options) != 1 or len(options) < 2:
            what = f"the question `{identifier}` needs one right option among two or more"
            self.report(line, what, "Mark it `- [x]` and the others `- [ ]`")
        if not all(option.explanation for option in options):
            what = f"an option of the question `{identifier}` has no explanation"
            self.report(line, what, "Write it below the option, indented by two spaces")
        if "".join(rows[end:]).strip():
            what = f"the question `{identifier}` goes on after its options"
            self.report(line, what, "Put that text before them, or below the quote")
        body = tuple(self.blocks("".join(rows[:top]), line + 1))
        return Question(identifier, body, tuple(options), line)

    def _option(self, text: str, line: int) -> Option:
        first, _, rest = re.sub(r"^[-*+][ \t]+", "", text.strip("\n")).partition("\n")
        mark = MARK.match(first)
        if mark is None:
            self.report(line, f"an option has no mark: {first[:40]!r}", "Begin it with [ ] or [x]")
        explanation = "\n".join(row.removeprefix("  ") for row in rest.splitlines()).strip()
        text = first[mark.end() :] if mark else first
        return Option(text.strip(), bool(mark and mark["mark"] != " "), explanation)


def texts(block: Block) -> Iterator[str]:
    """Yield the Markdown texts of a block."""
    if isinstance(block, Markdown | Callout):
        yield block.text
    elif isinstance(block, Question):
        for inner in block.blocks:
            yield from texts(inner)
        for option in block.options:
            yield from (option.text, option.explanation)


def _has_html(text: str) -> bool:
    return any(span.type == "html_inline" for span in spans(text)) if "<" in text else False


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # Home lists lessons and reads no prose, so it does not pay for this.
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table")

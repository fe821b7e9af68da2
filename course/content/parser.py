"""A lesson's prose: Markdown read into the sections that its page draws."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Literal, cast

from course.content.lesson import Lesson, is_inside, program, read_code
from course.content.lesson_blocks import (
    Block,
    Callout,
    Chart,
    Code,
    Diagram,
    ExercisePlace,
    Heading,
    Markdown,
    Option,
    Question,
    live_name,
    texts,
)
from course.content.markdown import faults, leads_somewhere, lines, spans, tokens
from course.content.outline import PAGE
from course.language import Language
from course.problems import LessonError, Problem, problem_of
from practice.sources import SourceError, read_text

if TYPE_CHECKING:
    from markdown_it.token import Token


HEADING = re.compile(r"(?P<text>.*?)\s*\{#(?P<id>[a-z0-9-]{1,60})(?P<folded>\s+folded)?\}")
CALLOUT = re.compile(r"\[!(\w+)\][ \t]*(?:\{#(?P<id>[a-z0-9-]{1,60})\})?[ \t]*\n?")
CALLOUTS = ("NOTE", "TIP", "WARNING", "TODO")
MARK = re.compile(r"\[(?P<mark>[ xX])\][ \t]+")
SETTING = re.compile(r'(\w+)=("[^"]*"|[^"\s]+)(?!\S)')
CHART = re.compile(r"figures/\w+\.py")
EXERCISE = re.compile(r"(0|[1-9][0-9]?)_[a-z0-9_]{1,40}")
#: Stands in a file's name for the language.
LANGUAGE = "{language}"
#: What a fence may hold as it is; Python comes from files.
PLAIN_FENCES = ("text", "sh", "toml", "sql")
#: What the other fences hold, and the settings that they may have.
FENCES = {
    "python": ("file", "region", "run", "fails"),
    "exercise": ("name",),
    "mermaid": ("caption",),
    "altair": ("file", "caption"),
}
#: Bytes of one file; the longest lesson has 22 KB, and reading the worst that fits takes seconds.
LARGEST = 100_000


class Reader:
    """Reads one file, and notes what is wrong with it."""

    def __init__(self, lesson: Lesson, path: Path) -> None:
        self._lesson, self._path = lesson, path
        self._found: dict[Problem, None] = {}

    @property
    def problems(self) -> list[Problem]:
        return list(self._found)

    def report(self, line: int, what: str, fix: str) -> None:
        self._found[Problem(self._path, line, what, fix)] = None

    def blocks(self, source: str, first_line: int) -> Iterator[Block]:
        """Yield the blocks of a text whose first line is the file's line ``first_line``.

        What is wrong is noted, and stands among the blocks as an empty text.
        """
        rows = lines(source)
        start = 0  # of the plain prose that has not been yielded

        def plain(end: int) -> Iterator[Markdown]:
            text = "".join(rows[start:end])
            if text.strip():
                skipped = len(text) - len(text.lstrip("\n"))
                yield Markdown(text.strip("\n"), first_line + start + skipped)

        for token in tokens(source):
            if token.map is None or token.map[0] < start:
                continue  # the end of something, or a part of the block before
            top, end = token.map
            line = first_line + top
            block = self._special(token, "".join(rows[top:end]), line) if not token.level else None
            if block is not None:
                yield from plain(top)
                yield block
                start = end
            else:
                self._check_plain(token, line)
        yield from plain(len(rows))

    def _check_plain(self, token: Token, line: int) -> None:
        """Note what plain prose may not hold."""
        name = token.info.strip().partition(" ")[0]
        if token.type == "html_block":
            self._no_html(line)
        elif token.type == "code_block":
            fix = "Put code into a file and include it; begin prose at the left edge"
            self.report(line, "code is pasted into the prose as an indented block", fix)
        elif token.type == "heading_open":
            self.report(line, "a heading inside a list or a quote", "Begin it at the left edge")
        elif token.type == "fence" and name in FENCES:
            fix = "Put it outside of lists, quotes and callouts, at the left edge"
            self.report(line, f"a fence with `{name}` inside something else", fix)
        elif token.type == "fence" and name not in PLAIN_FENCES:
            what = f"a fence with `{name}`" if name else "a fence that does not say what it holds"
            self.report(line, what, f"It may hold {', '.join((*FENCES, *PLAIN_FENCES))}")
        elif token.type == "fence":
            self._settings(token, line)
        elif token.type == "inline":
            self._check_spans(token, line)

    def _check_spans(self, token: Token, line: int) -> None:
        if CALLOUT.match(token.content):
            fix = "Begin its `>` at the left edge, with a blank line before it"
            self.report(line, "a callout or question inside something else", fix)
        for span in token.children or ():
            if span.type == "html_inline":
                self._no_html(line)
            elif span.type == "image":
                self.report(line, "a picture", "Draw it as a figure from code, with a caption")
        for what, fix in faults(token.children or ()):
            self.report(line, what, fix)

    def _no_html(self, line: int) -> None:
        fix = "Put it between backticks, or leave it out"
        self.report(line, "there is HTML in the prose", fix)

    def check_ids_and_links(self, blocks: Sequence[Block]) -> None:
        """Note ids that are there twice, links that lead nowhere, and terms out of place."""
        exercises = [block.anchor for block in blocks if isinstance(block, ExercisePlace)]
        ids = [block.id for block in blocks if isinstance(block, Heading | Question)] + exercises
        seen = {*PAGE, *exercises}
        section = ""
        for block in blocks:
            if isinstance(block, Heading) and block.level == 2:
                section = block.id
            if isinstance(block, Heading | Question):
                if block.id in seen:
                    self.report(block.line, f"the id `{block.id}` is taken", "Choose another one")
                seen.add(block.id)
            for text in texts(block):
                self._check_links(text, block, ids)
            for text in _without_tips(block, section):
                terms = (str(span.attrs.get("href", "")) for span in spans(text))
                if "](term:" in text and any(term.startswith("term:") for term in terms):
                    what = "a term cannot be explained in a heading, a callout, an option or a goal"
                    self.report(block.line, what, "Move it to a paragraph, a list or a table")

    def _check_links(self, text: str, block: Block, ids: Sequence[str]) -> None:
        if "](" not in text and "<" not in text:
            return  # no link: most texts, and parsing is what reading a lesson takes its time for
        first = block.line + 1 if isinstance(block, Callout | Question) else block.line
        for token in tokens(text):
            line = first + token.map[0] if token.map else first
            for span in token.children or ():
                target = str(span.attrs.get("href", ""))
                if target.startswith("#") and target[1:] not in (*ids, *PAGE):
                    what = f"the link to `{target}` leads to no heading of this page"
                    self.report(line, what, "Use the id of one, such as `#theory`")
                elif span.type == "link_open" and not (
                    target.startswith("#") or leads_somewhere(target)
                ):
                    what = f"the link `{target}` is neither https:// with a host nor # nor term:"
                    self.report(line, what, "Write it in full, such as https://docs.snowflake.com")

    def _special(self, token: Token, text: str, line: int) -> Block | None:
        """Return the block that a Markdown token stands for, or ``None`` for plain prose."""
        if token.type == "heading_open":
            return self._heading(text, int(token.tag[1:]), line) or Markdown("", line)
        if token.type == "fence" and token.info.strip().partition(" ")[0] in FENCES:
            return self._fence(token, line) or Markdown("", line)
        if token.type == "blockquote_open":
            inner = "".join(re.sub(r"^ {0,3}> ?", "", row) for row in lines(text))
            mark = CALLOUT.match(inner)
            if mark:
                return self._boxed(mark, inner[mark.end() :], line) or Markdown("", line)
        return None

    def _heading(self, text: str, level: int, line: int) -> Heading | None:
        match = HEADING.fullmatch(text.strip().lstrip("#").strip())
        if match is None or not 2 <= level <= 3:
            what = "a heading has no ASCII id" if match is None else "a heading of this level"
            self.report(line, what, "Write it like `## Goals {#goals}`, with two or three #")
            return None
        for token in tokens(match["text"]):
            if token.type == "inline":
                self._check_spans(token, line)
        folded = match["folded"] is not None
        if folded and level == 2:
            self.report(line, "a section cannot be folded", "Fold a part of it, with three #")
            return None
        return Heading(match["text"], level, match["id"], line, folded)

    def _settings(self, token: Token, line: int) -> dict[str, str]:
        name, _, rest = token.info.strip().partition(" ")
        settings = {key: value.strip('"') for key, value in SETTING.findall(rest)}
        for key in settings:
            if key not in FENCES.get(name, ()):
                fix = f"It may have {' and '.join(FENCES.get(name, ())) or 'none'}"
                self.report(line, f"a fence with `{name}` has no setting `{key}`", fix)
        if rest := SETTING.sub("", rest).strip():
            fix = 'Write name=value or name="some words", with no " among the words'
            self.report(line, f"`{rest}` after {name} cannot be read", fix)
        return settings

    def _fence(self, token: Token, line: int) -> Block | None:
        settings = self._settings(token, line)
        name = token.info.strip().partition(" ")[0]
        if name == "python":
            return self._code(settings, token.content, line)
        if name == "exercise":
            return self._exercise(settings.get("name", ""), token.content, line)
        if not settings.get("caption"):
            self.report(line, "a figure has no caption", 'Add caption="One sentence."')
        caption = settings.get("caption", "")
        if name == "mermaid":
            return Diagram(token.content, caption, line)
        return self._chart(settings.get("file", ""), token.content, caption, line)

    def _code(self, settings: dict[str, str], content: str, line: int) -> Code | None:
        file, region = settings.get("file", ""), settings.get("region", "")
        if not file or content.strip():
            fix = "Put it into a file in steps/ and write ```python file=steps/name.py and ```"
            self.report(line, "Python is pasted into the prose", fix)
            return None
        run, fails = (settings.get(key, "no") for key in ("run", "fails"))
        for key, value in (("run", run), ("fails", fails)):
            if value not in ("yes", "no"):
                self.report(line, f"{key}={value} says neither yes nor no", f"Write {key}=yes")
        if fails == "yes" and run != "yes":
            self.report(line, "code that nobody runs cannot fail", "Add run=yes, or drop fails=yes")
        try:
            # The prose's own file: where code shows text, each language has a file.
            code = read_code(self._lesson, file.replace(LANGUAGE, self._path.stem), region)
        except LookupError as error:
            self.report(line, str(error), "Correct the name, or add what is missing")
            return None
        return Code(code, f"{file}#{region}", line, run == "yes", fails == "yes")

    def _exercise(self, name: str, content: str, line: int) -> ExercisePlace | None:
        path = self._lesson.folder / "practice" / name / "exercise.toml"
        if not EXERCISE.fullmatch(name) or not is_inside(path, self._lesson.folder):
            what = (
                f"there is no exercise `{name}` in the lesson" if name else "no exercise is named"
            )
            self.report(line, what, "Write name= and a folder of practice/, such as 1_first_words")
            return None
        if content.strip():
            fix = "Leave the fence empty; the task stands in exercise.toml"
            self.report(line, "there is text in an exercise's fence", fix)
        return ExercisePlace(name, line)

    def check_live(self, blocks: Sequence[Block]) -> None:
        """Note exercises and snippets that are there twice, and folded parts with nothing in."""
        seen: set[str] = set()
        for number, block in enumerate(blocks, start=1):
            following = blocks[number] if number < len(blocks) else None
            live = live_name(block)
            if live in seen:
                what = f"`{live}` stands here a second time"
                self.report(block.line, what, "Show it once; link to it from elsewhere")
            seen |= {live} - {""}
            if isinstance(block, Question) and any(map(live_name, block.blocks)):
                fix = "Put it above or below the question"
                self.report(block.line, "an exercise or a snippet inside a question", fix)
            empty = following is None or isinstance(following, Heading)
            if isinstance(block, Heading) and block.folded and empty:
                fix = "Write something below it, or take the heading out"
                self.report(block.line, "nothing stands in this folded part", fix)

    def _chart(self, file: str, content: str, caption: str, line: int) -> Chart | None:
        path = self._lesson.folder / file
        if not CHART.fullmatch(file) or not is_inside(path, self._lesson.folder):
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
        for token in tokens(inner):
            if token.map is not None:
                self._check_plain(token, line + 1 + token.map[0])
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
        rows = lines(inner)
        for token in parsed:
            if token.map is not None and top <= token.map[0] < end:
                self._check_plain(token, line + 1 + token.map[0])
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
        first, _, rest = re.sub(r"^ {0,3}[-*+][ \t]+", "", text.strip("\n")).partition("\n")
        mark = MARK.match(first)
        if mark is None:
            self.report(line, f"an option has no mark: {first[:40]!r}", "Begin it with [ ] or [x]")
        explanation = dedent(rest).strip()
        text = first[mark.end() :] if mark else first
        return Option(text.strip(), bool(mark and mark["mark"] != " "), explanation)


def _without_tips(block: Block, section: str) -> Iterator[str]:
    """Yield the texts of a block in which a term shows no explanation."""
    if isinstance(block, Question):
        for option in block.options:
            yield from (option.text, option.explanation)
    elif isinstance(block, Heading | Callout) or section == "goals":
        yield from texts(block)


@dataclass(frozen=True, slots=True)
class Prose:
    """A lesson in one language: its blocks by section, and the Markdown that each came from."""

    path: Path
    sections: dict[str, tuple[Block, ...]]
    sources: dict[str, str]
    problems: tuple[Problem, ...]


def sections(lesson: Lesson, language: Language) -> dict[str, tuple[Block, ...]]:
    """Return a lesson's prose, section by section; or raise ``LessonError``."""
    prose = read(lesson, language)
    if prose.problems:
        raise LessonError(prose.problems)
    return dict(prose.sections)


def read(lesson: Lesson, language: Language) -> Prose:
    """Read a lesson's prose with its code put in; cached until one of its files changes."""
    try:
        return _read(lesson, language, _changed(lesson))
    except SourceError as error:  # not cached: it may pass
        return Prose(error.path, {}, {}, (problem_of(error),))


def _changed(lesson: Lesson) -> tuple[tuple[str, int, int], ...]:
    """Return when each file of the lesson was last written; a removed one changes it as well."""
    stats = []
    for path in lesson.folder.rglob("*"):
        # Files come and go while an editor saves them.
        with suppress(OSError):
            stat = path.stat()
            stats.append((str(path), stat.st_mtime_ns, stat.st_size))
    return tuple(sorted(stats))


@lru_cache(maxsize=512)
def _read(
    lesson: Lesson,
    language: Language,
    changed: tuple[tuple[str, int, int], ...],  # noqa: ARG001 - part of the key
) -> Prose:
    path = lesson.folder / f"{language}.md"
    source = read_text(path, LARGEST)
    reader = Reader(lesson, path)
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
    _compare_sections(reader, lesson.meta.sections, found)
    reader.check_ids_and_links(blocks)
    reader.check_live(blocks)
    problems = reader.problems
    try:
        program(lesson)
    except LessonError as error:
        problems += error.problems
    return Prose(
        path,
        {name: tuple(blocks) for name, blocks in found.items()},
        _cut(source, blocks),
        tuple(sorted(problems, key=lambda problem: problem.line)),
    )


def _compare_sections(
    reader: Reader, wanted: Sequence[str], found: Mapping[str, Sequence[Block]]
) -> None:
    order = f"They are {', '.join(wanted)}, in this order"
    for name, blocks in found.items():
        if name not in wanted:
            reader.report(blocks[0].line, f"`{name}` is no section's id", order)
    for name in wanted:
        if name not in found:
            reader.report(0, f"the section `{name}` is missing", order)
    if sorted(found) == sorted(wanted) and tuple(found) != tuple(wanted):
        name = next(name for name, right in zip(found, wanted, strict=True) if name != right)
        reader.report(found[name][0].line, f"the section `{name}` stands too early", order)


def _cut(source: str, blocks: Sequence[Block]) -> dict[str, str]:
    rows = lines(source)
    heads = [block for block in blocks if isinstance(block, Heading) and block.level == 2]
    ends = [head.line - 1 for head in heads[1:]] + [len(rows)]
    return {
        head.id: "".join(rows[head.line - 1 : end]) for head, end in zip(heads, ends, strict=False)
    }

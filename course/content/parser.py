"""Markdown read into the blocks of a page; what it may not hold is reported, with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Literal, cast

from course.content.lesson import Lesson, is_inside, read_code
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
)
from course.content.markdown import faults, lines, tokens
from course.problems import Problem

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

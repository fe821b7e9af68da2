"""A lesson's prose in one language: the sections that its page draws, and what's wrong in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from course.content.lesson import Lesson, program
from course.content.lesson_blocks import (
    Block,
    Callout,
    ExercisePlace,
    Heading,
    Question,
    live_name,
    texts,
)
from course.content.markdown import leads_somewhere, lines, spans, tokens
from course.content.outline import PAGE
from course.content.parser import Reader
from course.language import Language
from course.problems import LessonError, Problem, problem_of
from practice.sources import SourceError, read_text

#: Bytes of one file; the longest lesson has 22 KB, and reading the worst that fits takes seconds.
LARGEST = 100_000


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
    _check_ids_and_links(reader, blocks)
    _check_live(reader, blocks)
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


def _check_ids_and_links(reader: Reader, blocks: Sequence[Block]) -> None:
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
                reader.report(block.line, f"the id `{block.id}` is taken", "Choose another one")
            seen.add(block.id)
        for text in texts(block):
            _check_links(reader, text, block, ids)
        for text in _without_tips(block, section):
            terms = (str(span.attrs.get("href", "")) for span in spans(text))
            if "](term:" in text and any(term.startswith("term:") for term in terms):
                what = "a term cannot be explained in a heading, a callout, an option or a goal"
                reader.report(block.line, what, "Move it to a paragraph, a list or a table")


def _check_links(reader: Reader, text: str, block: Block, ids: Sequence[str]) -> None:
    if "](" not in text and "<" not in text:
        return  # no link: most texts, and parsing is what reading a lesson takes its time for
    first = block.line + 1 if isinstance(block, Callout | Question) else block.line
    for token in tokens(text):
        line = first + token.map[0] if token.map else first
        for span in token.children or ():
            target = str(span.attrs.get("href", ""))
            if target.startswith("#") and target[1:] not in (*ids, *PAGE):
                what = f"the link to `{target}` leads to no heading of this page"
                reader.report(line, what, "Use the id of one, such as `#theory`")
            elif span.type == "link_open" and not (
                target.startswith("#") or leads_somewhere(target)
            ):
                what = f"the link `{target}` is neither https:// with a host nor # nor term:"
                reader.report(line, what, "Write it in full, such as https://docs.snowflake.com")


def _check_live(reader: Reader, blocks: Sequence[Block]) -> None:
    """Note exercises and snippets that are there twice, and folded parts with nothing in."""
    seen: set[str] = set()
    for number, block in enumerate(blocks, start=1):
        following = blocks[number] if number < len(blocks) else None
        live = live_name(block)
        if live in seen:
            what = f"`{live}` stands here a second time"
            reader.report(block.line, what, "Show it once; link to it from elsewhere")
        seen |= {live} - {""}
        if isinstance(block, Question) and any(map(live_name, block.blocks)):
            fix = "Put it above or below the question"
            reader.report(block.line, "an exercise or a snippet inside a question", fix)
        empty = following is None or isinstance(following, Heading)
        if isinstance(block, Heading) and block.folded and empty:
            fix = "Write something below it, or take the heading out"
            reader.report(block.line, "nothing stands in this folded part", fix)


def _without_tips(block: Block, section: str) -> Iterator[str]:
    """Yield the texts of a block in which a term shows no explanation."""
    if isinstance(block, Question):
        for option in block.options:
            yield from (option.text, option.explanation)
    elif isinstance(block, Heading | Callout) or section == "goals":
        yield from texts(block)

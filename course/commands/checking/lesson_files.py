"""What can be seen in the lessons' files, without running them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from textwrap import shorten

from course import FOLDER, ROOT, moved, settings
from course.commands.checking.exercise_files import exercise_files
from course.commands.checking.structure import compare
from course.commands.checking.wording import text_faults
from course.content import glossary, translations
from course.content.length import MOST_WORDS, words
from course.content.lesson import Broken, Lesson, entries, step_number
from course.content.lesson_blocks import Block, Code, Question, texts
from course.content.markdown import unknown_icons
from course.content.outline import places
from course.content.parser import LANGUAGE
from course.content.prose import Prose, read
from course.language import LANGUAGES
from course.problems import LessonError, Problem, problem_of, short
from course.toml_models import line_of
from practice.sources import INVISIBLE, SourceError, read_python, read_text

#: What new-day leaves where something is still to be written.
TODO = re.compile(r"\bTODO\b")
MAX_PAGE_LINES = 60
#: How a page could ask a model past `demo.ask`, which is where the server's limits are kept.
PAST_THE_LIMITS = re.compile(
    r"\.write_stream\(|^\s*(?:from|import) (?:streaming\.(?:view|stream)|snowflake\.cortex)\b"
    r"|^\s*from streaming import .*\bstream\b",
    re.MULTILINE,
)


def check_files(root: Path = ROOT, only: Collection[str] | None = None) -> Iterator[Problem]:
    """Yield what can be seen in the files of all lessons, or of those that ``only`` names."""
    folder = root / "lessons"
    found = entries(folder)
    lessons = [entry for entry in found if isinstance(entry, Lesson)]
    if only is None:
        yield from _course(root, found, lessons)
    try:
        terms = glossary.load(folder)
    except LessonError:
        terms = None  # it has been said, or belongs to no day
    days = {lesson.day for lesson in lessons}
    looked_at = [entry for entry in found if only is None or entry.name in only]
    code = {entry.name: _code_files(entry.folder, root) for entry in looked_at}
    for entry in looked_at:
        if isinstance(entry, Broken):
            yield from entry.problems
        else:
            yield from _lesson(entry, terms, days)
            yield from _texts(entry, code[entry.name])
            yield from _page_file(root / "pages" / f"{entry.name}.py")
        yield from exercise_files(entry.folder)
        for path in code[entry.name]:
            yield from _parses(path)
    yield from _format([path for paths in code.values() for path in paths], root)


def _course(
    root: Path, found: Sequence[Lesson | Broken], lessons: Sequence[Lesson]
) -> Iterator[Problem]:
    """Yield what is wrong with what belongs to no single day."""
    try:
        settings.read(root)
    except settings.SettingsError as error:
        yield from error.problems
    folder = root / "lessons"
    if not found:
        fix = "Make one with `make new-day DAY=1 TITLE=...`"
        yield Problem(folder, 0, "there is no lesson", fix)
        return
    yield from _strangers(folder)
    names = {entry.name for entry in found}
    for page in sorted((root / "pages").glob("*.py")):
        if page.stem not in names:
            yield Problem(
                page, 0, "the page has no lesson", f"Remove it, or add lessons/{page.stem}/"
            )
    terms = folder / "glossary.toml"
    try:
        yield from text_faults(terms, glossary.load(folder))
    except LessonError as error:
        yield from error.problems
    yield from _weeks(lessons)
    yield from _invisible(terms)
    try:
        moves = moved.load(folder)
    except LessonError as error:
        yield from error.problems
    else:
        # A lesson that is broken names no places: what leads there is not said to lead nowhere.
        if len(lessons) == len(found):
            yield from moved.misled(moves, places(lessons), folder)


def _strangers(folder: Path) -> Iterator[Problem]:
    """Yield what lies among the lessons but isn't one."""
    for path in sorted(folder.iterdir()):
        named = FOLDER.fullmatch(path.name)
        if path.is_dir() and not named and path.name[0] not in "._":
            fix = "Name it like day_08_caching, or move it elsewhere"
            yield Problem(path, 0, "the folder's name isn't a lesson's", fix)
        elif named and not path.is_dir():
            yield Problem(path, 0, "this isn't a folder", "Make it one, or remove it")


def _weeks(lessons: Sequence[Lesson]) -> Iterator[Problem]:
    for before, lesson in pairwise(lessons):
        if lesson.meta.week < before.meta.week:
            what = f"week {lesson.meta.week} comes after week {before.meta.week} of {before.name}"
            fix = f"Give it week {before.meta.week} or a later one"
            yield Problem(lesson.folder / "lesson.toml", 0, what, fix)


def _lesson(lesson: Lesson, terms: glossary.Glossary | None, days: set[int]) -> Iterator[Problem]:
    path = lesson.folder / "lesson.toml"
    source = text_of(path)
    yield from text_faults(path, lesson.meta)
    for day in lesson.meta.prerequisites:
        if day not in days or day >= lesson.day:
            fix = "Name days that come earlier and exist"
            line = line_of(source, ("prerequisites",))
            yield Problem(path, line, f"prerequisites name day {day}", fix)
    for name in lesson.meta.solution_after or ():
        if not (lesson.folder / "practice" / name).is_dir():
            fix = "Name folders of practice/, such as 1_first_words"
            line = line_of(source, ("solution_after",))
            yield Problem(path, line, f"solution_after names no exercise: {name}", fix)
    yield from _length(lesson)
    languages = [read(lesson, language) for language in LANGUAGES]
    for text in languages:
        yield from text.problems
        if terms is not None:
            yield from _terms(text, terms)
    yield from _unshown(lesson, languages)
    original, *others = languages
    if not original.problems:
        for other in others:
            if not other.problems:
                yield from compare(original, other)
    yield from _translation(lesson)
    yield from _steps(lesson)


def _length(lesson: Lesson) -> Iterator[Problem]:
    for language in LANGUAGES:
        prose = lesson.folder / f"{language}.md"
        most = MOST_WORDS[language]
        with suppress(SourceError):  # reading the lesson reports it
            counted = words(lesson, language)
            if counted > most:
                what = f"the day has {counted:,} words, and a day has at most {most:,}"
                fix = "Shorten it, or make two days of it; folded parts and exercises count, too"
                yield Problem(prose, 0, what, fix)


def _texts(lesson: Lesson, code: Sequence[Path]) -> Iterator[Problem]:
    """Yield the invisible characters and the marks of what is still to be written."""
    prose = (lesson.folder / f"{language}.md" for language in LANGUAGES)
    exercises = sorted(lesson.folder.glob("practice/*/exercise.toml"))
    for path in (lesson.folder / "lesson.toml", *prose, *exercises, *code):
        yield from _invisible(path)
        rows = _lines(path)
        for number, line in enumerate(rows, start=1):
            if TODO.search(line):
                # In prose a box says it, and what it says stands in the next line.
                said = "".join(rows[number : number + 1]) if "[!TODO]" in line else line
                what = f"still to be written: {shorten(said.strip(' >#'), 90, placeholder=' …')}"
                yield Problem(path, number, what, "Write it, and remove the mark", "warning")


def _steps(lesson: Lesson) -> Iterator[Problem]:
    folder = lesson.folder / "steps"
    steps = sorted(folder.glob("step_*.py"), key=step_number)
    if not steps:
        fix = "Put the learner's program into steps/step_1_name.py and on"
        yield Problem(folder, 0, "there is no step", fix)
    for before, step in pairwise(steps):
        number = step_number(step)[0]
        if number == step_number(before)[0]:
            what = f"{before.name} has the same number, {number}"
            fix = "Give each step a number of its own: it says where the step stands"
            yield Problem(step, 0, what, fix, "warning")


def _terms(text: Prose, terms: glossary.Glossary) -> Iterator[Problem]:
    for block in _all(text):
        for source in texts(block):
            for key in glossary.keys(source):
                if key not in terms.root:
                    fix = "Add it to lessons/glossary.toml, or correct the key"
                    yield Problem(text.path, block.line, f"the glossary has no `{key}`", fix)


def _unshown(lesson: Lesson, languages: Sequence[Prose]) -> Iterator[Problem]:
    """Yield the lesson's code that no reader sees."""
    if any(text.problems for text in languages):
        return
    shown = {
        block.source.partition("#")[0].replace(LANGUAGE, text.path.stem)
        for text in languages
        for block in _all(text)
        if isinstance(block, Code)
    }
    for path in lesson.folder.rglob("*.py"):
        file = path.relative_to(lesson.folder).as_posix()
        if file.startswith("steps/") and file not in shown:
            fix = "Include it, or remove it"
            yield Problem(path, 0, "the prose does not show this file", fix, "warning")
        elif not file.startswith(("steps/", "practice/", "figures/")):
            fix = "Put it into steps/, practice/ or figures/, where the prose finds it"
            yield Problem(path, 0, "this code is in the wrong folder", fix)


def _all(text: Prose) -> Iterator[Block]:
    for blocks in text.sections.values():
        for block in blocks:
            yield block
            if isinstance(block, Question):
                yield from block.blocks


def _translation(lesson: Lesson) -> Iterator[Problem]:
    for language in LANGUAGES:
        try:
            changed = translations.stale(lesson, language)
        except LessonError as error:
            yield from error.problems
            continue
        if changed:
            what = f"the Korean text has changed since this was translated: {', '.join(changed)}"
            fix = (
                "Change the translation, too; if it needs no change, run "
                f"`.venv/bin/python -m course translated {lesson.day} {language}`"
            )
            yield Problem(lesson.folder / f"{language}.md", 0, what, fix, "warning")


def _code_files(folder: Path, root: Path) -> list[Path]:
    patterns = ("steps/*.py", "practice/*/*.py", "figures/*.py")
    page = root / "pages" / f"{folder.name}.py"
    code = [path for name in patterns for path in sorted(folder.glob(name))]
    return [*code, page] if page.exists() else code


def _invisible(path: Path) -> Iterator[Problem]:
    for number, line in enumerate(_lines(path), start=1):
        if found := INVISIBLE.search(line):
            what = f"an invisible character (U+{ord(found[0]):04X}) in column {found.start() + 1}"
            yield Problem(path, number, what, "Replace it by a plain space, or delete it")


def text_of(path: Path) -> str:
    """Return a file's text; nothing if it cannot be read, which reading the lesson has said."""
    try:
        return read_text(path)
    except SourceError:
        return ""


def _lines(path: Path) -> list[str]:
    return text_of(path).split("\n")


def _parses(path: Path) -> Iterator[Problem]:
    try:
        read_python(path)
    except SourceError as error:
        yield problem_of(error)


def _page_file(path: Path) -> Iterator[Problem]:
    source = text_of(path)
    for number, row in enumerate(source.split("\n"), start=1):
        for name in unknown_icons(row):
            if "{" in name:
                continue  # an f-string fills it in
            what, fix = f"there is no icon `:material/{name}:`", "Use one that Streamlit knows"
            yield Problem(path, number, what, fix)
    lines = source.count("\n")
    if lines >= MAX_PAGE_LINES:
        what = f"the page has {lines} lines; learners open it, so keep it under 60"
        yield Problem(
            path, MAX_PAGE_LINES, what, "Move what is not the lesson's subject to course/"
        )
    if "page.draw(" not in source:
        fix = "End it with `page.draw(...)` of its function; the lesson's text is drawn with it"
        yield Problem(path, 0, "the page has no live demo", fix)
    if past := PAST_THE_LIMITS.search(source):
        line = source.count("\n", 0, past.end()) + 1
        fix = "Ask with `demo.ask`, as docs/adding-a-day.md does"
        what = f"`{past[0].strip()}` asks a model without checking the server's limits"
        yield Problem(path, line, what, fix)


def _format(paths: Sequence[Path], root: Path) -> Iterator[Problem]:
    """Yield the files that the formatter would change; it stops at one that does not parse."""
    paths = [path for path in paths if not list(_parses(path))]
    if not paths:
        return
    command = [sys.executable, "-m", "ruff", "format", "--check", "--output-format", "json"]
    done = subprocess.run(
        [*command, *map(str, paths)],
        check=False,
        cwd=root,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if done.returncode not in (0, 1) or not done.stdout.startswith("["):
        what = "the formatter ruff could not be run"
        yield Problem(
            root / "lessons", 0, what, "Run the check with `make check`, which installs it"
        )
        return
    for found in json.loads(done.stdout):
        path = Path(found["filename"])
        line = (found.get("location") or {}).get("row", 0)
        fix = f"Run `.venv/bin/ruff format {short(path)}`"
        yield Problem(path, line, "is not formatted", fix)

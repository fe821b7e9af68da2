"""The lessons on disk: their metadata, their code, and those that are broken.

The format is documented in lessons/README.md; the prose is read by prose.py.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, HttpUrl, UrlConstraints, field_validator

from course import FOLDER, LESSONS
from course.problems import LessonError, Problem, reading
from course.toml_models import Both, Table, form, kept, line_of
from practice.sources import SourceError, kept_until_changed, read_python, read_text, stamp

REGION = re.compile(r"^[ \t]*# region: (\w+)[ \t]*$", re.MULTILINE)
END_REGION = re.compile(r"^[ \t]*# endregion[ \t]*$", re.MULTILINE)
MARK = re.compile(f"{REGION.pattern}|{END_REGION.pattern}", re.MULTILINE)
#: Where the code is that prose may show.
CODE = re.compile(r"(steps|practice/\w+)/\w+\.py")

#: A view of the stream lab, as ``lesson.toml`` names it.
LabView = Literal["compare", "wire", "break", "cost", "tokens", "stop", "protocols"]

SECTIONS = ("goals", "theory", "steps", "takeaways", "practice", "solution")

# TOML knows whole numbers, so "3" and true are mistakes.
Number = Annotated[int, Field(strict=True)]
Icon = Annotated[str, form(":material/[a-z0-9_]+:", "an icon such as `:material/cached:`")]
Https = Annotated[HttpUrl, UrlConstraints(allowed_schemes=["https"])]


class Link(Table):
    """A page to read on."""

    title: Both
    url: Https


class Meta(Table):
    """What ``lesson.toml`` says."""

    day: Number = Field(ge=1, le=999)
    slug: Annotated[str, form(r"[a-z0-9_]{1,60}", "small letters, digits and _")]
    week: Number = Field(ge=1, le=52)
    icon: Icon = ":material/menu_book:"
    prerequisites: tuple[Annotated[Number, Field(ge=1, le=999)], ...] = ()
    sections: tuple[str, ...] = SECTIONS
    title: Both
    summary: Both
    built: Both | None = None
    demo: Both | None = None
    lab: tuple[LabView, ...] = ()
    solution_after: tuple[str, ...] | None = None
    links: tuple[Link, ...] = ()

    @field_validator("sections")
    @classmethod
    def _every_section_once(cls, sections: tuple[str, ...]) -> tuple[str, ...]:
        if sections[:1] != ("goals",) or sorted(sections) != sorted(SECTIONS):
            raise ValueError(f"must name each of {', '.join(SECTIONS)} once, goals first")
        return sections

    @field_validator("lab")
    @classmethod
    def _every_view_once(cls, views: tuple[LabView, ...]) -> tuple[LabView, ...]:
        if len(set(views)) < len(views):
            raise ValueError("names a view twice")
        return views


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson's folder and metadata; ``name`` is its folder's, its page's and its URL's."""

    folder: Path
    meta: Meta

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def day(self) -> int:
        return self.meta.day

    @property
    def program_name(self) -> str:
        """The file that the learner makes, such as ``day3.py``."""
        return f"day{self.day}.py"


def load(folder: Path) -> Lesson:
    """Read a lesson's metadata, again when the file has changed; or raise ``LessonError``."""
    path = folder / "lesson.toml"
    meta = kept(Meta, path)
    if meta is None:
        what, fix = "cannot be read (there is no such file)", "Write it, or remove the folder"
        raise LessonError([Problem(path, 0, what, fix)])
    expected = f"day_{meta.day:02}_{meta.slug}"
    if folder.name != expected:
        what = f"day {meta.day} and slug {meta.slug!r} do not fit the folder's name"
        fix = f"Rename the folder to {expected}, or change them"
        with reading():
            line = line_of(read_text(path), ("slug",))
        raise LessonError([Problem(path, line, what, fix)])
    return Lesson(folder, meta)


def read_code(lesson: Lesson, file: str, region: str = "") -> str:
    """Return a file of the lesson's code, or one region of it, without the region marks.

    Raises ``LookupError``, which says which file or region is missing or cannot be read.
    """
    path = lesson.folder / file
    if not CODE.fullmatch(file) or not is_inside(path, lesson.folder):
        raise LookupError(f"there is no file `{file}` in the lesson's steps/ or practice/")
    try:
        source = read_text(path)
    except SourceError as error:
        raise LookupError(f"`{file}` {error.what}") from error
    if region:
        source = _region(source, file, region)
    # A mark leaves the blank lines behind that the formatter wants around it.
    plain = MARK.sub("", source).strip("\n")
    return re.sub(r"\n{4,}", "\n\n\n", plain) + "\n"


def is_inside(path: Path, folder: Path) -> bool:
    """Return whether a file is in a folder, links followed."""
    try:
        return path.resolve().is_relative_to(folder.resolve()) and path.is_file()
    except (OSError, RuntimeError):  # a link that leads to itself, or a folder that is closed
        return False


def _region(source: str, file: str, region: str) -> str:
    marks = list(MARK.finditer(source))
    for mark, following in zip(marks, [*marks[1:], None], strict=False):
        if mark[1] == region:
            if following is None or following[1] is not None:
                break
            return source[mark.end() : following.start()]
    raise LookupError(f"`{file}` has no `# region: {region}` with a `# endregion` of its own")


def program(lesson: Lesson) -> str:
    """Return the program that a lesson's steps make together; or raise ``LessonError``."""
    try:
        with reading():
            steps = sorted(lesson.folder.glob("steps/step_*.py"), key=step_number)
            for step in steps:
                stamp(step)  # refuses a folder with a step's name
            code = [read_code(lesson, f"steps/{step.name}") for step in steps]
            # One text for all tabs: each keeps it, and Day 3's has 5 kB.
            return sys.intern("\n\n".join(code))
    except LookupError as error:
        fix = "Name it like step_2_more.py, save it as UTF-8, or remove it"
        problem = Problem(lesson.folder / "steps", 0, str(error), fix)
        raise LessonError([problem]) from error


def step_number(step: Path) -> tuple[int, str]:
    """Return what steps are sorted by: step_10 comes after step_9."""
    number = re.match(r"step_([0-9]+)", step.name)
    return (int(number[1]) if number else 0, step.name)


@dataclass(frozen=True, slots=True)
class Broken:
    """A lesson that cannot be shown: its folder, its day by the folder's name, and why."""

    folder: Path
    day: int
    problems: tuple[Problem, ...]

    @property
    def name(self) -> str:
        return self.folder.name


def entries(folder: Path = LESSONS) -> list[Lesson | Broken]:
    """Return every lesson by day, with what is broken in its place."""
    try:
        paths = list(folder.iterdir())
    except OSError:
        return []  # the check reports that there is no lesson
    found = [_entry(path) for path in paths if FOLDER.fullmatch(path.name) and _is_folder(path)]
    # A lesson that is broken for a reason of its own takes no day from another.
    names = defaultdict(list)
    for entry in found:
        if isinstance(entry, Lesson):
            names[entry.day].append(entry.name)
    for number, entry in enumerate(found):
        if isinstance(entry, Lesson) and len(names[entry.day]) > 1:
            same = ", ".join(sorted(names[entry.day]))
            what = f"there are several lessons for day {entry.day}: {same}"
            problem = Problem(entry.folder / "lesson.toml", 0, what, "Give one of them another day")
            found[number] = Broken(entry.folder, entry.day, (problem,))
    return sorted(found, key=lambda entry: (entry.day, entry.name))


def lessons(folder: Path = LESSONS) -> list[Lesson]:
    """Return every lesson that can be shown, by day."""
    return [entry for entry in entries(folder) if isinstance(entry, Lesson)]


def find(name: str, folder: Path = LESSONS) -> Lesson:
    """Return the lesson whose folder is called ``name``; or raise ``LessonError``."""
    found = next((entry for entry in entries(folder) if entry.name == name), None)
    if isinstance(found, Broken):
        raise LessonError(found.problems)
    if found is None:
        fix = "Give the page the name of a folder, such as day_03_write_streams"
        raise LessonError([Problem(folder / name, 0, f"there is no lesson called {name!r}", fix)])
    return found


def _entry(path: Path) -> Lesson | Broken:
    page = path.parents[1] / "pages" / f"{path.name}.py"
    try:
        lesson = load(path)
        with reading():
            found = stamp(page) is not None
            begins = found and _begins(page, path.name)
    except LessonError as error:
        return Broken(path, int(path.name.split("_")[1]), error.problems)
    if begins:
        return lesson
    what, fix = "the page does not begin its lesson", f'Write page = lesson_page("{path.name}")'
    if not found:
        what = "the lesson has no page"
        fix = "Make it as docs/adding-a-day.md shows, or with `make new-day`"
    return Broken(path, lesson.day, (Problem(page, 0, what, fix),))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a folder that is closed: reading it reports that
        return True


@kept_until_changed
def _begins(page: Path, name: str) -> bool:
    """Return whether a page is Python and calls ``lesson_page`` with its lesson's name."""
    source, _ = read_python(page)
    return bool(
        re.search(rf'^(\w+ = )?(\w+\.)?lesson_page\((name=)?"{name}"', source, re.MULTILINE)
    )

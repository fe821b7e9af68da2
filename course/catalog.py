"""The lessons that there are, and those that are broken."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from course.lesson import FOLDER, Lesson, load
from course.problems import LessonError, Problem, not_python, unreadable

__all__ = ["LESSONS", "ROOT", "Broken", "entries", "find", "lessons", "looking_once"]

ROOT = Path(__file__).parents[1]
LESSONS = ROOT / "lessons"


@dataclass(frozen=True, slots=True)
class Broken:
    """A lesson that cannot be shown: its folder, its day by the folder's name, and why."""

    folder: Path
    day: int
    problems: tuple[Problem, ...]

    @property
    def name(self) -> str:
        return self.folder.name


_seen: ContextVar[dict[Path, list[Lesson | Broken]] | None] = ContextVar("seen", default=None)


@contextmanager
def looking_once() -> Iterator[None]:
    """Look at the disk once while a page is drawn, however often its parts ask for lessons."""
    token = _seen.set({})
    try:
        yield
    finally:
        _seen.reset(token)


def entries(folder: Path = LESSONS) -> list[Lesson | Broken]:
    """Return every lesson by day, with what is broken in its place."""
    seen = _seen.get()
    if seen is None:
        return _look(folder)
    if folder not in seen:
        seen[folder] = _look(folder)
    return seen[folder]


def _look(folder: Path) -> list[Lesson | Broken]:
    try:
        paths = list(folder.iterdir())
    except FileNotFoundError:
        return []
    found = [_load(path) for path in paths if FOLDER.fullmatch(path.name) and path.is_dir()]
    # A lesson that is broken for a reason of its own takes no day from another.
    days = Counter(entry.meta.day for entry in found if isinstance(entry, Lesson))
    return sorted(
        (
            _told_apart(entry, found)
            if isinstance(entry, Lesson) and days[entry.meta.day] > 1
            else entry
            for entry in found
        ),
        key=lambda entry: (_day(entry), entry.name),
    )


def lessons(folder: Path = LESSONS) -> list[Lesson]:
    """Return every lesson that can be shown, by day."""
    return [entry for entry in entries(folder) if isinstance(entry, Lesson)]


def find(name: str, folder: Path = LESSONS) -> Lesson:
    """Return the lesson whose folder is called ``name``.

    Raises:
        LessonError: there is no such lesson, or it is broken.
    """
    path = folder / name
    if not FOLDER.fullmatch(name) or not path.is_dir():
        fix = "Give the page the name of a folder, such as day_03_write_streams"
        raise LessonError([Problem(path, 0, f"there is no lesson called {name!r}", fix)])
    for entry in entries(folder):
        if isinstance(entry, Broken) and entry.name == name:
            raise LessonError(entry.problems)
    return load(path)


def _load(path: Path) -> Lesson | Broken:
    day = int(path.name.split("_")[1])
    page = path.parents[1] / "pages" / f"{path.name}.py"
    try:
        lesson = load(path)
    except LessonError as error:
        return Broken(path, day, error.problems)
    try:
        stat = page.stat()
    except OSError:
        fix = "Make it as docs/adding-a-day.md shows, or with `make new-day`"
        return Broken(path, day, (Problem(page, 0, "the lesson has no page", fix),))
    try:
        if not _begins(page, path.name, stat.st_mtime_ns, stat.st_size):
            fix = f'Write page = lesson_page("{path.name}")'
            what = "the page does not begin its lesson"
            return Broken(path, day, (Problem(page, 0, what, fix),))
    except (OSError, UnicodeDecodeError) as error:
        return Broken(path, day, (unreadable(page, error),))
    except (SyntaxError, ValueError) as error:
        return Broken(path, day, (not_python(page, error),))
    return lesson


@lru_cache(maxsize=1024)
def _begins(page: Path, name: str, changed: int, size: int) -> bool:  # noqa: ARG001 - the key
    """Tell whether a page is Python and begins its lesson; cached, but for a failure to read it."""
    source = page.read_text("utf-8")
    ast.parse(source)
    return f'lesson_page("{name}")' in source


def _day(entry: Lesson | Broken) -> int:
    return entry.day if isinstance(entry, Broken) else entry.meta.day


def _told_apart(lesson: Lesson, found: Iterable[Lesson | Broken]) -> Broken:
    """Return a lesson as broken because its day is taken."""
    day = lesson.meta.day
    same = [each.name for each in found if isinstance(each, Lesson) and each.meta.day == day]
    what = f"there are several lessons for day {day}: {', '.join(sorted(same))}"
    problem = Problem(lesson.folder / "lesson.toml", 0, what, "Give one of them another day")
    return Broken(lesson.folder, day, (problem,))

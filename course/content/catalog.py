"""The lessons that there are, and those that are broken."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from course import FOLDER, LESSONS
from course.content.lesson import Lesson, load
from course.problems import LessonError, Problem, reading
from practice.sources import read_python, stamp

__all__ = ["Broken", "entries", "find", "lessons"]


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
        return []  # the check says that there is no lesson
    found = [_load(path) for path in paths if FOLDER.fullmatch(path.name) and _is_folder(path)]
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
    if not FOLDER.fullmatch(name) or not _is_folder(path):
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
        with reading():
            changed = stamp(page)
            begins = changed is not None and _begins(page, path.name, changed)
    except LessonError as error:
        return Broken(path, day, error.problems)
    if changed is None:
        fix = "Make it as docs/adding-a-day.md shows, or with `make new-day`"
        return Broken(path, day, (Problem(page, 0, "the lesson has no page", fix),))
    if not begins:
        what, fix = "the page does not begin its lesson", f'Write page = lesson_page("{path.name}")'
        return Broken(path, day, (Problem(page, 0, what, fix),))
    return lesson


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # it may not be looked into: reading it says so
        return True


@lru_cache(maxsize=1024)
def _begins(page: Path, name: str, changed: tuple[int, int]) -> bool:  # noqa: ARG001 - the key
    """Tell whether a page is Python and calls ``lesson_page`` with its lesson's name.

    Cached, but for a failure to read it.
    """
    _, tree = read_python(page)
    return any(_is_call(node, name) for statement in tree.body for node in _run_at_once(statement))


def _run_at_once(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs when a page is drawn: not what stands in its functions."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _run_at_once(child)


def _is_call(node: ast.AST, name: str) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = (
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    )
    given = [*node.args, *(each.value for each in node.keywords)]
    return called == "lesson_page" and any(
        isinstance(each, ast.Constant) and each.value == name for each in given
    )


def _day(entry: Lesson | Broken) -> int:
    return entry.day if isinstance(entry, Broken) else entry.meta.day


def _told_apart(lesson: Lesson, found: Iterable[Lesson | Broken]) -> Broken:
    """Return a lesson as broken because its day is taken."""
    day = lesson.meta.day
    same = [each.name for each in found if isinstance(each, Lesson) and each.meta.day == day]
    what = f"there are several lessons for day {day}: {', '.join(sorted(same))}"
    problem = Problem(lesson.folder / "lesson.toml", 0, what, "Give one of them another day")
    return Broken(lesson.folder, day, (problem,))

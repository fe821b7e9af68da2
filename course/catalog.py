"""The lessons that there are."""

from __future__ import annotations

from pathlib import Path

from course.lesson import FOLDER, Lesson, LessonError, load

__all__ = ["LESSONS", "ROOT", "find", "lessons"]

ROOT = Path(__file__).parents[1]
LESSONS = ROOT / "lessons"


def lessons(folder: Path = LESSONS) -> list[Lesson]:
    """Return every lesson, by day.

    Raises:
        LessonError: a lesson's metadata is wrong, two lessons are for one day, or there is none.
    """
    found = [load(path) for path in sorted(folder.iterdir()) if FOLDER.fullmatch(path.name)]
    if not found:
        raise LessonError(
            f"{folder.name}/ has no lesson: no folder is named like day_03_write_streams"
        )
    days = [lesson.meta.day for lesson in found]
    for day in days:
        if days.count(day) > 1:
            raise LessonError(f"{folder.name}/ has two lessons for day {day}; rename one of them")
    return found


def find(name: str, folder: Path = LESSONS) -> Lesson:
    """Return the lesson whose folder is called ``name``.

    Raises:
        LessonError: there is no such lesson, or its metadata is wrong.
    """
    if not FOLDER.fullmatch(name):
        raise LessonError(f"{name!r} is no lesson's name; one looks like day_03_write_streams")
    return load(folder / name)

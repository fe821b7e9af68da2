"""Making the files of a new day: `python -m course new-day 4 "Caching"`."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from course.catalog import ROOT, Broken, entries
from course.language import LANGUAGES, Language
from course.lesson import SECTIONS, Lesson, load
from course.translations import record

__all__ = ["NewDayError", "create", "slug_of"]

# A title stands in code, whose lines have at most 100 characters.
MAX_TITLE = 60
TEMPLATES = Path(__file__).parent / "templates"


class NewDayError(ValueError):
    """The day cannot be made; the text says why and what to do."""


def create(day: int, title: str, slug: str = "", root: Path = ROOT) -> list[Path]:
    """Write a lesson's folder and its page, and return the files that were written.

    Nothing that exists is changed, and nothing is left behind where it fails.

    Raises:
        NewDayError: the day is taken, the title gives no slug, or the files cannot be written.
    """
    title = " ".join(title.split())
    slug = slug or slug_of(title)
    lessons = entries(root / "lessons")
    _refuse(day, title, slug, lessons)
    name = f"day_{day:02}_{slug}"
    page = root / "pages" / f"{name}.py"
    if page.exists():
        raise NewDayError(f"pages/{name}.py exists already; rename it first")
    blanks = {
        "day": str(day),
        "slug": slug,
        "name": name,
        "key": f"day_{day:02}",
        "title": title,
        "week": str(_week(day, [entry for entry in lessons if isinstance(entry, Lesson)])),
    }
    files = {page: _filled("page.py", blanks)}
    folder = root / "lessons" / name
    files[folder / "lesson.toml"] = _filled("lesson.toml", blanks)
    for language in LANGUAGES:
        files[folder / f"{language}.md"] = _prose(language, blanks)
    for code in ("steps/step_1_title.py", "practice/starter.py", "practice/solution.py"):
        files[folder / code] = _filled(code, blanks)
    written: list[Path] = []
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                written.append(path)
                file.write(content)
        written.append(record(load(folder), "en"))
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise NewDayError(f"cannot write {error.filename}: {error.strerror}") from error
    return written


def _refuse(day: int, title: str, slug: str, lessons: list[Lesson | Broken]) -> None:
    if not 1 <= day <= 999:
        raise NewDayError(f"day {day} is not between 1 and 999")
    if not title or '"' in title or "\\" in title or len(title) > MAX_TITLE:
        raise NewDayError(
            f'give a title of at most {MAX_TITLE} letters without " and \\, such as TITLE="Caching"'
        )
    if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", slug):
        raise NewDayError(
            f"the title {title!r} has no letters or digits of ASCII to name files by; "
            "add SLUG=caching (small letters, digits and _)"
        )
    for entry in lessons:
        if int(entry.name.split("_")[1]) == day:
            raise NewDayError(
                f"lessons/{entry.name}/ is day {day} already; choose another day, or edit that one"
            )


def slug_of(title: str) -> str:
    """Return a title as part of a file's name; empty where no letter of it is ASCII."""
    return "_".join(re.findall(r"[a-z0-9]+", title.lower()))[:40].strip("_")


def _week(day: int, lessons: list[Lesson]) -> int:
    """Return the week of the day before, or guess it at five days a week."""
    before = [lesson for lesson in lessons if lesson.meta.day < day]
    if before and day - before[-1].meta.day == 1 and day % 5 != 1:
        return before[-1].meta.week
    return min((day - 1) // 5 + 1, 52)


def _filled(name: str, blanks: dict[str, str]) -> str:
    text = (TEMPLATES / f"{name}.txt").read_text("utf-8")
    for blank, value in blanks.items():
        text = text.replace(f"<{blank}>", value)
    return text


def _prose(language: Language, blanks: dict[str, str]) -> str:
    titles = tomllib.loads((TEMPLATES / "sections.toml").read_text("utf-8"))[language]
    parts = []
    for section in SECTIONS:
        body = _filled(f"{language}/{section}.md", blanks)
        parts.append(f"## {titles[section]} {{#{section}}}\n\n{body}")
    return "\n".join(parts)

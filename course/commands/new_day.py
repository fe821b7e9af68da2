"""Making the files of a new day: `python -m course new-day 8 "Caching"`."""

from __future__ import annotations

import re
import shutil
import tomllib
from contextlib import suppress
from pathlib import Path
from unicodedata import east_asian_width

from course import ROOT
from course.content.lesson import SECTIONS, Broken, Lesson, entries, load
from course.content.translations import FILE, record
from course.language import LANGUAGES, Language
from practice.sources import INVISIBLE

# A title stands in code, whose lines have at most 100 columns; a Korean letter takes two.
MAX_COLUMNS = 60
MAX_SLUG = 40
EXERCISE = "1_first_try"
TEMPLATES = Path(__file__).parents[1] / "templates"


class NewDayError(ValueError):
    """The day cannot be made; the text says why and what to do."""


def create(day: int, title: str, slug: str = "", root: Path = ROOT) -> list[Path]:
    """Write a lesson's folder and its page, and return the files; or raise ``NewDayError``.

    Nothing that exists is changed, and nothing is left behind where it fails.
    """
    _refuse_title(title)
    title = " ".join(title.split())
    slug = slug or slug_of(title)
    lessons = entries(root / "lessons")
    _refuse(day, title, slug, lessons)
    folder_name = f"day_{day:02}_{slug}"
    page = root / "pages" / f"{folder_name}.py"
    if page.exists():
        raise NewDayError(f"pages/{folder_name}.py exists already; rename it first")
    blanks = {
        "day": str(day),
        "slug": slug,
        "name": folder_name,
        "key": f"day_{day:02}",
        "title": title,
        "week": str(_week(day, [entry for entry in lessons if isinstance(entry, Lesson)])),
    }
    files = {page: _filled("page.py", blanks)}
    folder = root / "lessons" / folder_name
    files[folder / "lesson.toml"] = _filled("lesson.toml", blanks)
    for language in LANGUAGES:
        files[folder / f"{language}.md"] = _prose(language, blanks)
    for name in ("exercise.toml", "starter.py", "solution.py"):
        files[folder / "practice" / EXERCISE / name] = _filled(f"practice/{name}", blanks)
    for name in ("step_1_title.py", "example_first.py"):
        files[folder / "steps" / name] = _filled(f"steps/{name}", blanks)
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        record(load(folder), "en")
    except BaseException as error:
        # Both are new: what existed has been refused.
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # a failed removal must not hide the reason
            page.unlink()
        if isinstance(error, OSError):
            where = error.filename or folder
            raise NewDayError(f"cannot write {where}: {error.strerror}") from error
        raise
    return [*files, folder / FILE]


def _refuse_title(title: str) -> None:
    if not title.strip():
        raise NewDayError('give a title that is not empty, such as TITLE="Caching"')
    if len(title.splitlines()) > 1:
        raise NewDayError("give a title of one line")
    if '"' in title or "\\" in title:
        raise NewDayError(
            'give a title without " and \\, which would end or change a string in code'
        )
    unseen = (each for each in title if INVISIBLE.match(each) or "\ud800" <= each <= "\udfff")
    if (found := next(unseen, None)) is not None:
        raise NewDayError(f"give a title without the invisible character U+{ord(found):04X}")


def _refuse(day: int, title: str, slug: str, lessons: list[Lesson | Broken]) -> None:
    if not 1 <= day <= 999:
        raise NewDayError(f"day {day} is not between 1 and 999")
    columns = sum(2 if east_asian_width(letter) in "WF" else 1 for letter in title)
    if columns > MAX_COLUMNS:
        half = MAX_COLUMNS // 2
        raise NewDayError(f"give a title of at most {MAX_COLUMNS} letters, or {half} Korean ones")
    if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", slug) or len(slug) > MAX_SLUG:
        raise NewDayError(
            f"the files need a name: add SLUG=caching (at most {MAX_SLUG} small letters, digits "
            "and _); a title gives them one if it has ASCII letters or digits"
        )
    for entry in lessons:
        if entry.day == day:
            raise NewDayError(
                f"lessons/{entry.name}/ is day {day} already; choose another day, or edit that one"
            )


def slug_of(title: str) -> str:
    """Return a title as part of a file's name; empty where no letter of it is ASCII."""
    return "_".join(re.findall(r"[a-z0-9]+", title.lower()))[:MAX_SLUG].strip("_")


def _week(day: int, lessons: list[Lesson]) -> int:
    """Return the week of the day before, or guess it at five days a week; weeks never fall."""
    guess = min((day - 1) // 5 + 1, 52)
    before = [lesson.meta for lesson in lessons if lesson.day < day]
    after = [lesson.meta.week for lesson in lessons if lesson.day > day]
    if before:
        follows = day - before[-1].day == 1 and day % 5 != 1
        guess = before[-1].week if follows else max(guess, before[-1].week)
    return min([guess, *after])


def _filled(name: str, blanks: dict[str, str]) -> str:
    text = (TEMPLATES / f"{name}.txt").read_text("utf-8")
    # In one go: what stands in a blank is filled in no further.
    return re.sub(r"<(\w+)>", lambda match: blanks[match[1]], text)


def _prose(language: Language, blanks: dict[str, str]) -> str:
    titles = tomllib.loads((TEMPLATES / "sections.toml").read_text("utf-8"))[language]
    parts = []
    for section in SECTIONS:
        body = _filled(f"{language}/{section}.md", blanks)
        parts.append(f"## {titles[section]} {{#{section}}}\n\n{body}")
    return "\n".join(parts)

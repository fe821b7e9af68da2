"""Lessons for tests: a test states only what differs from a lesson that is right."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from course.content import lesson
from course.content.lesson import Lesson
from course.language import LANGUAGES
from course.problems import Problem

#: Every error message in these tests, word for word: the place, the problem and the fix.
TOLD = frozenset(Path(__file__).with_name("told.txt").read_text("utf-8").splitlines())
#: Python's own words, which change with its version.
PYTHONS = re.compile(r"(?<=is not valid Python: )(?!too deeply|a number).*?(?=\. Correct it)")

META = """\
day = 7
slug = "caching"
week = 2
[title]
ko = "캐시"
en = "Caching"
[summary]
ko = "결과를 기억합니다."
en = "Remember results."
"""
PROSE = (
    "\n".join(f"## {name} {{#{name}}}\n\nText of {name}.\n" for name in lesson.SECTIONS)
    + "\n```python file=steps/step_1_cache.py\n```\n"
)
#: Where a text stands that is put behind it, after a blank line.
BEHIND = PROSE.count("\n") + 2
STEP = """\
import time


# region: slow
def slow():
    time.sleep(1)


# endregion

slow()
"""
PAGE = """\
from course.page import lesson_page

page = lesson_page("{name}")


def draw_demo() -> None:
    pass


page.draw(draw_demo)
"""


def make_lesson(
    tmp_path: Path,
    *,
    meta: str = META,
    prose: str = PROSE,
    en: str | None = None,
    name: str = "day_07_caching",
) -> Path:
    """Build a lesson's folder and its page; ``en`` is the English prose where it differs.

    A word of the English is always another one, as in a translation.
    """
    folder = tmp_path / "lessons" / name
    (folder / "steps").mkdir(parents=True)
    (folder / "lesson.toml").write_text(meta, encoding="utf-8")
    for language in LANGUAGES:
        text = prose if language == "ko" or en is None else en
        text = text.replace("Text of", "The text of") if language == "en" else text
        (folder / f"{language}.md").write_text(text, encoding="utf-8")
    (folder / "steps" / "step_1_cache.py").write_text(STEP, encoding="utf-8")
    pages = tmp_path / "pages"
    pages.mkdir(exist_ok=True)
    (pages / f"{name}.py").write_text(PAGE.format(name=name), encoding="utf-8")
    return folder


def loaded(tmp_path: Path, **differences: str) -> Lesson:
    """Build a lesson and load it."""
    return lesson.load(make_lesson(tmp_path, **differences))


def in_section(name: str, text: str) -> str:
    """Return the prose of a right lesson with ``text`` in one of its sections."""
    return PROSE.replace(f"Text of {name}.", text)


def told(problems: Iterable[Problem]) -> str:
    """Return what ``problems`` say, a line each; told.txt must have every one of the lines."""
    said = [f"{each.severity}: {PYTHONS.sub('...', str(each))}" for each in problems]
    unknown = [line for line in said if line not in TOLD]
    assert not unknown, "If these are right, add them to tests/course/told.txt:\n" + "\n".join(
        unknown
    )
    return "\n".join(said)

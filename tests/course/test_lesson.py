"""Lessons on disk: metadata, sections, includes, and what a mistake says."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from course import catalog, lesson
from course.language import LANGUAGES, Language
from course.lesson import Lesson, LessonError

META = """\
day = 7
slug = "caching"
week = 2
minutes = 12
[title]
ko = "캐시"
en = "Caching"
[summary]
ko = "결과를 기억합니다."
en = "Remember results."
"""
PROSE = "\n".join(f"## {name} {{#{name}}}\n\nText of {name}.\n" for name in lesson.SECTIONS)


def make_lesson(
    tmp_path: Path, *, meta: str = META, prose: str = PROSE, name: str = "day_07_caching"
) -> Path:
    """Build a lesson folder; a test states only what differs."""
    folder = tmp_path / "lessons" / name
    (folder / "steps").mkdir(parents=True)
    (folder / "lesson.toml").write_text(meta, encoding="utf-8")
    for language in LANGUAGES:
        (folder / f"{language}.md").write_text(prose, encoding="utf-8")
    (folder / "steps" / "step_1_cache.py").write_text(
        "import time\n\n\n# region: slow\ndef slow():\n    time.sleep(1)\n\n\n# endregion\n\n"
        "slow()\n"
    )
    return folder


ALL = catalog.lessons()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("found", ALL, ids=lambda found: found.name)
def test_every_lesson_can_be_read_in_both_languages(found: Lesson, language: Language) -> None:
    assert tuple(lesson.sections(found, language)) == lesson.SECTIONS


@pytest.mark.parametrize("found", ALL, ids=lambda found: found.name)
def test_both_languages_of_a_lesson_have_the_same_structure_and_code(found: Lesson) -> None:
    def outline(language: Language) -> list[tuple[str, str]]:
        blocks = [block for part in lesson.sections(found, language).values() for block in part]
        return [(block.kind, block.text if block.kind == "code" else block.id) for block in blocks]

    assert outline("ko") == outline("en")


@pytest.mark.parametrize("found", ALL, ids=lambda found: found.name)
def test_the_steps_of_every_lesson_make_one_program_that_parses(found: Lesson) -> None:
    program = lesson.program(found)
    ast.parse(program)
    assert "region" not in program


@pytest.mark.parametrize("found", ALL, ids=lambda found: found.name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_example_prints_what_the_prose_says(found: Lesson, language: Language) -> None:
    prose = (found.folder / f"{language}.md").read_text("utf-8")
    for example in sorted(found.folder.glob("steps/example_*.py")):
        done = subprocess.run(
            [sys.executable, "-X", "utf8", str(example)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
            timeout=60,
        )
        assert f"```text\n{done.stdout}```" in prose, example.name


def test_a_region_is_shown_without_its_marks(tmp_path: Path) -> None:
    found = lesson.load(make_lesson(tmp_path))
    code = lesson.read_code(found, "steps/step_1_cache.py", "slow")
    assert code == "def slow():\n    time.sleep(1)\n"


def test_a_callout_and_an_include_become_blocks_of_their_own(tmp_path: Path) -> None:
    prose = PROSE.replace(
        "Text of steps.",
        "Before.\n\n> [!TIP]\n> Look **here**.\n\n"
        "```python file=steps/step_1_cache.py region=slow\n```\n\nAfter.",
    )
    found = lesson.load(make_lesson(tmp_path, prose=prose))
    blocks = lesson.sections(found, "en")["steps"]
    assert [(block.kind, block.text) for block in blocks] == [
        ("heading", "steps"),
        ("markdown", "Before."),
        ("tip", "Look **here**."),
        ("code", "def slow():\n    time.sleep(1)\n"),
        ("markdown", "After."),
    ]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"meta": META.replace("minutes = 12", "minuts = 12")}, "lesson.toml: field `minu"),
        ({"meta": META.replace("minutes = 12", "minutes = 0")}, "lesson.toml: field `minutes`"),
        ({"meta": "day = "}, "lesson.toml: not valid TOML"),
        ({"name": "day_08_caching"}, "rename the folder"),
    ],
)
def test_a_mistake_in_the_metadata_names_file_and_field(
    tmp_path: Path, change: dict[str, str], named: str
) -> None:
    folder = make_lesson(tmp_path, **change)
    with pytest.raises(LessonError, match=named):
        lesson.load(folder)


@pytest.mark.parametrize(
    ("prose", "named"),
    [
        (PROSE.replace("{#theory}", ""), "en.md, line 5: a heading needs an ASCII id"),
        (PROSE.replace("## theory {#theory}", ""), "they must be goals, theory"),
        ("Hello.\n\n" + PROSE, "must begin with a section"),
        (PROSE + "\n```python file=steps/none.py\n```\n", "steps/none.py"),
        (PROSE + "\n```python file=../../secret.py\n```\n", "no such file in the lesson"),
        (PROSE + "\n```python file=steps/step_1_cache.py region=fast\n```\n", "# region: fast"),
    ],
)
def test_a_mistake_in_the_prose_is_named(tmp_path: Path, prose: str, named: str) -> None:
    (tmp_path / "secret.py").write_text("SECRET = 1")
    found = lesson.load(make_lesson(tmp_path, prose=prose))
    with pytest.raises(LessonError, match=named):
        lesson.sections(found, "en")


def test_an_edit_shows_without_a_restart(tmp_path: Path) -> None:
    folder = make_lesson(tmp_path)
    found = lesson.load(folder)
    before = lesson.sections(found, "en")
    path = folder / "en.md"
    path.write_text(PROSE.replace("Text of theory.", "Better text."))
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert lesson.sections(found, "en")["theory"][1].text == "Better text."
    assert before["theory"][1].text == "Text of theory."


def test_a_folder_without_lessons_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LessonError, match="has no lesson"):
        catalog.lessons(tmp_path)


def test_two_lessons_for_one_day_are_an_error(tmp_path: Path) -> None:
    make_lesson(tmp_path)
    other = META.replace("caching", "other")
    folder = make_lesson(tmp_path, meta=other, name="day_07_other")
    with pytest.raises(LessonError, match="two lessons for day 7"):
        catalog.lessons(folder.parent)


@pytest.mark.parametrize("found", ALL, ids=lambda found: found.name)
def test_every_lesson_has_its_page(found: Lesson) -> None:
    assert (catalog.ROOT / "pages" / f"{found.name}.py").is_file()

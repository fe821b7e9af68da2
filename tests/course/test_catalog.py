"""Which lessons there are, and which are broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.content import lesson
from course.content import lesson as catalog
from course.problems import LessonError
from tests.course.making import META, make_lesson


def test_lessons_come_by_day(tmp_path: Path) -> None:
    make_lesson(tmp_path)
    other = META.replace("day = 7", "day = 112").replace("caching", "later")
    make_lesson(tmp_path, meta=other, name="day_112_later")
    assert [found.meta.day for found in catalog.lessons(tmp_path / "lessons")] == [7, 112]


def test_a_lesson_that_is_broken_anyway_takes_no_day_from_another(tmp_path: Path) -> None:
    make_lesson(tmp_path)
    make_lesson(tmp_path, name="day_07_other")
    found = {entry.name: type(entry) for entry in catalog.entries(tmp_path / "lessons")}
    assert found == {"day_07_caching": lesson.Lesson, "day_07_other": catalog.Broken}


def test_a_page_that_is_not_python_makes_its_lesson_broken_until_it_is_mended(
    tmp_path: Path,
) -> None:
    make_lesson(tmp_path)
    page = tmp_path / "pages" / "day_07_caching.py"
    right = page.read_text("utf-8")
    page.write_text(right + "x = (\n", encoding="utf-8")
    (broken,) = catalog.entries(tmp_path / "lessons")
    assert isinstance(broken, catalog.Broken)
    assert "pages/day_07_caching.py:11: is not valid Python" in str(broken.problems[0])
    page.write_text(right, encoding="utf-8")
    assert len(catalog.lessons(tmp_path / "lessons")) == 1


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("lessons/day_07_caching/lesson.toml", b"week = " + b"9" * 5000),
        ("lessons/day_07_caching/lesson.toml", b"x = " + b"[" * 5000),
        ("lessons/day_07_caching/lesson.toml", b"\xff"),
        ("pages/day_07_caching.py", b"x = " + b"-" * 20000 + b"1"),
        ("pages/day_07_caching.py", b"x = " + b"9" * 5000),
        ("pages/day_07_caching.py", b'# lesson_page("day_07_caching")\n'),
        ("pages/day_07_caching.py", b'"""lesson_page("day_07_caching")"""\n'),
        ("pages/day_07_caching.py", b'def f():\n    lesson_page("day_07_caching")\n'),
        ("pages/day_07_caching.py", b'lesson_page("day_08_other")\n'),
    ],
)
def test_one_file_takes_no_other_day_down(tmp_path: Path, file: str, content: bytes) -> None:
    make_lesson(tmp_path)
    other = META.replace("day = 7", "day = 8").replace("caching", "other")
    make_lesson(tmp_path, meta=other, name="day_08_other")
    (tmp_path / file).write_bytes(content)
    broken, good = catalog.entries(tmp_path / "lessons")
    assert isinstance(good, lesson.Lesson)
    assert isinstance(broken, catalog.Broken)
    assert broken.problems[0].path == tmp_path / file


def test_a_page_may_be_no_file(tmp_path: Path) -> None:
    make_lesson(tmp_path)
    page = tmp_path / "pages" / "day_07_caching.py"
    page.unlink()
    page.mkdir()
    (broken,) = catalog.entries(tmp_path / "lessons")
    assert isinstance(broken, catalog.Broken)
    assert "pages/day_07_caching.py: cannot be read (it is a folder)" in str(broken.problems[0])


def test_a_lesson_whose_folder_is_closed_is_broken_and_not_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_lesson(tmp_path)

    def closed(*_: object) -> bool:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        # What the root user, as whom tests may run, never meets.
        patch.setattr(Path, "is_dir", closed)
        found = catalog.entries(tmp_path / "lessons")
    assert [entry.name for entry in found] == ["day_07_caching"]


def test_a_course_without_a_folder_for_lessons_has_none(tmp_path: Path) -> None:
    assert catalog.entries(tmp_path / "lessons") == []


def test_two_lessons_for_one_day_are_both_broken(tmp_path: Path) -> None:
    make_lesson(tmp_path)
    make_lesson(tmp_path, meta=META.replace("caching", "other"), name="day_07_other")
    found = catalog.entries(tmp_path / "lessons")
    assert [type(entry) for entry in found] == [catalog.Broken] * 2
    with pytest.raises(LessonError, match="several lessons for day 7: day_07_caching, day_07_oth"):
        catalog.find("day_07_caching", tmp_path / "lessons")


def test_a_lesson_without_a_page_is_broken(tmp_path: Path) -> None:
    make_lesson(tmp_path)
    (tmp_path / "pages" / "day_07_caching.py").unlink()
    with pytest.raises(LessonError, match=r"pages/day_07_caching.py: the lesson has no page"):
        catalog.find("day_07_caching", tmp_path / "lessons")


@pytest.mark.parametrize("name", ["caching", "day_09_none", "../secret"])
def test_a_lesson_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    make_lesson(tmp_path)
    with pytest.raises(LessonError, match="there is no lesson called"):
        catalog.find(name, tmp_path / "lessons")

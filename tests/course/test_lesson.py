"""Lessons on disk: metadata, code, and what a mistake says."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.content import lesson
from course.problems import LessonError
from tests.course.making import META, loaded, make_lesson, told

LINK = '[[links]]\ntitle.ko = "문서"\ntitle.en = "Docs"\n'


def test_a_lessons_metadata_is_read(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    assert (found.name, found.program_name) == ("day_07_caching", "day7.py")
    assert found.meta.title.of("ko") == "캐시"
    assert found.meta.sections == lesson.SECTIONS


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    folder = make_lesson(tmp_path)
    assert lesson.load(folder).meta.week == 2
    (folder / "lesson.toml").write_text(META.replace("week = 2", "week = 20"), encoding="utf-8")
    assert lesson.load(folder).meta.week == 20


def test_a_region_is_shown_without_its_marks(tmp_path: Path) -> None:
    code = lesson.read_code(loaded(tmp_path), "steps/step_1_cache.py", "slow")
    assert code == "def slow():\n    time.sleep(1)\n"


def test_the_steps_make_one_program_without_marks(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    (found.folder / "steps" / "step_2_more.py").write_text("slow()\n", encoding="utf-8")
    assert lesson.program(found) == (
        "import time\n\n\ndef slow():\n    time.sleep(1)\n\n\nslow()\n\n\nslow()\n"
    )


def test_a_region_ends_at_its_own_mark_and_not_at_anothers(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    step = found.folder / "steps" / "step_1_cache.py"
    step.write_text("# region: a\nx = 1\n# region: b\ny = 2\n# endregion\n", encoding="utf-8")
    assert lesson.read_code(found, "steps/step_1_cache.py", "b") == "y = 2\n"
    with pytest.raises(LookupError, match="`# region: a` with a `# endregion` of its own"):
        lesson.read_code(found, "steps/step_1_cache.py", "a")
    step.write_text("x = 1\n", encoding="utf-8")
    with pytest.raises(LookupError, match="`# region: a`"):
        lesson.read_code(found, "steps/step_1_cache.py", "a")


def test_the_tenth_step_comes_after_the_ninth(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    for number in (10, 9):
        (found.folder / "steps" / f"step_{number}_x.py").write_text(f"x = {number}\n")
    assert lesson.program(found).endswith("x = 9\n\n\nx = 10\n")


@pytest.mark.parametrize("content", [b'x = "\xff"', None])
def test_a_step_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    found = loaded(tmp_path)
    step = found.folder / "steps" / "step_2_more.py"
    step.mkdir() if content is None else step.write_bytes(content)
    with pytest.raises(LessonError, match="lessons/day_07_caching/steps"):
        lesson.program(found)


@pytest.mark.parametrize(
    ("meta", "line", "said"),
    [
        ('icon = "star"\n' + META, 1, "field `icon`: must be an icon such as `:material/cached:`"),
        (META.replace("week", "weak"), 3, "unknown field `weak`. Did you mean `week`"),
        (META.replace('en = "Caching"', 'eng = "Caching"'), 6, "unknown field `title.eng`"),
        (
            META.replace('en = "Remember', 'em = "Remember'),
            9,
            "unknown field `summary.em`. Known are ko, en",
        ),
        (META.replace("week = 2", "week = 0"), 3, "field `week`: "),
        (META.replace("week = 2\n", ""), 1, "`week` is missing. Add `week`"),
        (META.replace('ko = "캐시"\n', ""), 4, "`title.ko` is missing"),
        (META + LINK + 'url = "nowhere"\n', 13, "field `links.0.url`"),
        (META + LINK + 'url = "https://a.b"\nurls = 1\n', 14, "Did you mean `url`"),
        (META.replace("day = 7", "day ="), 1, "is not valid TOML"),
        (META.replace('"caching"', '"Caching"'), 2, "field `slug`"),
        ('sections = ["theory", "goals"]\n' + META, 1, "must name each of goals, theory"),
        ('sections = ["goals"]\n' + META, 1, "must name each of goals, theory"),
        (META.replace("day = 7", 'day = "7"'), 1, "field `day`: must be a whole number"),
        (
            META.replace("week = 2", "week = true"),
            3,
            "field `week`: must be a whole number",
        ),
        (META.replace('"캐시"', '" "'), 5, "field `title.ko`: must be one line of text"),
        (META.replace('"Caching"', '"""a\nb"""'), 6, "field `title.en`: must be one line of text"),
        (META.replace("week = 2", "week = " + "9" * 5000), 0, "a number is too long"),
        (META.replace("week = 2", "week = 1e400"), 3, "field `week`: must be a whole number"),
        (META.replace("week = 2", "week = 53"), 3, "field `week`: must be 52 or less"),
        (META.replace('"캐시"', '"a\\u001b"'), 5, "field `title.ko`: holds an invisible character"),
        (META.replace('"캐시"', "1"), 5, "field `title.ko`: must be a text in double quotes"),
        (META + "links = 1\n", 10, "unknown field `summary.links`"),
        (META + '[[links]]\nurl = "https://a.b"\n', 10, "`links.0.title` is missing"),
        (META + LINK + 'url = "http://a.b"\n', 13, "field `links.0.url`: must begin with https"),
    ],
)
def test_a_mistake_in_the_metadata_names_file_line_field_and_fix(
    tmp_path: Path, meta: str, line: int, said: str
) -> None:
    folder = make_lesson(tmp_path, meta=meta)
    with pytest.raises(LessonError) as caught:
        lesson.load(folder)
    place = f":{line}" if line else ""
    found = told(caught.value.problems)
    assert found.startswith(f"error: lessons/day_07_caching/lesson.toml{place}: ")
    assert said in found


def test_a_misspelt_field_hides_no_other_that_is_missing(tmp_path: Path) -> None:
    title = '[title]\nko = "캐시"\nen = "Caching"\n'
    links = LINK.replace("title.", "titel.") + 'url = "https://a.b"\n'
    with pytest.raises(LessonError) as caught:
        lesson.load(make_lesson(tmp_path, meta=META.replace(title, "") + links))
    assert "unknown field `links.0.titel`. Did you mean `title`" in str(caught.value)
    assert "`title` is missing" in str(caught.value)
    assert "`links.0.title` is missing" not in str(caught.value)


def test_of_an_unknown_field_in_a_table_the_tables_own_are_named(tmp_path: Path) -> None:
    with pytest.raises(LessonError) as caught:
        lesson.load(make_lesson(tmp_path, meta=META + "[[links]]\nqqq = 1\n"))
    assert "unknown field `links.0.qqq`. Known are title, url" in str(caught.value)


def test_every_mistake_in_the_metadata_is_named_at_once(tmp_path: Path) -> None:
    meta = META.replace("day = 7", "day = 0").replace("week", "weeek")
    with pytest.raises(LessonError) as caught:
        lesson.load(make_lesson(tmp_path, meta=meta))
    assert len(caught.value.problems) == 2


def test_a_folder_whose_name_does_not_fit_is_told_its_name(tmp_path: Path) -> None:
    with pytest.raises(LessonError, match=r"toml:2: .*Rename the folder to day_07_caching"):
        lesson.load(make_lesson(tmp_path, name="day_08_caching"))


def test_a_lesson_without_metadata_is_named(tmp_path: Path) -> None:
    folder = make_lesson(tmp_path)
    (folder / "lesson.toml").unlink()
    with pytest.raises(LessonError, match=r"lesson.toml: cannot be read"):
        lesson.load(folder)

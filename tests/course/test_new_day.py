"""Making a new day."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from course import ROOT
from course.commands import new_day
from course.commands.checking.lesson_files import check_files
from course.commands.new_day import NewDayError, create, slug_of
from course.content import lesson as catalog
from course.content import prose
from course.content.lesson import Lesson
from course.language import LANGUAGES
from tests.course.making import make_lesson


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_lesson(tmp_path)
    return tmp_path


def test_a_new_day_has_everything_that_a_lesson_needs(root: Path) -> None:
    written = create(8, "Tool  Calls", root=root)
    assert [str(path.relative_to(root)) for path in written] == [
        "pages/day_08_tool_calls.py",
        "lessons/day_08_tool_calls/lesson.toml",
        "lessons/day_08_tool_calls/ko.md",
        "lessons/day_08_tool_calls/en.md",
        "lessons/day_08_tool_calls/practice/1_first_try/exercise.toml",
        "lessons/day_08_tool_calls/practice/1_first_try/starter.py",
        "lessons/day_08_tool_calls/practice/1_first_try/solution.py",
        "lessons/day_08_tool_calls/steps/step_1_title.py",
        "lessons/day_08_tool_calls/steps/example_first.py",
        "lessons/day_08_tool_calls/translated.toml",
    ]
    found = catalog.find("day_08_tool_calls", root / "lessons")
    assert (found.meta.day, found.meta.week, found.meta.title.en) == (8, 2, "Tool Calls")
    for language in LANGUAGES:
        assert prose.read(found, language).problems == ()
    for path in written:
        assert "<" not in path.read_text("utf-8"), path


def test_a_day_that_is_written_in_both_languages_needs_no_other_command(root: Path) -> None:
    create(8, "Tool Calls", root=root)
    found = catalog.find("day_08_tool_calls", root / "lessons")
    for language in LANGUAGES:
        path = found.folder / f"{language}.md"
        text = path.read_text("utf-8").replace("[!TODO]", "[!NOTE]").replace("TODO", "Written")
        path.write_text(text, encoding="utf-8")
    said = {str(each) for each in check_files(root, [found.name]) if each.path.suffix == ".md"}
    assert said == set()


def test_a_korean_title_needs_a_slug(root: Path) -> None:
    with pytest.raises(NewDayError, match="add SLUG=caching"):
        create(8, "캐시", root=root)
    create(8, "캐시", slug="cache", root=root)
    assert catalog.find("day_08_cache", root / "lessons").meta.title.ko == "캐시"


EMPTY = 'give a title that is not empty, such as TITLE="Caching"'
QUOTED = 'give a title without " and \\, which would end or change a string in code'
UNNAMED = (
    "the files need a name: add SLUG=caching (at most 40 small letters, digits and _); a title "
    "gives them one if it has ASCII letters or digits"
)


@pytest.mark.parametrize(
    ("day", "title", "slug", "said"),
    [
        (
            7,
            "Other",
            "",
            "lessons/day_07_caching/ is day 7 already; choose another day, or edit that one",
        ),
        (0, "Other", "", "day 0 is not between 1 and 999"),
        (1000, "Other", "", "day 1000 is not between 1 and 999"),
        (8, "", "", EMPTY),
        (8, " \n", "", EMPTY),
        (8, "A\nb", "", "give a title of one line"),
        (8, "A\\b", "", QUOTED),
        (8, "A\u3164b", "", "give a title without the invisible character U+3164"),
        (8, 'A "b"', "", QUOTED),
        (8, "A\x07b", "", "give a title without the invisible character U+0007"),
        (8, "A\ud800b", "", "give a title without the invisible character U+D800"),
        (8, "A\udfffb", "", "give a title without the invisible character U+DFFF"),
        (8, "A" * 61, "", "give a title of at most 60 letters, or 30 Korean ones"),
        (8, "가" * 31, "ga", "give a title of at most 60 letters, or 30 Korean ones"),
        (8, "Other", "a" * 41, UNNAMED),
        (8, "Other", "../up", UNNAMED),
    ],
)
def test_what_cannot_be_made_is_refused_and_nothing_is_written(
    root: Path, day: int, title: str, slug: str, said: str
) -> None:
    before = sorted(root.rglob("*"))
    with pytest.raises(NewDayError) as caught:
        create(day, title, slug, root)
    assert str(caught.value) == said
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize("title", ["W" * 60, "가" * 30])
def test_the_longest_title_of_the_last_day_is_in_the_house_format(root: Path, title: str) -> None:
    # The house format: without it the formatter takes its own line length.
    shutil.copy(ROOT / "pyproject.toml", root)
    create(999, title, "longest", root=root)
    said = [str(problem) for problem in check_files(root) if "999" in problem.path.as_posix()]
    assert len(said) > 10
    assert all("still to be written" in each for each in said)


def test_a_page_that_exists_is_never_overwritten(root: Path) -> None:
    page = root / "pages" / "day_08_other.py"
    page.write_text("mine = 1\n")
    with pytest.raises(NewDayError, match=r"pages/day_08_other.py exists already"):
        create(8, "Other", root=root)
    assert page.read_text() == "mine = 1\n"


def test_what_was_begun_is_taken_back_where_writing_fails(root: Path) -> None:
    (root / "lessons" / "day_08_other").write_text("a file where a folder should be")
    with pytest.raises(NewDayError, match="cannot write"):
        create(8, "Other", root=root)
    assert not (root / "pages" / "day_08_other.py").exists()


def test_no_folder_is_left_behind_where_the_disk_is_full(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(root.rglob("*"))

    def full(lesson: Lesson, _: object) -> Path:
        (lesson.folder / "translated.toml").write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(new_day, "record", full)
    with pytest.raises(NewDayError, match=r"cannot write .*day_08_\w+: No space left"):
        create(8, "Other", root=root)
    assert sorted(root.rglob("*")) == before


def test_what_looks_like_a_blank_of_the_template_stays_as_it_is(root: Path) -> None:
    create(8, "Caching <week>", root=root)
    assert catalog.find("day_08_caching_week", root / "lessons").meta.title.ko == "Caching <week>"


def test_a_course_without_lessons_gets_its_first(tmp_path: Path) -> None:
    create(1, "Connect", root=tmp_path)
    assert catalog.find("day_01_connect", tmp_path / "lessons").meta.week == 1


@pytest.mark.parametrize(("day", "week"), [(8, 2), (9, 2), (6, 2), (11, 3), (12, 3)])
def test_weeks_never_fall(root: Path, day: int, week: int) -> None:
    create(day, "Other", root=root)
    assert catalog.find(f"day_{day:02}_other", root / "lessons").meta.week == week


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Caching", "caching"),
        ("Hello, Cortex!", "hello_cortex"),
        ("캐시 Cache 2", "cache_2"),
        ("캐시", ""),
    ],
)
def test_a_slug_is_made_of_the_titles_ascii_letters(title: str, slug: str) -> None:
    assert slug_of(title) == slug

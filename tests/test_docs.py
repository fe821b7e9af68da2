"""The pages that people read lead somewhere, and both languages say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from course.language import LANGUAGES

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    page
    for folder in (".", "docs", "deploy", "lessons", "streaming", "local_cortex")
    for page in (ROOT / folder).glob("*.md")
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.DOTALL | re.MULTILINE)
SETTING = re.compile(r"^\| `(COURSE_\w+)` \| (`[^`]*`)? ?\|", re.MULTILINE)
NAME = re.compile(r"\"(COURSE_[A-Z_]+)\"")
# Tables, a warehouse and a user in Snowflake; the beginning of several settings.
OTHERS = {"COURSE_PROGRESS", "COURSE_USAGE", "COURSE_WH", "COURSE_SERVICE", "COURSE_RELAY"}
README_LINES = 150


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def anchors(path: Path) -> set[str]:
    """Return the anchors that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(CODE.sub("", page.read_text("utf-8"))):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", ["README.md", "README.ko.md"])
def test_a_readme_is_read_in_one_go(page: str) -> None:
    assert len((ROOT / page).read_text("utf-8").splitlines()) <= README_LINES


def test_both_languages_list_the_same_settings_with_the_same_defaults() -> None:
    english, korean = (
        SETTING.findall((ROOT / "docs" / page).read_text("utf-8"))
        for page in ("settings.md", "settings.ko.md")
    )
    assert english == korean


def test_every_setting_that_the_code_reads_is_listed() -> None:
    code = [ROOT / "connection.py"]
    code += [
        path
        for room in ("course", "practice", "local_cortex")
        for path in (ROOT / room).rglob("*.py")
    ]
    read = {name for path in code for name in NAME.findall(path.read_text("utf-8"))}
    listed = {
        name for name, _ in SETTING.findall((ROOT / "docs" / "settings.md").read_text("utf-8"))
    }
    assert listed == read - OTHERS


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_film_of_a_stream_is_small(language: str) -> None:
    film = ROOT / "docs" / "images" / f"streaming-{language}.webp"
    assert 0 < film.stat().st_size < 1_500_000

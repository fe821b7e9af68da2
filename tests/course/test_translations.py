"""Whether a translation is of the text as it is now."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.content import translations
from course.content.lesson import SECTIONS
from course.problems import LessonError
from tests.course.making import PROSE, in_section, loaded


def test_a_translation_that_was_never_recorded_is_stale(tmp_path: Path) -> None:
    assert translations.stale(loaded(tmp_path), "en") == list(SECTIONS)


def test_a_recorded_translation_is_up_to_date_until_its_original_changes(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    path = translations.record(found, "en")
    assert path.name == "translated.toml"
    assert translations.stale(found, "en") == []
    (found.folder / "ko.md").write_text(in_section("theory", "Another text."), encoding="utf-8")
    assert translations.stale(found, "en") == ["theory"]


def test_white_space_at_the_ends_of_lines_is_no_change(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    translations.record(found, "en")
    (found.folder / "ko.md").write_text(PROSE.replace(".\n", ".  \n") + "\n\n", encoding="utf-8")
    assert translations.stale(found, "en") == []


def test_a_correction_of_the_translation_itself_is_no_change(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    translations.record(found, "en")
    (found.folder / "en.md").write_text(in_section("theory", "Better English."), encoding="utf-8")
    assert translations.stale(found, "en") == []


def test_a_section_that_changed_in_both_languages_was_translated(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    translations.record(found, "en")
    (found.folder / "ko.md").write_text(in_section("theory", "Another text."), encoding="utf-8")
    (found.folder / "en.md").write_text(in_section("theory", "Its translation."), encoding="utf-8")
    assert translations.stale(found, "en") == []


def test_a_change_after_one_that_was_followed_is_stale_until_it_is_translated(
    tmp_path: Path,
) -> None:
    found = loaded(tmp_path)
    translations.record(found, "en")
    for number, (language, stale) in enumerate(
        [("en", []), ("ko", ["theory"]), ("en", []), ("ko", ["theory"])]
    ):
        text = in_section("theory", f"Text number {number}.")
        (found.folder / f"{language}.md").write_text(text, encoding="utf-8")
        translations.follow(found, "en")
        assert translations.stale(found, "en") == stale


def test_a_translation_that_was_never_recorded_is_not_followed(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    translations.follow(found, "en")
    assert not (found.folder / "translated.toml").exists()


def test_the_original_is_never_stale(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    assert translations.stale(found, "ko") == []
    with pytest.raises(ValueError, match="ko is what the other languages are translated from"):
        translations.record(found, "ko")


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    (found.folder / "translated.toml").write_text("[en\n", encoding="utf-8")
    with pytest.raises(LessonError, match=r"translated.toml:1: is not valid TOML"):
        translations.stale(found, "en")

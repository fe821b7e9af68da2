"""Terms with their explanations."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.content import glossary
from course.problems import LessonError

TOML = """\
[token]
term.ko = "토큰"
term.en = "Token"
text.ko = "글의 조각입니다."
text.en = "A <piece> of text."
"""


def loaded(tmp_path: Path, source: str = TOML) -> glossary.Glossary:
    (tmp_path / "glossary.toml").write_text(source, encoding="utf-8")
    return glossary.load(tmp_path)


def test_a_term_carries_its_explanation_and_can_be_focused(tmp_path: Path) -> None:
    shown = glossary.with_tips("Many [tokens](term:token) here.", loaded(tmp_path), "en")
    assert shown == (
        'Many <span class="course-term" tabindex="0">tokens'
        '<span class="course-tip" role="tooltip">Token: A &lt;piece&gt; of text.</span></span>'
        " here."
    )


def test_an_unknown_term_stays_the_word_it_is(tmp_path: Path) -> None:
    assert glossary.with_tips("A [word](term:none).", loaded(tmp_path), "ko") == "A word."


def test_an_explanation_can_stand_in_a_tables_cell(tmp_path: Path) -> None:
    found = loaded(tmp_path, TOML.replace("A <piece> of text.", "This | that."))
    shown = glossary.with_tips("| [a](term:token) |", found, "en")
    assert shown.count("|") == 2
    assert "This &#124; that." in shown


def test_a_course_without_a_glossary_has_an_empty_one(tmp_path: Path) -> None:
    assert glossary.load(tmp_path).root == {}


@pytest.mark.parametrize(
    ("line", "field"), [('terms = "x"', "token.terms"), ('term.kr = "x"', "token.term.kr")]
)
def test_an_unknown_field_is_named_with_what_was_meant(
    tmp_path: Path, line: str, field: str
) -> None:
    with pytest.raises(LessonError, match=f"glossary.toml:6: unknown field `{field}`. "):
        loaded(tmp_path, TOML + line + "\n")


def test_a_term_without_a_language_is_named(tmp_path: Path) -> None:
    with pytest.raises(LessonError, match=r"glossary.toml:4: `token.text.en` is missing"):
        loaded(tmp_path, TOML.replace('text.en = "A <piece> of text."\n', ""))

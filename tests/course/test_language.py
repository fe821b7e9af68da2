"""The reader's language, and the interface's texts."""

from __future__ import annotations

import string

import pytest
from streamlit.testing.v1 import AppTest

from course.language import texts


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_texts_with_the_same_blanks() -> None:
    korean, english = texts("ko"), texts("en")
    assert korean.keys() == english.keys()
    assert {key for key in korean if blanks(korean[key]) != blanks(english[key])} == set()


def say_language() -> None:
    import streamlit as st

    from course.language import current

    st.text(current())


def language_of(
    asked: str | None = None, chosen: str | None = None, locale: str | None = None
) -> tuple[str, str]:
    """Run a page and return its language and the ``?lang=`` it leaves behind."""
    app = AppTest.from_function(say_language)
    if asked is not None:
        app.query_params["lang"] = asked
    if chosen is not None:
        app.session_state["course_language"] = chosen
    app.context["locale"] = locale
    app.run()
    return app.text[0].value, app.query_params["lang"]


@pytest.mark.parametrize(
    ("asked", "chosen", "locale", "language"),
    [
        (None, None, None, "ko"),
        (None, None, "en-GB", "en"),
        (None, None, "ko-KR", "ko"),
        (None, None, "fr-FR", "ko"),
        (None, "en", "ko-KR", "en"),
        ("ko", "en", "en-US", "ko"),
        ("<script>", None, "en-US", "en"),
    ],
)
def test_a_link_beats_a_choice_beats_the_browser_and_korean_is_the_default(
    asked: str | None, chosen: str | None, locale: str | None, language: str
) -> None:
    assert language_of(asked, chosen, locale) == (language, language)

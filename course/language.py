"""The reader's language: Korean unless they, their link or their browser say otherwise."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

import streamlit as st

__all__ = ["LANGUAGES", "Language", "chooser", "current", "text", "texts"]

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
NAMES = {"ko": "한국어", "en": "English"}

LOCALES = Path(__file__).parent / "locales"
# Our own key, not a bound query parameter: with a pages/ folder Streamlit drops a bound one at the
# first change of page.
SESSION_KEY = "course_language"
CHOOSER_KEY = "course_language_chooser"


def current() -> Language:
    """Return the language of this run, and keep it for the next page and the next refresh.

    A link's ``?lang=`` comes first, then what was chosen before in this tab, then the browser's
    language; Korean where none of them is one of ours.
    """
    asked = (
        st.query_params.get("lang"),
        st.session_state.get(SESSION_KEY),
        (st.context.locale or "").partition("-")[0],
    )
    ours = (cast("Language", value) for value in asked if value in LANGUAGES)
    language: Language = next(ours, "ko")
    st.session_state[SESSION_KEY] = language
    if st.query_params.get("lang") != language:
        st.query_params["lang"] = language
    return language


def chooser() -> None:
    """Draw the switch between the languages."""
    # Set before the widget is made, because a link may have changed the language since it was last
    # drawn, and the widget's own memory would win.
    st.session_state[CHOOSER_KEY] = current()
    # Not st.segmented_control: for a label that is not ASCII it loads a catalogue of all emoji,
    # which costs Home's first reader a tenth of a second.
    st.radio(
        text("course.language"),
        LANGUAGES,
        format_func=NAMES.__getitem__,
        key=CHOOSER_KEY,
        on_change=_choose,
        horizontal=True,
        label_visibility="collapsed",
    )


def _choose() -> None:
    chosen = st.session_state.get(CHOOSER_KEY)
    if chosen in LANGUAGES:
        st.session_state[SESSION_KEY] = chosen
        st.query_params["lang"] = chosen


def text(key: str, /, **values: object) -> str:
    """Return a text of the interface in the current language, with its blanks filled in.

    Raises:
        KeyError: there is no such text.
    """
    return texts(current())[key].format(**values)


@cache
def texts(language: Language) -> dict[str, str]:
    """Return all texts of a language by their dotted keys."""
    return _flatten(tomllib.loads((LOCALES / f"{language}.toml").read_text("utf-8")))


def _flatten(table: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat

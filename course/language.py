"""The reader's language: Korean unless they, their link or their browser say otherwise."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, get_args

import streamlit as st

if TYPE_CHECKING:
    from streamlit.elements.lib.mutable_expander_container import ExpanderContainer

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
NAMES = {"ko": "한국어", "en": "English"}
LOCALES = Path(__file__).parent / "locales"
# Our own key, not a bound query parameter: with a pages/ folder Streamlit drops a bound one at the
# first change of page.
SESSION_KEY = "course_language"
CHOOSER_KEY = "course_language_chooser"

Option = TypeVar("Option")


def current() -> Language:
    """Return the language of this run, and keep it for the next page and the next refresh.

    A link's ``?lang=`` comes first, then what was chosen before in this tab, then the browser's
    language; Korean where none of them is one of ours.
    """
    asked = st.query_params.get("lang")
    usual = (st.context.locale or "").partition("-")[0]
    usual = usual if usual in LANGUAGES else "ko"
    known = (asked, st.session_state.get(SESSION_KEY), usual)
    language = cast("Language", next(value for value in known if value in LANGUAGES))
    st.session_state[SESSION_KEY] = language
    # Only what a refresh would not find by itself: Streamlit drops the anchor of an address that it
    # writes to.
    if asked != language and (asked is not None or language != usual):
        st.query_params["lang"] = language
    return language


def chooser() -> None:
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
        on_change=lambda: st.query_params.update(lang=st.session_state[CHOOSER_KEY]),
        horizontal=True,
        label_visibility="collapsed",
    )


def widget_key(key: str) -> str:
    """Return a choice's key in this language: the browser knows an option by its label."""
    language = current()
    now = f"{key}-{language}"
    if st.session_state.get(f"{key}-language") != language:
        # What it knows is from the last time in this language: a run that ends early removes none.
        st.session_state.pop(now, None)
    st.session_state[f"{key}-language"] = language
    return now


def choice(
    draw: Callable[..., Option | None],
    label: str,
    options: Sequence[Option],
    *,
    key: str,
    index: int = 0,
    **how: Any,
) -> Option:
    """Draw a choice whose labels change with the language, and return what is chosen.

    What is chosen in one language is chosen in the next: it is kept under ``key``. ``draw`` is
    ``st.radio``, or whatever takes these arguments and those in ``how``.
    """
    before = st.session_state.get(key)
    number = options.index(before) if before in options else index
    chosen = cast("Option", draw(label, options, index=number, key=widget_key(key), **how))
    st.session_state[key] = chosen
    return chosen


def choose(key: str, value: object) -> None:
    """Let ``value`` be what is chosen under ``key``, where its choice was drawn already, too."""
    st.session_state[key] = st.session_state[widget_key(key)] = value


def drawer(label: str, *, key: str, icon: str) -> ExpanderContainer:
    """Draw an expander whose label changes, with the language for one; open, it stays open."""
    kept = f"{key}-kept"
    # To Streamlit an expander is another one when its label changes, and as often as it is begun
    # in another state.
    before, began, is_open = st.session_state.get(kept, (label, False, False))
    began = began if before == label else is_open
    box = st.expander(label, expanded=began, icon=icon, key=key, on_change="rerun")
    st.session_state[kept] = label, began, box.open
    return box


def text(key: str, /, **values: object) -> str:
    """Return a text of the interface in the current language, with its blanks filled in."""
    return texts(current())[key].format(**values)


@cache
def texts(language: Language) -> dict[str, str]:
    """Return all texts of a language by their dotted keys."""
    return dict(flat(tomllib.loads((LOCALES / f"{language}.toml").read_text("utf-8"))))


def flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values in a table and in the tables within it, with their dotted keys."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value

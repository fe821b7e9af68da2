"""The reader's language, and the interface's texts."""

from __future__ import annotations

import ast
import re
import string
from functools import cache

import pytest
from streamlit.testing.v1 import AppTest

from course import ROOT
from course.language import texts


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_texts_with_the_same_blanks() -> None:
    korean, english = texts("ko"), texts("en")
    assert korean.keys() == english.keys()
    assert {key for key in korean if blanks(korean[key]) != blanks(english[key])} == set()


@cache
def calls() -> list[tuple[str, ast.Call]]:
    """Return every call in the course's own code, and where it stands."""
    found = []
    for path in [*ROOT.glob("course/**/*.py"), *ROOT.glob("pages/*.py")]:
        nodes: list[ast.AST] = [ast.parse(path.read_text("utf-8"))]
        while nodes:
            node = nodes.pop()
            # What a program of the lab knows as ``st`` is no page.
            if isinstance(node, ast.FunctionDef) and "st" in {arg.arg for arg in node.args.args}:
                continue
            if isinstance(node, ast.Call):
                found.append((f"{path.name}:{node.lineno}", node))
            nodes += ast.iter_child_nodes(node)
    return found


def test_a_text_is_asked_for_with_all_of_its_blanks_and_no_others() -> None:
    english = texts("en")
    for place, call in calls():
        if getattr(call.func, "id", "") != "text":
            continue
        (key,) = call.args
        pattern = "".join(
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"[\w.]+"
            for part in (key.values if isinstance(key, ast.JoinedStr) else [key])
        )
        names = {each.arg or "**" for each in call.keywords}
        known = [blanks(text) for key, text in english.items() if re.fullmatch(pattern, key)]
        assert known, (place, pattern)
        if len(known) == 1 and "**" not in names:
            assert known == [names], (place, pattern)


def test_each_text_is_asked_for() -> None:
    asked, patterns = set(), set()
    for path in [*ROOT.glob("course/**/*.py"), *ROOT.glob("pages/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant):
                asked.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [
                    part.value if isinstance(part, ast.Constant) else 0 for part in node.values
                ]
                patterns.add("".join(re.escape(str(part)) if part else r"\w+" for part in parts))
    begun = {each for each in patterns if re.match(r"\w+\\\.", each)}
    unasked = [key for key in texts("en") if not any(re.fullmatch(each, key) for each in begun)]
    assert set(unasked) - asked == set()


def test_each_box_on_a_page_has_an_icon() -> None:
    boxes = {f"{at}.{name}" for at in ("st", "at") for name in BOXES}
    without = [
        place
        for place, call in calls()
        if isinstance(call.func, ast.Attribute)
        and f"{getattr(call.func.value, 'id', '')}.{call.func.attr}" in boxes
        and "icon" not in {each.arg for each in call.keywords}
        and not place.startswith("day_")  # learners' own pages have none
    ]
    assert without == []


BOXES = ("info", "warning", "error", "success")


def say_language() -> None:
    import streamlit as st

    from course.language import current

    st.text(current())


def language_of(
    asked: str | None = None, chosen: str | None = None, locale: str | None = None
) -> tuple[str, str | None]:
    """Run a page and return its language and the ``?lang=`` it leaves behind."""
    app = AppTest.from_function(say_language)
    if asked is not None:
        app.query_params["lang"] = asked
    if chosen is not None:
        app.session_state["course_language"] = chosen
    app.context["locale"] = locale
    app.run()
    return app.text[0].value, app.query_params.get("lang")


@pytest.mark.parametrize(
    ("asked", "chosen", "locale", "language"),
    [
        (None, "en", "ko-KR", "en"),
        (None, "ko", "en-GB", "ko"),
        ("ko", "en", "en-US", "ko"),
        ("en", None, "en-US", "en"),
        ("<script>", None, "en-US", "en"),
    ],
)
def test_a_link_beats_a_choice_beats_the_browser_and_stays_in_the_address(
    asked: str | None, chosen: str | None, locale: str | None, language: str
) -> None:
    assert language_of(asked, chosen, locale) == (language, language)


@pytest.mark.parametrize(
    ("locale", "language"),
    [(None, "ko"), ("en-GB", "en"), ("ko-KR", "ko"), ("fr-FR", "ko")],
)
def test_what_the_browser_says_itself_is_not_written_into_the_address(
    locale: str | None, language: str
) -> None:
    # Streamlit would drop the anchor behind it.
    assert language_of(locale=locale) == (language, None)
    assert language_of(chosen=language, locale=locale) == (language, None)


def choose() -> None:
    import streamlit as st

    from course.language import choice, current

    labels = {"ko": {1: "하나", 2: "둘"}, "en": {1: "one", 2: "two"}}[current()]
    st.text(choice(st.radio, "?", (1, 2), key="number", index=1, format_func=labels.get))


def test_what_is_chosen_in_one_language_is_chosen_in_the_other() -> None:
    app = AppTest.from_function(choose)
    app.session_state["course_language"] = "ko"
    assert app.run().text[0].value == "2"
    app.radio[0].set_value(1).run()
    app.session_state["course_language"] = "en"
    app.run()
    assert (app.text[0].value, app.radio[0].value) == ("1", 1)

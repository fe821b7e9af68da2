"""What the pages say about the connection."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import connection
from course import connection_panel
from course.language import LANGUAGES, texts

PLANTED = {"account": "PLANTED-ACCOUNT", "user": "planted", "password": "planted"}


def page() -> None:
    import streamlit

    from connection import ConnectionFailed, connect
    from course.connection_panel import badge, failure, preferred

    badge()
    if streamlit.button("Ask"):
        try:
            streamlit.write(connect(preferred()).session)
        except ConnectionFailed as error:
            failure(error)


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_CONNECTION")


def opened(secrets: dict[str, Any], language: str = "en") -> AppTest:
    app = AppTest.from_function(page)
    app.query_params["lang"] = language
    for name, value in secrets.items():
        app.secrets[name] = value
    return app.run()


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def said(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption, *app.error])


def test_an_account_under_another_name_is_named_with_what_makes_it_the_usual_one() -> None:
    app = opened({"snowflake": PLANTED})
    assert "has an account in `[snowflake]`, but the course uses only" in said(app)
    assert "rename the entry to `[connections.snowflake]`, or set `COURSE_CONNECTION`" in said(app)
    assert "planted" not in said(app).lower()


def test_one_click_uses_it_and_another_goes_back() -> None:
    app = press(opened({"snowflake": PLANTED}), "Use `[snowflake]`")
    assert "Snowflake account: in use" in said(app)
    app = press(app, texts("en")["connection.use_configured"])
    assert "Local Cortex: in use" in said(app)


def test_it_is_offered_where_the_account_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_CONNECTION", "account")
    app = press(opened({"snowflake": PLANTED}), "Ask")
    assert "has an account under another name" in app.error[0].value
    # Once in the sidebar and once below the failure.
    assert [button.label for button in app.button].count("Use `[snowflake]`") == 2


def test_strangers_are_not_offered_the_instructors_accounts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection_panel, "opened_here", lambda: False)
    app = opened({"snowflake": PLANTED})
    assert [button.label for button in app.button] == ["Ask"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_key_is_named_with_its_fix(language: str) -> None:
    entry = {"account": "a", "private_key_path": "planted.p8"}
    app = press(opened({"connections": {"snowflake": entry}}, language), "Ask")
    assert "`[connections.snowflake] private_key_path`" in app.error[0].value
    assert "`private_key_file`" in app.error[0].value
    assert "planted" not in app.error[0].value


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "reason", ["other_name", "key_name", "key_text", "key_number", "placeholder", "account_form"]
)
def test_every_reason_has_a_sentence_of_its_own(language: Any, reason: str) -> None:
    assert f"connection.reason.{reason}" in texts(language)


def page_with_an_answer() -> None:
    import streamlit

    from course.connection_panel import badge, say_if_replaced

    class Answer: ...

    badge()
    if streamlit.button("Ask"):
        streamlit.session_state.answer = Answer()
    streamlit.button("Something else")
    say_if_replaced(streamlit.session_state.setdefault("answer", Answer()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_local_cortex_was_started_again_is_said_beside_one_answer_in_each_tab(
    monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    lost = 2
    monkeypatch.setattr(connection.Connection, "replaced", property(lambda _: lost))

    def tab() -> AppTest:
        app = AppTest.from_function(page_with_an_answer)
        app.query_params["lang"] = language
        return app.run()

    def said_now(app: AppTest) -> list[str]:
        return [element.value for element in app.warning]

    one, other = tab(), tab()
    # What was before a tab was opened is none of its reader's business.
    assert said_now(one) == said_now(other) == []
    lost = 3
    words = [texts(language)["connection.replaced"]]
    assert said_now(press(one, "Ask")) == words
    # Its answer can be drawn again at any moment.
    assert said_now(press(one, "Something else")) == words
    assert said_now(press(one, "Ask")) == []
    assert said_now(other.run()) == words
    assert said_now(press(other, "Ask")) == []

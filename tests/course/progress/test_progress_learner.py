"""Who is learning."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Literal

import pytest
from streamlit.testing.v1 import AppTest

from course.language import texts
from course.progress import learner_panel
from course.visitor import COOKIE, Learner, foreign_name, new_id, on_this_machine, who


def test_on_ones_own_machine_the_learner_is_the_local_user() -> None:
    assert who("local", {}, True, "x").id == "local"
    assert who("account", {}, True, "x").how == "local"


def test_a_visitor_is_anonymous() -> None:
    learner = who("local", {"email": "test@example.com"}, False, "x")
    assert (learner.id, learner.how) == ("anonymous:x", "anonymous")


def test_who_signed_in_is_known_by_the_provider_and_not_by_name() -> None:
    user = {"is_logged_in": True, "iss": "https://a", "sub": "42", "email": "me@example.com"}
    learner = who("local", user, False, "x")
    assert learner.how == "signed_in"
    assert "me@example.com" not in learner.id
    assert learner.id != who("local", {**user, "iss": "https://b"}, False, "x").id
    assert learner.id == who("local", {**user, "email": "new@example.com"}, False, "y").id


def test_inside_snowflake_the_learner_is_the_viewer() -> None:
    learner = who("snowflake", {"user_name": "JANE"}, False, "x")
    assert learner.how == "snowflake"
    assert "JANE" not in learner.id


def test_an_id_is_not_in_a_learners_text() -> None:
    assert "secret" not in repr(who("local", {}, False, "secret"))


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://localhost:8501/x", True),
        ("http://127.0.0.1:8501/", True),
        ("http://[::1]:8501/", True),
        ("http://192.168.0.7:8501/", False),
        ("http://localhost.evil.com/", False),
        ("https://course.example.com/", False),
    ],
)
def test_a_page_is_opened_here_if_its_address_is_this_machine(url: str, here: bool) -> None:
    assert on_this_machine(url, None) is here


def test_a_page_without_a_browser_is_opened_here() -> None:
    assert on_this_machine(None, None)


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.168.0.7", {}),
        (None, {"X-Forwarded-For": "192.168.0.7"}),
        (None, {"Forwarded": "for=192.168.0.7"}),
    ],
)
def test_who_comes_from_elsewhere_cannot_claim_to_be_here(
    address: str | None, headers: dict[str, str]
) -> None:
    assert not on_this_machine("http://localhost:8501/", address, headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:8501", "Origin": "http://evil.example:8501"},
        {"Host": "localhost:8501", "Origin": "http://evil.example"},
        {"Host": "localhost.evil.example"},
        {"Host": "[nonsense"},
        {"Host": "localhost:8501", "Origin": "null"},
    ],
)
def test_a_page_that_reached_this_machine_under_another_name_is_not_here(
    headers: dict[str, str],
) -> None:
    assert foreign_name(None, headers) is not None
    assert not on_this_machine("http://localhost:8501/", None, headers)


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501", "localhost"])
def test_this_machines_own_names_are_not_foreign(host: str) -> None:
    assert foreign_name(None, {"Host": host, "Origin": f"http://{host}"}) is None


def test_a_name_that_a_proxy_or_another_machine_uses_is_not_foreign() -> None:
    named = {"Host": "course.example.org", "Origin": "https://course.example.org"}
    assert foreign_name(None, {**named, "X-Forwarded-For": "192.168.0.7"}) is None
    assert foreign_name("192.168.0.7", named) is None


def test_a_cookie_that_we_did_not_make_is_not_taken() -> None:
    mine = new_id(None)
    assert new_id(mine) == mine
    for forged in ("", "local", "x" * 31, "x" * 33, "';alert(1)//" + "x" * 20, mine + "\n"):
        assert new_id(forged) != forged
    assert new_id(None) != mine


@pytest.mark.parametrize(
    ("how", "url", "has", "made"),
    [
        ("anonymous", "http://a.b", None, "; SameSite=Lax'"),
        ("anonymous", "https://a.b", "other", "; SameSite=Lax; Secure'"),
        ("anonymous", "https://a.b", "x", ""),
        ("local", "http://localhost", None, ""),
    ],
)
def test_a_visitor_without_a_cookie_gets_one_for_a_year_and_over_https_a_secure_one(
    how: Literal["anonymous", "local"],
    url: str,
    has: str | None,
    made: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[str] = []
    context = SimpleNamespace(url=url, cookies={COOKIE: has} if has else {})
    state = {learner_panel.ANONYMOUS_KEY: "x"}
    page = SimpleNamespace(
        session_state=state, context=context, html=lambda it, **_: sent.append(it)
    )
    monkeypatch.setattr(learner_panel, "st", page)
    visitor = Learner("id", how), SimpleNamespace(refresh=lambda: None)
    monkeypatch.setattr(learner_panel, "_known", lambda: visitor)
    learner_panel.refresh()
    assert len(sent) == bool(made)
    assert all(f"'{COOKIE}=x; Max-Age=31536000; Path=/{made}" in each for each in sent)


def test_a_learner_is_told_why_progress_is_not_being_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learner_panel, "current", lambda: SimpleNamespace(failure="full"))
    app = AppTest.from_string("from course.progress import say_if_not_saved\nsay_if_not_saved()")
    assert texts("ko")["progress.reason.full"] in app.run().warning[0].value

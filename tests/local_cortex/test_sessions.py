"""Logging in, and how long each token lasts, on a clock that the test moves."""

from __future__ import annotations

import hmac
from typing import Any

import pytest

from local_cortex import sessions as module
from local_cortex.sessions import AuthError, Login, Sessions
from local_cortex.sql import SqlSession

SECRET = "the-secret"
HOUR = 3600.0


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(SECRET, clock=clock)


def login(sessions: Sessions, user: str = "ada", password: str = SECRET) -> Login:
    return sessions.login(user, password, lambda number: SqlSession(user, session_id=number))


def code_of(call: Any, *arguments: Any) -> str:
    with pytest.raises(AuthError) as refused:
        call(*arguments)
    assert str(refused.value)
    return refused.value.code


def test_any_user_who_knows_the_secret_gets_a_session_of_their_own(sessions: Sessions) -> None:
    ada, bob = login(sessions, "ada"), login(sessions, "bob")
    assert sessions.authenticate(ada.token) is ada
    assert sessions.authenticate(bob.token) is bob
    assert ada.id != bob.id
    assert ada.sql.session_id == ada.id
    assert len({ada.token, ada.master_token, bob.token, bob.master_token}) == 4
    assert len(sessions) == 2


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("ada", "wrong"),
        ("ada", ""),
        ("", SECRET),
        ("ada", SECRET + " "),
        ("ada", "비밀"),
        ("ada", "half of a surrogate pair: \ud83d"),
    ],
)
def test_a_wrong_password_is_refused_with_390100(
    sessions: Sessions, user: str, password: str
) -> None:
    assert code_of(login, sessions, user, password) == "390100"
    assert len(sessions) == 0


def test_passwords_are_compared_in_constant_time(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []

    def compare(left: bytes, right: bytes) -> bool:
        compared.append((left, right))
        return False

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert not sessions.is_secret(SECRET)
    assert compared == [(SECRET.encode(), SECRET.encode())]


@pytest.mark.parametrize("token", ["", "made-up", SECRET])
def test_a_token_never_given_is_refused_with_390104(sessions: Sessions, token: str) -> None:
    login(sessions)
    assert code_of(sessions.authenticate, token) == "390104"
    assert code_of(sessions.renew, token) == "390104"


def test_the_two_tokens_of_a_session_do_not_stand_for_each_other(sessions: Sessions) -> None:
    ada = login(sessions)
    assert code_of(sessions.authenticate, ada.master_token) == "390104"
    assert code_of(sessions.renew, ada.token) == "390104"


def test_a_session_token_expires_after_an_hour_with_390112(
    sessions: Sessions, clock: Clock
) -> None:
    token = login(sessions).token
    clock.now += HOUR - 1
    sessions.authenticate(token)
    clock.now += 1
    assert code_of(sessions.authenticate, token) == "390112"


def test_the_master_token_buys_another_hour_for_the_same_session(
    sessions: Sessions, clock: Clock
) -> None:
    ada = login(sessions)
    old = ada.token
    clock.now += HOUR
    assert sessions.renew(ada.master_token) is ada
    assert ada.token != old
    assert sessions.authenticate(ada.token) is ada
    clock.now += HOUR
    assert code_of(sessions.authenticate, ada.token) == "390112"


def test_renewing_takes_no_token_away_from_another_thread(sessions: Sessions, clock: Clock) -> None:
    ada = login(sessions)
    first = ada.token
    clock.now += HOUR
    sessions.renew(ada.master_token)
    second = ada.token
    sessions.renew(ada.master_token)
    assert sessions.authenticate(second) is ada
    assert code_of(sessions.authenticate, first) == "390112", "expired, not unknown: it is renewed"


def test_only_so_many_replaced_tokens_are_kept(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_TOKENS", 3)
    ada = login(sessions)
    tokens = [ada.token]
    for _ in range(4):
        tokens.append(sessions.renew(ada.master_token).token)
    assert [code_of(sessions.authenticate, token) for token in tokens[:2]] == ["390104"] * 2
    assert all(sessions.authenticate(token) is ada for token in tokens[2:])


def test_a_master_token_expires_after_four_hours_with_390114_and_then_is_unknown(
    sessions: Sessions, clock: Clock
) -> None:
    ada = login(sessions)
    clock.now += 4 * HOUR
    assert code_of(sessions.renew, ada.master_token) == "390114"
    assert code_of(sessions.renew, ada.master_token) == "390104"
    assert code_of(sessions.authenticate, ada.token) == "390104"
    assert len(sessions) == 0


def test_renewing_gives_the_master_token_four_hours_more(sessions: Sessions, clock: Clock) -> None:
    ada = login(sessions)
    clock.now += 3 * HOUR
    sessions.renew(ada.master_token)
    clock.now += 3 * HOUR
    assert sessions.renew(ada.master_token) is ada


def test_expiring_all_sessions_leaves_them_renewable(sessions: Sessions) -> None:
    ada, bob = login(sessions), login(sessions)
    sessions.expire()
    assert code_of(sessions.authenticate, ada.token) == "390112"
    assert code_of(sessions.authenticate, bob.token) == "390112"
    sessions.renew(ada.master_token)
    sessions.authenticate(ada.token)


def test_a_closed_session_is_unknown_and_closing_it_twice_is_harmless(sessions: Sessions) -> None:
    ada, bob = login(sessions), login(sessions)
    old = ada.token
    sessions.renew(ada.master_token)
    sessions.close(ada)
    sessions.close(ada)
    for token in (old, ada.token):
        assert code_of(sessions.authenticate, token) == "390104"
    assert code_of(sessions.renew, ada.master_token) == "390104"
    assert sessions.authenticate(bob.token) is bob
    assert len(sessions) == 1


def test_sessions_that_nobody_can_renew_any_more_are_forgotten_at_the_next_login(
    sessions: Sessions, clock: Clock
) -> None:
    for _ in range(3):
        login(sessions)
    clock.now += 4 * HOUR
    login(sessions)
    assert len(sessions) == 1


def test_beyond_the_limit_the_session_not_used_for_longest_is_forgotten(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_SESSIONS", 2)
    ada, bob = login(sessions, "ada"), login(sessions, "bob")
    sessions.authenticate(ada.token)
    login(sessions, "eve")
    assert sessions.authenticate(ada.token) is ada
    assert code_of(sessions.authenticate, bob.token) == "390104"
    assert len(sessions) == 2


def test_no_token_shows_when_a_login_is_printed(sessions: Sessions) -> None:
    ada = login(sessions)
    assert f"id={ada.id}" in repr(ada)
    assert ada.token not in repr(ada)
    assert ada.master_token not in repr(ada)

"""Snowflake's session tokens: who is logged in, for how long, and how a token is renewed.

A login gives a session token (valid an hour) and a master token (valid four), which buys a new
session token; the codes are those that the clients react to (snowflake/connector/network.py).
"""

from __future__ import annotations

import hmac
import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from local_cortex.sql import SqlSession

# Snowflake's own lifetimes, in seconds.
SESSION_SECONDS = 3600.0
MASTER_SECONDS = 14400.0
# A server that is left running forgets logins whose owners never closed them.
MAX_SESSIONS = 1_000
# Of one session: the latest and those it replaced. Eight threads that find the same token expired
# renew it eight times over.
MAX_TOKENS = 32


class AuthError(Exception):
    """A login or token that is refused, with Snowflake's code and text."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


WRONG_PASSWORD = ("390100", "Incorrect username or password was specified.")
UNKNOWN_TOKEN = ("390104", "Session token is not valid.")
EXPIRED_SESSION = ("390112", "Your session has expired. Please login again.")
EXPIRED_MASTER = ("390114", "Authentication token has expired. The user must authenticate again.")


@dataclass(slots=True, eq=False)
class Login:
    """One logged-in session; ``tokens`` maps each of its session tokens to its last second."""

    id: int
    master_token: str = field(repr=False)
    master_expires: float
    sql: SqlSession = field(repr=False)
    tokens: dict[str, float] = field(default_factory=dict, repr=False)

    @property
    def token(self) -> str:
        """The latest session token."""
        return next(reversed(self.tokens))


class Sessions:
    """All logins of one server; ``ended`` is called with every session that ends."""

    def __init__(
        self,
        secret: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        ended: Callable[[SqlSession], None] = lambda _: None,
    ) -> None:
        self.secret = secret
        self._clock, self._ended = clock, ended
        self._ids = itertools.count(1)
        self._by_token: dict[str, Login] = {}
        # In the order of last use.
        self._by_master: dict[str, Login] = {}

    def __len__(self) -> int:
        """Return how many sessions are open."""
        return len(self._by_master)

    def login(self, user: str, password: str, new_session: Callable[[int], SqlSession]) -> Login:
        """Open a session for any user who knows the secret; ``AuthError`` 390100 for others."""
        if not user or not self.is_secret(password):
            raise AuthError(*WRONG_PASSWORD)
        now = self._clock()
        for known in list(self._by_master.values()):
            if now >= known.master_expires:
                self.close(known)
        while len(self._by_master) >= MAX_SESSIONS:
            self.close(next(iter(self._by_master.values())))
        number, master = next(self._ids), secrets.token_urlsafe(32)
        login = Login(number, master, now + MASTER_SECONDS, new_session(number))
        self._by_master[master] = login
        self._add_token(login, now)
        return login

    def is_secret(self, candidate: str) -> bool:
        """Return whether ``candidate`` is this server's secret, in constant time."""
        # A candidate from a JSON body may hold halves of surrogate pairs.
        sent = candidate.encode("utf-8", "surrogatepass")
        return hmac.compare_digest(sent, self.secret.encode())

    def authenticate(self, token: str) -> Login:
        """Return a token's session; ``AuthError`` 390104 for an unknown one, 390112 expired."""
        login = self._by_token.get(token)
        if login is None:
            raise AuthError(*UNKNOWN_TOKEN)
        if self._clock() >= login.tokens[token]:
            raise AuthError(*EXPIRED_SESSION)
        self._by_master[login.master_token] = self._by_master.pop(login.master_token)
        return login

    def renew(self, master_token: str) -> Login:
        """Give the master token's session a new session token; the one before keeps its own time.

        ``AuthError`` 390104 for an unknown, 390114 for an expired master token.
        """
        now, login = self._clock(), self._by_master.get(master_token)
        if login is None:
            raise AuthError(*UNKNOWN_TOKEN)
        if now >= login.master_expires:
            self.close(login)
            raise AuthError(*EXPIRED_MASTER)
        self._add_token(login, now)
        login.master_expires = now + MASTER_SECONDS
        return login

    def expire(self) -> None:
        """Let every session token run out now; they can be renewed."""
        for login in list(self._by_master.values()):
            login.tokens = dict.fromkeys(login.tokens, self._clock())

    def close(self, login: Login) -> None:
        """End a session; its tokens are unknown from now on."""
        for token in login.tokens:
            self._by_token.pop(token, None)
        if self._by_master.pop(login.master_token, None) is not None:
            self._ended(login.sql)

    def _add_token(self, login: Login, now: float) -> None:
        token = secrets.token_urlsafe(32)
        login.tokens[token] = now + SESSION_SECONDS
        self._by_token[token] = login
        while len(login.tokens) > MAX_TOKENS:
            oldest = next(iter(login.tokens))
            del login.tokens[oldest], self._by_token[oldest]

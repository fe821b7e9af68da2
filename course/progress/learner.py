"""Who is learning: found out without asking for a name."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

__all__ = ["COOKIE", "Learner", "new_id", "on_this_machine", "who"]

COOKIE = "course_learner"
# What new_id makes; anything else in the cookie is somebody's own idea.
ANONYMOUS = re.compile(r"[A-Za-z0-9_-]{32}")


@dataclass(frozen=True, slots=True)
class Learner:
    """A learner's key in the store, and how it was found.

    ``id`` is in no log and on no page: whoever knows an anonymous one can claim its progress.
    """

    id: str = field(repr=False)
    how: Literal["snowflake", "signed_in", "local", "anonymous"]


def who(kind: str, user: Mapping[str, Any], url: str | None, anonymous: str) -> Learner:
    """Return who is learning.

    ``kind`` is the connection's, ``user`` is ``st.user``, ``url`` the page's address if a browser
    shows it, and ``anonymous`` an id to use where nothing else is known.
    """
    name = user.get("user_name") or user.get("email")
    if kind == "snowflake" and name:
        return Learner(_digest("snowflake", str(name)), "snowflake")
    subject = user.get("sub") or user.get("email")
    if user.get("is_logged_in") and subject:
        return Learner(_digest(str(user.get("iss", "")), str(subject)), "signed_in")
    if on_this_machine(url):
        return Learner("local", "local")
    return Learner(f"anonymous:{anonymous}", "anonymous")


def on_this_machine(url: str | None) -> bool:
    """Tell whether a page was opened from the machine that serves it; without a browser, it was."""
    if url is None:
        return True
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def new_id(cookie: str | None) -> str:
    """Return the anonymous id in a cookie, or a new one that nobody can guess."""
    return cookie if cookie and ANONYMOUS.fullmatch(cookie) else secrets.token_urlsafe(24)


def _digest(*parts: str) -> str:
    # The store needs to tell learners apart, not to know their names.
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()

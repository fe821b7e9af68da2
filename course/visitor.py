"""The visitor: from which machine the page was opened, and which learner it is, without a name."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit

import streamlit as st

COOKIE = "course_learner"
# What a proxy adds to what it passes on: RFC 7239, and the headers that came before it.
PROXIED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")
# What new_id makes; any other cookie is not ours.
ANONYMOUS = re.compile(r"[A-Za-z0-9_-]{32}")


@dataclass(frozen=True, slots=True)
class Learner:
    """A learner's key in the store, and how it was found.

    ``id`` is in no log and on no page: an anonymous one is all it takes to claim its progress.
    """

    id: str = field(repr=False)
    how: Literal["snowflake", "signed_in", "local", "anonymous"]


def who(kind: str, user: Mapping[str, Any], here: bool, anonymous: str) -> Learner:
    """Return who is learning, by the connection's ``kind`` and ``st.user``.

    ``here`` is whether the page was opened on the machine that serves it; ``anonymous`` is the id
    to use where nothing else is known.
    """

    # The store needs to tell learners apart, not to know their names.
    def hashed(*parts: object) -> str:
        return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()

    name = user.get("user_name") or user.get("email")
    if kind == "snowflake" and name:
        return Learner(hashed("snowflake", name), "snowflake")
    subject = user.get("sub") or user.get("email")
    if user.get("is_logged_in") and subject:
        return Learner(hashed(user.get("iss", ""), subject), "signed_in")
    return Learner("local", "local") if here else Learner(f"anonymous:{anonymous}", "anonymous")


def opened_here() -> bool:
    """Return whether this session's page was opened from the machine that serves it."""
    return on_this_machine(st.context.url, st.context.ip_address, st.context.headers)


def on_this_machine(
    url: str | None, address: str | None, headers: Mapping[str, str] = MappingProxyType({})
) -> bool:
    """Return whether a page was opened from the machine that serves it.

    ``url`` is the page's address, which the browser says and so may invent; ``address`` is where
    the connection comes from, ``headers`` are what it came with. Streamlit leaves both of the first
    two out where there is no browser, and the second for a connection from this machine; a proxy on
    this machine says so in a header.
    """
    here = url is None or _is_loopback(urlsplit(url).hostname or "")
    return here and _is_direct(address, headers) and foreign_name(address, headers) is None


def foreign_name(address: str | None, headers: Mapping[str, str]) -> str | None:
    """Return the name that a browser on this machine calls this server by, if it is another's.

    A page on ``evil.example`` can let that name resolve to 127.0.0.1 and then speak with whatever
    listens there (DNS rebinding). Its requests come from this machine, through no proxy, and its
    name is in ``Host`` and ``Origin``, which a script in a page cannot change.
    """
    if not _is_direct(address, headers):
        return None
    for header, prefix in (("Host", "//"), ("Origin", "")):
        name = value = headers.get(header)
        if value is None:
            continue
        with suppress(ValueError):
            name = urlsplit(prefix + value).hostname or value
        if not _is_loopback(name or ""):
            return name
    return None


def _is_direct(address: str | None, headers: Mapping[str, str]) -> bool:
    from_here = address is None or _is_loopback(address)
    return from_here and not any(name in headers for name in PROXIED)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def new_id(cookie: str | None) -> str:
    """Return the anonymous id in a cookie, or a new one that nobody can guess."""
    return cookie if cookie and ANONYMOUS.fullmatch(cookie) else secrets.token_urlsafe(24)

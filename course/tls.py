"""Give every request of ``snowflake.cortex`` one TLS context, and limits.

What it replaces: the name ``requests`` in the client's module ``snowflake.cortex._complete``.

Why: the client calls ``requests.post``, which reads all public authorities into a new context for
each request, sets no timeout, reads a refusal's body to its end and waits for as long as the
refusal's ``Retry-After`` says. It hands its socket over only with the response, so nobody can end a
request before that. It offers no way to set any of these.

How much: a context takes 0.7 MB while an answer streams, and making it delays a class that presses
at once (``python -m benchmarks.crowd`` with and without ``--own-authority``).

Hostname verification and the trusted authorities are unchanged. If the client sends its requests
in another way, nothing is replaced.
"""

from __future__ import annotations

import os
import ssl
import stat
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import create_urllib3_context
from urllib3.util.ssl_ import ALPN_PROTOCOLS

from streaming import bodies, sockets

if TYPE_CHECKING:
    _Base = HTTPConnection
else:
    _Base = object

#: Seconds to connect, and of silence; a stream's own limits are shorter.
TIMEOUTS = (10.0, 300.0)
#: The longest wait that the client chooses by itself (_complete.py).
LONGEST_WAIT = 30


def install() -> None:
    """Let the client share one context from now on; calling it again changes nothing."""
    try:
        from snowflake.cortex import _complete as client
    except ImportError:
        return
    if getattr(client, "requests", None) is requests:
        setattr(client, "requests", _Requests())  # noqa: B010 - mypy: a module


class _Requests:
    """``requests`` with a context and limits of our own in ``post``."""

    def __getattr__(self, name: str) -> Any:
        return getattr(requests, name)

    def post(self, url: str, **options: Any) -> requests.Response:
        options = {"timeout": TIMEOUTS, "hooks": {"response": _bounded}} | options
        # A session for each, as requests.post has: no two questions share a connection or a cookie.
        with requests.Session() as session:
            # A proxy may have an authority of its own, and requests knows what to do with it.
            direct = not requests.utils.get_environ_proxies(url)
            for scheme in ("http://", "https://"):
                session.mount(scheme, _Adapter() if direct else _Watched())
            return session.post(url, **options)


def _bounded(response: requests.Response, **_: Any) -> None:
    """Read a refusal within limits; raise ``HTTPError`` if the client would wait too long.

    That is for a long ``Retry-After``, and for one with a date, which the client can't read.
    """
    if 200 <= response.status_code < 300:
        return
    bodies.read(response)
    wait = response.headers.get("retry-after", "0")
    if not (wait.isascii() and wait.isdecimal() and int(wait[:6]) <= LONGEST_WAIT):
        response.raise_for_status()


class _Shown(_Base):
    """A connection whose socket can be shut while a request waits for its response."""

    def connect(self) -> None:
        super().connect()
        if self.sock is not None:
            sockets.show(self.sock)


class _Plain(_Shown, HTTPConnection):
    """Without TLS."""


class _Secure(_Shown, HTTPSConnection):
    """With TLS."""


class _Watched(HTTPAdapter):
    """Connections that show their sockets."""

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = _Secure if pool.scheme == "https" else _Plain
        return pool


class _Adapter(_Watched):
    """The same, whose authorities others use, too."""

    _shares = False

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        context = _shared(verify, cert)
        self._shares = context is not None
        if self._shares:
            pool = {key: value for key, value in pool.items() if not key.startswith("ca_cert")}
            pool["ssl_context"] = context
        return host, pool

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        super().cert_verify(conn, url, verify, cert)
        if self._shares:
            # They would be read again, into the context that has them.
            conn.ca_certs = None


def _shared(verify: bool | str, cert: object) -> ssl.SSLContext | None:
    """Return the context that trusts what ``verify`` says; ``None`` to leave it to requests.

    That is where nobody is checked, where this machine has a certificate to show, and where the
    authorities cannot be read, which requests explains.
    """
    if not verify or cert:
        return None
    bundle = certifi.where() if verify is True else verify
    try:
        file = os.stat(bundle)
        if stat.S_ISDIR(file.st_mode):
            return None
        return _context(bundle, (file.st_mtime_ns, file.st_ino, file.st_size))
    except OSError:
        return None


@lru_cache(maxsize=4)
def _context(bundle: str, version: tuple[int, int, int]) -> ssl.SSLContext:  # noqa: ARG001
    # As urllib3 makes its own (urllib3/connection.py).
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_verify_locations(bundle)
    context.set_alpn_protocols(ALPN_PROTOCOLS)
    # urllib3 says so again for each connection, which frees what another thread may be reading just
    # then (github.com/python/cpython/issues/141012).
    setattr(context, "set_alpn_protocols", lambda _: None)  # noqa: B010 - mypy: a method
    return context

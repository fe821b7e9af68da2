"""One TLS context for all questions of ``snowflake.cortex``, which makes one for each.

The client calls ``requests.post``, which reads the certificates of all authorities into a new
context: 0.7 MB that stay for as long as an answer streams (``python -m benchmarks.crowd`` with and
without ``--own-authority``). It offers no way to set another, so this replaces what the client's
module calls ``requests``. Whom the server has to be stays as it is.
"""

from __future__ import annotations

import os
import ssl
import stat
from functools import lru_cache
from typing import Any

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import create_urllib3_context
from urllib3.util.ssl_ import ALPN_PROTOCOLS

__all__ = ["share_context"]


def share_context() -> None:
    """Let the client use one context from now on; one that works in another way is left alone."""
    try:
        from snowflake.cortex import _complete as client
    except ImportError:
        return
    if getattr(client, "requests", None) is requests:
        setattr(client, "requests", _Requests())  # noqa: B010 - mypy: a module


class _Requests:
    """``requests``, but for how ``post`` checks whom it has reached."""

    def __getattr__(self, name: str) -> Any:
        return getattr(requests, name)

    def post(self, url: str, **options: Any) -> requests.Response:
        # A session for each, as requests.post has: no two questions share a connection or a cookie.
        with requests.Session() as session:
            # A proxy may have an authority of its own, and requests knows what to do with it.
            if not requests.utils.get_environ_proxies(url):
                session.mount("https://", _Adapter())
            return session.post(url, **options)


class _Adapter(HTTPAdapter):
    """Connections whose authorities are in a context that others use, too."""

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

    That is where nobody is checked, where the learner's machine has a certificate to show, and
    where the authorities cannot be read, which requests explains.
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

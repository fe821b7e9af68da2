"""What every request of ``snowflake.cortex`` shares: one TLS context, and limits.

The client calls ``requests.post``, which reads the certificates of all authorities into a new
context: 0.7 MB that stay for as long as an answer streams (``python -m benchmarks.crowd`` with and
without ``--own-authority``). It offers no way to set another, so this replaces what the client's
module calls ``requests``. Whom the server has to be stays as it is.

It sets no limits either. A request that somebody watches (``sockets``) has them: for connecting and
for silence, for the body of a refusal, and for the wait that the service asks for; and it can be
ended from another thread before there is a response, while the client sleeps before it asks again
included. In a client that works in another way a stream still ends at its own limits, and its
thread when the service answers or hangs up.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import ssl
import stat
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util import create_urllib3_context
from urllib3.util.connection import allowed_gai_family
from urllib3.util.ssl_ import ALPN_PROTOCOLS

from streaming import bodies
from streaming.sockets import WATCH, Watch

if TYPE_CHECKING:
    _Base = HTTPConnection
else:
    _Base = object

__all__ = ["share_context"]

CONNECT_SECONDS = 10.0
LOOK_SECONDS = 0.2
#: Without a byte; a stream's own limits are shorter.
SILENT_SECONDS = 300.0
#: The longest wait that the client chooses by itself (_complete.py); what asks for more is refused.
LONGEST_WAIT = 30
# After these the client asks again by itself (_complete.py).
ASKED_AGAIN = frozenset({429, 503, 504})


def share_context() -> None:
    """Let the client use one context from now on; one that works in another way is left alone."""
    try:
        from snowflake.cortex import _complete as client
    except ImportError:
        return
    if getattr(client, "requests", None) is requests:
        setattr(client, "requests", _Requests())  # noqa: B010 - mypy: a module
    if getattr(client, "time", None) is time:
        setattr(client, "time", _Time())  # noqa: B010 - mypy: a module


class _Time:
    """``time``, but for a sleep that can be ended."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        watch = WATCH.get()
        (time.sleep if watch is None else watch.rest)(seconds)


class _Requests:
    """``requests``, but for how ``post`` checks whom it has reached, and for how long it waits."""

    def __getattr__(self, name: str) -> Any:
        return getattr(requests, name)

    def post(self, url: str, **options: Any) -> requests.Response:
        # A session for each, as requests.post has: no two questions share a connection or a cookie.
        with requests.Session() as session:
            # A proxy may have an authority of its own, and requests knows what to do with it.
            direct = not requests.utils.get_environ_proxies(url)
            if WATCH.get() is not None:
                session.mount("http://", _Adapter(direct=direct))
                options.setdefault("timeout", (CONNECT_SECONDS, SILENT_SECONDS))
                options.setdefault("hooks", {"response": _bounded})
            if direct or WATCH.get() is not None:
                session.mount("https://", _Adapter(direct=direct))
            return session.post(url, **options)


def _bounded(response: requests.Response, **_: Any) -> None:
    """Read what is no answer within limits, and let the client not wait for longer than it does.

    Raises:
        requests.HTTPError: the service asks for a longer wait, or for one that it cannot read.
    """
    if 200 <= response.status_code < 300:
        return
    bodies.read(response)
    wait = response.headers.get("retry-after")
    if response.status_code in ASKED_AGAIN and wait is not None and not _short(wait):
        response.raise_for_status()


def _short(wait: str) -> bool:
    # The client knows seconds only, not the header's dates.
    return wait.isascii() and wait.isdecimal() and int(wait[:6]) <= LONGEST_WAIT


class _Watched(_Base):
    """A connection that shows its socket to the watching thread, before TLS begins."""

    def _new_conn(self) -> socket.socket:
        watch = WATCH.get()
        return super()._new_conn() if watch is None else self._connected(watch)

    def connect(self) -> None:
        super().connect()
        watch = WATCH.get()
        if watch is not None and self.sock is not None:
            watch.see(self.sock)

    def _connected(self, watch: Watch) -> socket.socket:
        # As urllib3 does (util/connection.py), which shows the socket when it is connected.
        failed: OSError = OSError("the name has no address")
        try:
            addresses = socket.getaddrinfo(
                self._dns_host, self.port, allowed_gai_family(), socket.SOCK_STREAM
            )
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        for family, kind, protocol, _, address in addresses:
            opened = socket.socket(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    opened.setsockopt(*option)
                _connect(opened, address, watch)
                # TLS takes the socket itself.
                watch.see(opened, copy=True)
            except OSError as error:
                opened.close()
                failed = error
            else:
                return opened
        if isinstance(failed, TimeoutError):
            raise ConnectTimeoutError(self, "the server did not answer") from failed
        raise NewConnectionError(self, str(failed)) from failed


def _connect(opened: socket.socket, address: Any, watch: Watch) -> None:
    """Connect, looking up now and then whether anybody still waits for it."""
    opened.setblocking(False)
    failed = opened.connect_ex(address)
    if failed in (errno.EINPROGRESS, errno.EWOULDBLOCK):
        ends = time.monotonic() + CONNECT_SECONDS
        with selectors.DefaultSelector() as ready:
            ready.register(opened, selectors.EVENT_WRITE)
            while not ready.select(LOOK_SECONDS):
                if watch.ended:
                    raise ConnectionAbortedError
                if time.monotonic() >= ends:
                    raise TimeoutError
        failed = opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if failed:
        raise OSError(failed, os.strerror(failed))
    opened.settimeout(CONNECT_SECONDS)


class _Plain(_Watched, HTTPConnection):
    """Without TLS."""


class _Secure(_Watched, HTTPSConnection):
    """With TLS, whose handshake may never end."""


class _Adapter(HTTPAdapter):
    """Connections that can be watched, whose authorities are in a context that others use, too.

    Without ``direct`` there is a proxy in between, and the authorities are left to requests.
    """

    def __init__(self, *, direct: bool) -> None:
        super().__init__()
        self._direct = direct
        self._shares = False

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = _Secure if pool.scheme == "https" else _Plain
        return pool

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        context = _shared(verify, cert) if self._direct else None
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

"""The client's requests share one TLS context, and trust nobody whom they did not trust before."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import certifi
import pytest
import requests
import trustme
from requests.adapters import HTTPAdapter
from snowflake.cortex import _complete as client

from course import tls
from streaming import Retry, stream
from tests.streaming.asking import ask, wait_for
from tests.streaming.hostile import endless, refusing, serving, silent

ONCE = Retry(attempts=1)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Set-Cookie", "visitor=1")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write((self.headers.get("Cookie") or "ok")[:2].encode())

    def log_message(self, *_: object) -> None:
        pass


class Server:
    """Speaks TLS on loopback, under a name of its choice."""

    def __init__(self, authority: trustme.CA, name: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server(authority: trustme.CA) -> Iterator[Server]:
    running = Server(authority, "127.0.0.1")
    yield running
    running.close()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The authorities that this process trusts."""
    path = tmp_path / "authorities.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    return path


@pytest.fixture(autouse=True)
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "requests", requests)
    tls.install()


def post(url: str) -> requests.Response:
    answer: requests.Response = client.requests.post(url, json={}, stream=True)
    return answer


def test_the_authorities_are_read_once_for_all_questions(
    server: Server, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    really = ssl.SSLContext.load_verify_locations

    def reading(self: ssl.SSLContext, *args: str | None) -> None:
        read.append(args[0])
        really(self, *args)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", reading)
    assert [post(server.url).text for _ in range(3)] == ["ok"] * 3
    assert read == [str(bundle)]
    requests.post(server.url, json={}, timeout=10)
    assert len(read) == 2


def test_no_question_has_a_cookie_of_another(server: Server, bundle: Path) -> None:
    assert bundle.exists()
    assert [post(server.url).text for _ in range(2)] == ["ok", "ok"]


def test_many_ask_at_once_and_nothing_of_the_context_is_changed_meanwhile(
    server: Server, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bundle.exists()
    post(server.url)
    changed = []
    monkeypatch.setattr(ssl.SSLContext, "set_alpn_protocols", lambda *_: changed.append(1))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(server.url).text, range(40)))
    assert (answers, changed) == (["ok"] * 40, [])


@pytest.mark.parametrize(
    ("own", "name", "why"),
    [(False, "127.0.0.1", "CERTIFICATE_VERIFY_FAILED"), (True, "account.example", "mismatch")],
)
def test_a_server_of_another_authority_or_name_is_refused_after_one_that_was_right(
    server: Server, authority: trustme.CA, bundle: Path, own: bool, name: str, why: str
) -> None:
    assert bundle.exists()
    assert post(server.url).text == "ok"
    with (
        closing(Server(authority if own else trustme.CA(), name)) as impostor,
        pytest.raises(requests.exceptions.SSLError, match=why),
    ):
        post(impostor.url)


def test_a_bundle_that_has_changed_is_read_again(
    server: Server, authority: trustme.CA, bundle: Path
) -> None:
    assert post(server.url).text == "ok"
    trustme.CA().cert_pem.write_to_path(bundle)
    with pytest.raises(requests.exceptions.SSLError):
        post(server.url)
    authority.cert_pem.write_to_path(bundle)
    assert post(server.url).text == "ok"


def test_without_a_bundle_the_public_authorities_are_trusted(
    server: Server, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        post(server.url)
    monkeypatch.setattr(certifi, "where", lambda: str(bundle))
    assert post(server.url).text == "ok"


def test_a_bundle_that_cannot_be_read_is_the_error_that_it_is_to_requests(
    server: Server, bundle: Path
) -> None:
    bundle.write_text("no certificate")
    with pytest.raises(requests.exceptions.RequestException) as ours:
        post(server.url)
    with pytest.raises(requests.exceptions.RequestException) as theirs:
        requests.post(server.url, json={}, timeout=10)
    assert type(ours.value) is type(theirs.value)


def test_a_folder_of_authorities_is_left_to_requests(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    with pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        post(server.url)


def test_behind_a_proxy_requests_does_what_it_always_does(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bundle.exists()
    mounted = []
    really = requests.Session.mount

    def mount(session: requests.Session, prefix: str, adapter: HTTPAdapter) -> None:
        mounted.append(type(adapter))
        really(session, prefix, adapter)

    monkeypatch.setattr(requests.Session, "mount", mount)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with pytest.raises(requests.exceptions.ProxyError):
        post("https://account.example/")
    assert mounted[-2:] == [tls._Watched] * 2


def test_a_bundle_that_is_not_there_is_explained_by_requests(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nowhere.pem"))
    with pytest.raises(OSError, match=r"CA certificate bundle, invalid path: .*nowhere\.pem"):
        post(server.url)


def test_the_client_finds_everything_else_that_requests_has() -> None:
    assert client.requests.Response is requests.Response
    assert client.requests.exceptions is requests.exceptions


def test_a_client_that_sends_in_another_way_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    other = object()
    monkeypatch.setattr(client, "requests", other)
    tls.install()
    assert client.requests is other
    monkeypatch.delattr(client, "requests")
    tls.install()
    assert not hasattr(client, "requests")


def test_nobody_waits_for_as_long_as_a_busy_service_says() -> None:
    for wait in ("1000000000", "9" * 5_000, "Fri, 01 Jan 2100 00:00:00 GMT"):
        with serving(refusing(429, b"{}", f"Retry-After: {wait}")) as server:
            error = stream(server.strategy("direct"), ask(), retry=ONCE).result().error
        assert error is not None
        assert (error.code, error.status) == ("rate_limited", 429)


def test_a_redirect_without_end_is_not_read_to_its_end() -> None:
    start = b"HTTP/1.1 307 X\r\nLocation: /v1/elsewhere\r\n\r\n"
    with serving(endless(start, again=b"a" * 60_000)) as server:
        error = stream(server.strategy("direct"), ask(), retry=ONCE).result().error
    assert error is not None
    assert error.code not in ("total", "first_chunk")


def test_a_server_that_says_nothing_is_given_up_after_the_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tls, "TIMEOUTS", (10.0, 0.2))
    with serving(silent) as server:
        error = stream(server.strategy("direct"), ask(), retry=ONCE).result().error
    assert error is not None
    assert error.code == "connection"


def test_a_request_that_waits_for_its_headers_can_be_ended() -> None:
    with serving(silent) as server:
        answer = stream(server.strategy("direct"), ask(), retry=ONCE)
        answer.start()
        wait_for(lambda: bool(server.requests))
        answer.cancel()
        wait_for(lambda: "stream-pump" not in {thread.name for thread in threading.enumerate()})

"""What a server can do to a stream, and what it cannot: every wait and every body has a limit."""

from __future__ import annotations

import socket
import threading
import time
import zlib

import pytest
import requests
from snowflake.cortex import _complete as client

from streaming import Limits, Pace, Retry, StreamResult, bodies, stream
from tests.streaming.asking import SECONDS, ask, wait_for
from tests.streaming.hostile import (
    EVENTS,
    Play,
    Server,
    answering,
    endless,
    refusing,
    serving,
    silent,
)

CLIENTS = ["direct", "chat"]
# For servers that never answer; a busy machine may need longer for those that do.
SHORT = Limits(first_chunk=0.3, idle=0.3, total=5.0)
PATIENT = Limits(first_chunk=300.0, total=600.0)
# Far less than the limits of the stream, and far more than any of these takes.
SOON = 100.0
JSON = b"Content-Type: application/json\r\n"


def packed(megabytes: int) -> bytes:
    """So much text, in gzip: a thousandth of it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(b"a" * 1_000_000) for _ in range(megabytes)]
    return b"".join([*parts, packer.flush()])


def head(status: int, *headers: bytes) -> bytes:
    lines = b"".join(line + b"\r\n" for line in headers)
    return b"HTTP/1.1 %d X\r\n%b\r\n" % (status, JSON + lines)


def asked(client: str, play: Play) -> StreamResult:
    with serving(play) as server:
        once = Retry(attempts=1)
        return stream(
            server.strategy(client), ask(), pace=Pace.off(), limits=PATIENT, retry=once
        ).result()


def pumps() -> int:
    return sum(thread.name == "stream-pump" for thread in threading.enumerate())


BOMB = packed(64)

ENDLESS = {
    "a header": (
        endless(b"HTTP/1.1 200 OK\r\n", again=b"X-A: %b\r\n" % (b"a" * 900)),
        "connection",
    ),
    "a header line": (endless(b"HTTP/1.1 200 OK\r\nX-A: ", again=b"a" * 900), "connection"),
    "an error": (endless(head(403), again=b"a" * 60_000), "forbidden"),
    "an error in chunks": (
        endless(head(403, b"Transfer-Encoding: chunked"), again=b"1000\r\n%b\r\n" % (b"a" * 4096)),
        "forbidden",
    ),
    "the size of a chunk": (
        endless(head(403, b"Transfer-Encoding: chunked"), again=b"0" * 99),
        "forbidden",
    ),
    "an error in gzip": (
        answering(head(403, b"Content-Encoding: gzip"), BOMB),
        "forbidden",
    ),
    "a redirection": (endless(head(307, b"Location: /v1/elsewhere"), again=b"a" * 60_000), "http"),
    "an answer in JSON": (endless(head(200), again=b'{"a": "' * 9_000), "bad_answer"),
    "an event": (endless(EVENTS + b"data: ", again=b"a" * 60_000), "bad_answer"),
    "an event of many lines": (endless(EVENTS, again=b"data: a\n" * 1_000), "bad_answer"),
    "an answer in gzip": (
        answering(EVENTS[:-2] + b"Content-Encoding: gzip\r\n\r\n", BOMB),
        "bad_answer",
    ),
}


# One header, one error and one event for each client; what else there is has the same limits.
THOROUGH = set(ENDLESS) - {"a header", "an error in gzip", "an event"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.thorough if name in THOROUGH else ())
        for name in ENDLESS
    ],
)
@pytest.mark.parametrize("client", CLIENTS)
def test_what_never_ends_is_not_read_to_its_end(client: str, name: str) -> None:
    play, code = ENDLESS[name]
    began = time.monotonic()
    error = asked(client, play).error
    assert error is not None
    assert error.code == code
    assert time.monotonic() - began < SOON
    wait_for(lambda: pumps() == 0)


SAID = b'{"code": "003001", "message": "'
SLOW = {
    "until it hangs up": endless(head(403), SAID, again=b"a", pause=0.05),
    "of a length": endless(head(403, b"Content-Length: 9000"), SAID, again=b"a", pause=0.05),
    "in chunks": endless(
        head(403, b"Transfer-Encoding: chunked"),
        b"%x\r\n%b\r\n" % (len(SAID), SAID),
        again=b"1\r\na\r\n",
        pause=0.05,
    ),
}


@pytest.mark.parametrize(
    "name",
    [
        "until it hangs up",
        pytest.param("of a length", marks=pytest.mark.thorough),
        pytest.param("in chunks", marks=pytest.mark.thorough),
    ],
)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_slow_error_is_read_for_a_moment_and_what_came_is_recognised(
    monkeypatch: pytest.MonkeyPatch, client: str, name: str
) -> None:
    monkeypatch.setattr(bodies, "MOST_SECONDS", 0.2)
    began = time.monotonic()
    error = asked(client, SLOW[name]).error
    assert error is not None
    assert error.code == "account_type"
    assert time.monotonic() - began < SOON


@pytest.mark.parametrize("client", CLIENTS)
def test_nobody_waits_for_as_long_as_a_busy_service_says(client: str) -> None:
    for wait in ("1000000000", "9" * 5_000, "Fri, 01 Jan 2100 00:00:00 GMT"):
        error = asked(client, refusing(429, b"{}", f"Retry-After: {wait}")).error
        assert error is not None
        assert (error.code, error.status) == ("rate_limited", 429)


NO_ANSWER = {
    "says nothing": silent,
    "says to go on": endless(again=b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.01),
    "begins a header": answering(b"HTTP/1.1 200 OK\r\nX-A: ", b""),
    "sends headers only": endless(EVENTS, again=b"", pause=0.05),
    "asks to wait": refusing(503, b"{}", "Retry-After: 25"),
}


@pytest.mark.parametrize("name", NO_ANSWER)
@pytest.mark.parametrize("client", CLIENTS)
def test_no_thread_outlives_a_stream_that_is_cancelled_before_its_answer(
    client: str, name: str
) -> None:
    play = NO_ANSWER[name]

    def held(connection: socket.socket, request: bytes) -> None:
        play(connection, request)
        connection.recv(1)

    with serving(held) as server:
        answer = stream(server.strategy(client), ask(), pace=Pace.off())
        answer.start()
        wait_for(lambda: len(server.requests) == 1)
        answer.cancel()
        wait_for(lambda: pumps() == 0)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_handshake_that_never_comes_ends_with_its_stream(client: str) -> None:
    # As Server does not: it reads nothing.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(silent)
        server.port = listening.getsockname()[1]
        answer = stream(server.strategy(client, scheme="https"), ask(), limits=SHORT)
        assert answer.result().status == "timeout"
        wait_for(lambda: pumps() == 0)
        server.close()


@pytest.mark.parametrize("client", CLIENTS)
def test_a_server_that_takes_no_connection_is_given_up_with_its_stream(client: str) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for full in waiting:
            full.setblocking(False)
            full.connect_ex(listening.getsockname())
        server = Server(silent)
        server.port = listening.getsockname()[1]
        answer = stream(server.strategy(client), ask(), limits=SHORT)
        assert answer.result().status == "timeout"
        wait_for(lambda: pumps() == 0)
        for full in waiting:
            full.close()
        server.close()


@pytest.fixture
def another_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """A snowflake.cortex whose module is not the one that this knows."""
    monkeypatch.setattr(client, "requests", _Lookalike())
    monkeypatch.setattr(client, "time", _Lookalike())


class _Lookalike:
    post = staticmethod(requests.post)
    sleep, time = time.sleep, time.time


@pytest.mark.usefixtures("another_client")
def test_with_a_client_that_shows_no_socket_a_stream_still_ends_at_its_limit() -> None:
    leave = threading.Event()
    with serving(lambda _, __: (leave.wait(60), None)[1]) as server:
        answer = stream(server.strategy("direct"), ask(), limits=SHORT)
        result = answer.result()
        assert (result.status, result.error and result.error.code) == ("timeout", "first_chunk")
        # Its thread ends when the server hangs up.
        assert pumps() == 1
        leave.set()
        wait_for(lambda: pumps() == 0)


@pytest.mark.usefixtures("another_client")
def test_with_a_client_that_shows_no_socket_an_error_is_read_within_the_same_limits() -> None:
    error = asked("direct", ENDLESS["an error"][0]).error
    assert error is not None
    assert error.code == "forbidden"


@pytest.mark.parametrize("client", CLIENTS)
def test_a_refusal_that_somebody_keeps_holds_no_connection(client: str) -> None:
    ended = threading.Event()

    def refuse(connection: socket.socket, request: bytes) -> None:
        refusing(403, b"{}", "Connection: keep-alive")(connection, request)
        if not connection.recv(1):
            ended.set()

    with serving(refuse) as server:
        once = Retry(attempts=1)
        kept = stream(server.strategy(client), ask(), retry=once).result()
        assert kept.error is not None
        assert ended.wait(SECONDS)


NO_EVENTS = [
    '{"choices": [5]}',
    '{"choices": "text"}',
    '{"choices": [{"delta": {"content": 5}}]}',
    '{"choices": [{"delta": {"content": ["a", "b"]}}]}',
    '{"choices": {"a": 1}}',
    "5",
    "[" * 100_000,
    "9" * 5_000,
]


@pytest.mark.parametrize("client", CLIENTS)
def test_an_event_that_is_none_is_an_answer_without_it_or_one_that_cannot_be_read(
    client: str,
) -> None:
    text = 'data: {"choices": [{"delta": {"content": "%s"}}]}\n\n'
    for event in NO_EVENTS:
        play = answering(EVENTS, (text % "one").encode(), f"data: {event}\n\n".encode())
        result = asked(client, play)
        assert result.text.startswith("one"), event[:80]
        assert result.error is None or result.error.code == "bad_answer", event[:80]

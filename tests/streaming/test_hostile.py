"""What a server can do to a stream, and what it cannot: every wait and every body has a limit."""

from __future__ import annotations

import socket
import threading
import time
import zlib

import pytest

from streaming import Limits, Pace, Retry, StreamResult, bodies, stream
from tests.streaming.asking import SECONDS, ask, wait_for
from tests.streaming.hostile import (
    EVENTS,
    Play,
    answering,
    endless,
    refusing,
    serving,
    silent,
)

CLIENTS = ["direct", "chat"]
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
    "an error": (endless(head(403), again=b"a" * 60_000), "forbidden"),
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
    if (client, name) == ("direct", "a redirection"):
        pytest.skip("requests reads it; course.tls has the limit")
    play, code = ENDLESS[name]
    began = time.monotonic()
    error = asked(client, play).error
    assert error is not None
    assert error.code == code
    assert time.monotonic() - began < SOON
    wait_for(lambda: pumps() == 0)


@pytest.mark.parametrize(
    ("play", "code"),
    [
        (answering(head(200), b"{}"), "bad_answer"),
        (answering(head(403, b"Content-Encoding: gzip"), b"no gzip"), "forbidden"),
    ],
)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_body_that_is_not_what_its_head_says_has_a_code(
    client: str, play: Play, code: str
) -> None:
    error = asked(client, play).error
    assert error is not None
    assert error.code == code


SAID = b'{"code": "003001", "message": "'
SLOW = {
    "until it hangs up": endless(head(403), SAID, again=b"a", pause=0.05),
    "in chunks": endless(
        head(403, b"Transfer-Encoding: chunked"),
        b"%x\r\n%b\r\n" % (len(SAID), SAID),
        again=b"1\r\na\r\n",
        pause=0.05,
    ),
}


# One way for each client.
@pytest.mark.parametrize(("client", "name"), [*zip(CLIENTS, SLOW, strict=True)])
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
def test_no_thread_outlives_a_stream_that_is_cancelled_while_its_model_is_silent(
    client: str,
) -> None:
    def silent_model(connection: socket.socket, _: bytes) -> None:
        connection.sendall(EVENTS)
        connection.recv(1)

    with serving(silent_model) as server:
        answer = stream(server.strategy(client), ask(), pace=Pace.off())
        answer.start()
        wait_for(lambda: len(server.requests) == 1)
        answer.cancel()
        wait_for(lambda: pumps() == 0)


def test_a_stream_that_is_stopped_before_its_headers_ends_its_thread_when_they_come() -> None:
    headers = threading.Event()
    hung_up = threading.Event()

    def late(connection: socket.socket, _: bytes) -> None:
        headers.wait(SECONDS)
        connection.sendall(EVENTS)
        if not connection.recv(1):
            hung_up.set()

    with serving(late) as server:
        answer = stream(server.strategy("direct"), ask())
        answer.start()
        wait_for(lambda: len(server.requests) == 1)
        answer.cancel()
        headers.set()
        assert hung_up.wait(SECONDS)
        wait_for(lambda: pumps() == 0)


def test_with_the_openai_client_a_request_that_waits_for_its_headers_can_be_ended() -> None:
    with serving(silent) as server:
        answer = stream(server.strategy("chat"), ask())
        answer.start()
        wait_for(lambda: len(server.requests) == 1)
        answer.cancel()
        wait_for(lambda: pumps() == 0)


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

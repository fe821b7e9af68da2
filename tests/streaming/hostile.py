"""Servers on loopback that send what no client expects, and what both clients make of them."""

from __future__ import annotations

import atexit
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from types import SimpleNamespace

import openai

from streaming import ChatCompletionsStrategy, DirectStrategy, Strategy

#: What a server does with one request after the other: (its connection, the request's bytes).
Play = Callable[[socket.socket, bytes], None]

EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


class Server:
    """Reads a request on each connection, and then does what it was told."""

    def __init__(self, play: Play, tls: ssl.SSLContext | None = None) -> None:
        self._play, self._tls = play, tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.requests: list[bytes] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def strategy(self, client: str, scheme: str = "http") -> Strategy:
        """Return a strategy of either client that asks this server."""
        if client == "chat":
            return ChatCompletionsStrategy(self.chat_client(scheme))
        rest = SimpleNamespace(token="x")
        connection = SimpleNamespace(host=f"127.0.0.1:{self.port}", scheme=scheme, rest=rest)
        session: object = SimpleNamespace(connection=connection)
        return DirectStrategy(session)

    def chat_client(self, scheme: str = "http") -> openai.OpenAI:
        return _client().with_options(base_url=f"{scheme}://127.0.0.1:{self.port}/v1")

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                request = _request(connection)
                self.requests.append(request)
                self._play(connection, request)


@cache
def _client() -> openai.OpenAI:
    """Return a client that all servers share, since reading the public authorities takes long."""
    client = openai.OpenAI(api_key="x", base_url="http://127.0.0.1")
    atexit.register(client.close)
    return client


def _request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in head.splitlines()
        if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return body


@contextmanager
def serving(play: Play, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(play, tls)
    try:
        yield server
    finally:
        server.close()


def answering(*parts: bytes) -> Play:
    """Send these bytes and hang up."""

    def play(connection: socket.socket, _: bytes) -> None:
        for part in parts:
            connection.sendall(part)

    return play


def refusing(status: int, body: bytes, *headers: str) -> Play:
    """Refuse with a status, a body and headers of its own."""
    lines = [f"HTTP/1.1 {status} No", "Content-Type: application/json", *headers]
    if not any(line.lower().startswith(("content-length", "transfer")) for line in headers):
        lines.append(f"Content-Length: {len(body)}")
    return answering("\r\n".join(lines).encode() + b"\r\n\r\n", body)


def endless(*start: bytes, again: bytes, pause: float = 0.0) -> Play:
    """Send this, and then the same again and again until the client hangs up."""
    wait = threading.Event()

    def play(connection: socket.socket, _: bytes) -> None:
        for part in start:
            connection.sendall(part)
        while True:
            connection.sendall(again)
            if pause:
                wait.wait(pause)

    return play


def silent(connection: socket.socket, _: bytes) -> None:
    """Take the request and say nothing, until the client hangs up."""
    connection.recv(1)

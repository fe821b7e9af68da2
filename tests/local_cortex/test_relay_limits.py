"""What a model server can send without end, and where the relay stops reading."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from local_cortex.engines import EngineError
from local_cortex.engines import relay as module
from local_cortex.engines.relay import RelayEngine
from tests.local_cortex.cortex_engines import call

SOON = 60.0
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
FAILED = b"HTTP/1.1 500 Internal Server Error\r\ncontent-type: application/json\r\n"

Script = Callable[[asyncio.StreamWriter], Awaitable[None]]


def again(first: bytes, endless: bytes) -> Script:
    """Send something once, then something else for ever."""

    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(endless)
            await writer.drain()
            await asyncio.sleep(0)

    return script


def once(everything: bytes) -> Script:
    """Send something, and keep the connection."""

    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(everything)
        await writer.drain()
        await asyncio.Event().wait()

    return script


async def failure_of(script: Script) -> EngineError:
    """Ask a server that answers by this script; the failure must let the connection go."""
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sending = asyncio.ensure_future(script(writer))
        try:
            while await reader.read(65_536):
                pass
        except ConnectionError:
            pass
        finally:
            gone.set()
            sending.cancel()
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        engine = RelayEngine(f"http://127.0.0.1:{port}/v1")
        with pytest.raises(EngineError) as failed:
            async for _ in engine.stream(call()):
                pass
        await gone.wait()
    return failed.value


def failure(script: Script) -> EngineError:
    running: Coroutine[Any, Any, EngineError] = failure_of(script)
    return asyncio.run(asyncio.wait_for(running, SOON))


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "REJECTION_BYTES": 2_000,
        "REJECTION_SECONDS": 0.5,
        "EVENT_BYTES": 10_000,
        "ANSWER_BYTES": 100_000,
    }.items():
        monkeypatch.setattr(module, name, value)


@pytest.mark.parametrize(
    ("endless", "said"),
    [
        (b"x" * 1_000, "an event without an end"),
        (b"data: x\n", "an event without an end"),
        (b": ping\n\n", "an event without an end"),
        (b'data: {"choices": []}\n\n', "an answer without an end"),
    ],
)
def test_a_stream_without_an_end_is_given_up(endless: bytes, said: str) -> None:
    error = failure(again(STREAM, endless))
    assert error.status == 502
    assert said in str(error)


def test_interim_answers_without_an_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEAD_SECONDS", 0.2)
    error = failure(again(b"", b"HTTP/1.1 100 Continue\r\n\r\n"))
    assert "did not answer in 0.2 s" in str(error)


def test_headers_without_an_end_are_given_up() -> None:
    error = failure(again(b"HTTP/1.1 200 OK\r\n", b"x-header: y\r\n"))
    assert error.status == 502


@pytest.mark.parametrize("endless", [b'{"error": ', b""])
def test_of_a_rejection_only_the_beginning_is_read(endless: bytes) -> None:
    head = FAILED + b"content-length: 1000000000000\r\n\r\n"
    assert failure(again(head, endless)).status == 502


def test_a_rejection_that_comes_too_slowly_says_what_came() -> None:
    error = failure(once(FAILED + b"content-length: 10000\r\n\r\nthe disk is full"))
    assert "answered 500: the disk is full" in str(error)


def test_a_compressed_rejection_is_not_unpacked() -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    head = FAILED + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(bomb)
    assert "answered 500: Internal Server Error" in str(failure(once(head + bomb)))


def test_a_compressed_stream_is_refused() -> None:
    head = STREAM.replace(b"\r\n\r\n", b"\r\ncontent-encoding: gzip\r\n\r\n")
    assert "compressed its stream" in str(failure(again(head, gzip.compress(b" " * 10_000))))


def test_a_wish_to_be_asked_later_is_no_reason_to_wait() -> None:
    head = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 1000000000\r\n"
    error = failure(once(head + b"content-length: 0\r\n\r\n"))
    assert error.status == 429

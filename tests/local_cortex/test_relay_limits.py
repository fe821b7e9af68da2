"""How long the relay waits for what a model server sends with a rejection."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from local_cortex.engines import EngineError
from local_cortex.engines import relay as module
from local_cortex.engines.relay import RelayEngine
from tests.local_cortex.cortex_engines import call

SOON = 60.0
FAILED = b"HTTP/1.1 500 Internal Server Error\r\ncontent-type: application/json\r\n"


async def _failure(sent: bytes) -> EngineError:
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        with suppress(ConnectionError):
            while await reader.read(65_536):
                pass
        gone.set()
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(EngineError) as failed:
            async for _ in RelayEngine(f"http://127.0.0.1:{port}/v1").stream(call()):
                pass
        await gone.wait()
    return failed.value


def failure(sent: bytes) -> EngineError:
    """Ask a server that sends this and keeps the connection, which the failure must let go."""
    return asyncio.run(asyncio.wait_for(_failure(sent), SOON))


def test_a_rejection_that_comes_too_slowly_says_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REJECTION_SECONDS", 0.5)
    error = failure(FAILED + b"content-length: 10000\r\n\r\nthe disk is full")
    assert "answered 500: the disk is full" in str(error)


def test_a_wish_to_be_asked_later_is_no_reason_to_wait() -> None:
    head = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 1000000000\r\n"
    error = failure(head + b"content-length: 0\r\n\r\n")
    assert error.status == 429

"""A response whose body cannot grow without end: what httpx and httpx-sse leave to their caller."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["Bounded", "TooMuch", "beginning", "is_plain"]


class TooMuch(Exception):
    """A body, or one event of it, is larger than it may be."""


class Bounded(httpx.AsyncByteStream):
    """Counts the bytes of a response's stream, which takes its place.

    ``piece`` is the most bytes between two calls of :meth:`next`, ``whole`` the most of all.

    Raises:
        TooMuch: while the response is read, at the first byte beyond one of them.
    """

    def __init__(self, response: httpx.Response, piece: int, whole: int) -> None:
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)  # noqa: S101 - of an AsyncClient
        self._stream = stream
        self._piece = self._piece_left = piece
        self._whole_left = whole
        response.stream = self

    def next(self) -> None:
        """Begin a new piece."""
        self._piece_left = self._piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._stream:
            self._piece_left -= len(data)
            self._whole_left -= len(data)
            if self._piece_left < 0:
                raise TooMuch("an event without an end")
            if self._whole_left < 0:
                raise TooMuch("an answer without an end")
            yield data

    async def aclose(self) -> None:
        await self._stream.aclose()


def is_plain(response: httpx.Response) -> bool:
    """Tell whether a body is as it was sent: a compressed one unpacks to a thousand times as much.

    Servers are asked for such bodies.
    """
    encoding: str = response.headers.get("content-encoding", "")
    return encoding.strip().lower() in {"", "identity"}


async def beginning(response: httpx.Response, most: int, seconds: float) -> bytes:
    """Read at most ``most`` bytes of a body, for at most ``seconds``."""
    body = b""
    try:
        async with asyncio.timeout(seconds):
            async for data in response.aiter_raw():
                body += data
                if len(body) >= most:
                    break
    except (TimeoutError, httpx.HTTPError):
        # The part that arrived may be enough.
        pass
    return body[:most] if is_plain(response) else b""

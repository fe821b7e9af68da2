"""Streamlit's own protocol, spoken by a client that counts: no browser, any number in one loop.

A page is shown by sending it a request to run its script and reading what it sends until the script
has finished (streamlit/proto/BackMsg.proto and ForwardMsg.proto).
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

# What a slow connection keeps unread on its way; the default of several megabytes would read ahead.
SLOW_BUFFER_BYTES = 65_536


@dataclass
class Run:
    """What one run of a page's script sent.

    Attributes:
        finished: whether the server said that the script has finished.
        messages: how many messages came.
        payload: their bytes before any compression, without WebSocket's own few per message.
        updates: seconds from the request to each message that brought new text.
    """

    finished: bool = False
    messages: int = 0
    payload: int = 0
    updates: list[float] = field(default_factory=list)
    _elements: dict[tuple[int, ...], str] = field(default_factory=dict)
    _cached: dict[str, ForwardMsg] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The Markdown that is on the page, from top to bottom."""
        places = sorted(self._elements)
        return "\n\n".join(self._elements[place] for place in places if self._elements[place])

    def add(self, data: bytes, seconds: float) -> None:
        """Take in a message."""
        self.messages += 1
        self.payload += len(data)
        message = ForwardMsg.FromString(data)
        if message.WhichOneof("type") == "ref_hash":
            # The content of an earlier message, which a browser has kept.
            metadata, message = message.metadata, self._cached[message.ref_hash]
            message.metadata.CopyFrom(metadata)
        elif message.metadata.cacheable:
            self._cached[message.hash] = message
        kind = message.WhichOneof("type")
        if kind == "script_finished":
            self.finished = True
        elif kind == "delta":
            self._show(tuple(message.metadata.delta_path), message.delta, seconds)

    def _show(self, place: tuple[int, ...], delta: Delta, seconds: float) -> None:
        # Whatever comes to a place takes the place of all that was in it.
        for other in [other for other in self._elements if other[: len(place)] == place]:
            if other != place:
                del self._elements[other]
        element = delta.new_element
        is_text = delta.WhichOneof("type") == "new_element" and element.HasField("markdown")
        body = element.markdown.body if is_text else ""
        if body != self._elements.get(place, ""):
            self.updates.append(seconds)
        self._elements[place] = body


@asynccontextmanager
async def open_connection(
    url: str, *, bits_per_second: float | None = None
) -> AsyncIterator[Connection]:
    """Connect to the Streamlit server at ``url`` as a new tab does.

    With ``bits_per_second`` the connection is read no faster than that.
    """
    address = urlsplit(url)
    plain = socket.create_connection((address.hostname, address.port or 80))
    if bits_per_second is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BUFFER_BYTES)
    async with connect(
        f"ws://{address.netloc}/_stcore/stream",
        sock=plain,
        subprotocols=["streamlit"],  # type: ignore[list-item]
        compression=None,
        proxy=None,
        max_size=None,
        # One message is read ahead; the rest waits in the connection.
        max_queue=1 if bits_per_second is not None else 16,
    ) as websocket:
        yield Connection(websocket, bits_per_second)


class Connection:
    """An open connection to a page."""

    def __init__(self, websocket: ClientConnection, bits_per_second: float | None) -> None:
        self._websocket = websocket
        self._bits_per_second = bits_per_second

    async def run(self, query: str = "", *, timeout_seconds: float) -> Run:
        """Run the page's script with a query string, and return what came until it had finished.

        If it has not after ``timeout_seconds``, or the server hangs up: what has come until then.
        """
        request = BackMsg()
        request.rerun_script.query_string = query
        run = Run()
        began = time.monotonic()
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._websocket.send(request.SerializeToString())
                while not run.finished:
                    data = await self._websocket.recv(decode=False)
                    run.add(data, time.monotonic() - began)
                    if self._bits_per_second is not None:
                        await self._until(began + run.payload * 8 / self._bits_per_second)
        except (TimeoutError, ConnectionClosed):
            pass  # the run says that it has not finished
        return run

    async def stop(self) -> None:
        """Ask for the end of the script, as Streamlit's own Stop button does."""
        request = BackMsg()
        request.stop_script = True
        await self._websocket.send(request.SerializeToString())

    @staticmethod
    async def _until(moment: float) -> None:
        await asyncio.sleep(max(0.0, moment - time.monotonic()))


def run_script(
    url: str, query: str, *, timeout_seconds: float, bits_per_second: float | None = None
) -> Run:
    """Open a page in a new connection, run its script once, and return what it sent."""

    async def run() -> Run:
        async with open_connection(url, bits_per_second=bits_per_second) as connection:
            return await connection.run(query, timeout_seconds=timeout_seconds)

    return asyncio.run(run())

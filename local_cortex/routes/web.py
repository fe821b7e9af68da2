"""What every route needs of HTTP: connections, bounded bodies, tokens, JSON, server-sent events."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
import ssl
import struct
import uuid
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from local_cortex.faults import Refusal, invalid
from local_cortex.loopback import SNOWFLAKE_DOMAINS

T = TypeVar("T")

# Far above any prompt of the course; below what would trouble the server.
MAX_BODY_BYTES = 8 * 1024 * 1024
# Of a body: to read more of them at once would keep every other answer waiting.
MOST_VALUES = 250_000
MOST_OBJECTS = 10_000  # in one list
# The idle timeout of a stream, before its first event and between two.
SILENT_SECONDS = 120.0
# Of a stream, however lively. A model on a learner's own processor takes minutes for a long answer.
STREAM_SECONDS = 600.0
#: The key in a request's scope of a function that closes its connection; ``hang_up(True)`` resets.
HANG_UP = "local_cortex.hang_up"
#: The key in a request's scope of whether it comes from a program that this server was started for.
LAUNCHED = "local_cortex.launched"
# What public programs have seen of Cortex's numbers: of a refused call, and of a missing object.
# Snowflake documents the fields, not which number goes with which status.
REFUSED, ERROR_NUMBERS = "399302", {404: "002003", 500: "000603"}
# Closing a socket with zero linger drops unsent data and sends a reset.
NO_LINGER = struct.pack("ii", 1, 0)


def launch_name(secret: str) -> str:
    """Return the host name by which a program shows in a TLS handshake that it knows ``secret``."""
    label = hashlib.sha256(f"launch {secret}".encode()).hexdigest()[:60]
    return f"{label}.{SNOWFLAKE_DOMAINS[0]}"


def recognise(context: ssl.SSLContext, name: str) -> None:
    """Have the connections of ``context`` remember whether their client asked for ``name``."""

    def named(connection: Any, asked: str | None, _context: ssl.SSLContext) -> None:
        connection.launched = hmac.compare_digest(asked or "", name)

    context.sni_callback = named


class CuttableProtocol(H11Protocol):
    """uvicorn's own protocol, whose applications may cut the connection and know whose it is.

    Faults need the one, and programs under `local_cortex run` the other (startup/sitecustomize.py).
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # Nagle's algorithm costs 40 ms on each small event of a kept-alive connection.
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        application = self.app
        launched = getattr(transport.get_extra_info("ssl_object"), "launched", False)

        def hang_up(reset: bool) -> None:
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
                transport.abort()
            else:
                transport.close()

        async def with_hang_up(scope: Any, receive: Any, send: Any) -> None:
            scope[HANG_UP] = hang_up
            scope[LAUNCHED] = launched
            await application(scope, receive, send)

        self.app = with_hang_up


async def json_body(
    request: Request, most: int = MAX_BODY_BYTES, values: int = MOST_VALUES
) -> dict[str, Any]:
    """Read a JSON object, gzipped or not, without ever holding more than ``most`` bytes.

    A body with more commas than ``values`` is refused; those within texts count, too.

    Raises a ``Refusal``: 413 beyond the limit, also once unpacked; 400 if unreadable.
    """
    body = await _body(request, most)
    if body.count(b",") > values:
        raise Refusal(413, f"the body has more than {values:,} values")
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "the body is not JSON") from error
    if not isinstance(value, dict):
        raise Refusal(400, "the body is not a JSON object")
    return value


async def _body(request: Request, most: int) -> bytearray:
    # Window bits 31 is zlib's way of saying gzip.
    gzip = zlib.decompressobj(31) if request.headers.get("content-encoding") == "gzip" else None
    body = bytearray()
    async for chunk in request.stream():
        try:
            body += gzip.decompress(chunk, most + 1) if gzip else chunk
        except zlib.error as error:
            raise Refusal(400, "the body is not gzip, although content-encoding says so") from error
        if len(body) > most:
            raise Refusal(413, f"the body is larger than {most} bytes")
    return body


def text(body: Mapping[str, Any], name: str) -> str:
    """Read a text that a JSON body must have, or raise a ``Refusal``."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Refusal(400, f"Missing required field: {name}")
    return value


def list_of_objects(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Read a list of objects that a JSON body must have, or raise a ``Refusal``."""
    value = body.get(name)
    if not isinstance(value, list):
        raise Refusal(400, f"Missing required field: {name}")
    if len(value) > MOST_OBJECTS:
        raise invalid(f"{name} has more than {MOST_OBJECTS:,} entries")
    if not all(isinstance(one, dict) for one in value):
        raise invalid(f"a {name.removesuffix('s')} must be an object")
    return value


def session_token(headers: Mapping[str, str]) -> str | None:
    """Return the token of ``Authorization: Snowflake Token="..."``, or ``None``."""
    value = headers.get("authorization", "")
    prefix = 'Snowflake Token="'
    if value.startswith(prefix) and value.endswith('"'):
        return value[len(prefix) : -1]
    return None


def bearer(headers: Mapping[str, str]) -> str | None:
    """Return the token of ``Authorization: Bearer ...``, or ``None``."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token else None


def json_text(value: Any) -> bytes:
    """Encode a value as readable JSON; half of a surrogate pair becomes the escape that it was."""
    written = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return written.encode("utf-8", "backslashreplace")


class JsonResponse(JSONResponse):
    """A JSON answer that any text can be put into, a client's own malformed text included."""

    def render(self, content: Any) -> bytes:
        return json_text(content)


def rest_error(status: int, message: str, code: str = "") -> JsonResponse:
    """Build an error in the envelope of Snowflake's REST endpoints."""
    request_id, code = str(uuid.uuid4()), code or ERROR_NUMBERS.get(status, REFUSED)
    body = {"code": code, "message": message, "request_id": request_id, "error_code": code}
    return JsonResponse(body, status_code=status, headers={"x-snowflake-request-id": request_id})


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Await ``work`` after the body, or cancel it and raise when the client disconnects."""

    async def disconnected() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    answer = asyncio.create_task(work)
    leaving = asyncio.create_task(disconnected())
    try:
        await asyncio.wait((answer, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            raise ClientDisconnect
        return answer.result()
    finally:
        answer.cancel()
        leaving.cancel()
        # Wait for the cancelled task: an engine closes its connection first.
        await asyncio.gather(answer, leaving, return_exceptions=True)


class EventStream(StreamingResponse):
    """Server-sent events that the installed ``snowflake.cortex`` client accepts.

    Starlette would add ``; charset=utf-8`` to a media type, and the client takes exactly
    ``text/event-stream`` (snowflake/cortex/_sse_client.py). ``close`` is awaited when the stream is
    over, also when it never began. ``hang_up`` resets a stream that is silent for
    ``SILENT_SECONDS`` or takes ``STREAM_SECONDS``.
    """

    def __init__(
        self,
        events: AsyncIterator[bytes],
        close: Callable[[], Awaitable[None]],
        hang_up: Callable[[bool], None],
        content_type: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        own = {"content-type": content_type or "text/event-stream", "cache-control": "no-cache"}
        super().__init__(_framed(events), headers={**own, **(headers or {})})
        self._close = close
        self._hang_up = hang_up

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(STREAM_SECONDS):
                await super().__call__(scope, receive, send)
        except TimeoutError:
            self._hang_up(True)
        finally:
            await self._close()


async def _framed(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                lines = await anext(events)
        except StopAsyncIteration:
            return
        yield lines + b"\n\n"

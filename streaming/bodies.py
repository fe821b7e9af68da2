"""Read response bodies within limits of bytes and seconds, and end a read from another thread."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from streaming import sockets

__all__ = ["MOST_BYTES", "TooLong", "is_document", "limited", "read", "wake"]

#: Of a body that is no answer: an error in JSON has a few hundred bytes.
MOST_BYTES = 16_384
MOST_SECONDS = 1.0
#: Of an event in an answer, and of a whole answer: far more than any model writes.
EVENT_BYTES = 262_144
ANSWER_BYTES = 64_000_000
CHUNK_BYTES = 1_024
# zlib finds out by itself whether it is gzip or deflate (zlib.decompressobj).
EITHER_HEADER = 47


class TooLong(Exception):
    """An answer, or an event in it, that is longer than any model writes."""


def read(response: Any) -> bytes:
    """Return the first ``MOST_BYTES`` of a body that come in ``MOST_SECONDS``; close the response.

    ``response`` is one of ``requests`` or of ``httpx``; it keeps what was read as its content. Both
    limits hold for what comes over the network and for what is unpacked from it.
    """
    kept = getattr(response, "_content", None)
    if isinstance(kept, bytes):
        _close(response)
        return kept[:MOST_BYTES]
    # One that was read to its end goes back to urllib3's pool, and stays open there.
    connection = getattr(getattr(response, "raw", None), "connection", None)
    alarm = threading.Timer(MOST_SECONDS, wake, [response])
    alarm.daemon = True
    alarm.start()
    try:
        body = _unpacked(_first_bytes(response), str(_header(response, "content-encoding")))
    finally:
        alarm.cancel()
        _close(response)
        _close(connection)
    with suppress(AttributeError):  # no response of these clients
        # Where both of them look first; requests asks for the second, too.
        response._content = body
        response._content_consumed = True
    return body


def is_document(response: Any) -> bool:
    """Return whether a body is one object or a page, and so no stream of events."""
    kind = str(_header(response, "content-type")).partition(";")[0].strip().lower()
    return kind in ("application/json", "text/html")


def limited(
    chunks: Callable[..., Iterator[bytes]],
    ended: Callable[[], bool],
    *,
    event_bytes: int = EVENT_BYTES,
) -> Callable[..., Iterator[bytes]]:
    """Wrap what reads an answer's ``chunks``: it stops once ``ended()``, and has limits.

    Raises, when iterated:
        TooLong: an event of more than ``event_bytes``, or an answer of more than ``ANSWER_BYTES``.
    """

    def read_on(*args: Any, **kwargs: Any) -> Iterator[bytes]:
        event = answer = 0
        for chunk in chunks(*args, **kwargs):
            size = len(chunk)
            event = 0 if b"\n\n" in chunk or b"\n\r\n" in chunk else event + size
            answer += size
            if event > event_bytes or answer > ANSWER_BYTES:
                raise TooLong
            if ended():
                # The socket may still hold text that came before the end.
                return
            yield chunk

    return read_on


def wake(response: object) -> None:
    """End a read of this response that waits for the service, from any thread."""
    shutdown = getattr(getattr(response, "raw", None), "shutdown", None)
    if shutdown is None:
        network = getattr(response, "extensions", {}).get("network_stream")
        opened = network.get_extra_info("socket") if network is not None else None
        if opened is None:
            return
        shutdown = partial(sockets.shut, opened)
    # Raised when the answer has ended meanwhile, and its connection with it.
    with suppress(OSError, RuntimeError, ValueError):
        shutdown()


def _first_bytes(response: Any) -> bytes:
    body, ends = bytearray(), time.monotonic() + MOST_SECONDS
    try:
        for chunk in _chunks(response):
            body += chunk
            if len(body) >= MOST_BYTES or time.monotonic() >= ends:
                break
    except Exception:
        # Each client has its own errors for a body that breaks off; what came by then will do.
        return bytes(body[:MOST_BYTES])
    return bytes(body[:MOST_BYTES])


def _chunks(response: Any) -> Iterator[bytes]:
    """Yield whatever has come, so that nothing of a body that breaks off is lost."""
    read = getattr(getattr(response, "raw", None), "read1", None)
    if read is not None:
        return iter(lambda: read(CHUNK_BYTES), b"")
    iter_raw = getattr(response, "iter_raw", None)
    return iter(iter_raw() if iter_raw is not None else ())


def _unpacked(body: bytes, encoding: str) -> bytes:
    if encoding.lower() not in ("gzip", "x-gzip", "deflate"):
        return body
    try:
        return zlib.decompressobj(EITHER_HEADER).decompress(body, MOST_BYTES)
    except zlib.error:
        return b""


def _header(response: Any, name: str) -> object:
    return (getattr(response, "headers", None) or {}).get(name, "")


def _close(closable: Any) -> None:
    # A response without a connection cannot be closed.
    with suppress(AttributeError):
        closable.close()

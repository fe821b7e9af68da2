"""HTTP/1.1 connections that an application can cut, and that know whose program they are of.

What the faults of a network need is the one; the other is for programs under `local_cortex run`,
which name a launch in their TLS handshake (startup/sitecustomize.py).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import socket
import ssl
import struct
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from local_cortex.loopback import SNOWFLAKE_DOMAINS

__all__ = ["HANG_UP", "LAUNCHED", "CuttableProtocol", "launch_name", "recognise"]

#: The key in a request's scope of a function that closes its connection; ``hang_up(True)`` resets.
HANG_UP = "local_cortex.hang_up"
#: The key in a request's scope of whether it comes from a program that this server was started for.
LAUNCHED = "local_cortex.launched"
# Closing a socket with zero linger drops unsent data and sends a reset.
NO_LINGER = struct.pack("ii", 1, 0)
# From a connection to the end of its first request's headers.
HEAD_SECONDS = 30.0


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
    """uvicorn's own protocol, whose applications are given a way to the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        application = self.app
        launched = getattr(transport.get_extra_info("ssl_object"), "launched", False)
        # uvicorn has a keep-alive timeout between requests, and none before the first.
        self.loop.call_later(HEAD_SECONDS, self._close_unused)

        def hang_up(reset: bool) -> None:
            if reset:
                transport.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER
                )
                transport.abort()
            else:
                transport.close()

        async def with_hang_up(scope: Any, receive: Any, send: Any) -> None:
            scope[HANG_UP] = hang_up
            scope[LAUNCHED] = launched
            await application(scope, receive, send)

        self.app = with_hang_up

    def _close_unused(self) -> None:
        if self.cycle is None:
            self.transport.close()

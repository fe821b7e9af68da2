"""HTTP/1.1 connections that an application can cut: what the faults of a network need."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["HANG_UP", "CuttableProtocol"]

#: The key in a request's scope of a function that closes its connection; ``hang_up(True)`` resets.
HANG_UP = "local_cortex.hang_up"
# Closing a socket that lingers for no time drops what is unsent and sends a reset.
NO_LINGER = struct.pack("ii", 1, 0)
# From a connection to the end of its first request's headers.
HEAD_SECONDS = 30.0


class CuttableProtocol(H11Protocol):
    """uvicorn's own protocol, whose applications are given a way to the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        application = self.app
        # uvicorn has a limit for what comes between two requests, and none for the first.
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
            await application(scope, receive, send)

        self.app = with_hang_up

    def _close_unused(self) -> None:
        if self.cycle is None:
            self.transport.close()

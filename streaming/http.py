"""An answer over httpx: sent with our own timeouts, read within limits, ended from any thread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from streaming import bodies, sockets
from streaming.deltas import Delta
from streaming.errors import StreamUnavailable, refusal

__all__ = ["HEADERS", "Answer", "Http"]

# Seconds, as httpx names them; a stream's own limits are shorter.
TIMEOUTS = {"connect": 10.0, "read": 300.0, "write": 300.0, "pool": 10.0}
# Each answer has a connection of its own, so that ending one ends no other. And packed, a kilobyte
# may be a megabyte of text.
HEADERS = {"Connection": "close", "Accept-Encoding": "identity"}


class Http:
    """An ``httpx.Client`` with our timeouts and a limit on how much of an error it reads."""

    def __init__(self, http: Any) -> None:
        self._http = http

    def __getattr__(self, name: str) -> Any:
        return getattr(self._http, name)

    def send(self, request: Any, **options: Any) -> Any:
        request.extensions |= {"timeout": TIMEOUTS, "trace": _trace}
        # Following one, it would read its body without a limit.
        response = self._http.send(request, **{**options, "follow_redirects": False})
        if not response.is_success:
            bodies.read(response)
        return response


def _trace(event: str, info: dict[str, Any]) -> None:
    """Show the sockets of httpcore's connections."""
    if event.endswith(("connect_tcp.complete", "start_tls.complete")):
        opened = info["return_value"].get_extra_info("socket")
        if opened is not None:
            sockets.show(opened)


class Answer:
    """The deltas in a response; a strategy says in ``read`` how its events become deltas.

    Raises:
        StreamUnavailable: it isn't an answer: HTTP 200, but JSON or HTML.
    """

    buffered = True

    def __init__(self, response: Any, *, event_bytes: int = bodies.EVENT_BYTES) -> None:
        refused = refusal(response)
        if refused is None and "content-encoding" in response.headers:
            response.close()
            refused = "bad_answer"
        if refused is not None:
            raise StreamUnavailable(refused)
        self.response = response
        """Its bytes are read from now on."""
        self._aborted = False
        # What reads the response asks it for its bytes then.
        response.iter_bytes = bodies.limited(
            response.iter_bytes, lambda: self._aborted, event_bytes=event_bytes
        )
        self.finish_reason: str | None = None
        self._deltas = self.read()

    def read(self) -> Iterator[Delta]:
        """Read the response to its end."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[Delta]:
        return self

    def __next__(self) -> Delta:
        return next(self._deltas)

    def close(self) -> None:
        """Give the connection back; only from the thread that reads."""
        self.response.close()
        # The response holds itself by this: a cycle, which would keep its buffers for a while.
        vars(self.response).pop("iter_bytes", None)

    def abort(self) -> None:
        """End a read that waits for the model."""
        self._aborted = True
        bodies.wake(self.response)

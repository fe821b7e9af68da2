"""What the lab reads inside the clients: how often they ask, and the bytes of an answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from streaming.deltas import Delta
from streaming.strategies.direct import GuardedSession, response_of

if TYPE_CHECKING:
    from snowflake.snowpark import Session

# The client waits a second at least before it asks again, and looks at its session several times
# each time it asks.
APART_SECONDS = 0.5


class CountedSession(GuardedSession):
    """A guarded session that counts its requests."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.requests = 0
        self._looked_at = float("-inf")

    def __getattr__(self, name: str) -> Any:
        if name == "connection" and not self.aborted:
            now = time.monotonic()
            self.requests += now - self._looked_at >= APART_SECONDS
            self._looked_at = now
        elif name == "sql":
            # A statement renews the session; what follows it is a request of its own.
            self._looked_at = float("-inf")
        return super().__getattr__(name)


def tap(answer: Iterator[Delta], see: Callable[[bytes], object]) -> None:
    """Show ``see`` an answer's bytes as the client reads them; only this one answer is changed."""
    # The Snowflake client iterates over its response, which asks itself for this
    # (requests/models.py); the OpenAI client asks for the other (_streaming.py).
    response: Any = response_of(answer)
    name = "iter_content"
    if response is None:
        response, name = getattr(answer, "response", None), "iter_bytes"
    if response is None:
        return
    read = getattr(response, name)

    def tapped(*args: Any, **kwargs: Any) -> Iterator[bytes]:
        for chunk in read(*args, **kwargs):
            see(chunk)
            yield chunk

    setattr(response, name, tapped)

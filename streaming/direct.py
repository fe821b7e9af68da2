"""Method 1: let ``snowflake.cortex`` stream, and hand its deltas on."""

from __future__ import annotations

import inspect
import platform
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, cast

from streaming.errors import EXPIRED_SESSION, StreamUnavailable
from streaming.gate import Gate
from streaming.request import CompletionRequest

if TYPE_CHECKING:
    from requests import Response
    from snowflake.snowpark import Session

__all__ = ["DirectStrategy"]

# The client retries a busy service for ever unless it is given a limit; ours are kept by
# TextStream, on a clock that also runs while the socket is silent.
CLIENT_TIMEOUT_SECONDS = 300.0
# The client makes a TLS context for each request, which takes a core for 20 ms: a class that asks
# at once would hold up whatever streams. A model that takes longer to answer holds nobody up.
ASKING = Gate(places=2, lease=0.03)


class DirectStrategy:
    """``Complete(..., stream=True)`` on a Snowpark session.

    How its answers ended is not known (status ``unknown_end``): the client throws the finish reason
    away (snowflake/cortex/_complete.py), and it skips events that say ``event: error``
    (_sse_client.py), after which an answer that was cut ends like any other.
    """

    name = "direct"

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def live(self) -> bool:
        """False in a stored procedure, where the platform hands the answer over as a whole."""
        # Snowpark's own test for being there (snowflake/snowpark/_internal/utils.py).
        return platform.platform() != "XP"

    def open(self, request: CompletionRequest) -> _Answer:
        """Return the answer's deltas; the request is sent when the first one is asked for.

        Raises, when iterated:
            requests.HTTPError, requests.ConnectionError, TimeoutError: as the client does.
            StreamUnavailable: the session is over.
        """
        return _Answer(self._session, request)


class _Answer:
    """The client's generator, with what it lacks: a way to end its waiting."""

    def __init__(self, session: Session, request: CompletionRequest) -> None:
        self._session = _Guarded(session)
        self._request = request
        self._generator: Generator[str, None, None] | None = None
        self._response: Response | None = None

    def __iter__(self) -> Iterator[str]:
        if self._generator is None:
            self._ask()
            if self._session_has_expired():
                self.close()
                # Cortex's endpoint renews no session; the connector does, with any statement.
                self._session.sql("SELECT 1").collect()
                self._ask()
                if self._session_has_expired():
                    raise StreamUnavailable("unauthorised")
        assert self._generator is not None  # noqa: S101 - _ask() has just made it
        return self._generator

    def __next__(self) -> str:
        return next(iter(self))

    def close(self) -> None:
        """Give the connection back; only from the thread that reads."""
        if self._generator is not None:
            self._generator.close()
        if self._response is not None:
            self._response.close()

    def abort(self) -> None:
        """Let no further request be sent, and end a read that waits for the model."""
        self._session.aborted = True
        shutdown = getattr(getattr(self._response, "raw", None), "shutdown", None)
        if shutdown is None:
            return
        try:
            # The socket, for reading: that wakes whoever waits there.
            shutdown()
        except (OSError, RuntimeError, ValueError):
            # The answer has ended meanwhile, and its connection with it: nothing waits any more.
            return

    def _ask(self) -> None:
        # Imported on first use: it takes more than a second, and Home never needs it.
        from snowflake.cortex import complete

        question: object = self._request.prompt
        if self._request.messages is not None:
            question = [message.model_dump() for message in self._request.messages]
        with ASKING.turn():
            answer = complete(
                self._request.model,
                question,
                options=self._request.options or None,
                session=self._session,
                stream=True,
                timeout=CLIENT_TIMEOUT_SECONDS,
            )
        self._generator = cast("Generator[str, None, None]", answer)
        # An argument of the generator function, so it is there before the first next(); the client
        # offers no other way to it and sets no socket timeout.
        self._response = inspect.getgeneratorlocals(self._generator).get("response")

    def _session_has_expired(self) -> bool:
        """Tell whether this is no answer but Snowflake's word that the session token has run out.

        That comes as HTTP 200 with JSON, and the client breaks on it.
        """
        response = self._response
        if response is None or response.headers.get("content-type") != "application/json":
            return False
        body = response.json()
        return isinstance(body, dict) and body.get("code") == EXPIRED_SESSION


class _Guarded:
    """A session that lets nobody near its connection any more once it is ``aborted``.

    A busy service is asked again and again by the client, in a loop that looks at nothing but its
    own deadline. It asks the session for its connection each time.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.aborted = False

    def __getattr__(self, name: str) -> Any:
        if name == "connection" and self.aborted:
            raise ConnectionAbortedError
        return getattr(self._session, name)

"""Method 1: let ``snowflake.cortex`` stream, and hand its deltas on."""

from __future__ import annotations

import inspect
import platform
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, cast

from streaming.errors import StreamUnavailable
from streaming.request import CompletionRequest

if TYPE_CHECKING:
    from requests import Response
    from snowflake.snowpark import Session

__all__ = ["DirectStrategy"]

# The client retries a busy service for ever unless it is given a limit; ours are kept by
# TextStream, on a clock that also runs while the socket is silent.
CLIENT_TIMEOUT_SECONDS = 300.0
EXPIRED_SESSION = "390112"


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
        """Send the request; the call returns when the service has begun to answer.

        Raises:
            requests.HTTPError, requests.ConnectionError, TimeoutError: as the client does.
            StreamUnavailable: the session is over.
        """
        answer = self._ask(request)
        if answer.session_has_expired():
            answer.close()
            # Cortex's endpoint does not renew a session; the connector does, with any statement.
            self._session.sql("SELECT 1").collect()
            answer = self._ask(request)
            if answer.session_has_expired():
                raise StreamUnavailable("unauthorised")
        return answer

    def _ask(self, request: CompletionRequest) -> _Answer:
        # Imported on first use: it takes more than a second, and Home never needs it.
        from snowflake.cortex import complete

        question: object = request.prompt
        if request.messages is not None:
            question = [message.model_dump() for message in request.messages]
        answer = complete(
            request.model,
            question,
            options=request.options or None,
            session=self._session,
            stream=True,
            timeout=CLIENT_TIMEOUT_SECONDS,
        )
        return _Answer(cast("Generator[str, None, None]", answer))


class _Answer:
    """The client's generator, with the one thing it lacks: a way to end a blocked read."""

    def __init__(self, generator: Generator[str, None, None]) -> None:
        self._generator = generator
        # The response is an argument of the generator function, so it is there before the first
        # next(); the client offers no other way to it and sets no socket timeout.
        self._response: Response | None = inspect.getgeneratorlocals(generator).get("response")

    def session_has_expired(self) -> bool:
        """Tell whether this is no answer but Snowflake's word that the session token has run out.

        That comes as HTTP 200 with code 390112 in a JSON body ("Known issues" of the Cortex REST
        API), and the client breaks on it.
        """
        response = self._response
        if response is None or response.headers.get("content-type") != "application/json":
            return False
        body = response.json()
        return isinstance(body, dict) and body.get("code") == EXPIRED_SESSION

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._generator)

    def close(self) -> None:
        """Give the connection back; only from the thread that reads."""
        self._generator.close()
        if self._response is not None:
            self._response.close()

    def abort(self) -> None:
        """Shut the socket for reading, so that a read that waits for the model ends now."""
        shutdown = getattr(getattr(self._response, "raw", None), "shutdown", None)
        if shutdown is None:
            return
        try:
            shutdown()
        except (OSError, RuntimeError, ValueError):
            # The answer has ended meanwhile, and its connection with it: nothing waits any more.
            return

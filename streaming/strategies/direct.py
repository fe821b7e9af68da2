"""Method 1: let ``snowflake.cortex`` stream, and hand its deltas on."""

from __future__ import annotations

import inspect
import platform
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, cast

from streaming import bodies
from streaming.deltas import Delta
from streaming.errors import StreamUnavailable, refusal
from streaming.fair_queue import BEGINNING
from streaming.request import CompletionRequest

if TYPE_CHECKING:
    from requests import Response
    from snowflake.snowpark import Session

__all__ = ["DirectStrategy"]

# The client retries a busy service without end unless it has a limit; ours are kept by
# TextStream, on a clock that also runs while the socket is silent.
CLIENT_TIMEOUT_SECONDS = 300.0


class DirectStrategy:
    """``Complete(..., stream=True)`` on a Snowpark session.

    How its answers ended is not known (status ``unknown_end``): the client throws the finish reason
    away (snowflake/cortex/_complete.py), and it skips events that say ``event: error``
    (_sse_client.py), after which an answer that was cut ends like any other.

    Args:
        session: whose token the request is sent with.
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

    buffered = True

    def __init__(self, session: Session, request: CompletionRequest) -> None:
        self._session = GuardedSession(session)
        self._request = request
        self._generator: Generator[str, None, None] | None = None
        self.response: Response | None = None
        """What the client reads, once ``iter()`` has sent the request."""
        self._connection: Any = None

    def __iter__(self) -> Iterator[str]:
        if self._generator is None:
            self._ask()
            refused = refusal(self.response)
            if refused == "unauthorised":
                self.close()
                # Cortex's endpoint renews no session; the connector does, with any statement.
                self._session.sql("SELECT 1").collect()
                self._ask()
                refused = refusal(self.response)
            if refused is not None:
                raise StreamUnavailable(refused)
        assert self._generator is not None  # noqa: S101 - _ask() has just made it
        return self._generator

    def __next__(self) -> str:
        return next(iter(self))

    def close(self) -> None:
        """Give the connection back; only from the thread that reads."""
        if self._generator is not None:
            self._generator.close()
        if self.response is not None:
            self.response.close()
            # It refers to itself by this: a cycle, which keeps its buffers until it is collected.
            vars(self.response).pop("iter_content", None)
            # An answer that was read to its end leaves it open in urllib3's pool.
            if self._connection is not None:
                self._connection.close()

    def abort(self) -> None:
        """Send no further request, and end a read that waits for the model."""
        self._session.aborted = True
        bodies.wake(self.response)

    def _ask(self) -> None:
        # Imported on first use: it takes more than a second, and Home never needs it.
        from snowflake.cortex import complete

        question: object = self._request.prompt
        if self._request.messages is not None:
            question = [
                message.model_dump(include={"role", "content"})
                for message in self._request.messages
            ]
        with BEGINNING.turn():
            answer = complete(
                self._request.model,
                question,
                options=self._request.options or None,
                session=self._session,
                stream=True,
                timeout=CLIENT_TIMEOUT_SECONDS,
            )
        self._generator = cast("Generator[str, None, None]", answer)
        self.response = response_of(self._generator)
        if self.response is None:
            return
        self._connection = getattr(self.response.raw, "connection", None)
        # The client iterates over the response, which asks itself for this (requests/models.py,
        # __iter__). Only this one response is changed.
        read = bodies.limited(self.response.iter_content, lambda: self._session.aborted)
        setattr(self.response, "iter_content", read)  # noqa: B010 - mypy: a method
        if self._session.aborted:
            # abort() came while there was no response to wake.
            bodies.wake(self.response)


def response_of(answer: Iterator[Delta]) -> Response | None:
    """Return the response that a streamed answer of the client reads; ``None`` if it has none.

    It is an argument of the generator function, so it is there before the first ``next()``; the
    client offers no other way to it and sets no socket timeout.
    """
    if not inspect.isgenerator(answer):
        return None
    return inspect.getgeneratorlocals(answer).get("response")


class GuardedSession:
    """A session that gives out no connection once it is ``aborted``.

    The client asks a busy service again and again, in a loop that looks only at its own deadline,
    and takes the session's connection each time.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.aborted = False

    def __getattr__(self, name: str) -> Any:
        if name == "connection" and self.aborted:
            raise ConnectionAbortedError
        return getattr(self._session, name)

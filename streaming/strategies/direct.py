"""Method 1: let ``snowflake.cortex`` stream, and hand its deltas on."""

from __future__ import annotations

import inspect
import platform
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, cast

from streaming import bodies, reasons
from streaming.errors import StreamUnavailable
from streaming.fair_queue import BEGINNING
from streaming.request import CompletionRequest
from streaming.sockets import WATCH, Watch, wake

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
    (_sse_client.py), after which an answer that was cut ends like any other. From its first request
    on, all of the process's requests by the client share one TLS context, and a stream's have
    limits (``one_context``).

    Args:
        session: whose token the request is sent with.
        tap: is shown the answer's bytes as the client reads them, in the thread that reads.
    """

    name = "direct"

    def __init__(self, session: Session, *, tap: Callable[[bytes], object] | None = None) -> None:
        self._session = session
        self._tap = tap

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
        return _Answer(self._session, request, self._tap)


class _Answer:
    """The client's generator, with what it lacks: a way to end its waiting."""

    def __init__(
        self,
        session: Session,
        request: CompletionRequest,
        tap: Callable[[bytes], object] | None,
    ) -> None:
        self._session = GuardedSession(session)
        self._watch = WATCH.get() or Watch()
        self._tap = tap
        self._request = request
        self._generator: Generator[str, None, None] | None = None
        self._response: Response | None = None
        self._connection: Any = None

    def __iter__(self) -> Iterator[str]:
        if self._generator is None:
            self._ask()
            refused = self._refusal()
            if refused == "unauthorised":
                self.close()
                # Cortex's endpoint renews no session; the connector does, with any statement.
                self._session.sql("SELECT 1").collect()
                self._ask()
                refused = self._refusal()
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
        if self._response is not None:
            self._response.close()
            # It holds itself by this: a cycle, which would keep its buffers until it is collected.
            vars(self._response).pop("iter_content", None)
            # An answer that was read to its end leaves it open in urllib3's pool.
            if self._connection is not None:
                self._connection.close()
        self._watch.close()

    def abort(self) -> None:
        """Let no further request be sent, and end a read that waits for the model."""
        self._session.aborted = True
        self._watch.end()
        wake(self._response)

    def _ask(self) -> None:
        # Imported on first use: it takes more than a second, and Home never needs it.
        from snowflake.cortex import complete

        from streaming.one_context import share_context

        share_context()
        question: object = self._request.prompt
        if self._request.messages is not None:
            question = [message.model_dump() for message in self._request.messages]
        with BEGINNING.turn(), self._watch.watching():
            answer = complete(
                self._request.model,
                question,
                options=self._request.options or None,
                session=self._session,
                stream=True,
                timeout=CLIENT_TIMEOUT_SECONDS,
            )
        self._generator = cast("Generator[str, None, None]", answer)
        self._response = response_of(self._generator)
        if self._response is not None:
            self._connection = getattr(self._response.raw, "connection", None)
            # The client iterates over the response, which asks itself for this (requests/models.py,
            # __iter__). Only this one response is changed.
            read = bodies.limited(self._response.iter_content, self._watch)
            if self._tap is not None:
                read = _tapped(read, self._tap)
            setattr(self._response, "iter_content", read)  # noqa: B010 - mypy: a method

    def _refusal(self) -> str | None:
        """Return the code of what is no answer although its status is 200; ``None`` for an answer.

        It comes as one document, and the client breaks on it. That is how Snowflake says that the
        session token has run out.
        """
        response = self._response
        if response is None or not bodies.is_document(response):
            return None
        said = bodies.read(response).decode("utf-8", "replace")
        return reasons.find(said, response.status_code) or "bad_answer"


def response_of(answer: Iterator[str]) -> Response | None:
    """Return the response that a streamed answer of the client reads; ``None`` if it has none.

    It is an argument of the generator function, so it is there before the first ``next()``; the
    client offers no other way to it and sets no socket timeout.
    """
    return inspect.getgeneratorlocals(cast("Generator[str, None, None]", answer)).get("response")


def _tapped(
    read: Callable[..., Iterator[bytes]], tap: Callable[[bytes], object]
) -> Callable[..., Iterator[bytes]]:
    def tapped(*args: Any, **kwargs: Any) -> Iterator[bytes]:
        for chunk in read(*args, **kwargs):
            tap(chunk)
            yield chunk

    return tapped


class GuardedSession:
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

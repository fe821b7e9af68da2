"""What can go wrong with a stream, in three kinds, each with a stable code."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from streaming import bodies, reasons

__all__ = [
    "StreamError",
    "StreamInterrupted",
    "StreamTimeout",
    "StreamUnavailable",
    "from_exception",
    "refusal",
]


class StreamError(Exception):
    """A stream that did not end as it should.

    ``code`` is stable and names the reason; ``partial`` is the text that had arrived; ``status`` is
    the HTTP status, ``request_id`` what the service calls the request and ``retry_after`` how many
    seconds it asks to wait, where there were any. ``retryable`` says whether the same request may
    succeed later. The exception that caused it is ``__cause__``. The message holds nothing of the
    account, the token or the prompt, so it may be logged.
    """

    def __init__(
        self,
        code: str,
        *,
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(code if status is None else f"{code} (HTTP {status})")
        self.code = code
        self.partial = ""
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return self.code in RETRYABLE


class StreamTimeout(StreamError):
    """One of the limits passed: ``first_chunk``, ``idle`` or ``total``."""


class StreamInterrupted(StreamError):
    """The answer broke off after its first text."""


class StreamUnavailable(StreamError):
    """There was no answer at all."""


#: Codes of what may pass by itself.
RETRYABLE = frozenset(
    {
        *("first_chunk", "idle", "client_timeout"),
        *("rate_limited", "service", "unavailable", "connection", "cut"),
    }
)

#: HTTP status -> code. The statuses are those that Snowflake documents for Cortex REST, and those
#: that the client was seen to turn into ``requests.HTTPError``.
STATUS_CODES = {
    400: "bad_request",
    401: "unauthorised",
    402: "budget",
    403: "forbidden",
    404: "not_found",
    429: "rate_limited",
    500: "service",
    502: "service",
    503: "unavailable",
    504: "unavailable",
    # What Cortex is not known to send, and other servers of the protocol are.
    408: "unavailable",
    413: "too_long",
    422: "bad_request",
    529: "unavailable",
}

#: Name of an exception's class -> code, for the classes that the Snowflake and OpenAI clients let
#: out. Names, because importing them would import the clients.
CLASS_CODES = {
    "TimeoutError": "client_timeout",
    "APITimeoutError": "client_timeout",
    "APIConnectionError": "connection",
    "APIError": "service",
    "AgentError": "service",
    "SSEError": "bad_answer",
    "TooLong": "bad_answer",
    "ReadError": "cut",
    "RemoteProtocolError": "cut",
    "TransportError": "connection",
    "ConnectionError": "connection",
    "ConnectTimeout": "connection",
    "ReadTimeout": "connection",
    "ChunkedEncodingError": "cut",
    "MidStreamException": "service",
    "ResponseParseException": "bad_answer",
    "JSONDecodeError": "bad_answer",
    "DecodingError": "bad_answer",
    "ContentDecodingError": "bad_answer",
    "UnicodeDecodeError": "bad_answer",
    "RecursionError": "bad_answer",
    "SnowflakeAuthenticationException": "unauthorised",
}

#: Classes whose message is the service's own: of an error in the middle of a stream, or of SQL.
TELLING = frozenset(
    {"APIError", "AgentError", "MidStreamException", "ProgrammingError", "SnowparkSQLException"}
)
#: How a refusal inside a stored procedure begins; its status is in the text only.
REFUSED = "Request failed"

#: (name of an exception's class, how its message begins) -> code: what ``snowflake.cortex`` lets
#: slip of its own making (_complete.py, _sse_client.py).
CLIENT_SLIPS = {
    ("ValueError", REFUSED): "rate_limited",
    # A Retry-After that is a date.
    ("ValueError", "invalid literal for int()"): "rate_limited",
    # A content type with a charset; one that is JSON; a number of thousands of digits.
    ("ValueError", "Unknown Content-Type"): "bad_answer",
    ("AttributeError", "'Response' object has no attribute 'data'"): "bad_answer",
    ("ValueError", "Exceeds the limit"): "bad_answer",
    # Events that aren't what they should be, and texts that aren't texts.
    ("TypeError", "'NoneType' object is not"): "bad_answer",
    ("TypeError", "'int' object is not"): "bad_answer",
    ("TypeError", "object of type '"): "bad_answer",
    ("TypeError", "string indices must be"): "bad_answer",
    ("TypeError", "list indices must be"): "bad_answer",
    ("TypeError", "string argument expected"): "bad_answer",
}


def from_exception(error: BaseException, *, text_came: bool) -> StreamError:
    """Turn whatever a strategy raised into a :class:`StreamError` that has it as its cause.

    A response that the error holds is read within limits, and closed.
    """
    if isinstance(error, StreamError):
        return error
    status: int | None = None
    response = getattr(error, "response", None)
    response_status = getattr(response, "status_code", None)
    headers: Mapping[str, str] = getattr(response, "headers", None) or {}
    if isinstance(response_status, int):
        status = response_status
        body = bodies.read(response).decode("utf-8", "replace")
        code = reasons.find(body, status) or STATUS_CODES.get(status, "http")
    else:
        known = (CLASS_CODES.get(cls.__name__) for cls in type(error).__mro__)
        code = next((found for found in known if found), None) or _slip(error)
        code = reasons.find(_told(error), None) or code
    if text_came and code == "connection":
        # One client says of a lost connection what the other says of none.
        code = "cut"
    kind = StreamInterrupted if text_came else StreamUnavailable
    made = kind(
        code,
        status=status,
        # The header that snowflake.cortex itself looks for (_complete.py, _get_request_id).
        request_id=headers.get("x-snowflake-request-id"),
        retry_after=seconds_to_wait(headers.get("retry-after"), datetime.now(UTC)),
    )
    made.__cause__ = error
    return made


def refusal(response: Any) -> str | None:
    """Return the code of a response with status 200 that isn't an answer, or ``None``.

    It is one document: the clients break on it, or take it for an answer without text. Snowflake
    reports an expired session token like this; a proxy's page is another.
    """
    if not bodies.is_document(response):
        return None
    said = bodies.read(response).decode("utf-8", "replace")
    return reasons.find(said, response.status_code) or "bad_answer"


def _told(error: BaseException) -> str:
    """Return the service's own words in an error that has no response."""
    said = str(error)
    if type(error).__name__ not in TELLING and not said.startswith(REFUSED):
        return ""
    body = getattr(error, "body", None)  # openai's: the error of the event, as it was parsed
    return (said if body is None else f"{said}\n{body}")[: bodies.MOST_BYTES]


def _slip(error: BaseException) -> str:
    kind, message = type(error).__name__, str(error)
    slips = (
        code
        for (name, beginning), code in CLIENT_SLIPS.items()
        if name == kind and message.startswith(beginning)
    )
    return next(slips, "unknown")


def seconds_to_wait(retry_after: str | None, now: datetime) -> float | None:
    """Read a ``Retry-After`` header: seconds or an HTTP date (RFC 9110, section 10.2.3).

    ``None`` for a header that is not there or says neither.
    """
    if retry_after is None:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(retry_after) - now).total_seconds()
        except (OverflowError, TypeError, ValueError):
            return None
    # Neither "nan" nor "inf" is a time to wait.
    return max(seconds, 0.0) if math.isfinite(seconds) else None

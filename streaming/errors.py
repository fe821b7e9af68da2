"""What can go wrong with a stream, in three kinds, each with a stable code."""

from __future__ import annotations

__all__ = [
    "StreamError",
    "StreamInterrupted",
    "StreamTimeout",
    "StreamUnavailable",
    "from_exception",
]


class StreamError(Exception):
    """A stream that did not end as it should.

    ``code`` is stable and names the reason; ``partial`` is the text that had arrived; ``status`` is
    the HTTP status where there was one. The exception that caused it is ``__cause__``. The message
    holds nothing of the account, the token or the prompt, so it may be logged.
    """

    def __init__(self, code: str, partial: str = "", *, status: int | None = None) -> None:
        super().__init__(code if status is None else f"{code} (HTTP {status})")
        self.code = code
        self.partial = partial
        self.status = status


class StreamTimeout(StreamError):
    """One of the limits passed: ``first_chunk``, ``idle`` or ``total``."""


class StreamInterrupted(StreamError):
    """The answer broke off after its first text."""


class StreamUnavailable(StreamError):
    """There was no answer at all."""


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
}

#: Name of an exception's class -> code, for the classes that the Snowflake client lets out. Names,
#: because importing them would import the client.
CLASS_CODES = {
    "TimeoutError": "client_timeout",
    "ConnectionError": "connection",
    "ConnectTimeout": "connection",
    "ReadTimeout": "connection",
    "ChunkedEncodingError": "cut",
    "MidStreamException": "service",
    "ResponseParseException": "bad_answer",
    "UnicodeDecodeError": "bad_answer",
    "SnowflakeAuthenticationException": "unauthorised",
}


def from_exception(error: BaseException, *, text_came: bool) -> StreamError:
    """Turn whatever a strategy raised into a :class:`StreamError` that has it as its cause."""
    if isinstance(error, StreamError):
        return error
    code, status = "unknown", None
    response_status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(response_status, int):
        code, status = STATUS_CODES.get(response_status, "http"), response_status
    else:
        known = (CLASS_CODES.get(cls.__name__) for cls in type(error).__mro__)
        code = next((found for found in known if found), code)
    kind = StreamInterrupted if text_came else StreamUnavailable
    made = kind(code, status=status)
    made.__cause__ = error
    return made

"""What ``from snowflake.cortex import Complete`` gives a program in the sandbox.

Its checks are the real module's own, carried over; the answers come from the host, and errors are
those of ``requests`` beneath it.
"""

from __future__ import annotations

import json
import time
from types import ModuleType

from practice.guest import channel, signatures, snowpark
from practice.guest.carried import requests_exceptions
from practice.guest.carried import snowflake__complete as inner
from practice.guest.channel import NotHere, Partial

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, NoReturn

URL = "https://practice.snowflakecomputing.com/api/v2/cortex/inference:complete"
REQUESTS = ("delete", "get", "head", "options", "patch", "post", "put", "request", "Session")
OPTIONS = ("max_tokens", "temperature", "top_p", "guardrails", "response_format")
PUBLIC = ("Complete", "complete", "CompleteOptions", "ConversationMessage")

# The streams that calls have made, by number; kept, so that no other object is taken for one.
_streams: dict[int, Any] = {}


class SnowflakeAuthenticationException(Exception):
    """The session has no connection."""

    __module__ = "snowflake.cortex._util"


def number_of(stream: Any) -> int | None:
    """Return which call made this stream, the first being 0; ``None`` if none did."""
    return next((number for number, made in _streams.items() if made is stream), None)


def remembered(number: int, stream: Any) -> Any:
    """Return a stream, and know from now on which call made it."""
    _streams[number] = stream
    return stream


def _complete_rest(
    *,
    model: Any,
    prompt: Any,
    options: Any,
    session: Any,
    deadline: Any,
    stream: bool = True,
    **_: Any,
) -> Any:
    """Ask the host, where the real one sends a request; return an iterator of texts."""
    if options:
        inner._validate_response_format_object(options)
    _check_time(deadline)
    session = session or snowpark.get_active_session()
    if not isinstance(session, snowpark.Session):
        session.connection  # noqa: B018 - the error that this raises is the client's
    elif session._is_closed:
        raise SnowflakeAuthenticationException("Snowflake session error: REST token missing.")
    sent = [options[key] for key in OPTIONS if key in options] if options else []
    try:
        json.dumps([model, prompt, *sent], allow_nan=False)
    except ValueError as error:
        raise requests_exceptions.InvalidJSONError(error) from error
    asked = {"model": model, "prompt": prompt, "options": options, "stream": stream}
    number = answer("complete", _error, **asked)["value"]
    return remembered(number, _return_stream_response(number, deadline))


def _return_stream_response(number: int, deadline: float | None) -> Iterator[str]:
    def pieces() -> Iterator[str]:
        try:
            # It begins here, so that close() also comes here before the first piece.
            yield ""
            while (delta := answer("next", _error, call=number)["value"]) is not None:
                _check_time(deadline)
                channel.piece_came()
                yield delta
        except GeneratorExit:
            channel.say("closed", call=number)
            raise

    made = pieces()
    next(made)
    return made


def _check_time(deadline: float | None) -> None:
    if deadline is not None and time.time() > deadline:
        raise TimeoutError


def answer(op: str, error_of: Callable[..., Exception], **fields: Any) -> dict[str, Any]:
    """Ask the host and return its answer; raise what ``error_of`` makes of an error."""
    answered: dict[str, Any] = channel.ask(op, **fields)
    if "error" in answered:
        raise error_of(**answered["error"])
    return answered


def _error(kind: str, status: int = 0, message: str = "") -> Exception:
    made: Exception
    match kind:
        case "http":
            from http import HTTPStatus  # rarely needed

            side = "Client" if status < 500 else "Server"
            reason = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
            text = f"{status} {side} Error: {reason} for url: {URL}"
            made = requests_exceptions.HTTPError(text, response=Response(status, reason))
        case "cut":
            ended = ProtocolError("Response ended prematurely")
            made = requests_exceptions.ChunkedEncodingError(ended)
        case "connection":
            text = "('Connection aborted.', ConnectionResetError())"
            made = requests_exceptions.ConnectionError(text)
        case "service":
            made = inner.MidStreamException(str({"code": "500", "message": message}))
        case "parse":
            made = inner.ResponseParseException("Server response cannot be parsed")
        case "timeout":
            made = TimeoutError()
        case _:
            made = NotHere(kind, message)
    return made


class ProtocolError(Exception):
    """What urllib3 says of an answer that was cut off."""

    __module__ = "urllib3.exceptions"


class Response:
    """A response with an error status."""

    __module__ = "requests.models"

    def __init__(self, status_code: int, reason: str) -> None:
        self.status_code, self.reason, self.url, self.ok = status_code, reason, URL, False
        self.request = None

    def __bool__(self) -> bool:
        return False

    def __getattr__(self, name: str) -> NoReturn:
        if name in ("content", "headers", "json", "text"):
            raise NotHere("network", f"response.{name}")
        raise AttributeError(f"'Response' object has no attribute '{name}'")


inner._complete_rest = _complete_rest
inner._complete_non_streaming_immediate = lambda **given: "".join(
    _complete_rest(**given, stream=False)
)


def modules() -> dict[str, ModuleType]:
    """Return the modules that programs import, by their names."""
    public = {name: getattr(inner, name) for name in PUBLIC}
    known = signatures.CORTEX
    cortex = Partial("snowflake.cortex", "cortex", known, **public, _complete=inner)
    kinds = {
        name: each for name, each in vars(requests_exceptions).items() if isinstance(each, type)
    }
    exceptions = Partial("requests.exceptions", "network", (), **kinds)
    requests = Partial("requests", "network", REQUESTS, **kinds, exceptions=exceptions)
    return {each.__name__: each for each in (cortex, inner, requests, exceptions)}

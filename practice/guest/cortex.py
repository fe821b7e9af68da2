"""What ``from snowflake.cortex import Complete`` gives a program in the sandbox.

Arguments, return values and errors are those of snowflake/cortex/_complete.py, and of ``requests``
beneath it; the answers come from the host.
"""

from __future__ import annotations

import json
import time
from types import ModuleType

from practice.guest import channel, signatures, snowpark
from practice.guest.carried import requests_exceptions
from practice.guest.channel import NotHere, Partial

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, NoReturn

__all__ = ["ask", "modules", "number_of", "remembered"]

URL = "https://practice.snowflakecomputing.com/api/v2/cortex/inference:complete"
REQUESTS = ("delete", "get", "head", "options", "patch", "post", "put", "request", "Session")
OPTIONS = ("max_tokens", "temperature", "top_p", "guardrails", "response_format")

# The streams that complete() has made, in the order of the calls; kept, so that no other object is
# taken for one of them.
_streams: dict[int, Any] = {}


class MidStreamException(Exception):
    """The service reported an error in the middle of an answer."""

    def __init__(
        self, reason: str | None = None, http_resp: Any = None, request_id: str | None = None
    ) -> None:
        message = "" if reason is None else reason
        if http_resp:
            message = f"Error in stream (HTTP Response: {http_resp.status}) - {http_resp.reason}"
        super().__init__(f"{message} (Request ID: {request_id})" if request_id else message)


class ResponseParseException(Exception):
    """The service sent what is not JSON."""


class SnowflakeAuthenticationException(Exception):
    """The session has no connection."""


class CompleteOptions(dict):  # type: ignore[type-arg]
    """Options of a call; at run time a dict like any other."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return dict(*args, **kwargs)


class ConversationMessage(CompleteOptions):
    """A message of a conversation; at run time a dict like any other."""


def number_of(stream: Any) -> int | None:
    """Return which call made this stream, the first being 0; ``None`` if none did."""
    return next((number for number, made in _streams.items() if made is stream), None)


def complete(
    model: Any,
    prompt: Any,
    *,
    options: Any = None,
    session: Any = None,
    stream: bool = False,
    timeout: float | None = None,
    deadline: float | None = None,
) -> Any:
    """Ask a model; return its answer, or with ``stream`` an iterator of its pieces."""
    if timeout is not None and deadline is not None:
        raise ValueError('only one of "timeout" and "deadline" must be set')
    if timeout is not None:
        deadline = time.time() + timeout
    if stream:
        if not isinstance(model, str):
            raise ValueError("in REST mode, 'model' must be a string")
        if not isinstance(prompt, str) and not isinstance(prompt, list):
            raise ValueError(
                "in REST mode, 'prompt' must be a string or a list of ConversationMessage"
            )
    if options:
        _check_response_format(options.get("response_format"))
    _check_time(deadline)
    _check_session(session or snowpark.get_active_session())
    sent = [options[key] for key in OPTIONS if key in options] if options else []
    _check_json([model, prompt, *sent])
    asked = {"model": model, "prompt": prompt, "options": options, "stream": bool(stream)}
    number = ask("complete", _error, **asked)
    made = _return_stream_response(number, deadline)
    if not stream:
        return "".join(made)
    return remembered(number, made)


def remembered(number: int, stream: Any) -> Any:
    """Return a stream, and know from now on which call made it."""
    _streams[number] = stream
    return stream


def _return_stream_response(number: int, deadline: float | None) -> Iterator[str]:
    while (delta := ask("next", _error, call=number)) is not None:
        _check_time(deadline)
        yield delta


def _check_response_format(given: Any) -> None:
    if given is None:
        return
    if not isinstance(given, dict):
        raise ValueError("'response_format' should be an object")  # noqa: TRY004 - the client's
    for key, kind, article in (("type", str, "a str"), ("schema", dict, "a dict")):
        if given.get(key) is None:
            raise ValueError(f"'{key}' cannot be empty for 'response_format' object")
        if not isinstance(given[key], kind):
            text = f"'{key}' needs to be {article} for 'response_format' object"
            raise ValueError(text)  # noqa: TRY004 - the client's


def _check_time(deadline: float | None) -> None:
    if deadline is not None and time.time() > deadline:
        raise TimeoutError


def _check_session(session: Any) -> None:
    if not isinstance(session, snowpark.Session):
        session.connection  # noqa: B018 - the error that this raises is the client's
    elif session.is_closed:
        raise SnowflakeAuthenticationException("Snowflake session error: REST token missing.")


def _check_json(body: list[Any]) -> None:
    try:
        json.dumps(body, allow_nan=False)
    except ValueError as error:
        raise _of_requests("InvalidJSONError", error) from error


def ask(op: str, error: Callable[..., Exception], **fields: Any) -> Any:
    """Ask the host for an answer or its next piece; ``error`` makes an error of what failed."""
    answer = channel.ask(op, **fields)
    if "error" in answer:
        raise error(**answer["error"])
    return answer["value"]


def _error(kind: str, status: int = 0, message: str = "") -> Exception:
    if kind == "http":
        from http import HTTPStatus  # rarely needed

        side = "Client" if status < 500 else "Server"
        reason = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
        text = f"{status} {side} Error: {reason} for url: {URL}"
        return _of_requests("HTTPError", text, response=Response(status, reason))
    if kind == "cut":
        return _of_requests("ChunkedEncodingError", ProtocolError("Response ended prematurely"))
    if kind == "service":
        return MidStreamException(str({"code": "500", "message": message}))
    if kind == "parse":
        return ResponseParseException("Server response cannot be parsed")
    if kind == "timeout":
        return TimeoutError()
    if kind == "connection":
        text = "('Connection aborted.', ConnectionResetError())"
        return _of_requests("ConnectionError", text)
    return NotHere(kind, message)


class ProtocolError(Exception):
    """What urllib3 says of an answer that was cut off."""


class Response:
    """A response with an error status."""

    def __init__(self, status_code: int, reason: str) -> None:
        self.status_code, self.reason, self.url, self.ok = status_code, reason, URL, False
        self.request = None

    def __bool__(self) -> bool:
        return False

    def __getattr__(self, name: str) -> NoReturn:
        if name in ("content", "headers", "json", "text"):
            raise NotHere("network", f"response.{name}")
        raise AttributeError(f"'Response' object has no attribute '{name}'")

    def __repr__(self) -> str:
        return f"<Response [{self.status_code}]>"


def _of_requests(name: str, *args: Any, **options: Any) -> Exception:
    """Return an error of the module ``requests``."""
    error: Exception = getattr(requests_exceptions, name)(*args, **options)
    return error


def modules() -> dict[str, ModuleType]:
    """Return the modules that programs import, by their names."""
    _streams.clear()
    for each in (CompleteOptions, ConversationMessage, complete):
        each.__module__ = "snowflake.cortex._complete"
    for kind in (MidStreamException, ResponseParseException):
        kind.__module__ = "snowflake.cortex._complete"
    SnowflakeAuthenticationException.__module__ = "snowflake.cortex._util"
    ProtocolError.__module__, Response.__module__ = "urllib3.exceptions", "requests.models"
    public: dict[str, Any] = {
        "Complete": complete,
        "complete": complete,
        "CompleteOptions": CompleteOptions,
        "ConversationMessage": ConversationMessage,
    }
    inner = Partial("snowflake.cortex._complete", "cortex", (), **public)
    inner.__dict__.update(
        MidStreamException=MidStreamException, ResponseParseException=ResponseParseException
    )
    cortex = Partial("snowflake.cortex", "cortex", signatures.CORTEX, **public, _complete=inner)
    known = vars(requests_exceptions).items()
    kinds = {name: kind for name, kind in known if isinstance(kind, type)}
    exceptions = Partial("requests.exceptions", "network", (), **kinds)
    requests = Partial("requests", "network", REQUESTS, **kinds, exceptions=exceptions)
    return {each.__name__: each for each in (cortex, inner, requests, exceptions)}

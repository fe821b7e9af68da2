"""What ``from snowflake.cortex import Complete`` gives a program in the sandbox.

Arguments, return values and errors are those of snowflake/cortex/_complete.py, and of ``requests``
beneath it; the answers come from whoever runs the program.
"""

from __future__ import annotations

import json
import time
from types import ModuleType

from practice.guest import channel, requests_stand_in, signatures, snowpark_stand_in
from practice.guest.channel import NotHere

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["modules", "number_of"]

URL = "https://practice.snowflakecomputing.com/api/v2/cortex/inference:complete"
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
    _check_session(session or snowpark_stand_in.get_active_session())
    sent = [options[key] for key in OPTIONS if key in options] if options else []
    _check_json([model, prompt, *sent])
    number = _ask("complete", model=model, prompt=prompt, options=options, stream=bool(stream))
    made = _return_stream_response(number, deadline)
    if not stream:
        return "".join(made)
    _streams[number] = made
    return made


def _return_stream_response(number: int, deadline: float | None) -> Iterator[str]:
    while (delta := _ask("next", call=number)) is not None:
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
    if not isinstance(session, snowpark_stand_in.Session):
        session.connection  # noqa: B018 - the error that this raises is the client's
    elif session.is_closed:
        raise SnowflakeAuthenticationException("Snowflake session error: REST token missing.")


def _check_json(body: list[Any]) -> None:
    try:
        json.dumps(body, allow_nan=False)
    except ValueError as error:
        raise requests_stand_in.InvalidJSONError(error) from error


def _ask(op: str, **fields: Any) -> Any:
    answer = channel.ask(op, **fields)
    if "error" in answer:
        raise _error(**answer["error"])
    return answer["value"]


def _error(kind: str, status: int = 0, message: str = "") -> Exception:
    if kind == "http":
        from http import HTTPStatus  # rarely needed

        side = "Client" if status < 500 else "Server"
        reason = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
        response = requests_stand_in.Response(status, reason, URL)
        text = f"{status} {side} Error: {reason} for url: {URL}"
        return requests_stand_in.HTTPError(text, response=response)
    if kind == "cut":
        return requests_stand_in.failed_connection()
    if kind == "service":
        return MidStreamException(str({"code": "500", "message": message}))
    if kind == "parse":
        return ResponseParseException("Server response cannot be parsed")
    if kind == "timeout":
        return TimeoutError()
    if kind == "connection":
        return requests_stand_in.ConnectionError("('Connection aborted.', ConnectionResetError())")
    return NotHere(kind, message)


class _Cortex(ModuleType):
    """The module; what only the real one has is told apart from a slip of the pen."""

    def __getattr__(self, name: str) -> Any:
        if name in signatures.CORTEX:
            raise NotHere("cortex", f"snowflake.cortex.{name}")
        text = f"module 'snowflake.cortex' has no attribute '{name}'"
        raise AttributeError(text, name=name, obj=self)


def modules() -> dict[str, ModuleType]:
    """Return the modules that programs import, by their names."""
    _streams.clear()
    cortex, inner = _Cortex("snowflake.cortex"), ModuleType("snowflake.cortex._complete")
    cortex.__path__ = []
    for each in (CompleteOptions, ConversationMessage, complete):
        each.__module__ = inner.__name__
        setattr(cortex, each.__name__, each)
        setattr(inner, each.__name__, each)
    cortex.__dict__.update(Complete=complete, _complete=inner)
    inner.__dict__["Complete"] = complete
    for kind in (MidStreamException, ResponseParseException):
        kind.__module__ = inner.__name__
        setattr(inner, kind.__name__, kind)
    SnowflakeAuthenticationException.__module__ = "snowflake.cortex._util"
    return {cortex.__name__: cortex, inner.__name__: inner, **requests_stand_in.modules()}

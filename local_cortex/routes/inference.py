"""What all completions share, and the list of models.

They follow Snowflake's documentation of the Cortex REST API.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from local_cortex import faults, models, speed
from local_cortex.cortex import DEFAULT_MAX_TOKENS, Completion, Cortex
from local_cortex.engines import (
    Begin,
    Call,
    Delta,
    End,
    EngineError,
    Event,
    Message,
    Thinking,
    ToolPiece,
)
from local_cortex.faults import invalid, wrong_option
from local_cortex.routes import web
from local_cortex.routes.web import JsonResponse, json_text, while_connected
from local_cortex.sessions import EXPIRED_SESSION, AuthError, Sessions
from local_cortex.tally import StreamedAnswer

log = logging.getLogger(__name__)

# A header of Local Cortex's own: the row of SHOW LOCAL CORTEX STREAMS.
STREAM_NUMBER = "x-local-cortex-stream"

T = TypeVar("T")
Piece = Delta | Thinking | ToolPiece | End


class Writer(Protocol):
    """Writes one answer in the form of an API: whole, or each piece as server-sent events."""

    def whole(self, answer: Completion) -> dict[str, Any]: ...

    def encode(self, piece: Piece) -> list[bytes]: ...


def authorise(request: Request) -> None:
    """Let a session token, our secret, or any token of a program that we were started for pass."""
    sessions: Sessions = request.app.state.sessions
    token = web.bearer(request.headers)
    if token is not None and (request.scope.get(web.LAUNCHED) or sessions.is_secret(token)):
        return
    sessions.authenticate(web.session_token(request.headers) or token or "")


async def list_models(request: Request) -> JsonResponse:
    authorise(request)
    cortex: Cortex = request.app.state.cortex
    return JsonResponse({"models": [model.name for model in cortex.models()]})


def data(value: Any) -> bytes:
    """Write a server-sent event that is only data."""
    return b"data: " + json_text(value)


def _failure(error: EngineError) -> bytes:
    return data({"error": {"code": str(error.status), "message": str(error)}})


async def answer(
    request: Request,
    call: Call,
    writer: Writer,
    *,
    streams: bool,
    failure: Callable[[EngineError], bytes] = _failure,
    done: bytes | None = None,
    hottest: float = 1,
) -> Response:
    """Answer, whole or with events; what fails before the first event has an HTTP status."""
    cortex: Cortex = request.app.state.cortex
    if not streams:
        _expire(cortex, call)
        return JsonResponse(
            writer.whole(await while_connected(request, cortex.complete(call, hottest)))
        )
    cortex.admit(call, hottest)
    fault = await meet_fault(request, call)
    events = cortex.stream(call)
    counted = cortex.tally.begin(call.model)

    async def begin() -> Event:
        return await anext(events)

    try:
        first = await _before_the_headers(request, begin())
    except BaseException:
        cortex.tally.end(counted)
        raise
    hang_up = request.scope[web.HANG_UP]

    async def events_counted() -> faults.Events:
        if not isinstance(first, Begin):
            counted.count(first)
            yield first
        async for event in events:
            counted.count(event)
            yield event

    async def close() -> None:
        await events.aclose()
        cortex.tally.end(counted)

    answered = events_counted()
    played = fault.play(answered, hang_up) if fault.play is not None else answered
    lines = _lines(played, writer, failure, done, counted)
    return web.EventStream(
        lines, close, hang_up, fault.content_type, {STREAM_NUMBER: str(counted.number)}
    )


async def meet_fault(request: Request, call: Call) -> faults.Fault:
    """Return the call's fault, or one that does nothing, after what it does before the headers."""
    fault = faults.find(call.model) or faults.NONE
    _expire(request.app.state.cortex, call)
    if fault.silent:
        await _before_the_headers(request, asyncio.Event().wait())
    return fault


def _expire(cortex: Cortex, call: Call) -> None:
    fault = faults.find(call.model)
    if fault is not None and fault.expired and cortex.first_time(call):
        raise AuthError(*EXPIRED_SESSION)


async def _lines(
    events: faults.Events,
    writer: Writer,
    failure: Callable[[EngineError], bytes],
    done: bytes | None,
    counted: StreamedAnswer,
) -> AsyncIterator[bytes]:
    try:
        async for event in events:
            if isinstance(event, bytes):
                yield event
            elif not isinstance(event, Begin):
                for lines in writer.encode(event):
                    yield lines
            # The connection has taken it when more is asked for.
            counted.sent += isinstance(event, Delta | ToolPiece)
            if isinstance(event, End):
                counted.state = "complete"
    except EngineError as error:
        log.warning("%s", error)
        counted.state = "failed"
        yield failure(error)
        return
    if counted.state == "complete" and done is not None:
        yield done


async def _before_the_headers(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Await what the headers wait for; close the connection when it takes too long."""
    try:
        async with asyncio.timeout(web.SILENT_SECONDS):
            return await while_connected(request, work)
    except TimeoutError:
        request.scope[web.HANG_UP](False)
        raise ClientDisconnect from None


def _model(name: str) -> models.Model | None:
    fault = faults.find(name)
    return fault.model(name) if fault is not None else models.find(name)


def family_of(name: str) -> str:
    """Name the family of a model; nothing for one that there isn't."""
    model = _model(name)
    return model.family if model is not None else ""


def takes_images(name: str) -> bool:
    """Tell whether a model reads pictures over REST."""
    model = _model(name)
    return model is not None and model.images and model.family in ("openai", "claude")


def read_call(
    body: Mapping[str, Any], messages: tuple[Message, ...], max_tokens: object, **more: Any
) -> Call:
    """Read what all completions have; ``Refusal`` 400 for a field missing or of the wrong type."""
    name, tokens_per_second = speed.asked_for(web.text(body, "model"))
    most = number(max_tokens, "max tokens")
    # No infinity is an integer either; 1e999 is one.
    if isinstance(most, float) and not most.is_integer():
        raise wrong_option("max tokens must be a whole number")
    return Call(
        model=name,
        messages=messages,
        max_tokens=DEFAULT_MAX_TOKENS if most is None else int(most),
        temperature=number(body.get("temperature"), "temperature"),
        top_p=number(body.get("top_p"), "top_p"),
        tokens_per_second=tokens_per_second,
        **more,
    )


def number(value: object, name: str) -> float | None:
    """Check a number; ``None`` for none."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise wrong_option(f"{name} must be a number")


def flag(body: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """Read a field that is true or false."""
    value = body.get(name)
    if value is None or isinstance(value, bool):
        return default if value is None else value
    raise invalid(f"{name} must be true or false")


ROUTES = [
    Route("/api/v2/cortex/models", list_models, methods=["GET"]),
]

"""Cortex's REST endpoints: ``inference:complete``, ``chat/completions`` and the list of models.

They follow Snowflake's documentation of the Cortex REST API and what the installed clients read:
``snowflake.cortex`` takes one kind of server-sent events, the OpenAI client another.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from local_cortex import faults, models, speed
from local_cortex.cortex import DEFAULT_MAX_TOKENS, Cortex, Refusal
from local_cortex.engines import (
    Begin,
    Call,
    Delta,
    End,
    EngineError,
    Event,
    Message,
    Thinking,
    Usage,
)
from local_cortex.routes import web
from local_cortex.routes.web import JsonResponse, json_text, while_connected
from local_cortex.sessions import EXPIRED_SESSION, AuthError, Sessions
from local_cortex.tally import StreamedAnswer

__all__ = ["ROUTES"]

log = logging.getLogger(__name__)

# A header of Local Cortex's own: the row of SHOW LOCAL CORTEX STREAMS.
STREAM_NUMBER = "x-local-cortex-stream"

T = TypeVar("T")

# What else Cortex documents of a usage, by family; nothing is cached here, and no script reasons.
DETAILS: dict[str, dict[str, Any]] = {
    "openai": {
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    },
    "claude": {"prompt_tokens_details": {"cached_tokens": 0}},
}
# Turns one event of an answer into the data of the server-sent events for this client.
Encode = Callable[[Delta | Thinking | End], "list[dict[str, Any]]"]


def authorise(request: Request) -> None:
    """Let a session token, our secret, or any token of a program that we were started for pass."""
    sessions: Sessions = request.app.state.sessions
    token = web.bearer(request.headers)
    if token is not None and (request.scope.get(web.LAUNCHED) or sessions.is_secret(token)):
        return
    sessions.authenticate(web.session_token(request.headers) or token or "")


async def inference_complete(request: Request) -> Response:
    authorise(request)
    body = await web.json_body(request)
    cortex: Cortex = request.app.state.cortex
    call = _call(body, body.get("max_tokens", body.get("max_output_tokens")))
    head = {"id": str(uuid.uuid4()), "model": call.model}
    if not _flag(body, "stream", default=True):
        whole = await while_connected(request, cortex.complete(call))
        choices = [{"message": {"content": whole.text}}]
        return JsonResponse(head | {"choices": choices, "usage": _usage(whole.usage)})

    def encode(event: Delta | Thinking | End) -> list[dict[str, Any]]:
        if isinstance(event, End):
            # No [DONE]: the client would try to read it as JSON and fail.
            return [head | {"choices": [], "usage": _usage(event.usage)}]
        # Reasoning is an event without text: a sign of life.
        text = event.text if isinstance(event, Delta) else ""
        parts = [{"type": "text", "text": text}]
        delta = {"type": "text", "content": text, "content_list": parts, "text": text}
        return [head | {"choices": [{"delta": delta}], "usage": {}}]

    return await _stream(request, call, encode)


async def chat_completions(request: Request) -> Response:
    authorise(request)
    body = await web.json_body(request)
    cortex: Cortex = request.app.state.cortex
    if "max_tokens" in body:
        raise Refusal(
            400, "invalid options object: max_tokens is not supported, use max_completion_tokens"
        )
    call = _call(body, body.get("max_completion_tokens"))
    head: dict[str, Any] = {
        "id": f"chatcmpl-{uuid.uuid4()}",
        "created": int(time.time()),
        "model": call.model,
    }

    family = _family(call.model)

    def choice(reason: str | None, **more: Any) -> list[dict[str, Any]]:
        return [{"index": 0, **more, "finish_reason": reason and _finish_reason(family, reason)}]

    if not _flag(body, "stream", default=False):
        whole = await while_connected(request, cortex.complete(call))
        message = {"role": "assistant", "content": whole.text}
        answer = {
            "object": "chat.completion",
            "choices": choice(whole.end.finish_reason, message=message),
            "usage": _usage(whole.usage) | DETAILS.get(family, {}),
        }
        return JsonResponse(head | answer)
    options = body.get("stream_options")
    include_usage = isinstance(options, dict) and options.get("include_usage") is True
    chunk = head | {"object": "chat.completion.chunk"}

    # Only OpenAI's models have a chunk that names the role, before any text.
    begin = {"role": "assistant", "content": ""} if family == "openai" else None

    def encode(event: Delta | Thinking | End) -> list[dict[str, Any]]:
        nonlocal begin
        chunks, begin = [begin] if begin else [], None
        if not isinstance(event, End):
            # The name that Snowflake has for what Claude's models think.
            name = "content" if isinstance(event, Delta) else "reasoning"
            chunks.append({name: event.text})
        sent = [chunk | {"choices": choice(None, delta=delta)} for delta in chunks]
        if isinstance(event, End):
            sent.append(chunk | {"choices": choice(event.finish_reason, delta={})})
            if include_usage:
                counted = _usage(event.usage) | DETAILS.get(family, {})
                sent.append(chunk | {"choices": [], "usage": counted})
        return sent

    return await _stream(request, call, encode, done=b"[DONE]")


async def list_models(request: Request) -> JsonResponse:
    authorise(request)
    cortex: Cortex = request.app.state.cortex
    return JsonResponse({"models": [model.name for model in cortex.models()]})


async def _stream(
    request: Request, call: Call, encode: Encode, *, done: bytes | None = None
) -> web.EventStream:
    """Answer with events, having waited for the first: what fails before it has an HTTP status."""
    cortex: Cortex = request.app.state.cortex
    cortex.admit(call)
    fault = faults.find(call.model) or faults.NONE
    if fault.expired and cortex.first_time(call):
        raise AuthError(*EXPIRED_SESSION)
    if fault.silent:
        await _before_the_headers(request, asyncio.Event().wait())
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

    async def answer() -> faults.Events:
        if not isinstance(first, Begin):
            counted.made += isinstance(first, Delta)
            yield first
        async for event in events:
            counted.made += isinstance(event, Delta)
            yield event

    async def close() -> None:
        await events.aclose()
        cortex.tally.end(counted)

    played = fault.play(answer(), hang_up) if fault.play is not None else answer()
    lines = _lines(played, encode, done, counted)
    return web.EventStream(
        lines, close, hang_up, fault.content_type, {STREAM_NUMBER: str(counted.number)}
    )


async def _lines(
    events: faults.Events, encode: Encode, done: bytes | None, counted: StreamedAnswer
) -> AsyncIterator[bytes]:
    try:
        async for event in events:
            if isinstance(event, bytes):
                yield event
            elif not isinstance(event, Begin):
                for data in encode(event):
                    yield b"data: " + json_text(data)
            # The connection has taken it when more is asked for.
            counted.sent += isinstance(event, Delta)
            if isinstance(event, End):
                counted.state = "complete"
    except EngineError as error:
        log.warning("%s", error)
        counted.state = "failed"
        failure = {"error": {"code": str(error.status), "message": str(error)}}
        yield b"data: " + json_text(failure)
        return
    if counted.state == "complete" and done is not None:
        yield b"data: " + done


async def _before_the_headers(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Await what the headers wait for; close the connection when it takes too long."""
    try:
        async with asyncio.timeout(web.SILENT_SECONDS):
            return await while_connected(request, work)
    except TimeoutError:
        request.scope[web.HANG_UP](False)
        raise ClientDisconnect from None


def _family(name: str) -> str:
    fault = faults.find(name)
    model = fault.model(name) if fault is not None else models.find(name)
    return model.family if model is not None else ""


def _finish_reason(family: str, reason: str) -> str | None:
    """Say what Cortex says: every reason for OpenAI's models, none for Claude, else ``stop``."""
    if family == "openai":
        return reason
    return None if family == "claude" else "stop"


def _usage(usage: Usage) -> dict[str, int]:
    return {**asdict(usage), "total_tokens": usage.total_tokens}


def _call(body: Mapping[str, Any], max_tokens: object) -> Call:
    """Read a request body; ``Refusal`` 400 for a field that is missing or of the wrong type."""
    model, messages = body.get("model"), body.get("messages")
    if not isinstance(model, str) or not model:
        raise Refusal(400, "Missing required field: model")
    if not isinstance(messages, list):
        raise Refusal(400, "Missing required field: messages")
    name, tokens_per_second = speed.asked_for(model)
    most = _number(max_tokens, "max tokens")
    # No infinity is an integer either; 1e999 is one.
    if isinstance(most, float) and not most.is_integer():
        raise Refusal(400, "invalid options object: max tokens must be a whole number")
    return Call(
        model=name,
        messages=tuple(_message(message) for message in messages),
        max_tokens=DEFAULT_MAX_TOKENS if most is None else int(most),
        temperature=_number(body.get("temperature"), "temperature"),
        top_p=_number(body.get("top_p"), "top_p"),
        tokens_per_second=tokens_per_second,
    )


def _message(message: object) -> Message:
    if not isinstance(message, dict):
        raise Refusal(400, "schema validation failed: a message must be an object")
    content = message.get("content")
    if isinstance(content, list):
        # Content parts: text is joined, anything else is beyond a scripted or text-only engine.
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        if any(not isinstance(part, str) for part in parts):
            raise Refusal(400, "Local Cortex answers text only: a message has a part without text")
        content = "".join(map(str, parts))
    # snowflake.cortex sends a prompt as a message without a role.
    role = message.get("role", "user")
    for value, name in ((content, "message content"), (role, "a message's role")):
        if not isinstance(value, str):
            raise Refusal(400, f"schema validation failed: {name} must be text")
    return Message(str(role), str(content))


def _number(value: object, name: str) -> float | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise Refusal(400, f"invalid options object: {name} must be a number")


def _flag(body: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = body.get(name)
    if value is None or isinstance(value, bool):
        return default if value is None else value
    raise Refusal(400, f"schema validation failed: {name} must be true or false")


ROUTES = [
    Route("/api/v2/cortex/inference:complete", inference_complete, methods=["POST"]),
    Route("/api/v2/cortex/v1/chat/completions", chat_completions, methods=["POST"]),
    Route("/api/v2/cortex/models", list_models, methods=["GET"]),
]

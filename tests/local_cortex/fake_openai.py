"""A stand-in for a learner's model server: run as a process of its own, it prints its port.

The model's name chooses what it does. ``GET /seen`` gives the requests so far, and ``GET /closed``
waits until the client of the endless answer has gone.
"""

from __future__ import annotations

import asyncio
import json
import socket
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

SEEN: list[dict[str, Any]] = []
CLOSED = asyncio.Event()


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None) -> str:
    return json.dumps({"choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish}]})


def text(content: str | None) -> str:
    return chunk({"content": content})


def called(index: int, identity: str | None, name: str | None, arguments: str) -> str:
    function = {"name": name, "arguments": arguments}
    return chunk({"tool_calls": [{"index": index, "id": identity, "function": function}]})


def events(*data: str, prefix: str = "data: ", end: str = "\n\n") -> str:
    return "".join(f"{prefix}{each}{end}" for each in data)


HELLO = [chunk({"role": "assistant"}), text("안녕 "), text("👋")]
STOP = chunk(finish="stop")
USAGE = json.dumps({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}})
DONE = "[DONE]"
ODD = [
    '{"choices": []}',
    '{"choices": null}',
    '{"choices": [{"delta": null}]}',
    "{}",
    text(None),
    text(""),
]

EMOJI = ("\ud83d", "\ude00")

# Model -> the whole body of its stream.
STREAMS = {
    "plain": events(*HELLO, STOP, USAGE, DONE),
    "no-space": events(*HELLO, STOP, DONE, prefix="data:"),
    "crlf": events(*HELLO, STOP, DONE, end="\r\n\r\n"),
    "pings": ": ping\n\n" + events(*HELLO, STOP, DONE, end="\n\n: ping\n\n"),
    "odd-chunks": events(*ODD, *HELLO, STOP, DONE),
    "no-done": events(*HELLO, STOP),
    "done-only": events(*HELLO, DONE),
    "length": events(text("cut"), chunk(finish="length"), USAGE, DONE),
    "finish-with-text": events(chunk({"content": "all"}, "stop"), DONE),
    "nothing": events(STOP, DONE),
    "lone-surrogate": events(text("ok \ud83d"), DONE),
    "torn-emoji": events(text("a" + EMOJI[0]), text(EMOJI[1] + "b"), DONE),
    "torn-around-others": events(
        text(EMOJI[0]), chunk({"content": None}), chunk({}), ": ping", text(EMOJI[1]), DONE
    ).replace("data: :", ":"),
    "unpaired-halves": events(text(EMOJI[0]), text("a" + EMOJI[1]), text(EMOJI[0]), DONE),
    "parts": events(
        chunk({"content": [{"type": "text", "text": "안녕 "}, {"type": "image_url"}]}),
        chunk({"content": [{"type": "text", "text": "👋"}, None, 3]}),
        STOP,
    ),
    "empty-finish": events(*HELLO, chunk(finish=""), chunk({}, ""), STOP),
    "empty-finish-done": events(*(each.replace("null", '""') for each in HELLO), DONE),
    "reasoning": events(
        chunk({"reasoning": "let me "}),
        chunk({"reasoning_content": "think", "content": None}),
        chunk({"reasoning": "", "content": "안녕 👋"}),
        STOP,
    ),
    "tools": events(
        called(0, "c1", "f", '{"a"'),
        called(0, None, None, ": 1}"),
        called(1, "c2", "g", "{}"),
        chunk(finish="tool_calls"),
        DONE,
    ),
    # A call without an id, and one whose id comes with each of its pieces.
    "odd-tools": events(
        called(0, None, "f", "{}"), called(1, "c", "g", "{"), called(1, "c", "g", "}"), DONE
    ),
    "early-end": events(*HELLO),
    "error-mid-stream": events(*HELLO, '{"error": {"message": "out of memory", "code": 500}}'),
    "error-event": events(text("half")) + 'event: error\ndata: {"message": "worker died"}\n\n',
    "error-object": events(text("half"), '{"object": "error", "message": "no memory", "code": 1}'),
    "error-typed": events(text("half"), '{"type": "error", "error": {"message": "no memory"}}'),
    "error-choice": events(text("half"), chunk(finish="error").replace("{}", '{"content": ""}')),
    "error-string": events(text("half"), '{"error": "no memory"}'),
    "error-address": events('{"error": {"message": "see https://models.invalid/?key=1 now"}}'),
    "deep": events(text("half"), "[" * 100_000),
    "not-json": events(text("half"), "{not json"),
    "not-an-object": events("3"),
}
# Model -> status and body of its refusal.
REFUSALS: dict[str, tuple[int, object]] = {
    "busy": (429, {"error": "too many requests"}),
    "used-up": (
        429,
        {
            "error": {
                "message": "You exceeded your current quota, please check your plan.",
                "code": "insufficient_quota",
            }
        },
    ),
    "loading": (503, {"error": {"message": "Loading model"}}),
    "wordy": (400, {"detail": "long " * 1000}),
    "context-openai": (
        400,
        {
            "error": {
                "message": "This model's maximum context length is 4097 tokens. Use a lower "
                "max_tokens instead.",
                "param": "messages",
                "code": "context_length_exceeded",
            }
        },
    ),
    "context-llama": (
        500,
        {"error": {"message": "the request exceeds the available context size", "code": 500}},
    ),
    "unknown-ollama": (404, {"error": {"message": "model 'x' not found, try pulling it first"}}),
    "unknown-vllm": (404, {"object": "error", "message": "The model `x` does not exist."}),
    "vllm-error-with-200": (200, {"object": "error", "message": "the engine has died"}),
    "error-with-200": (200, {"error": {"message": "the worker has died"}}),
    "unstreamed": (200, {"choices": [{"message": {"content": "whole"}}]}),
}


UNSUPPORTED = "Unsupported parameter: '{0}' is not supported with this model."
# Model -> the fields that it refuses, one at a time.
PICKY = {
    "no-max-tokens": ("max_tokens",),
    "no-limit": ("max_tokens", "max_completion_tokens"),
    "no-stream-options": ("stream_options",),
    "no-temperature": ("temperature",),
    "nothing-at-all": ("max_tokens", "stream_options", "temperature", "top_p"),
}


def picky_refusal(model: str, field: str) -> Response:
    if model == "no-stream-options":
        detail = [{"loc": ["body", field], "msg": "Extra inputs are not permitted"}]
        return JSONResponse({"detail": detail}, 422)
    message = UNSUPPORTED.format(field) + " Use 'max_completion_tokens' instead."
    return JSONResponse({"error": {"message": message, "param": field}}, 400)


async def complete(request: Request) -> Response:
    body = await request.json()
    key = request.headers.get("authorization")
    SEEN.append({"body": body, "authorization": key})
    model = body["model"]
    if model in PICKY:
        for field in PICKY[model]:
            if field in body:
                return picky_refusal(model, field)
        model = "plain"
    if model in STREAMS:
        return _stream(_pieces(STREAMS[model]))
    if model in REFUSALS:
        status, refusal = REFUSALS[model]
        return JSONResponse(refusal, status)
    if model in ENDINGS:
        return _stream(ENDINGS[model]())
    if model == "broken":
        return HTMLResponse("<html>a page of a web server</html>", 500)
    if model == "key-echo":
        return JSONResponse({"error": {"message": f"wrong key {key}"}}, 401)
    if model == "key-echo-mid-stream":
        error = json.dumps({"error": {"message": f"wrong key {key}"}})
        return _stream(_pieces(events(text("half"), error)))
    return JSONResponse({"error": {"message": f'model "{model}" not found'}}, 404)


def _stream(pieces: AsyncIterator[bytes]) -> Response:
    return StreamingResponse(pieces, media_type="text/event-stream")


async def _pieces(body: str) -> AsyncIterator[bytes]:
    """Send a body seven bytes at a time, so that pieces end inside lines and characters."""
    data = body.encode()
    for start in range(0, len(data), 7):
        yield data[start : start + 7]


async def _cut() -> AsyncIterator[bytes]:
    yield events(text("half")).encode()
    raise ConnectionResetError("the connection breaks off here")


async def _stall() -> AsyncIterator[bytes]:
    yield events(text("half")).encode()
    await asyncio.sleep(60)


async def _stall_after_stop() -> AsyncIterator[bytes]:
    yield events(*HELLO, STOP).encode()
    await asyncio.sleep(60)


async def _endless() -> AsyncIterator[bytes]:
    try:
        while True:
            yield events(text("again ")).encode()
            await asyncio.sleep(0.01)
    finally:
        CLOSED.set()


ENDINGS = {
    "cut": _cut,
    "stall": _stall,
    "stall-after-stop": _stall_after_stop,
    "endless": _endless,
}


async def seen(_: Request) -> Response:
    # Escaped: a request may hold half of a surrogate pair.
    return Response(json.dumps(SEEN), media_type="application/json")


async def closed(_: Request) -> Response:
    await asyncio.wait_for(CLOSED.wait(), timeout=30)
    return JSONResponse({"closed": True})


APP = Starlette(
    routes=[
        Route("/v1/chat/completions", complete, methods=["POST"]),
        Route("/seen", seen),
        Route("/closed", closed),
    ]
)

if __name__ == "__main__":
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(APP, log_config=None)).run(sockets=[listener])

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

# Model -> the whole body of its stream.
STREAMS = {
    "plain": events(*HELLO, STOP, USAGE, DONE),
    "no-space": events(*HELLO, STOP, DONE, prefix="data:"),
    "crlf": events(*HELLO, STOP, DONE, end="\r\n\r\n"),
    "pings": ": ping\n\n" + events(*HELLO, STOP, DONE, end="\n\n: ping\n\n"),
    "odd-chunks": events(*ODD, *HELLO, STOP, DONE),
    "no-done": events(*HELLO, STOP),
    "done-only": events(*HELLO, DONE),
    "length": events(text("cut"), chunk(finish="length"), DONE),
    "finish-with-text": events(chunk({"content": "all"}, "stop"), DONE),
    "nothing": events(STOP, DONE),
    "lone-surrogate": events(text("ok \ud83d"), DONE),
    "early-end": events(*HELLO),
    "error-mid-stream": events(*HELLO, '{"error": {"message": "out of memory", "code": 500}}'),
    "error-event": events(text("half")) + 'event: error\ndata: {"message": "worker died"}\n\n',
    "not-json": events(text("half"), "{not json"),
    "not-an-object": events("3"),
}
# Model -> status and body of its refusal.
REFUSALS: dict[str, tuple[int, object]] = {
    "busy": (429, {"error": "too many requests"}),
    "loading": (503, {"error": {"message": "Loading model"}}),
    "wordy": (400, {"detail": "long " * 1000}),
    "unstreamed": (200, {"choices": [{"message": {"content": "whole"}}]}),
}


async def complete(request: Request) -> Response:
    body = await request.json()
    key = request.headers.get("authorization")
    SEEN.append({"body": body, "authorization": key})
    model = body["model"]
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
    return JSONResponse(SEEN)


async def closed(_: Request) -> Response:
    await asyncio.wait_for(CLOSED.wait(), timeout=5)
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

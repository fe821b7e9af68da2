"""JSON that any text fits into, and work that ends when nobody waits for it."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from local_cortex.faults import Refusal
from local_cortex.routes import web
from local_cortex.routes.web import (
    EventStream,
    bearer,
    json_body,
    json_text,
    session_token,
    while_connected,
)


def never(reset: bool) -> None:
    raise AssertionError("a stream that ends by itself keeps its connection")


SCOPE: dict[str, Any] = {"type": "http", "method": "POST", "path": "/", "headers": []}


class Line:
    """The two directions of a connection; it is cut when ``cut`` is set."""

    def __init__(self) -> None:
        self.cut = asyncio.Event()
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        await self.cut.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)


@pytest.mark.parametrize(
    "value", ["한글", "👩‍🚀", "\u2028\x85", "\ud83d", {"a": [1, None, True, 0.5]}]
)
def test_json_says_what_was_put_into_it(value: object) -> None:
    assert json.loads(json_text(value)) == value


def test_json_can_be_read_by_people_and_has_no_line_breaks() -> None:
    assert json_text({"a": "한글\n"}) == '{"a":"한글\\n"}'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_holds_no_number_that_json_has_not(value: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        json_text(value)


@pytest.mark.parametrize(
    ("header", "snowflake", "oauth"),
    [
        ('Snowflake Token="abc"', "abc", None),
        ('Snowflake Token=""', "", None),
        ("Snowflake Token=abc", None, None),
        ("Bearer abc", None, "abc"),
        ("bearer abc", None, "abc"),
        ("Bearer ", None, None),
        ("", None, None),
    ],
)
def test_a_token_is_read_in_the_form_of_its_scheme(
    header: str, snowflake: str | None, oauth: str | None
) -> None:
    headers = {"authorization": header}
    assert session_token(headers) == snowflake
    assert bearer(headers) == oauth


def test_a_gzip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = gzip.compress(b" " * 10_000_000)

    async def receive() -> Message:
        return {"type": "http.request", "body": bomb, "more_body": False}

    async def read() -> None:
        request = Request(SCOPE | {"headers": [(b"content-encoding", b"gzip")]}, receive)
        with pytest.raises(Refusal, match="larger than 1000 bytes"):
            await json_body(request, 1_000)

    tracemalloc.start()
    asyncio.run(read())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_000_000


def test_work_that_is_done_in_time_gives_its_result() -> None:
    async def test() -> None:
        async def work() -> str:
            return "done"

        assert await while_connected(Request(SCOPE, Line().receive), work()) == "done"

    asyncio.run(test())


def test_works_own_error_comes_through() -> None:
    async def test() -> None:
        async def work() -> str:
            raise KeyError("own")

        with pytest.raises(KeyError, match="own"):
            await while_connected(Request(SCOPE, Line().receive), work())

    asyncio.run(test())


def test_work_is_over_when_the_client_has_gone() -> None:
    async def test() -> None:
        line, over = Line(), asyncio.Event()

        async def work() -> None:
            line.cut.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                over.set()

        with pytest.raises(ClientDisconnect):
            await while_connected(Request(SCOPE, line.receive), work())
        assert over.is_set(), "and has had the time to clean up"

    asyncio.run(asyncio.wait_for(test(), 30))


def test_events_are_framed_and_the_content_type_is_exactly_what_the_client_accepts() -> None:
    async def test() -> None:
        line, closed = Line(), asyncio.Event()

        async def two() -> AsyncIterator[bytes]:
            yield b"data: 1"
            yield b"event: e\ndata: 2"

        async def close() -> None:
            closed.set()

        await EventStream(two(), close, never)(SCOPE, line.receive, line.send)
        begin, *bodies = line.sent
        assert dict(begin["headers"])[b"content-type"] == b"text/event-stream"
        assert b"".join(each["body"] for each in bodies) == b"data: 1\n\nevent: e\ndata: 2\n\n"
        assert closed.is_set()

    asyncio.run(test())


@pytest.mark.parametrize("limit", ["SILENT_SECONDS", "STREAM_SECONDS"])
def test_a_stream_that_goes_on_for_too_long_has_its_connection_reset(
    monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(web, limit, 0.01)

    async def test() -> None:
        line, closed, resets = Line(), asyncio.Event(), list[bool]()

        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield b"data: 1"
                await (asyncio.sleep(0) if limit == "STREAM_SECONDS" else asyncio.Event().wait())

        async def close() -> None:
            closed.set()

        await EventStream(endless(), close, resets.append)(SCOPE, line.receive, line.send)
        assert resets == [True]
        assert closed.is_set()

    asyncio.run(asyncio.wait_for(test(), 30))


def test_what_the_events_come_from_is_closed_also_when_none_was_ever_sent() -> None:
    async def test() -> None:
        line, closed = Line(), asyncio.Event()

        async def none() -> AsyncIterator[bytes]:
            yield b"never"

        async def close() -> None:
            closed.set()

        async def refuse(message: Message) -> None:
            raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            await EventStream(none(), close, never)(SCOPE, line.receive, refuse)
        assert closed.is_set()

    asyncio.run(test())

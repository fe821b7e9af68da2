"""Fault models: ask for one by its name, from any client, and see what goes wrong in streaming.

A fault with a status is refused on every route. The others change a stream's bytes; where nothing
streams, such a model answers normally.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from local_cortex.models import Model

__all__ = ["FAULTS", "NONE", "Fault", "Refusal", "find", "played"]

# So much of an answer comes before a fault in the middle of it.
BEFORE = 5
TRICKLE_SECONDS = 0.05
BURST_SECONDS = 1.0
BURST = 20
# Cuts an answer within its first sentence.
CUT_TOKENS = 8
EMOJI = ("\ud83d", "\ude00")

# One line of an event stream: "data: ..." without what ends it.
Line = bytes
Lines = AsyncIterator[Line]
#: Closes the connection: with True at once (a reset), with False when all is sent.
HangUp = Callable[[bool], None]
Play = Callable[[Lines, HangUp], Lines]


class Refusal(Exception):
    """A call that is not admitted, with Snowflake's HTTP status and ``Retry-After`` header."""

    def __init__(self, status: int, message: str, retry_after: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Fault:
    """What a fault model does; ``about`` says it in one line, for people."""

    about: str
    status: int | None = None
    """The HTTP status with which it refuses a call."""
    retry_after: Callable[[], str] | None = None
    """Makes the ``Retry-After`` header of that refusal."""
    then_ok: bool = False
    """Refuse a conversation the first time, answer it the second, and so on."""
    expired: bool = False
    """Say to a stream, the first time, that the session token has run out."""
    silent: bool = False
    """Take the request and send nothing, no headers either."""
    content_type: str | None = None
    max_tokens: int | None = None
    reasons: bool = True
    """Say why the answer ended, on the route that can."""
    play: Play | None = None
    """What becomes of the stream's lines."""

    def refuse(self, name: str) -> None:
        """Raise a ``Refusal``, where that is what this fault does."""
        if self.status is not None:
            retry_after = self.retry_after() if self.retry_after else None
            raise Refusal(self.status, f"{name} {self.about}", retry_after)

    def model(self, name: str) -> Model:
        """Return what the model table would say of it."""
        family = "openai" if self.reasons else "claude"
        return Model(name=name, family=family, lifecycle="GA")


def find(name: str) -> Fault | None:
    """Look a fault model up; the case does not matter."""
    return FAULTS.get(name.lower())


def _edited(line: Line, content: str | None) -> Line:
    """Return the line with another text, in the form of either route; halves of pairs escaped."""
    event = json.loads(line.removeprefix(b"data: "))
    delta = event["choices"][0]["delta"]
    for name in ("content", "text"):
        if name in delta:
            delta[name] = content
    if "content_list" in delta:
        delta["content_list"] = [{"type": "text", "text": content}]
    return b"data: " + json.dumps(event).encode()


def _content(line: Line) -> str | None:
    """Return the text of a line, ``None`` if it has none: the last ones."""
    try:
        choices = json.loads(line.removeprefix(b"data: ")).get("choices")
    except ValueError:
        return None
    return choices[0]["delta"].get("content") if choices else None


def _cut(
    *last: Line, before: int | None = BEFORE, stall: bool = False, reset: bool | None = None
) -> Play:
    """Break an answer off after ``before`` events with text, a short one after its text.

    After these (or all events, with ``None``) come the ``last``; then the stream ends, stalls, or
    has its connection closed, with a ``reset`` or without.
    """

    async def play(lines: Lines, hang_up: HangUp) -> Lines:
        number = 0
        async for line in lines:
            if before is not None and (number == before or not _content(line)):
                break
            yield line
            number += 1
        for line in last:
            yield line
        if reset is not None:
            hang_up(reset)
        if stall or reset is not None:
            await asyncio.Event().wait()

    return play


def _with(*contents: str | None) -> Play:
    """Put events with these texts in after the first one with text."""

    async def play(lines: Lines, _: HangUp) -> Lines:
        put_in = False
        async for line in lines:
            yield line
            if not put_in and _content(line):
                put_in = True
                for content in contents:
                    yield _edited(line, content)

    return play


async def _trickle(lines: Lines, _: HangUp) -> Lines:
    async for line in lines:
        content = _content(line)
        if not content:
            yield line
        for character in content or "":
            await asyncio.sleep(TRICKLE_SECONDS)
            yield _edited(line, character)


async def _burst(lines: Lines, _: HangUp) -> Lines:
    held: list[Line] = []
    async for line in lines:
        held.append(line)
        if len(held) == BURST:
            await asyncio.sleep(BURST_SECONDS)
            for late in held:
                yield late
            held = []
    for late in held:
        yield late


async def _one_blob(lines: Lines, _: HangUp) -> Lines:
    texts: list[str] = []
    with_text = b""
    async for line in lines:
        if content := _content(line):
            with_text = line
            texts.append(content)
            continue
        if texts:
            yield _edited(with_text, "".join(texts))
            texts = []
        yield line


async def _endless(lines: Lines, hang_up: HangUp) -> Lines:
    line = b""
    async for line in _cut()(lines, hang_up):
        yield line
    # Of an answer without any text there is nothing to go on with.
    while line:
        await asyncio.sleep(TRICKLE_SECONDS)
        yield _edited(line, "and so on ")


def _in_two_seconds() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)


ERROR = b'{"error":{"code":"500","message":"the model has failed"}}'

FAULTS: dict[str, Fault] = {
    "fault-300": Fault("a redirect to nowhere", 300),
    "fault-400": Fault("refuses every call as wrong", 400),
    "fault-401": Fault("says that the token is not valid", 401),
    "fault-402": Fault("says that the account's budget is used up", 402),
    "fault-403": Fault("says that the role may not use Cortex", 403),
    "fault-404": Fault("says that there is no such endpoint", 404),
    "fault-429-then-ok": Fault(
        "too many requests, then an answer", 429, retry_after=lambda: "0", then_ok=True
    ),
    "fault-429-date": Fault(
        "too many requests, and a date when to come back, then an answer",
        429,
        retry_after=_in_two_seconds,
        then_ok=True,
    ),
    "fault-429-forever": Fault("too many requests, always", 429, retry_after=lambda: "1"),
    "fault-500": Fault("fails before the first word", 500),
    "fault-503": Fault("is busy, always", 503),
    "fault-503-then-ok": Fault("is busy, then answers", 503, then_ok=True),
    "fault-expired-token": Fault("says once that the session has expired", expired=True),
    "fault-stall-headers": Fault("takes the request and says nothing", silent=True),
    "fault-stall-first": Fault(
        "begins to answer, but no word comes", play=_cut(before=0, stall=True)
    ),
    "fault-stall-mid": Fault("falls silent in the middle", play=_cut(stall=True)),
    "fault-reset": Fault("the connection is reset in the middle", play=_cut(reset=True)),
    "fault-truncated": Fault("the connection is closed in the middle", play=_cut(reset=False)),
    "fault-error-event": Fault(
        "an `event: error` in the middle, then an ordinary end",
        play=_cut(b"event: error\ndata: " + ERROR),
    ),
    "fault-error-data": Fault("an error as data in the middle", play=_cut(b"data: " + ERROR)),
    "fault-bad-json": Fault("data that is no JSON", play=_cut(b'data: {"choices": [')),
    "fault-bad-utf8": Fault("bytes that are no UTF-8", play=_cut(b'data: "\xff\xfe"')),
    "fault-done": Fault("a [DONE] that nobody expects", play=_cut(b"data: [DONE]", before=None)),
    "fault-no-end": Fault("ends in the middle like an ordinary end", play=_cut()),
    "fault-null-choices": Fault(
        "an event whose choices are null", play=_cut(b'data: {"choices": null}')
    ),
    "fault-none-delta": Fault("an event whose text is null", play=_with(None)),
    "fault-empty-delta": Fault("events without text", play=_with("", "")),
    "fault-split-emoji": Fault("an emoji in two halves", play=_with(*EMOJI)),
    "fault-content-type-charset": Fault(
        "a content type with a charset", content_type="text/event-stream; charset=utf-8"
    ),
    "fault-content-type-json": Fault(
        "a stream that says it is JSON", content_type="application/json"
    ),
    "fault-trickle": Fault("one character at a time", play=_trickle),
    "fault-burst": Fault("long pauses, then much at once", play=_burst),
    "fault-one-blob": Fault("the whole answer in one event", play=_one_blob),
    "fault-length": Fault("an answer cut by max_tokens", max_tokens=CUT_TOKENS),
    "fault-no-finish": Fault("an end without a reason, as Claude's models have it", reasons=False),
    "fault-endless": Fault("an answer that never ends", play=_endless),
}


NONE = Fault("nothing goes wrong")


async def played(fault: Fault, lines: Lines, hang_up: HangUp) -> Lines:
    """Give a stream's lines, as the fault makes them; closing this closes the stream."""
    changed = fault.play(lines, hang_up) if fault.play is not None else lines
    async with aclosing(changed) as played_lines:  # type: ignore[type-var]
        async for line in played_lines:
            yield line

"""Fault models: ask for one by its name, from any client, and see what goes wrong in streaming.

A fault with a status is refused on every route, and so is an expired session. The others change a
stream's bytes; where nothing streams, such a model answers normally.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from local_cortex.engines import Delta, End, EngineError, Event, ToolPiece
from local_cortex.models import Model

# So much of an answer comes before a fault in the middle of it.
BEFORE = 5
PIECES_BEFORE = 2
TRICKLE_SECONDS = 0.05
BURST_SECONDS = 1.0
BURST = 20
# Cuts an answer within its first sentence.
CUT_TOKENS = 8
EMOJI = ("\ud83d", "\ude00")
# How Snowflake begins to say what is wrong with a request.
INVALID = "schema validation failed"
OPTIONS = "invalid options object"

# What a stream is made of: the engine's events, and bytes to send as they are.
Events = AsyncIterator["Event | bytes"]
#: Closes the connection: with True at once (a reset), with False when all is sent.
HangUp = Callable[[bool], None]
Play = Callable[[Events, HangUp], Events]


class Refusal(EngineError):
    """A call that is not admitted, with Snowflake's HTTP status and ``Retry-After`` header."""

    def __init__(self, status: int, message: str, retry_after: str | None = None) -> None:
        super().__init__(status, message)
        self.retry_after = retry_after


def invalid(what: str) -> Refusal:
    """Return the refusal of a request whose form is wrong, as Snowflake begins it."""
    return Refusal(400, f"{INVALID}: {what}")


def wrong_option(what: str) -> Refusal:
    """Return the refusal of an option that has no such value, or that there is not."""
    return Refusal(400, f"{OPTIONS}: {what}")


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
    """Say, the first time, that the session token has run out."""
    silent: bool = False
    """Take the request and send nothing, no headers either."""
    content_type: str | None = None
    max_tokens: int | None = None
    reasons: bool = True
    """Say why the answer ended, on the route that can."""
    play: Play | None = None
    """What becomes of the stream's events."""

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


def _cut(
    *last: bytes, before: int | None = BEFORE, stall: bool = False, reset: bool | None = None
) -> Play:
    """Break an answer off after ``before`` pieces of text or a call, a short one after these.

    After these (or all events, with ``None``) come the ``last``; then the stream ends, stalls, or
    has its connection closed, with a ``reset`` or without.
    """

    async def play(events: Events, hang_up: HangUp) -> Events:
        number = 0
        async for event in events:
            piece = isinstance(event, Delta | ToolPiece)
            if before is not None and (number == before or not piece):
                break
            yield event
            number += 1
        for line in last:
            yield line
        if reset is not None:
            hang_up(reset)
        if stall or reset is not None:
            await asyncio.Event().wait()

    return play


def _with(*texts: str | None) -> Play:
    """Put pieces with these texts in after the first one with a letter: no mark of Markdown."""

    async def play(events: Events, _: HangUp) -> Events:
        more = list(texts)
        async for event in events:
            yield event
            while more and isinstance(event, Delta) and any(map(str.isalnum, event.text)):
                # No engine gives None, but a service may send it.
                yield Delta(more.pop(0))  # type: ignore[arg-type]

    return play


async def _trickle(events: Events, _: HangUp) -> Events:
    async for event in events:
        if not isinstance(event, Delta):
            yield event
            continue
        for character in event.text:
            await asyncio.sleep(TRICKLE_SECONDS)
            yield Delta(character)


async def _burst(events: Events, _: HangUp) -> Events:
    held: list[Event | bytes] = []
    async for event in events:
        held.append(event)
        if len(held) == BURST or isinstance(event, End):
            await asyncio.sleep(BURST_SECONDS)
            for late in held:
                yield late
            held = []


async def _one_blob(events: Events, _: HangUp) -> Events:
    text = ""
    async for event in events:
        if isinstance(event, Delta):
            text += event.text
            continue
        if text:
            yield Delta(text)
            text = ""
        yield event


async def _endless(events: Events, hang_up: HangUp) -> Events:
    async for event in _cut()(events, hang_up):
        yield event
    while True:
        await asyncio.sleep(TRICKLE_SECONDS)
        yield Delta("and so on ")


async def _cut_call(events: Events, _: HangUp) -> Events:
    pieces = 0
    async for event in events:
        pieces += isinstance(event, ToolPiece)
        if pieces > PIECES_BEFORE:
            return
        yield event


async def _second_call(events: Events, _: HangUp) -> Events:
    pieces: list[ToolPiece] = []
    async for event in events:
        if isinstance(event, ToolPiece):
            pieces.append(event)
        if isinstance(event, End):
            for piece in pieces:
                yield replace(piece, id=piece.id and f"{piece.id}_2")
        yield event


async def _without_the_last(events: Events, _: HangUp) -> Events:
    held: Delta | None = None
    async for event in events:
        if not isinstance(event, Delta):
            yield event
            continue
        if held:
            yield held
        held = event


def _in_two_seconds() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)


ERROR = b'{"error":{"code":"500","message":"the model has failed"}}'

FAULTS: dict[str, Fault] = {
    "fault-300": Fault("a redirect to nowhere", 300),
    "fault-400": Fault("refuses every call as wrong", 400),
    "fault-400-throttled": Fault("all requests were throttled by remote service", 400),
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
    "fault-429-no-date": Fault("too many requests, and not when to come back", 429),
    "fault-500": Fault("fails before the first word", 500),
    "fault-500-then-ok": Fault("fails before the first word, then answers", 500, then_ok=True),
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
    "fault-truncated-first": Fault(
        "begins to answer, and the connection is closed before the first word",
        play=_cut(before=0, reset=False),
    ),
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
    "fault-tool-cut": Fault("a tool call cut in the middle of its arguments", play=_cut_call),
    "fault-tool-index": Fault("a second tool call with the first one's index", play=_second_call),
    "fault-json-open": Fault(
        "an answer without its last piece: JSON that never closes", play=_without_the_last
    ),
}

#: Faults of an agent's run, named as its ``models.orchestration``.
AGENT_FAULTS: dict[str, str] = {
    "fault-agent-error": "an `error` event after some text, and no `response`",
    "fault-agent-tool-error": "every tool fails: its result has the status `error`",
    "fault-agent-tool-stall": "the tool that is called never answers: `timed_out` after 60 s",
    "fault-agent-unknown-event": "an event that nobody documents",
    "fault-agent-timed-out": "the time is over in the middle of the text: `timed_out`",
}

NONE = Fault("nothing goes wrong")

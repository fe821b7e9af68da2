"""Which calls are admitted, and how they are answered, for every client.

REST and SQL both end here, so a model that is refused by one is refused by the other.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import date

from local_cortex import faults, models
from local_cortex.engines import (
    Call,
    Delta,
    End,
    Engine,
    EngineError,
    Event,
    Message,
    Thinking,
    ToolCall,
    ToolPiece,
    Usage,
)
from local_cortex.faults import INVALID, OPTIONS, Refusal
from local_cortex.tally import Tally

log = logging.getLogger(__name__)

# The documented default of both REST endpoints.
DEFAULT_MAX_TOKENS = 4096
# Refused callers usually retry; drop the ones that never do.
MOST_REFUSED = 1_000
# Of a wrong model name, in the message that says so.
LONGEST_NAME = 100
# Of a conversation: some 50,000 tokens of English. Counting the tokens of more would take a while.
MOST_CHARACTERS = 200_000
# Seconds that an answer may take, whole or streamed: an engine may never end.
ANSWER_SECONDS = 600.0
ROLES = frozenset({"system", "user", "assistant", "tool"})
TOO_LONG = (
    "max tokens of count exceeded: Local Cortex takes conversations of up to "
    f"{MOST_CHARACTERS:,} characters"
)


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer."""

    text: str
    end: End
    thinking: str = ""
    calls: tuple[ToolCall, ...] = ()

    @property
    def usage(self) -> Usage:
        return self.end.usage


class Cortex:
    """Admits calls and has them answered by one engine.

    With ``inactive_account`` the legacy functions of SQL fail (BCR-2432). ``tally`` counts what is
    streamed to clients.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        strict_models: bool = False,
        inactive_account: bool = False,
        today: Callable[[], date] = date.today,
        tally: Tally | None = None,
    ) -> None:
        self.engine = engine
        self.inactive_account = inactive_account
        self._strict_models = strict_models
        self.today = today
        self.tally = tally or Tally()
        self.open_streams = 0
        # Conversations that a fault has refused and will answer the next time.
        self._refused: set[int] = set()

    def models(self) -> tuple[models.Model, ...]:
        """Return the models that an account would offer today."""
        return models.available(self.today())

    def admit(self, call: Call, hottest: float = 1) -> None:
        """Check a call, or raise a ``Refusal``; ``hottest`` is the highest temperature."""
        fault = faults.find(call.model)
        if fault is not None and (not fault.then_ok or self.first_time(call)):
            fault.refuse(call.model)
        model = fault.model(call.model) if fault is not None else models.find(call.model)
        if model is None or (self._strict_models and model.retired_on(self.today())):
            raise Refusal(400, f'unknown model "{call.model[:LONGEST_NAME]}"')
        last = call.messages[-1] if call.messages else None
        strange = [one.role for one in call.messages if one.role not in ROLES]
        characters = sum(map(_length, call.messages)) + sum(
            len(json.dumps(one)) for one in (call.schema, *(tool.parameters for tool in call.tools))
        )
        for wrong, text in (
            (characters > MOST_CHARACTERS, TOO_LONG),
            (last is None, f"{INVALID}: messages must not be empty"),
            (strange, f'{INVALID}: unknown role "{"".join(strange[:1])}"'),
            (
                last and last.role not in ("user", "tool"),
                f"{INVALID}: the last message must have role user",
            ),
            (
                last and last.role == "user" and not (last.content.strip() or last.images),
                f"{INVALID}: message content must not be empty",
            ),
            (unmatched := _unmatched(call.messages), f"{INVALID}: {unmatched}"),
            (call.max_tokens < 1, f"{OPTIONS}: max_tokens must be at least 1"),
            (call.max_tokens > model.max_output_tokens, "max tokens of count exceeded"),
            (
                not 0 <= (call.temperature or 0) <= hottest,
                f"{OPTIONS}: temperature must be from 0 to {hottest:g}",
            ),
            (not 0 <= (call.top_p or 0) <= 1, f"{OPTIONS}: top_p must be from 0 to 1"),
        ):
            if wrong:
                raise Refusal(400, text)

    def first_time(self, call: Call) -> bool:
        """Return whether this call meets a fault that passes; the next call won't."""
        # Not the call itself: its messages can be long.
        known = hash(call)
        if known in self._refused:
            self._refused.remove(known)
            return False
        if len(self._refused) >= MOST_REFUSED:
            self._refused.clear()
        self._refused.add(known)
        return True

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        """Answer an admitted call, up to its :class:`End`; closing the iterator stops it."""
        fault = faults.find(call.model)
        if fault is not None:
            # A model that an engine may know: a relay passes the name on.
            most = min(call.max_tokens, fault.max_tokens or call.max_tokens)
            call = replace(call, model=models.DEFAULTS[0], max_tokens=most)
        self.open_streams += 1
        event: Event | None = None
        try:
            # An engine is an async generator; closing it here ends the work at once rather than
            # when the garbage collector finds it.
            async with aclosing(self.engine.stream(call)) as events:  # type: ignore[type-var]
                async for event in events:
                    yield event
            if not isinstance(event, End):
                raise EngineError(500, f"the {self.engine.name} engine ended before its answer did")
        except EngineError:
            raise
        except Exception as error:
            name, kind = self.engine.name, type(error).__name__
            # Its words stay out of the log and the answer: a prompt or a key may be among them.
            debugging = log.isEnabledFor(logging.DEBUG)
            log.exception("The %s engine failed: %s", name, kind, exc_info=debugging)
            raise EngineError(500, f"the {name} engine failed ({kind})") from error
        finally:
            self.open_streams -= 1

    async def complete(self, call: Call, hottest: float = 1) -> Completion:
        """Admit and answer a call at once, or raise ``Refusal`` or ``EngineError``."""
        self.admit(call, hottest)
        text: list[str] = []
        thinking: list[str] = []
        calls: list[ToolCall] = []
        # A piece belongs to the last call that began with its index.
        places: dict[int, int] = {}
        try:
            async with asyncio.timeout(ANSWER_SECONDS), aclosing(self.stream(call)) as events:
                async for event in events:
                    match event:
                        case Delta():
                            text.append(event.text)
                        case Thinking():
                            thinking.append(event.text)
                        case ToolPiece() if event.id:
                            places[event.index] = len(calls)
                            calls.append(ToolCall(event.id, event.name, event.arguments))
                        case ToolPiece():
                            place = places[event.index]
                            more = calls[place].arguments + event.arguments
                            calls[place] = replace(calls[place], arguments=more)
                        case End():
                            return Completion("".join(text), event, "".join(thinking), tuple(calls))
        except TimeoutError:
            raise EngineError(503, "inference timed out") from None
        raise AssertionError("stream() ended without an End")


def _length(message: Message) -> int:
    return len(message.content) + sum(len(call.arguments) for call in message.calls)


def _unmatched(messages: Sequence[Message]) -> str:
    """Return which tool call has no result, or which result no call; ``""`` if all match."""
    waiting: set[str] = set()
    for message in messages:
        if message.role != "tool":
            if waiting:
                break
            waiting = {call.id for call in message.calls}
        elif message.call_id in waiting:
            waiting.remove(message.call_id)
        else:
            return f'no tool call before it has the id "{message.call_id[:LONGEST_NAME]}"'
    missing = sorted(waiting)[:1]
    return f'the tool call "{missing[0][:LONGEST_NAME]}" has no result' if missing else ""

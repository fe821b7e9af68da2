"""Engines that answer prompts: one small interface, several implementations.

An engine knows nothing of HTTP, SQL or Snowflake; the routes turn its events into the wire format
that each client expects.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from local_cortex import tokens

__all__ = [
    "Begin",
    "Call",
    "Delta",
    "End",
    "Engine",
    "EngineError",
    "Event",
    "Image",
    "Message",
    "Thinking",
    "Tool",
    "ToolCall",
    "ToolPiece",
    "Usage",
    "prompt_tokens",
]

FinishReason = Literal["stop", "length", "tool_calls"]

# Counting 200,000 characters of Korean keeps the event loop for 100 ms; these take 10 ms.
COUNTED_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class Image:
    """A picture of a message: its media type, and its bytes in base64."""

    media_type: str
    data: str

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return len(self.data) * 3 // 4 - self.data[-2:].count("=")


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that a model may call; ``parameters`` is a JSON schema."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's call of a tool; ``arguments`` is JSON text."""

    id: str
    name: str
    arguments: str

    def written(self) -> dict[str, Any]:
        """Return it as chat completions have it."""
        function = {"name": self.name, "arguments": self.arguments}
        return {"id": self.id, "type": "function", "function": function}


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; ``role`` is ``system``, ``user``, ``assistant`` or ``tool``.

    ``calls`` are an assistant's; a ``tool`` turn answers the one with ``call_id``.
    """

    role: str
    content: str
    images: tuple[Image, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One request for an answer, whatever the client and the route it came by.

    ``max_tokens`` is the most tokens the answer may have; ``temperature`` and ``top_p`` are
    ``None`` where the client did not set them. Only the scripted engine heeds
    ``tokens_per_second``, the speed in the model's name. ``tool_choice`` is a mode or the one tool
    to call. The answer is JSON for ``schema``, if there is one. ``thinking_tokens`` is the most
    tokens to think with before the answer. The text ends before the first of ``stop``. ``options``
    are fields of chat completions that only a model server heeds, as the client sent them.
    """

    model: str
    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float | None = None
    top_p: float | None = None
    tokens_per_second: float | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: Literal["auto", "required", "none"] | Tool = "auto"
    schema: Mapping[str, Any] | None = field(default=None, hash=False)
    thinking_tokens: int = 0
    stop: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts, as the answering engine counts them."""

    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def counts(self) -> dict[str, int]:
        """Return what every route and SQL tell: prompt, completion and total tokens."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.total_tokens,
        }


@dataclass(frozen=True, slots=True)
class Begin:
    """The engine has taken the call: the headers go out, so a client that waits can hang up."""


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of the answer; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """What the model thinks before it answers: not the answer's text, but a sign of life."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolPiece:
    """A piece of a call's arguments; a call's first piece has its ``id`` and ``name``."""

    index: int
    arguments: str = ""
    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """The end of an answer; ``stop_sequence`` is the one that ended it, where that is known."""

    finish_reason: FinishReason
    usage: Usage
    stop_sequence: str | None = None


Event = Begin | Delta | Thinking | ToolPiece | End


class EngineError(Exception):
    """An engine cannot answer: ``status`` is the HTTP status for it, the text is for a person."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Engine(Protocol):
    """Anything that can answer a :class:`Call`."""

    name: str

    def stream(self, call: Call) -> AsyncIterator[Event]:
        """Yield a :class:`Begin`, the answer's pieces and an :class:`End`, or ``EngineError``."""
        ...


def prompt_tokens(messages: Sequence[Message]) -> int:
    """Estimate the tokens of a conversation; of a long message, by its beginning."""
    total = 0
    for message in messages:
        read = message.content[:COUNTED_CHARACTERS]
        total += round(tokens.count(read) * len(message.content) / max(len(read), 1))
    return total

"""Engines that answer prompts: one small interface, several implementations.

An engine is given a :class:`Call` and yields one :class:`Begin`, :class:`Delta` after
:class:`Delta`, with :class:`Thinking` before and between them, then exactly one :class:`End`. It
knows nothing of HTTP, SQL or Snowflake; the routes turn its output into the wire format that each
client expects.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, Protocol

__all__ = [
    "Begin",
    "Call",
    "Delta",
    "End",
    "Engine",
    "EngineError",
    "Event",
    "Message",
    "Thinking",
    "Usage",
]

FinishReason = Literal["stop", "length"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; ``role`` is ``system``, ``user`` or ``assistant``."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Call:
    """One request for an answer, whatever the client and the route it came by.

    ``max_tokens`` is the most tokens the answer may have; ``temperature`` and ``top_p`` are
    ``None`` where the client did not set them. ``tokens_per_second`` is the speed that the model's
    name asked for (see :mod:`local_cortex.speed`); only the scripted engine can heed it.
    """

    model: str
    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float | None = None
    top_p: float | None = None
    tokens_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts, as the answering engine counts them."""

    prompt_tokens: int
    completion_tokens: int

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class Begin:
    """The engine has taken the call; its first word may still be a long way off.

    The headers go out now, so a client can hang up while it waits.
    """


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of the answer; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """What the model thinks before it answers: not the answer's text, but a sign of life."""

    text: str


@dataclass(frozen=True, slots=True)
class End:
    """The end of an answer: its finish reason and its usage."""

    finish_reason: FinishReason
    usage: Usage


Event = Begin | Delta | Thinking | End


class EngineError(Exception):
    """An engine cannot answer: ``status`` is the HTTP status for it, the text is for a person."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Engine(Protocol):
    """Anything that can answer a :class:`Call`."""

    name: str

    def stream(self, call: Call) -> AsyncIterator[Event]:
        """Yield one :class:`Begin`, the answer's deltas and thoughts, then one :class:`End`.

        Raises:
            EngineError: before anything else, or between two deltas.
        """
        ...

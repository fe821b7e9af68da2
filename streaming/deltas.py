"""What an answer may hold beside its text, and how its deltas are joined."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

__all__ = [
    "Citation",
    "Delta",
    "Event",
    "Part",
    "Thinking",
    "ToolCall",
    "ToolResult",
    "Usage",
    "join",
]


@dataclass(frozen=True, slots=True)
class Thinking:
    """What a model thinks aloud; as a delta, the next piece of it."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool; deltas with one ``id`` are one call, and only its first needs the name."""

    id: str
    name: str = ""
    arguments: str = ""
    """JSON as the model wrote it, whole only at the end; as a delta, the next piece of it."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool that the service runs has returned to the model."""

    id: str
    """That of its :class:`ToolCall`."""
    content: str


@dataclass(frozen=True, slots=True)
class Citation:
    """Where the text in front of it comes from."""

    title: str
    text: str = ""
    """What is cited."""
    source: str = ""
    """A document's id or an address."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as the service counted them."""

    prompt_tokens: int
    completion_tokens: int


Event = Thinking | ToolCall | ToolResult | Citation | Usage
#: What a strategy gives: a piece of text, an event, or with ``""`` or ``None`` a sign of life.
Delta = str | Event | None
#: What an answer consists of, once its deltas are joined.
Part = str | Event


def join(deltas: Iterable[Part]) -> tuple[Part, ...]:
    """Join neighbours of text and of thinking, and the pieces of each tool call at its first."""
    groups: list[list[Part]] = []
    calls: dict[str, list[Part]] = {}
    for delta in deltas:
        last = groups[-1] if groups else None
        if isinstance(delta, ToolCall) and delta.id in calls:
            calls[delta.id].append(delta)
        elif last and isinstance(delta, str | Thinking) and type(last[0]) is type(delta):
            last.append(delta)
        else:
            groups.append([delta])
            if isinstance(delta, ToolCall):
                calls[delta.id] = groups[-1]
    return tuple(map(_joined, groups))


def _joined(deltas: list[Part]) -> Part:
    first = deltas[0]
    match first:
        case str():
            return "".join(each for each in deltas if isinstance(each, str))
        case Thinking():
            return Thinking("".join(each.text for each in deltas if isinstance(each, Thinking)))
        case ToolCall():
            calls = [each for each in deltas if isinstance(each, ToolCall)]
            name = next((each.name for each in calls if each.name), "")
            return replace(first, name=name, arguments="".join(each.arguments for each in calls))
    return first

"""Which tool of an agent answers a question: by shared words, or as a model says."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from local_cortex import engines
from local_cortex.agents.asked import Asked, Tool
from local_cortex.engines import Call, Delta, scripted
from local_cortex.engines.tools import choose_tool

if TYPE_CHECKING:
    from local_cortex.cortex import Cortex

WORDS_BEFORE_CALL = 50  # of a model that may yet call a tool, in pieces
QUERY = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}


@dataclass(slots=True)
class Choice:
    """The tool to use, if any, and why: a model's thoughts, or the key of a text of the script's.

    ``arguments`` are what a model has called its tool with. ``answering`` is a model that goes on
    to answer without one; ``begun`` is what it said while it might still have called one.
    """

    tool: Tool | None = None
    why: str = ""
    arguments: Any = None
    answering: AsyncGenerator[engines.Event, None] | None = None
    begun: list[engines.Event] = field(default_factory=list)


def offered(asked: Asked) -> list[Tool]:
    """Return the tools that may be used."""
    tools = [one for one in asked.spec.tools if not asked.names or one.name in asked.names]
    return [] if asked.choice == "none" else tools


def _is_forced(asked: Asked) -> bool:
    return asked.choice in ("required", "tool")


def by_words(asked: Asked, question: str) -> Choice:
    """Choose the tool that fits by words, or the first search; ``why`` is the key of a text."""
    tools = offered(asked)
    if not tools:
        return Choice(None, "think_none")
    chosen = choose_tool(question, tools)
    if chosen is not None:
        return Choice(chosen, "think_tool")
    if _is_forced(asked):
        return Choice(tools[0], "think_required")
    if scripted.topic_of(question) == "greeting" or scripted.refers_to(question):
        return Choice(None, "think_none")
    search = next((one for one in tools if one.type == "cortex_search"), None)
    return Choice(search, "think_search" if search else "think_none")


async def by_model(cortex: Cortex, asked: Asked, call: Call, question: str) -> Choice:
    """Let a model choose, with its thoughts; by words where its server takes no tools."""
    tools = tuple(
        one if one.type == "generic" else engines.Tool(one.name, one.description, QUERY)
        for one in offered(asked)
    )
    forced = _is_forced(asked)
    name = arguments = thought = ""
    begun = list[engines.Event]()
    answering = cortex.stream(
        replace(call, tools=tools, tool_choice="required" if forced else "auto")
    )
    try:
        async for event in answering:
            begun.append(event)
            if isinstance(event, engines.Thinking):
                thought += event.text
            elif isinstance(event, engines.ToolPiece) and event.index == 0:
                name, arguments = name or event.name, arguments + event.arguments
            if not name and sum(isinstance(one, Delta) for one in begun) > WORDS_BEFORE_CALL:
                break
    except engines.EngineError as error:
        if error.status != 400:
            raise
        return Choice(by_words(asked, question).tool)
    if not name and not forced and any(isinstance(one, Delta) for one in begun):
        return Choice(None, thought, answering=answering, begun=begun)
    await answering.aclose()
    tool = next((one for one in offered(asked) if one.name == name), None)
    choice = Choice(tool or (by_words(asked, question).tool if forced else None), thought)
    with suppress(ValueError, RecursionError):
        read = json.loads(arguments)
        # NaN is a number to Python alone.
        json.dumps(read, allow_nan=False)
        choice.arguments = read
    return choice

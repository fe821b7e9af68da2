"""The script of a run: which events an agent sends, in which order, and what they say.

Names and fields are those of Snowflake's Cortex Agents Run API (docs, October 2026). The script
tells the user that it is a script, and quotes what a tool returned. A model behind a relay words it
itself.
"""

from __future__ import annotations

import asyncio
import json
import tomllib
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_cortex import faults, models, tokens
from local_cortex.agents.asked import Asked, Tool, conversation
from local_cortex.agents.choosing import Choice, by_model, by_words, offered
from local_cortex.agents.toolbox import MOST_QUOTED, Found, Say, ToolError
from local_cortex.cortex import DEFAULT_MAX_TOKENS
from local_cortex.engines import Call, Delta, End, Message, Usage, prompt_tokens, scripted
from local_cortex.engines.scripted import ScriptedEngine
from local_cortex.engines.tools import fill

if TYPE_CHECKING:
    from local_cortex.cortex import Cortex

HangUp = Callable[[bool], None]
Event = tuple[str, "dict[str, Any] | bytes"]

TEXTS = tomllib.loads(Path(__file__).with_name("texts.toml").read_text("utf-8"))
SUGGESTED = 3
BEFORE_FAULT = 5  # pieces of text come before an agent's fault in the middle
STALL_SECONDS = 60.0  # a connection that is silent for longer is ended before the run


class Cut(Exception):
    """A fault ended the stream."""


# (tool, its input, how to say it) -> what it found; ``ToolError`` if it can't.
UseTool = Callable[[Tool, Mapping[str, Any], Say], Awaitable[Found]]
# (role, content) -> the id of the message in the thread.
Keep = Callable[[str, "list[dict[str, Any]]"], int]


@dataclass(slots=True)
class Script:
    """One answer; ``content`` is what of it there is so far.

    ``history`` are the thread's earlier messages. ``keep`` puts the answer into the thread.
    """

    asked: Asked
    history: tuple[dict[str, Any], ...]
    cortex: Cortex
    use: UseTool
    keep: Keep | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    """``thread_id``, ``run_id`` and the user's ``message_id``; empty without a thread."""
    content: list[dict[str, Any]] = field(default_factory=list)
    found: Found = field(default_factory=lambda: Found({}))
    usage: Usage = field(default_factory=lambda: Usage(0, 0))
    choice: Choice = field(default_factory=Choice)

    @property
    def fault(self) -> str:
        """The agent's fault that its model names, or nothing."""
        model = self.asked.spec.model.lower()
        return model if model in faults.AGENT_FAULTS else ""

    @property
    def seconds(self) -> float | None:
        """How long the run may take; ``None`` for as long as any may."""
        if self.fault == "fault-agent-tool-stall":
            return min(self.asked.spec.seconds or STALL_SECONDS, STALL_SECONDS)
        return self.asked.spec.seconds

    @property
    def messages(self) -> tuple[dict[str, Any], ...]:
        """The whole conversation."""
        return (*self.history, *self.asked.messages)

    @property
    def question(self) -> str:
        """The last thing that the user said in words."""
        spoken = [one.content for one in conversation(self.messages) if one.role == "user"]
        return spoken[-1] if spoken else ""

    def say(self, key: str, **values: Any) -> str:
        """Return a text in the language of the question."""
        texts = TEXTS[scripted.language_of(conversation(self.messages))]
        return str(texts[key]).format(**values)

    def call(self, *told: Message) -> Call:
        """Return what an engine would be asked; a model that is a fault of ours asks another."""
        spec, spoken = self.asked.spec, conversation(self.messages)
        if spoken and spoken[-1].role != "user":
            spoken = (*spoken, Message("user", self.question))
        system = (Message("system", spec.instructions),) if spec.instructions else ()
        return Call(
            model=models.DEFAULTS[-1] if self.fault else spec.model,
            messages=(*system, *told, *spoken),
            max_tokens=DEFAULT_MAX_TOKENS,
            tokens_per_second=spec.tokens_per_second,
        )

    async def events(self, hang_up: HangUp) -> AsyncGenerator[Event, None]:
        """Yield the events up to the end of the text; ``EngineError`` or ``Cut`` in its middle."""
        try:
            async with aclosing(self._steps(hang_up)) as events:
                async for event in events:
                    yield event
        finally:
            if self.choice.answering is not None:
                await self.choice.answering.aclose()

    async def _steps(self, hang_up: HangUp) -> AsyncGenerator[Event, None]:
        self.cortex.admit(self.call())
        yield "response.status", {"status": "planning", "message": self.say("planning")}
        if self.keep is not None:
            told = {"role": "user", "message_id": self.metadata["message_id"]}
            yield "metadata", {"metadata": told | {"run_id": self.metadata["run_id"]}}
        given = _given(self.asked.messages[-1])
        self.choice = await self._choose(is_given=bool(given))
        tool = self.choice.tool
        async for event in self._think(self.choice.why):
            yield event
        step = "proceeding_to_answer" if tool is None else "executing_tool"
        message = self.say(step, tool=tool.name if tool else "")
        yield "response.status", {"status": step, "message": message}
        text = self._told(given) if given else None
        if tool is not None:
            async for event in self._use(tool):
                yield event
            if tool.client_side:
                return
            text = "\n".join(self.found.lines)
        if self.fault == "fault-agent-unknown-event":
            yield "response.nobody_knows", {"content_index": len(self.content), "text": "?"}
        async with aclosing(self._text(text, hang_up)) as pieces:
            async for event in pieces:
                yield event
        for event in self._beside(tool):
            yield event

    def end(self) -> Iterator[Event]:
        """Yield what comes before ``response``, however much of the answer there is."""
        if self.keep is not None:
            told = {"role": "assistant", "message_id": self.keep("assistant", self.content)}
            yield "metadata", {"metadata": told | {"run_id": self.metadata["run_id"]}}

    def response(self, status: str) -> dict[str, Any]:
        """Return the final object."""
        read = self.usage.prompt_tokens
        usage = {
            "model_name": self.asked.spec.model,
            "input_tokens": {"total": read, "cache_read": 0, "cache_write": 0, "uncached": read},
            "output_tokens": {"total": self.usage.completion_tokens},
        }
        about = {name: self.metadata[name] for name in ("thread_id", "run_id") if self.metadata}
        return {
            "role": "assistant",
            "content": self.content,
            "warnings": [],
            "metadata": {"usage": {"tokens_consumed": [usage]}, **about},
            "status": status,
        }

    # --- one step each ----------------------------------------------------------------------------

    async def _choose(self, *, is_given: bool) -> Choice:
        """Choose a tool, with the thoughts; none where the client has given a result."""
        choice = Choice(None, "think_given") if is_given else by_words(self.asked, self.question)
        if isinstance(self.cortex.engine, ScriptedEngine):
            named = choice.tool.name if choice.tool else ""
            choice.why = self.say(choice.why, tool=named, count=len(self.asked.spec.tools))
            return choice
        if is_given or not offered(self.asked):
            return Choice()
        return await by_model(self.cortex, self.asked, self.call(), self.question)

    async def _think(self, text: str) -> AsyncIterator[Event]:
        if not text:
            return
        item = {"text": ""}
        self.content.append({"type": "thinking", "thinking": item})
        at = len(self.content) - 1
        engine = self.cortex.engine
        await asyncio.sleep(engine.first_token if isinstance(engine, ScriptedEngine) else 0)
        async for piece in self._paced(text):
            item["text"] += piece
            yield "response.thinking.delta", {"content_index": at, "text": piece}
        yield "response.thinking", {"content_index": at, "text": text}

    async def _use(self, tool: Tool) -> AsyncIterator[Event]:
        given = self.choice.arguments
        given = given if isinstance(given, dict) else None
        if given is None and tool.type == "generic":
            given = fill(tool.parameters, self.question)
        use: dict[str, Any] = {
            "tool_use_id": f"toolu_{uuid.uuid4().hex[:24]}",
            "type": tool.type,
            "name": tool.name,
            "input": {"query": self.question} if given is None else given,
            "client_side_execute": tool.client_side,
        }
        yield "response.tool_use", self._item("tool_use", use)
        if tool.client_side:
            return
        known = {"tool_use_id": use["tool_use_id"], "tool_type": tool.type}
        message = self.say("executing_tool", tool=tool.name)
        yield "response.tool_result.status", {**known, "status": "executing", "message": message}
        if self.fault == "fault-agent-tool-stall":
            await asyncio.Event().wait()
        status = "success"
        try:
            if self.fault == "fault-agent-tool-error":
                raise ToolError(self.say("tool_fault", tool=tool.name))
            self.found = await self.use(tool, use["input"], self.say)
        except ToolError as error:
            status = "error"
            text = self.say("tool_failed", tool=tool.name, reason=str(error))
            self.found = Found({"error": str(error)}, (text,))
        for delta in self.found.steps:
            at = {"content_index": len(self.content), "tool_name": tool.name}
            yield "response.tool_result.analyst.delta", {**at, **known, "delta": delta}
        result = {
            "tool_use_id": use["tool_use_id"],
            "type": tool.type,
            "name": tool.name,
            "content": [{"type": "json", "json": self.found.content}],
            "status": status,
        }
        yield "response.tool_result", self._item("tool_result", result)
        if not self.found.lines:
            self.found = Found({}, (self.say("found_nothing", tool=tool.name),))

    async def _text(self, text: str | None, hang_up: HangUp) -> AsyncGenerator[Event, None]:
        item: dict[str, Any] = {"type": "text", "text": "", "annotations": []}
        self.content.append(item)
        at, number = {"content_index": len(self.content) - 1}, 0
        fault = faults.find(self.asked.spec.model) or faults.NONE
        source = self._answer(text)
        played: faults.Events = fault.play(source, hang_up) if fault.play else source
        whole = False
        async with aclosing(source):
            async for event in played:
                if isinstance(event, bytes):
                    yield "", event
                elif isinstance(event, Delta):
                    if number == BEFORE_FAULT:
                        self._meet_fault()
                    number += 1
                    item["text"] += event.text or ""
                    piece = {"text": event.text, "is_elicitation": False}
                    yield "response.text.delta", at | piece
                elif isinstance(event, End):
                    self.usage, whole = event.usage, True
        if not whole:
            raise Cut
        # A text may be shorter than that.
        self._meet_fault()
        for index, citation in enumerate(self.found.citations):
            annotation = {"type": "cortex_search_citation", "index": index, **citation}
            item["annotations"].append(annotation)
            told = {"annotation_index": index, "annotation": annotation}
            yield "response.text.annotation", at | told
        whole_text = {"text": item["text"], "annotations": item["annotations"]}
        yield "response.text", at | whole_text | {"is_elicitation": False}

    def _meet_fault(self) -> None:
        if self.fault == "fault-agent-error":
            raise faults.Refusal(500, "the agent has failed")
        if self.fault == "fault-agent-timed-out":
            raise TimeoutError

    async def _answer(self, text: str | None) -> AsyncGenerator[Delta | End, None]:
        """Answer in the engine's words, or with a text of the script's own."""
        if text is None or not isinstance(self.cortex.engine, ScriptedEngine):
            told = () if text is None else (Message("system", self.say("relay", found=text)),)
            choice = self.choice
            choice.answering = choice.answering or self.cortex.stream(self.call(*told))
            for event in choice.begun:
                if isinstance(event, Delta | End):
                    yield event
            async for event in choice.answering:
                if isinstance(event, Delta | End):
                    yield event
            return
        fault = faults.find(self.asked.spec.model) or faults.NONE
        pieces = tokens.split(text)[: fault.max_tokens]
        async for piece in self._paced("".join(pieces)):
            yield Delta(piece)
        yield End("stop", Usage(prompt_tokens(conversation(self.messages)), len(pieces)))

    async def _paced(self, text: str) -> AsyncIterator[str]:
        engine, speed = self.cortex.engine, self.asked.spec.tokens_per_second
        if isinstance(engine, ScriptedEngine):
            speed = speed or engine.tokens_per_second
        for piece in tokens.split(text):
            await asyncio.sleep(1 / speed if speed else 0)
            yield piece

    def _beside(self, tool: Tool | None) -> Iterator[Event]:
        """Yield what stands beside the text: a table, a chart, further questions."""
        uses = [one["tool_use"]["tool_use_id"] for one in self.content if "tool_use" in one]
        for kind, shown in (("table", self.found.table), ("chart", self.found.chart)):
            if shown is not None:
                yield f"response.{kind}", self._item(kind, {"tool_use_id": uses[-1], **shown})
        suggested = [{"query": one} for one in self._suggested(tool)]
        self.content.append({"type": "suggested_queries", "suggested_queries": suggested})
        at = len(self.content) - 1
        yield "response.suggested_queries", {"content_index": at, "suggested_queries": suggested}

    def _item(self, kind: str, item: dict[str, Any]) -> dict[str, Any]:
        """Put an item into the content; return the data of its event."""
        self.content.append({"type": kind, kind: item})
        return {"content_index": len(self.content) - 1, **item}

    def _told(self, given: list[dict[str, Any]]) -> str:
        """Return what the client's tools have answered, in words."""
        uses = {
            part["tool_use"]["tool_use_id"]: part["tool_use"]
            for message in self.messages
            for part in message["content"]
            if part["type"] == "tool_use"
        }
        lines = []
        for result in given:
            use = uses[result["tool_use_id"]]
            key = "client_failed" if result.get("status") == "error" else "client_told"
            lines.append(self.say(key, tool=use.get("name", ""), result=_quoted(result)))
        return "\n".join(lines)

    def _suggested(self, tool: Tool | None) -> list[str]:
        """Suggest the agent's own sample questions, or one about its first tools."""
        named = [one.name for one in self.asked.spec.tools if one is not tool]
        asked = [self.say("suggest_tool", tool=name) for name in named]
        own = [one for one in self.asked.spec.questions if one != self.question]
        return [*own, *asked, self.say("suggest_more")][:SUGGESTED]


def _given(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [part["tool_result"] for part in message["content"] if part["type"] == "tool_result"]


def _quoted(result: Mapping[str, Any]) -> str:
    content = result.get("content")
    parts = content if isinstance(content, list) else [content]
    told = [
        part.get("text") or json.dumps(part.get("json", part), ensure_ascii=False)
        if isinstance(part, dict)
        else str(part)
        for part in parts
    ]
    return " ".join(map(str, told))[:MOST_QUOTED]

"""``inference:complete``, the endpoint of Snowflake's own form, which ``snowflake.cortex`` calls.

Fields and deltas are those of Snowflake's OpenAPI specification (April 2026). In ``content_list``
a tool's call has no type: that is what Snowflake's tool-use quickstart reads.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local_cortex import speed
from local_cortex.cortex import Completion
from local_cortex.engines import (
    Call,
    Delta,
    End,
    Message,
    Thinking,
    Tool,
    ToolCall,
    ToolPiece,
)
from local_cortex.engines.tools import check_schemas
from local_cortex.faults import invalid, wrong_option
from local_cortex.routes import fields, inference, web


async def inference_complete(request: Request) -> Response:
    """Answer a conversation, in events unless ``stream`` is false."""
    inference.authorise(request)
    body = await web.json_body(request)
    # In a thread: schemas can be large.
    call = await asyncio.to_thread(_read, body)
    # No [DONE]: the client would try to read it as JSON and fail.
    streams = inference.flag(body, "stream", default=True)
    return await inference.answer(request, call, _Writer(call), streams=streams)


class _Writer:
    """Writes one answer, whole or as deltas."""

    def __init__(self, call: Call) -> None:
        self._head: dict[str, Any] = {"id": str(uuid.uuid4()), "model": call.model}
        # The maker of a model that was asked to think.
        self._thinker = ""
        if call.thinking_tokens:
            claude = inference.family_of(call.model) == "claude"
            self._thinker = "anthropic" if claude else "openai"
        self._unsigned = False

    def whole(self, answer: Completion) -> dict[str, Any]:
        message: dict[str, Any] = {"content": answer.text}
        if answer.calls or (self._thinker and answer.thinking):
            message["content_list"] = _parts(answer, self._thinker)
        answered = {"choices": [{"message": message}], "usage": answer.usage.counts()}
        return self._head | answered

    def encode(self, event: inference.Piece) -> list[bytes]:
        sent = []
        if self._unsigned and not isinstance(event, Thinking):
            self._unsigned = False
            sent.append(
                self._delta({"type": self._thinker, "thinking": {"signature": fields.SIGNATURE}})
            )
        match event:
            case End():
                usage = event.usage.counts()
                sent.append(inference.data(self._head | {"choices": [], "usage": usage}))
            case ToolPiece():
                begun = {"tool_use_id": event.id, "name": event.name} if event.id else {}
                item = begun | ({"input": event.arguments} if event.arguments or not begun else {})
                sent.append(self._delta({"type": "tool_use", **item, "content_list": [item]}))
            case Thinking() if self._thinker == "anthropic":
                self._unsigned = True
                thought = {"thinking": event.text}
                sent.append(self._delta({"type": "anthropic", "thinking": thought}))
            case Thinking() if self._thinker:
                thought = {"summary": event.text}
                sent.append(self._delta({"type": "openai", "reasoning": thought}))
            case _:
                # What nobody asked a model to think is an event without text: a sign of life.
                text = event.text if isinstance(event, Delta) else ""
                parts = [{"type": "text", "text": text}]
                delta = {"type": "text", "content": text, "content_list": parts, "text": text}
                sent.append(self._delta(delta))
        return sent

    def _delta(self, delta: Mapping[str, Any]) -> bytes:
        return inference.data(self._head | {"choices": [{"delta": delta}], "usage": {}})


def _parts(whole: Completion, thinker: str) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    if whole.thinking and thinker == "anthropic":
        thought = {"thinking": whole.thinking, "signature": fields.SIGNATURE}
        parts.append({"type": "anthropic", "thinking": thought})
    elif whole.thinking and thinker:
        parts.append({"type": "openai", "reasoning": {"summary": whole.thinking}})
    if whole.text:
        parts.append({"type": "text", "text": whole.text})
    for call in whole.calls:
        use = {"tool_use_id": call.id, "name": call.name, "input": fields.arguments(call)}
        parts.append({"type": "tool_use", "tool_use": use})
    return parts


def _read(body: Mapping[str, Any]) -> Call:
    """Read a request, or raise a ``Refusal``."""
    family = inference.family_of(speed.asked_for(web.text(body, "model"))[0])
    tools = tuple(map(_tool, fields.objects(body, "tools")))
    if tools and family not in ("openai", "claude"):
        raise wrong_option("this model does not support tools")
    tools, choice = _choice(body.get("tool_choice"), tools)
    wrong = "schema validation failed: response_format needs the type json and a schema"
    schema = fields.schema(body.get("response_format"), "json", wrong)
    check_schemas(*(one.parameters for one in tools), schema)
    turns: list[Message] = []
    for one in web.list_of_objects(body, "messages"):
        turns += _turns(one)
    return inference.read_call(
        body,
        tuple(turns),
        body.get("max_tokens", body.get("max_output_tokens")),
        tools=tools,
        tool_choice=choice,
        schema=schema,
        thinking_tokens=_thinking_tokens(body, family),
    )


def _tool(one: Mapping[str, Any]) -> Tool:
    spec = one.get("tool_spec")
    if not isinstance(spec, dict) or spec.get("type") != "generic":
        raise invalid("a tool must have a tool_spec of type generic")
    return fields.tool(spec, "input_schema")


def _choice(given: Any, tools: tuple[Tool, ...]) -> tuple[tuple[Tool, ...], Any]:
    """Read ``tool_choice``; it may name several tools, of which one is to be called."""
    kind = given.get("type") if isinstance(given, dict) else None
    names = given.get("name") or [] if isinstance(given, dict) else []
    if given is None or kind in ("auto", "none"):
        return tools, kind or "auto"
    if kind not in ("required", "tool") or not tools or not isinstance(names, list):
        raise invalid("tool_choice.type must be auto, required, tool or none, and needs tools")
    if kind == "tool":
        tools = tuple(fields.named(tools, name) for name in names or [None])
    return tools, "required"


def _thinking_tokens(body: Mapping[str, Any], family: str) -> int:
    """Read ``anthropic.thinking`` or ``openai.reasoning``, each for its maker's models."""
    if family not in ("claude", "openai"):
        return 0
    maker, what = ("anthropic", "thinking") if family == "claude" else ("openai", "reasoning")
    given: Any = body
    for name in (maker, what):
        given = given.get(name) or {}
        if not isinstance(given, dict):
            raise wrong_option(f"{name} must be an object")
    if family == "openai":
        return fields.effort(given.get("effort"))
    tokens = inference.number(given.get("budget_tokens"), "budget_tokens")
    return fields.budget(tokens) if given else 0


def _turns(one: Mapping[str, Any]) -> list[Message]:
    """Read a message; each result of a tool is a turn of its own, and ends the words beside it."""
    content, role = one.get("content"), one.get("role", "user")
    parts = [*(content if isinstance(content, list) else []), *fields.objects(one, "content_list")]
    if not isinstance(content, str | list) and not parts:
        raise invalid("message content must be text")
    # snowflake.cortex sends a prompt as a message without a role.
    if not isinstance(role, str):
        raise invalid("a message's role must be text")
    if role == "tool":
        raise invalid('unknown role "tool"')
    texts: list[str] = []
    calls: list[ToolCall] = []
    results: list[Message] = []
    for part in parts:
        match part:
            case {"type": "tool_use", "tool_use": dict(use)} if role == "assistant":
                calls.append(fields.call_made(use, "tool_use_id"))
            case {"type": "tool_results", "tool_results": dict(given)} if role == "user":
                results.append(_result(given))
            case {"type": "anthropic" | "openai"} if role == "assistant":
                pass  # what it thought
            case {"text": str(text)}:
                texts.append(text)
            case _:
                raise invalid(
                    "a part of a message must be text only, a tool_use of the "
                    "assistant or tool_results of the user"
                )
    if results:
        return results
    text = "".join(texts) or (content if isinstance(content, str) else "")
    return [Message(role, text, calls=tuple(calls))]


def _result(given: Mapping[str, Any]) -> Message:
    answered, parts = given.get("tool_use_id"), fields.objects(given, "content")
    if not isinstance(answered, str):
        raise invalid("tool_results.tool_use_id must be text")
    told = [
        text
        if isinstance(text := part.get("text"), str)
        else json.dumps(part.get("json"), ensure_ascii=False)
        for part in parts
    ]
    return Message("tool", "\n".join(told), call_id=answered)


ROUTES = [Route("/api/v2/cortex/inference:complete", inference_complete, methods=["POST"])]

"""Chat completions, ``/api/v2/cortex/v1/chat/completions``, in the form of OpenAI's API.

What each family of models takes is Snowflake's table in "Cortex REST API" (November 2026). It
prints no chunk of a stream: their form is OpenAI's, which the installed client reads.
"""

from __future__ import annotations

import asyncio
import time
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
    Image,
    Message,
    Thinking,
    Tool,
    ToolCall,
    ToolPiece,
    Usage,
)
from local_cortex.engines.tools import check_schemas
from local_cortex.faults import invalid, wrong_option
from local_cortex.routes import fields, inference, web

HOTTEST = 2.0
REFUSED = {
    "max_tokens": "max_tokens is not supported, use max_completion_tokens",
    "store": "store is not supported",
    "service_tier": "service_tier is not supported",
}
# Without effect on the models of a family, as documented, or on what a script answers.
KNOWN = frozenset({
    *("model", "messages", "temperature", "top_p", "stream", "stream_options"),
    *("max_completion_tokens", "tools", "tool_choice", "response_format", "reasoning_effort"),
    *("reasoning", "stop", "n", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs"),
    *("top_logprobs", "parallel_tool_calls", "verbosity", "prediction", "prompt_cache_key"),
    *("metadata", "modalities", "cache_control"),
    # Of OpenAI's specification, which the API says it follows; not in Snowflake's table.
    *("user", "seed", "safety_identifier", "prompt_cache_retention"),
})  # fmt: skip
# What OpenAI's models heed and no engine here does: an answer without it would be a wrong one.
NOT_HERE = {"n": 1, "logprobs": False}
# What only a real model heeds: a relay sends it on as it came. Other families ignore the most.
HANDED_ON = {
    "claude": ("response_format",),
    "openai": (
        *("response_format", "tools", "tool_choice", "parallel_tool_calls", "verbosity"),
        *("presence_penalty", "frequency_penalty", "logit_bias", "seed", "prediction", "user"),
        *("safety_identifier", "prompt_cache_key", "prompt_cache_retention", "reasoning_effort"),
    ),
}
ANY_OBJECT = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
}


async def chat_completions(request: Request) -> Response:
    """Answer a conversation, whole or in chunks."""
    inference.authorise(request)
    body = await web.json_body(request, fields.MAX_BODY_BYTES)
    # In a thread: pictures and schemas can be large.
    call = await asyncio.to_thread(_read, body)
    options = body.get("stream_options")
    include_usage = isinstance(options, dict) and options.get("include_usage") is True
    return await inference.answer(
        request,
        call,
        _Writer(call.model, include_usage),
        streams=inference.flag(body, "stream", default=False),
        done=b"data: [DONE]",
        hottest=HOTTEST,
    )


class _Writer:
    """Writes one answer as a completion, or as chunks."""

    def __init__(self, model: str, include_usage: bool) -> None:
        self._head: dict[str, Any] = {
            "id": f"chatcmpl-{uuid.uuid4()}",
            "created": int(time.time()),
            "model": model,
            "object": "chat.completion.chunk",
        }
        # By OpenAI's specification each chunk has a usage then, null in all but the last.
        self._head |= {"usage": None} if include_usage else {}
        self._family = inference.family_of(model)
        self._include_usage = include_usage
        # Only OpenAI's models have a chunk that names the role, before any text.
        self._begin = [{"role": "assistant", "content": ""}] if self._family == "openai" else []

    def whole(self, answer: Completion) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": answer.text}
        if answer.calls:
            message["content"] = answer.text or None
            message["tool_calls"] = [call.written() for call in answer.calls]
        if answer.thinking and self._family != "openai":
            message["reasoning"] = answer.thinking
        reason = _finish_reason(self._family, answer.end.finish_reason)
        return self._head | {
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "finish_reason": reason}],
            "usage": _usage(answer.usage, self._family),
        }

    def encode(self, event: inference.Piece) -> list[bytes]:
        deltas, self._begin = [*self._begin, *self._deltas(event)], []
        sent = [self._chunk(delta, None) for delta in deltas]
        if isinstance(event, End):
            sent.append(self._chunk({}, _finish_reason(self._family, event.finish_reason)))
            if self._include_usage:
                counted = _usage(event.usage, self._family)
                sent.append(inference.data(self._head | {"choices": [], "usage": counted}))
        return sent

    def _chunk(self, delta: Mapping[str, Any], reason: str | None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return inference.data(self._head | {"choices": [choice]})

    def _deltas(self, event: inference.Piece) -> list[dict[str, Any]]:
        match event:
            case Delta():
                return [{"content": event.text}]
            case Thinking() if self._family != "openai":
                # OpenAI's models only count what they think.
                return [{"reasoning": event.text}]
            case ToolPiece():
                function = {"arguments": event.arguments}
                call: dict[str, Any] = {"index": event.index, "function": function}
                if event.id:
                    function = {"name": event.name, **function}
                    call |= {"id": event.id, "type": "function", "function": function}
                return [{"tool_calls": [call]}]
        return []


def _finish_reason(family: str, reason: str) -> str | None:
    """Say what Cortex says: every reason for OpenAI's models, none for Claude, else ``stop``."""
    if family == "openai":
        return reason
    return None if family == "claude" else "stop"


def _usage(counted: Usage, family: str) -> dict[str, Any]:
    """Write a usage with what Cortex documents for the family; nothing is cached here."""
    told: dict[str, Any] = {**counted.counts()}
    if family in ("openai", "claude"):
        told["prompt_tokens_details"] = {"cached_tokens": 0}
    if family == "openai":
        told["completion_tokens_details"] = {"reasoning_tokens": counted.reasoning_tokens}
    return told


def _read(body: Mapping[str, Any]) -> Call:
    """Read a request by the rules for its model's family, or raise a ``Refusal``."""
    name, _ = speed.asked_for(web.text(body, "model"))
    family = inference.family_of(name)
    for refused, problem in REFUSED.items():
        if body.get(refused) is not None:
            raise wrong_option(problem)
    # Nobody documents what becomes of another field; a typing error is better found than dropped.
    if strange := sorted(body.keys() - KNOWN):
        raise wrong_option(f"unknown field {strange[0][:100]!r}")
    for lacking, harmless in NOT_HERE.items() if family == "openai" else ():
        if body.get(lacking) not in (None, harmless):
            raise wrong_option(f"Local Cortex has no {lacking}; leave it out")
    more: dict[str, Any] = {}
    if family in ("openai", "claude"):
        more["tools"] = tools = tuple(map(_tool, fields.objects(body, "tools")))
        more["tool_choice"] = _tool_choice(body.get("tool_choice"), tools)
        more["schema"] = _schema(body.get("response_format"), family)
        more["thinking_tokens"] = _thinking_tokens(body, family)
        sent = {**body, "reasoning_effort": _effort(body, family)}
        more["options"] = {one: sent[one] for one in HANDED_ON[family] if sent.get(one) is not None}
        check_schemas(*(one.parameters for one in tools), more["schema"])
    elif body.get("tools"):
        raise wrong_option("this model does not support tools")
    if family == "openai":
        more["stop"] = fields.stops(body.get("stop"), "stop", fields.MOST_STOPS)
    messages = [_message(one, family) for one in web.list_of_objects(body, "messages")]
    fields.check_images(messages, taken=inference.takes_images(name))
    return inference.read_call(body, tuple(messages), body.get("max_completion_tokens"), **more)


def _tool(one: Mapping[str, Any]) -> Tool:
    function = one.get("function")
    if one.get("type") != "function" or not isinstance(function, dict):
        raise invalid("a tool must have type function and a function")
    return fields.tool(function, "parameters")


def _tool_choice(given: Any, tools: tuple[Tool, ...]) -> Any:
    if given is None or given in ("auto", "none"):
        return given or "auto"
    if not tools:
        raise wrong_option("tool_choice needs tools")
    if given == "required":
        return given
    function = given.get("function") if isinstance(given, dict) else None
    return fields.named(tools, function.get("name") if isinstance(function, dict) else None)


def _schema(given: Any, family: str) -> Mapping[str, Any] | None:
    if given is None:
        return None
    kind = given.get("type") if isinstance(given, dict) else None
    if kind == "json_schema":
        named = given.get("json_schema")
        schema = named.get("schema") if isinstance(named, dict) else None
        if not isinstance(schema, dict) or not isinstance(named.get("name"), str):
            raise invalid("response_format.json_schema needs a name and a schema")
        return schema
    if family == "openai" and kind in ("text", "json_object"):
        return None if kind == "text" else ANY_OBJECT
    raise wrong_option("this model does not support this type of response_format")


def _thinking_tokens(body: Mapping[str, Any], family: str) -> int:
    given = body.get("reasoning") or {}
    if not isinstance(given, dict):
        raise wrong_option("reasoning must be an object")
    if family == "claude" and given.get("max_tokens") is not None:
        return fields.budget(inference.number(given["max_tokens"], "reasoning.max_tokens"))
    return fields.effort(_effort(body, family))


def _effort(body: Mapping[str, Any], family: str) -> Any:
    effort = (body.get("reasoning") or {}).get("effort")
    return body.get("reasoning_effort") if effort is None and family == "openai" else effort


def _message(one: Mapping[str, Any], family: str) -> Message:
    role, content, call_id = one.get("role", "user"), one.get("content"), ""
    if role == "developer" and family == "openai":
        role = "system"
    calls = tuple(map(_call_made, fields.objects(one, "tool_calls"))) if role == "assistant" else ()
    if content is None and calls:
        content = ""
    if role == "tool":
        call_id = one.get("tool_call_id") or ""
    text, images = _parts(content)
    for value, name in ((role, "a message's role"), (call_id, "tool_call_id")):
        if not isinstance(value, str):
            raise invalid(f"{name} must be text")
    return Message(str(role), text, images, calls, str(call_id))


def _parts(content: Any) -> tuple[str, tuple[Image, ...]]:
    """Read a message's content, text or a list of parts."""
    texts, images = [], []
    for part in content if isinstance(content, list) else [{"text": content}]:
        if isinstance(part, dict) and part.get("type") == "image_url":
            images.append(_image(part.get("image_url")))
        elif isinstance(part, dict) and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif isinstance(content, list):
            raise invalid("a part of a message must be text only or an image")
        else:
            raise invalid("message content must be text")
    return "".join(texts), tuple(images)


def _call_made(one: Mapping[str, Any]) -> ToolCall:
    function = one.get("function")
    given = function if isinstance(function, dict) else {}
    found = (one.get("id"), given.get("name"), given.get("arguments"))
    if not all(isinstance(each, str) for each in found):
        raise invalid("a tool call needs an id, a function name and arguments")
    return ToolCall(*map(str, found))


def _image(given: Any) -> Image:
    url = given.get("url") if isinstance(given, dict) else given
    head, _, content = url.partition(",") if isinstance(url, str) else ("", "", "")
    kind = head.removeprefix("data:").removesuffix(";base64")
    if head != f"data:{kind};base64":
        raise invalid("image_url must be a data URL in base64")
    return fields.image(kind, content)


ROUTES = [Route("/api/v2/cortex/v1/chat/completions", chat_completions, methods=["POST"])]

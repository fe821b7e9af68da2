"""The Messages API, ``/api/v2/cortex/v1/messages``, in the form of Anthropic's API.

Snowflake documents the path, the header, Bearer tokens and that only Claude's models answer; the
fields and the order of events are Anthropic's specification, which the installed client reads.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local_cortex import faults, speed
from local_cortex.cortex import Completion
from local_cortex.engines import (
    Call,
    Delta,
    End,
    EngineError,
    Image,
    Message,
    Thinking,
    Tool,
    ToolCall,
    ToolPiece,
    prompt_tokens,
)
from local_cortex.engines.tools import check_schemas
from local_cortex.faults import Refusal
from local_cortex.routes import fields, inference, web
from local_cortex.routes.web import JsonResponse, json_text

KNOWN = frozenset({
    *("model", "messages", "max_tokens", "system", "stream", "temperature", "top_p", "top_k"),
    *("tools", "tool_choice", "thinking", "output_config", "metadata", "stop_sequences"),
    *("cache_control",),
})  # fmt: skip
LEAST_BUDGET = 1_024
ADAPTIVE = 4_096
EFFORTS = {"low": 1_024, "medium": 4_096, "high": 16_384, "max": 32_768}
STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
ERRORS = {
    400: "invalid_request_error",
    402: "billing_error",
    403: "permission_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
}


async def messages(request: Request) -> Response:
    """Answer a conversation, whole or in events."""
    inference.authorise(request)
    try:
        return await _answer(request)
    except EngineError as error:
        said = _error(error.status, str(error))
        named = {"x-snowflake-request-id": said["request_id"]}
        answer = JsonResponse(said, error.status, named)
        if isinstance(error, Refusal) and error.retry_after is not None:
            answer.headers["retry-after"] = error.retry_after
        return answer


async def _answer(request: Request) -> Response:
    body = await web.json_body(request, fields.MAX_BODY_BYTES)
    if "anthropic-version" not in request.headers:
        raise Refusal(400, "anthropic-version: header is required")
    # In a thread: pictures and schemas can be large.
    call = await asyncio.to_thread(_read, body)
    streams = inference.flag(body, "stream", default=False)
    return await inference.answer(request, call, _Writer(call), streams=streams, failure=_failure)


class _Writer:
    """Writes one answer as a message, or as events: its blocks in order, each begun and ended."""

    def __init__(self, call: Call) -> None:
        name = f"msg_{uuid.uuid4().hex}"
        self._head = {"id": name, "type": "message", "role": "assistant", "model": call.model}
        start: dict[str, Any] = {"content": [], "stop_reason": None, "stop_sequence": None}
        message = {**self._head, **start, "usage": _usage(prompt_tokens(call.messages), 0)}
        self._sent = [_event("message_start", message=message), _event("ping")]
        self._index = -1
        self._kind = ""

    def whole(self, answer: Completion) -> dict[str, Any]:
        used = _usage(answer.usage.prompt_tokens, answer.usage.completion_tokens)
        return {**self._head, "content": _blocks(answer), **_stopped(answer.end), "usage": used}

    def encode(self, event: inference.Piece) -> list[bytes]:
        match event:
            case Delta():
                self._begin("text", text="")
                self._delta("text_delta", text=event.text)
            case Thinking():
                self._begin("thinking", thinking="", signature="")
                self._delta("thinking_delta", thinking=event.text)
            case ToolPiece():
                if event.id:
                    self._end()
                    self._begin("tool_use", id=event.id, name=event.name, input={})
                self._delta("input_json_delta", partial_json=event.arguments)
            case End():
                self._end()
                delta = _stopped(event)
                counted = event.usage
                usage = _usage(counted.prompt_tokens, counted.completion_tokens)
                self._sent.append(_event("message_delta", delta=delta, usage=usage))
                self._sent.append(_event("message_stop"))
        sent, self._sent = self._sent, []
        return sent

    def _begin(self, kind: str, **block: Any) -> None:
        if kind == self._kind:
            return
        self._end()
        self._index, self._kind = self._index + 1, kind
        begun = {"type": kind, **block}
        self._sent.append(_event("content_block_start", index=self._index, content_block=begun))

    def _delta(self, kind: str, **more: Any) -> None:
        delta = {"type": kind, **more}
        self._sent.append(_event("content_block_delta", index=self._index, delta=delta))

    def _end(self) -> None:
        if self._kind == "thinking":
            self._delta("signature_delta", signature=fields.SIGNATURE)
        if self._kind:
            self._sent.append(_event("content_block_stop", index=self._index))
        self._kind = ""


def _event(kind: str, **more: Any) -> bytes:
    return f"event: {kind}\ndata: ".encode() + json_text({"type": kind, **more})


def _error(status: int, message: str) -> dict[str, Any]:
    return {
        "type": "error",
        "error": {"type": ERRORS.get(status, "api_error"), "message": message},
        "request_id": str(uuid.uuid4()),
    }


def _failure(error: EngineError) -> bytes:
    return b"event: error\ndata: " + json_text(_error(error.status, str(error)))


def _stopped(end: End) -> dict[str, str | None]:
    if end.stop_sequence is not None:
        return {"stop_reason": "stop_sequence", "stop_sequence": end.stop_sequence}
    return {"stop_reason": STOP_REASONS[end.finish_reason], "stop_sequence": None}


def _usage(read: int, written: int) -> dict[str, int]:
    cached = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    return {"input_tokens": read, **cached, "output_tokens": written}


def _blocks(whole: Completion) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if whole.thinking:
        thought = {"thinking": whole.thinking, "signature": fields.SIGNATURE}
        blocks.append({"type": "thinking", **thought})
    if whole.text:
        blocks.append({"type": "text", "text": whole.text})
    for call in whole.calls:
        given = fields.arguments(call)
        blocks.append({"type": "tool_use", "id": call.id, "name": call.name, "input": given})
    return blocks


def _read(body: Mapping[str, Any]) -> Call:
    """Read a request, or raise a ``Refusal``."""
    name, _ = speed.asked_for(web.text(body, "model"))
    # A fault answers everywhere; an unknown model is refused later.
    if faults.find(name) is None and inference.family_of(name) not in ("claude", ""):
        raise Refusal(400, "model: the Messages API serves Claude models only")
    if strange := sorted(body.keys() - KNOWN):
        raise Refusal(400, f"{strange[0][:100]}: Extra inputs are not permitted")
    if body.get("max_tokens") is None:
        raise Refusal(400, "max_tokens: Field required")
    tools = tuple(fields.tool(one, "input_schema") for one in fields.objects(body, "tools"))
    config = body.get("output_config") or {}
    if not isinstance(config, dict):
        raise Refusal(400, "output_config: must be an object")
    wrong = "output_config.format: must be a json_schema with a schema"
    schema = fields.schema(config.get("format"), "json_schema", wrong)
    check_schemas(*(one.parameters for one in tools), schema)
    turns = [Message("system", system)] if (system := _texts(body.get("system") or "")) else []
    for one in web.list_of_objects(body, "messages"):
        turns += _turns(one)
    top_k = inference.number(body.get("top_k"), "top_k")
    fields.check_images(turns, taken=inference.takes_images(name))
    return inference.read_call(
        body,
        tuple(turns),
        body["max_tokens"],
        tools=tools,
        tool_choice=_tool_choice(body.get("tool_choice"), tools),
        schema=schema,
        thinking_tokens=_thinking_tokens(body, config),
        stop=fields.stops(body.get("stop_sequences"), "stop_sequences", fields.MOST_STOP_SEQUENCES),
        options={} if top_k is None else {"top_k": top_k},
    )


def _tool_choice(given: Any, tools: tuple[Tool, ...]) -> Any:
    if given is None:
        return "auto"
    kind = given.get("type") if isinstance(given, dict) else None
    if kind == "tool":
        return fields.named(tools, given.get("name"))
    modes = {"auto": "auto", "none": "none", "any": "required"}
    if not isinstance(kind, str) or kind not in modes or (kind == "any" and not tools):
        raise Refusal(400, "tool_choice: must be auto, any, tool or none, and needs tools")
    return modes[kind]


def _thinking_tokens(body: Mapping[str, Any], config: Mapping[str, Any]) -> int:
    given = body.get("thinking") or {"type": "disabled"}
    kind = given.get("type") if isinstance(given, dict) else None
    if kind == "adaptive":
        effort = config.get("effort")
        if effort is None:
            return ADAPTIVE
        if not isinstance(effort, str) or effort not in EFFORTS:
            raise Refusal(400, f"output_config.effort: must be one of {', '.join(EFFORTS)}")
        return EFFORTS[effort]
    if kind == "disabled":
        return 0
    if kind != "enabled":
        raise Refusal(400, "thinking.type: must be enabled, adaptive or disabled")
    budget = fields.budget(inference.number(given.get("budget_tokens"), "thinking.budget_tokens"))
    most = inference.number(body["max_tokens"], "max_tokens") or 0
    if not LEAST_BUDGET <= budget < most:
        raise Refusal(
            400, f"thinking.budget_tokens: must be at least {LEAST_BUDGET} and below max_tokens"
        )
    return budget


def _turns(one: Mapping[str, Any]) -> list[Message]:
    """Read a message: results of tools are turns of their own, before the user's words."""
    role, content = one.get("role"), one.get("content")
    if role not in ("user", "assistant"):
        raise Refusal(400, "messages.role: must be user or assistant")
    if isinstance(content, str):
        return [Message(role, content)]
    results: list[Message] = []
    texts: list[str] = []
    images: list[Image] = []
    calls: list[ToolCall] = []
    for block in fields.objects(one, "content"):
        match block.get("type"):
            case "text" if isinstance(block.get("text"), str):
                texts.append(block["text"])
            case "image" if role == "user":
                images.append(_image(block.get("source")))
            case "tool_use" if role == "assistant":
                calls.append(fields.call_made(block, "id"))
            case "tool_result" if role == "user":
                results.append(_result(block))
            case "thinking" | "redacted_thinking" if role == "assistant":
                pass
            case _:
                raise Refusal(
                    400, f"messages.content: this block can't be in a message of the {role}"
                )
    if texts or images or calls or not results:
        said = Message(role, "".join(texts), tuple(images), tuple(calls))
        return [*results, said]
    return results


def _image(source: Any) -> Image:
    if not isinstance(source, dict) or source.get("type") != "base64":
        raise Refusal(400, "messages.content.image.source: must be base64")
    return fields.image(source.get("media_type"), source.get("data"))


def _result(block: Mapping[str, Any]) -> Message:
    answered = block.get("tool_use_id")
    if not isinstance(answered, str):
        raise Refusal(400, "messages.content.tool_result.tool_use_id: must be text")
    return Message("tool", _texts(block.get("content") or ""), call_id=answered)


def _texts(given: Any) -> str:
    """Read text, or a list of blocks of text."""
    blocks = [{"type": "text", "text": given}] if isinstance(given, str) else given
    if isinstance(blocks, list) and all(
        isinstance(one, dict) and isinstance(one.get("text"), str) for one in blocks
    ):
        return "".join(one["text"] for one in blocks)
    raise Refusal(400, "content: must be text or a list of text blocks")


ROUTES = [Route("/api/v2/cortex/v1/messages", messages, methods=["POST"])]

"""Method 3: the OpenAI client on Cortex's own REST endpoint.

``snowflake.cortex.Complete`` is deprecated, and what replaces it in SQL does not stream. This is
where streaming goes: the endpoint is documented by Snowflake ("Cortex REST API"), and its client is
the one that most programs already have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from streaming.deltas import Delta, Thinking, ToolCall, Usage
from streaming.http import HEADERS, Answer, Http
from streaming.request import CompletionRequest, Message

if TYPE_CHECKING:
    from openai import OpenAI, Stream
    from openai.types.chat import ChatCompletionChunk

__all__ = ["ChatCompletionsStrategy"]

# Where servers put what a model thinks before it answers: Cortex and OpenRouter, DeepSeek and vLLM,
# Ollama.
THOUGHTS = ("reasoning", "reasoning_content", "reasoning_details", "thinking")
# What the strategy says itself; the request's own options count more than the strategy's.
OURS = frozenset({"model", "messages", "stream", "stream_options", "extra_headers", "max_tokens"})


class ChatCompletionsStrategy:
    """``client.chat.completions.create(..., stream=True)``.

    ``client`` is an ``openai.OpenAI`` whose ``base_url`` is
    ``https://<account>.snowflakecomputing.com/api/v2/cortex/v1`` and whose ``api_key`` is a
    programmatic access token. Its own retries and timeouts are replaced: :class:`Retry` and
    :class:`Limits` have them. Redirects are not followed.

    With ``usage`` the stream's last chunk tells how many tokens it took; not every other server of
    this interface knows that option. ``options`` go into each request as they are, such as
    ``tools=[...]``, or ``extra_body={"reasoning": {"max_tokens": 1024}}`` for Claude's thinking.
    What others send is accepted, too: empty deltas and choices, text in parts.

    Beside its text an answer has ``Thinking``, ``ToolCall`` and ``Usage``. A tool's result goes
    back in a :class:`Message`.

    Raises:
        ValueError: an option that is the request's or the strategy's own.
    """

    name = "chat-completions"
    live = True

    def __init__(self, client: OpenAI, *, usage: bool = False, **options: Any) -> None:
        if taken := ", ".join(sorted(OURS & options.keys())):
            raise ValueError(f"{taken}: not an option of the strategy; give it with the request")
        self._usage, self._options = usage, options
        self._client = client.with_options(max_retries=0)
        http = getattr(self._client, "_client", None)
        if http is not None:
            setattr(self._client, "_client", Http(http))  # noqa: B010 - mypy: of another type

    def open(self, request: CompletionRequest) -> Iterator[Delta]:
        """Send the request; the call returns when the service has begun to answer.

        Raises:
            openai.APIStatusError, openai.APIConnectionError: as the client does.
            StreamUnavailable: it isn't an answer: HTTP 200, but JSON or HTML.
        """
        question: list[Any] = [_turn(message) for message in request.messages or ()]
        if request.prompt is not None:
            question = [{"role": "user", "content": request.prompt}]
        options: dict[str, Any] = {**self._options, **request.options}
        if "max_tokens" in options:
            # Cortex refuses the older name.
            options["max_completion_tokens"] = options.pop("max_tokens")
        if self._usage:
            options["stream_options"] = {"include_usage": True}
        chunks: Stream[ChatCompletionChunk] = self._client.chat.completions.create(
            model=request.model, messages=question, stream=True, extra_headers=HEADERS, **options
        )
        return _Chunks(chunks)


class _Chunks(Answer):
    """The text and the events in the client's chunks.

    Without a ``finish_reason`` for Claude's models on Cortex, which give none (Cortex REST API).
    """

    def __init__(self, chunks: Stream[ChatCompletionChunk]) -> None:
        self._chunks = chunks
        # Of each place in the list of tool calls, the call that is written there.
        self._calls: dict[object, str] = {}
        # The arguments of each call, as far as they have come.
        self._arguments: dict[str, str] = {}
        super().__init__(chunks.response)

    def close(self) -> None:
        self._chunks.close()
        super().close()

    def read(self) -> Iterator[Delta]:
        for chunk in self._chunks:
            choices = _of(chunk, "choices")
            if not choices:
                # The last chunk may hold nothing but the usage. Others than Cortex also send an
                # error in this form.
                if _of(chunk, "object") == "error" or _of(chunk, "error_code"):
                    raise self._error(chunk)
                if (usage := _usage(_of(chunk, "usage"))) is not None:
                    yield usage
                continue
            choice = choices[0] if isinstance(choices, list) else None
            self.finish_reason = _of(choice, "finish_reason") or self.finish_reason
            if self.finish_reason == "error":
                raise self._error(chunk)
            delta = _of(choice, "delta")
            thoughts = [_of(delta, name) for name in THOUGHTS]
            if thought := next(filter(None, map(_text, thoughts)), ""):
                yield Thinking(thought)
            calls = _of(delta, "tool_calls")
            text = _text(_of(delta, "content")) or _text(_of(delta, "refusal"))
            # Nothing to read, but alive: see Strategy.open.
            if text or calls or any(thoughts) or _of(delta, "content"):
                yield text
            for piece in calls if isinstance(calls, list) else ():
                yield self._call(piece)
        if self.finish_reason is None and not all(map(_is_json, self._arguments.values())):
            # Without a reason the end looks like any other of Claude's.
            from httpx import RemoteProtocolError

            raise RemoteProtocolError("a tool call has no end")

    def _call(self, piece: object) -> ToolCall:
        """Return a piece of a call, which begins with an ``id``.

        Not with an ``index``: Cortex was seen to send every parallel call at the first one.
        """
        place = str(_of(piece, "index"))
        self._calls[place] = _text(_of(piece, "id")) or self._calls.get(place, f"call_{place}")
        function = _of(piece, "function")
        name, arguments = _text(_of(function, "name")), _text(_of(function, "arguments"))
        call = self._calls[place]
        self._arguments[call] = self._arguments.get(call, "") + arguments
        return ToolCall(call, name, arguments)

    def _error(self, chunk: object) -> Exception:
        from openai import APIError

        said = {name: _of(chunk, name) for name in ("code", "error_code", "message", "type")}
        return APIError("an error event", self.response.request, body=said)


def _turn(message: Message) -> dict[str, Any]:
    turn: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        turn["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        turn["tool_call_id"] = message.tool_call_id
    return turn


def _usage(counted: object) -> Usage | None:
    numbers = [_of(counted, name) for name in ("prompt_tokens", "completion_tokens")]
    return Usage(*numbers) if all(type(number) is int for number in numbers) else None


def _of(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


def _is_json(arguments: str) -> bool:
    try:
        json.loads(arguments or "{}")
    except (RecursionError, ValueError):
        return False
    return True


def _text(content: object) -> str:
    """Return the text of a delta: a string, or a list of parts of which some are text."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(
            part if isinstance(part, str) else _text(_of(part, "text")) for part in content
        )
    return ""

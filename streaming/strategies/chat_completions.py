"""Method 3: the OpenAI client on Cortex's own REST endpoint.

``snowflake.cortex.Complete`` is deprecated, and what replaces it in SQL does not stream. This is
where streaming goes: the endpoint is documented by Snowflake ("Cortex REST API"), and its client is
the one that most programs already have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from streaming import bodies, sockets
from streaming.errors import StreamUnavailable, refusal
from streaming.request import CompletionRequest
from streaming.strategies.protocol import Usage

if TYPE_CHECKING:
    from openai import OpenAI, Stream
    from openai.types.chat import ChatCompletionChunk

__all__ = ["ChatCompletionsStrategy"]

# Seconds, as httpx names them; a stream's own limits are shorter.
TIMEOUTS = {"connect": 10.0, "read": 300.0, "write": 300.0, "pool": 10.0}
# Each answer has a connection of its own, so that ending one ends no other. And packed, a kilobyte
# may be a megabyte of text.
HEADERS = {"Connection": "close", "Accept-Encoding": "identity"}
# Where servers put what a model thinks before it answers: Cortex and OpenRouter, DeepSeek and vLLM,
# Ollama. A call of a tool is no text either, and no silence.
THOUGHTS = ("reasoning", "reasoning_content", "reasoning_details", "thinking", "tool_calls")


class ChatCompletionsStrategy:
    """``client.chat.completions.create(..., stream=True)``.

    ``client`` is an ``openai.OpenAI`` whose ``base_url`` is
    ``https://<account>.snowflakecomputing.com/api/v2/cortex/v1`` and whose ``api_key`` is a
    programmatic access token. Its own retries and timeouts are replaced: :class:`Retry` and
    :class:`Limits` have them. Redirects are not followed.

    With ``usage`` the stream's last chunk tells how many tokens it took; not every other server of
    this interface knows that option. What others send is accepted, too: empty deltas and choices,
    text in parts, reasoning.
    """

    name = "chat-completions"
    live = True

    def __init__(self, client: OpenAI, *, usage: bool = False) -> None:
        self._usage = usage
        self._client = client.with_options(max_retries=0)
        http = getattr(self._client, "_client", None)
        if http is not None:
            setattr(self._client, "_client", _Http(http))  # noqa: B010 - mypy: of another type

    def open(self, request: CompletionRequest) -> Iterator[str]:
        """Send the request; the call returns when the service has begun to answer.

        Raises:
            openai.APIStatusError, openai.APIConnectionError: as the client does.
            StreamUnavailable: the answer is none: HTTP 200, but JSON or HTML.
        """
        messages = request.messages or ()
        question: list[Any] = [message.model_dump() for message in messages]
        if request.prompt is not None:
            question = [{"role": "user", "content": request.prompt}]
        options: dict[str, Any] = dict(request.options)
        if "max_tokens" in options:
            # Cortex refuses the older name.
            options["max_completion_tokens"] = options.pop("max_tokens")
        if self._usage:
            options["stream_options"] = {"include_usage": True}
        chunks: Stream[ChatCompletionChunk] = self._client.chat.completions.create(
            model=request.model, messages=question, stream=True, extra_headers=HEADERS, **options
        )
        response = chunks.response
        refused = refusal(response)
        if refused is None and "content-encoding" in response.headers:
            response.close()
            refused = "bad_answer"
        if refused is not None:
            raise StreamUnavailable(refused)
        return _Chunks(chunks)


class _Http:
    """The client's HTTP client, but for its timeouts and how much of an error it reads."""

    def __init__(self, http: Any) -> None:
        self._http = http

    def __getattr__(self, name: str) -> Any:
        return getattr(self._http, name)

    def send(self, request: Any, **options: Any) -> Any:
        request.extensions |= {"timeout": TIMEOUTS, "trace": _trace}
        # Following one, it would read its body without a limit.
        response = self._http.send(request, **{**options, "follow_redirects": False})
        if not response.is_success:
            bodies.read(response)
        return response


def _trace(event: str, info: dict[str, Any]) -> None:
    """Show the sockets of httpcore's connections."""
    if event.endswith(("connect_tcp.complete", "start_tls.complete")):
        opened = info["return_value"].get_extra_info("socket")
        if opened is not None:
            sockets.show(opened)


class _Chunks:
    """The texts of the client's chunks, whose reading can be ended from another thread."""

    def __init__(self, chunks: Stream[ChatCompletionChunk]) -> None:
        self._chunks = chunks
        self._aborted = False
        # The client asks the response for it when it begins to read (_streaming.py).
        read = bodies.limited(chunks.response.iter_bytes, lambda: self._aborted)
        setattr(chunks.response, "iter_bytes", read)  # noqa: B010 - mypy: a method
        self._texts = self._read()
        # Stays None for Claude's models on Cortex, which give no reason (Cortex REST API).
        self.finish_reason: str | None = None
        self.usage: Usage | None = None

    @property
    def response(self) -> Any:
        """The client's response, whose bytes are read from now on."""
        return self._chunks.response

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._texts)

    def close(self) -> None:
        """Give the connection back; only from the thread that reads."""
        self._chunks.close()
        # The response holds itself by this: a cycle, which would keep its buffers for a while.
        vars(self._chunks.response).pop("iter_bytes", None)

    def abort(self) -> None:
        """End a read that waits for the model."""
        self._aborted = True
        bodies.wake(self._chunks.response)

    def _read(self) -> Iterator[str]:
        for chunk in self._chunks:
            choices = _of(chunk, "choices")
            if not choices:
                # The last chunk may hold nothing but the usage. Others than Cortex also send an
                # error in this form.
                if _of(chunk, "object") == "error" or _of(chunk, "error_code"):
                    raise self._error(chunk)
                self.usage = _usage(_of(chunk, "usage")) or self.usage
                continue
            choice = choices[0] if isinstance(choices, list) else None
            self.finish_reason = _of(choice, "finish_reason") or self.finish_reason
            if self.finish_reason == "error":
                raise self._error(chunk)
            delta = _of(choice, "delta")
            text = _text(_of(delta, "content")) or _text(_of(delta, "refusal"))
            # Nothing to read, but alive: see Strategy.open.
            if text or any(_of(delta, name) for name in THOUGHTS) or _of(delta, "content"):
                yield text

    def _error(self, chunk: object) -> Exception:
        from openai import APIError

        said = {name: _of(chunk, name) for name in ("code", "error_code", "message", "type")}
        return APIError("an error event", self._chunks.response.request, body=said)


def _usage(counted: object) -> Usage | None:
    numbers = [_of(counted, name) for name in ("prompt_tokens", "completion_tokens")]
    return Usage(*numbers) if all(type(number) is int for number in numbers) else None


def _of(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


def _text(content: object) -> str:
    """Return the text of a delta: a string, or a list of parts of which some are text."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(
            part if isinstance(part, str) else _text(_of(part, "text")) for part in content
        )
    return ""

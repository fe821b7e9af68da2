"""Method 3: the OpenAI client on Cortex's own REST endpoint.

``snowflake.cortex.Complete`` is deprecated, and what replaces it in SQL does not stream. This is
where streaming goes: the endpoint is documented by Snowflake ("Cortex REST API"), and its client is
the one that most programs already have.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from streaming.errors import EXPIRED_SESSION, StreamUnavailable
from streaming.request import CompletionRequest

if TYPE_CHECKING:
    from openai import OpenAI, Stream
    from openai.types.chat import ChatCompletionChunk

__all__ = ["ChatCompletionsStrategy"]


class ChatCompletionsStrategy:
    """``client.chat.completions.create(..., stream=True)``.

    ``client`` is an ``openai.OpenAI`` whose ``base_url`` is
    ``https://<account>.snowflakecomputing.com/api/v2/cortex/v1`` and whose ``api_key`` is a
    programmatic access token. Its own retries are turned off for the call: :class:`Retry` has them.
    """

    name = "chat-completions"
    live = True

    def __init__(self, client: OpenAI) -> None:
        self._client = client.with_options(max_retries=0)

    def open(self, request: CompletionRequest) -> Iterator[str]:
        """Send the request; the call returns when the service has begun to answer.

        Raises:
            openai.APIStatusError, openai.APIConnectionError: as the client does.
            StreamUnavailable: the answer is none: HTTP 200, but JSON.
        """
        messages = request.messages or ()
        question: list[Any] = [message.model_dump() for message in messages]
        if request.prompt is not None:
            question = [{"role": "user", "content": request.prompt}]
        options: dict[str, Any] = dict(request.options)
        if "max_tokens" in options:
            # Cortex refuses the older name.
            options["max_completion_tokens"] = options.pop("max_tokens")
        chunks = self._client.chat.completions.create(
            model=request.model, messages=question, stream=True, **options
        )
        if chunks.response.headers.get("content-type", "").startswith("application/json"):
            # No answer, but Cortex's word that the session has expired; the client would read it
            # as an answer without text.
            expired = EXPIRED_SESSION in chunks.response.read().decode("utf-8", "replace")
            chunks.close()
            raise StreamUnavailable("unauthorised" if expired else "bad_answer")
        return _Chunks(chunks)


class _Chunks:
    """The texts of the client's chunks, whose reading can be ended from another thread."""

    def __init__(self, chunks: Stream[ChatCompletionChunk]) -> None:
        self._chunks = chunks
        self._texts = self._read()
        # Stays None for Claude's models on Cortex, which give no reason (Cortex REST API).
        self.finish_reason: str | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._texts)

    def close(self) -> None:
        """Give the connection back; only from the thread that reads."""
        self._chunks.close()

    def abort(self) -> None:
        """Shut the socket for reading, so that a read that waits for the model ends now."""
        network = self._chunks.response.extensions.get("network_stream")
        opened = network.get_extra_info("socket") if network is not None else None
        if opened is None:
            return
        try:
            opened.shutdown(socket.SHUT_RD)
        except OSError:
            # The answer has ended meanwhile, and its connection with it: nothing waits any more.
            return

    def _read(self) -> Iterator[str]:
        for chunk in self._chunks:
            # The last chunk may hold nothing but the usage.
            for choice in chunk.choices[:1]:
                self.finish_reason = choice.finish_reason or self.finish_reason
                if choice.delta.content:
                    yield choice.delta.content

"""What ``from openai import OpenAI`` gives a program: chat completions on Cortex's REST API."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace

from practice.guest import cortex
from practice.guest.channel import NotHere, Partial

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["ChatCompletionChunk", "modules"]

# Arguments of the real ``create`` that make no difference to the course, or that it does not teach.
REFUSED = (
    *("audio", "frequency_penalty", "logit_bias", "logprobs", "metadata", "n", "presence_penalty"),
    *("reasoning_effort", "response_format", "seed", "stop", "stream_options", "tool_choice"),
    *("tools", "top_logprobs", "user", "extra_body", "extra_headers", "timeout"),
)
ELSEWHERE = ("AsyncOpenAI", "AzureOpenAI", "audio", "chat", "embeddings", "images", "responses")


class OpenAIError(Exception):
    """Any error of the client's."""


class APIError(OpenAIError):
    """The service, or the way to it, has failed."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class APIConnectionError(APIError):
    """The service could not be reached, or hung up."""


class APITimeoutError(APIConnectionError):
    """The service took too long."""


class APIStatusError(APIError):
    """The service answered with an error status."""

    def __init__(self, message: str, status_code: int) -> None:
        super().__init__(message)
        self.status_code = status_code


#: Status -> the name of its error; for any other above 499 it is ``InternalServerError``.
STATUSES = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    409: "ConflictError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
    500: "InternalServerError",
}
KINDS = {name: type(name, (APIStatusError,), {}) for name in STATUSES.values()}


class ChatCompletion(SimpleNamespace):
    """An answer: ``choices[0].message.content``."""


class ChatCompletionChunk(SimpleNamespace):
    """A piece of an answer: ``choices[0].delta.content``."""


class Stream:
    """The pieces of an answer."""

    def __init__(self, number: int, model: str) -> None:
        self._pieces = _pieces(number, model)

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> ChatCompletionChunk:
        return next(self._pieces)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._pieces.close()  # type: ignore[attr-defined]


def _pieces(number: int, model: str) -> Iterator[ChatCompletionChunk]:
    while (text := cortex.ask("next", _error, call=number)) is not None:
        yield _chunk(model, text, None)
    yield _chunk(model, None, "stop")


def _chunk(model: str, text: str | None, finish_reason: str | None) -> ChatCompletionChunk:
    delta = SimpleNamespace(content=text, role="assistant")
    choice = SimpleNamespace(index=0, delta=delta, finish_reason=finish_reason)
    return ChatCompletionChunk(model=model, choices=[choice], usage=None)


class Completions:
    """``client.chat.completions``."""

    def create(
        self,
        *,
        messages: Any = None,
        model: Any = None,
        stream: bool | None = False,
        max_completion_tokens: Any = None,
        max_tokens: Any = None,
        temperature: Any = None,
        top_p: Any = None,
        **others: Any,
    ) -> Any:
        """Ask a model; return its answer, or with ``stream`` an iterator of its pieces."""
        for name in others:
            if name in REFUSED:
                raise NotHere("openai", f"create({name}=...)")
            raise TypeError(f"Completions.create() got an unexpected keyword argument '{name}'")
        if messages is None or model is None:
            raise TypeError(
                "Missing required arguments; Expected either ('messages' and 'model') or "
                "('messages', 'model' and 'stream') arguments to be given"
            )
        most = max_tokens if max_completion_tokens is None else max_completion_tokens
        given = {"max_tokens": most, "temperature": temperature, "top_p": top_p}
        options = {name: value for name, value in given.items() if value is not None}
        asked = {"model": model, "prompt": messages, "options": options, "stream": bool(stream)}
        number = cortex.ask("complete", _error, **asked)
        made = Stream(number, model)
        if stream:
            return cortex.remembered(number, made)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in made)
        message = SimpleNamespace(role="assistant", content=text)
        choice = SimpleNamespace(index=0, message=message, finish_reason="stop")
        return ChatCompletion(model=model, choices=[choice], usage=None)


class OpenAI:
    """The client; where it sends to and with which key makes no difference here."""

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: Any = None,
        max_retries: int = 2,
    ) -> None:
        if api_key is None:
            raise OpenAIError(
                "Missing credentials. Please pass an `api_key`, or set the `OPENAI_API_KEY` "
                "environment variable."
            )
        self.base_url, self.timeout, self.max_retries = base_url, timeout, max_retries
        self.chat = SimpleNamespace(completions=Completions())

    def __getattr__(self, name: str) -> Any:
        if name in ELSEWHERE:
            raise NotHere("openai", f"client.{name}")
        raise AttributeError(f"'OpenAI' object has no attribute '{name}'")


def _error(kind: str, status: int = 0, message: str = "") -> Exception:
    if kind == "http":
        name = STATUSES.get(status, "InternalServerError" if status > 499 else "APIStatusError")
        kind_of_status: type[Exception] = KINDS.get(name, APIStatusError)
        return kind_of_status(f"Error code: {status}", status)
    if kind == "timeout":
        return APITimeoutError("Request timed out.")
    if kind in ("cut", "connection"):
        return APIConnectionError("Connection error.")
    return APIError(message) if kind in ("service", "parse") else NotHere(kind, message)


def modules() -> dict[str, ModuleType]:
    """Return the modules that programs import, by their names."""
    public = (OpenAI, OpenAIError, APIError, APIConnectionError, APITimeoutError, APIStatusError)
    named: dict[str, Any] = {kind.__name__: kind for kind in public} | KINDS
    for kind in named.values():
        kind.__module__ = "openai"
    Stream.__module__ = "openai"
    for kind in (ChatCompletion, ChatCompletionChunk):
        kind.__module__ = "openai.types.chat"
    return {"openai": Partial("openai", "openai", ELSEWHERE, **named)}

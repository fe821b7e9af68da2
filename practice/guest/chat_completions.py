"""What ``from openai import OpenAI`` gives a program: chat completions on Cortex's REST API."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace

from practice.guest import channel, snowflake_cortex
from practice.guest.channel import NotHere, Partial

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from typing import Any

__all__ = ["ChatCompletionChunk", "modules"]

# Arguments of the real ``create`` that the course does not teach.
REFUSED = (
    *("audio", "frequency_penalty", "logit_bias", "logprobs", "metadata", "n", "presence_penalty"),
    *("reasoning_effort", "response_format", "seed", "stop", "stream_options", "tool_choice"),
    *("tools", "top_logprobs", "user", "extra_body", "extra_headers", "timeout"),
)
OPTIONS = ("max_completion_tokens", "max_tokens", "temperature", "top_p")
ELSEWHERE = ("AsyncOpenAI", "AzureOpenAI", "audio", "chat", "embeddings", "images", "responses")


class OpenAIError(Exception):
    """Any error of the client's; ``message`` and ``status_code`` as the real ones have them."""

    __module__ = "openai"

    def __init__(self, message: str, status_code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        if status_code is not None:
            self.status_code = status_code


def _errors(base: type[Exception], *names: str) -> dict[str, type[Exception]]:
    return {name: type(name, (base,), {"__module__": "openai"}) for name in names}


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
ERRORS = _errors(OpenAIError, "APIError")
ERRORS |= _errors(ERRORS["APIError"], "APIConnectionError", "APIStatusError")
ERRORS |= _errors(ERRORS["APIConnectionError"], "APITimeoutError")
ERRORS |= _errors(ERRORS["APIStatusError"], *STATUSES.values())


class ChatCompletion(SimpleNamespace):
    """An answer: ``choices[0].message.content``."""

    __module__ = "openai.types.chat"


class ChatCompletionChunk(ChatCompletion):
    """A piece of an answer: ``choices[0].delta.content``."""


def _choices(model: str, part: str, text: str | None, ended: str | None) -> dict[str, Any]:
    said = SimpleNamespace(role="assistant", content=text)
    choice = SimpleNamespace(index=0, finish_reason=ended, **{part: said})
    return {"model": model, "choices": [choice], "usage": None}


class Stream:
    """The pieces of an answer."""

    __module__ = "openai"

    def __init__(self, number: int, model: str) -> None:
        self._number, self._model, self._has_ended = number, model, False

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> ChatCompletionChunk:
        if self._has_ended:
            raise StopIteration
        text = snowflake_cortex.ask("next", _error, call=self._number)
        self._has_ended = text is None
        channel.piece_came()
        ended = "stop" if text is None else None
        return ChatCompletionChunk(**_choices(self._model, "delta", text, ended))

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        if not self._has_ended:
            channel.say("closed", call=self._number)
        self._has_ended = True


class Completions:
    """``client.chat.completions``."""

    def create(
        self, *, messages: Any = None, model: Any = None, stream: bool | None = False, **others: Any
    ) -> Any:
        """Ask a model; return its answer, or with ``stream`` an iterator of its pieces."""
        for name in {*others} - {*OPTIONS}:
            if name in REFUSED:
                raise NotHere("openai", f"create({name}=...)")
            raise TypeError(f"Completions.create() got an unexpected keyword argument '{name}'")
        if messages is None or model is None:
            raise TypeError(
                "Missing required arguments; Expected either ('messages' and 'model') or "
                "('messages', 'model' and 'stream') arguments to be given"
            )
        options = {name: value for name, value in others.items() if value is not None}
        if "max_completion_tokens" in options:
            options["max_tokens"] = options.pop("max_completion_tokens")
        asked = {"model": model, "prompt": messages, "options": options, "stream": bool(stream)}
        number = snowflake_cortex.ask("complete", _error, **asked)
        made = Stream(number, model)
        if stream:
            return snowflake_cortex.remembered(number, made)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in made)
        return ChatCompletion(**_choices(model, "message", text, "stop"))


class OpenAI:
    """The client; where it sends to and with which key makes no difference here."""

    __module__ = "openai"

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
        return ERRORS[name](f"Error code: {status}", status)
    if kind == "timeout":
        return ERRORS["APITimeoutError"]("Request timed out.")
    if kind in ("cut", "connection"):
        return ERRORS["APIConnectionError"]("Connection error.")
    return ERRORS["APIError"](message) if kind in ("service", "parse") else NotHere(kind, message)


def modules() -> dict[str, ModuleType]:
    """Return the modules that programs import, by their names."""
    named: dict[str, Any] = {"OpenAI": OpenAI, "OpenAIError": OpenAIError, **ERRORS}
    return {"openai": Partial("openai", "openai", ELSEWHERE, **named)}

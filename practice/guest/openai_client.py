"""What ``from openai import OpenAI`` gives a program: chat completions on Cortex's REST API."""

from __future__ import annotations

import os
from types import ModuleType, SimpleNamespace

from practice.guest import channel, snowflake_cortex
from practice.guest.channel import NotHere, Partial

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

OPTIONS = (*("max_completion_tokens", "max_tokens", "stream_options", "temperature", "top_p"),)
# Arguments of the real ``create`` that the course does not teach.
REFUSED = (
    *("audio", "extra_body", "extra_headers", "extra_query", "frequency_penalty", "function_call"),
    *("functions", "logit_bias", "logprobs", "metadata", "modalities", "moderation", "n"),
    *("parallel_tool_calls", "prediction", "presence_penalty", "prompt_cache_key"),
    *("prompt_cache_options", "prompt_cache_retention", "reasoning_effort", "response_format"),
    *("safety_identifier", "seed", "service_tier", "stop", "store", "timeout", "tool_choice"),
    *("tools", "top_logprobs", "user", "verbosity", "web_search_options"),
)
ELSEWHERE = ("AsyncOpenAI", "AzureOpenAI", "audio", "chat", "embeddings", "images", "responses")
# Where Cortex answers, on any host of Snowflake's.
PATH = "/api/v2/cortex/v1"
HOST = ".snowflakecomputing.com"
# The account's programmatic access token; ``None`` inside Snowflake, where secrets have none.
_token: list[str | None] = [None]


class OpenAIError(Exception):
    """Any error of the client's; those of the service have a status, a body and a message."""

    __module__ = "openai"
    body: Any = None
    code = param = type = None

    def __init__(self, message: str, **known: Any) -> None:
        super().__init__(message)
        self.message = message
        self.__dict__.update(known)


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


class Model(SimpleNamespace):
    """What the client returns, and the parts of it."""

    def __init_subclass__(cls) -> None:
        cls.__module__ = "openai.types.chat"

    def model_dump(self) -> dict[str, Any]:
        return {name: _plain(value) for name, value in vars(self).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return value.model_dump()
    return [_plain(each) for each in value] if isinstance(value, list) else value


class ChatCompletion(Model):
    """An answer: ``choices[0].message.content``."""


class ChatCompletionChunk(Model):
    """A piece of an answer: ``choices[0].delta.content``."""


class Choice(Model):
    """One of the answers; there is one."""


class ChatCompletionMessage(Model):
    """A whole answer's text."""


class ChoiceDelta(Model):
    """A piece of an answer's text."""


class CompletionUsage(Model):
    """The tokens of an answer."""


def _text(content: str | None, role: str | None) -> dict[str, Any]:
    return {"content": content, "role": role, "refusal": None, "tool_calls": None}


def _piece(content: str | None, role: str | None = None, ended: str | None = None) -> list[Choice]:
    return [_choice(ended, delta=ChoiceDelta(**_text(content, role)))]


def _choice(ended: str | None, **part: Model) -> Choice:
    return Choice(index=0, finish_reason=ended, logprobs=None, **part)


class Stream:
    """The pieces of an answer."""

    __module__ = "openai"

    def __init__(self, number: int, model: str, include_usage: bool) -> None:
        self._number, self._model, self._has_ended = number, model, False
        self._chunks = self._read(include_usage)

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> ChatCompletionChunk:
        if self._has_ended:
            raise StopIteration
        return next(self._chunks)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        if name == "response":
            raise NotHere("openai", "stream.response")
        raise AttributeError(f"'Stream' object has no attribute '{name}'")

    def close(self) -> None:
        if not self._has_ended:
            channel.say("closed", call=self._number)
        self._has_ended = True

    def _read(self, include_usage: bool) -> Iterator[ChatCompletionChunk]:
        begun = not _is_openai(self._model)
        while True:
            answer = snowflake_cortex.answer("next", _error, call=self._number)
            text = answer["value"]
            channel.piece_came()
            if not begun:
                # Only OpenAI's models name the role, in a chunk without text.
                begun = True
                yield self._chunk(_piece("", "assistant"))
            if text is None:
                break
            yield self._chunk(_piece(text))
        yield self._chunk(_piece(None, ended=answer.get("finish_reason")))
        if include_usage:
            yield self._chunk([], _usage(self._model, answer.get("usage")))

    def _chunk(self, choices: list[Any], usage: Any = None) -> ChatCompletionChunk:
        name = "chat.completion.chunk"
        return ChatCompletionChunk(object=name, model=self._model, choices=choices, usage=usage)


def _is_openai(model: object) -> bool:
    return str(model).lower().startswith("openai-")


def _usage(model: object, counted: Any) -> CompletionUsage | None:
    """Return the tokens of an answer, with the details that Cortex documents for its family."""
    if counted is None:
        return None
    caches = _is_openai(model) or str(model).lower().startswith("claude-")
    return CompletionUsage(
        **counted,
        total_tokens=sum(counted.values()),
        prompt_tokens_details=Model(cached_tokens=0) if caches else None,
        completion_tokens_details=Model(reasoning_tokens=0) if _is_openai(model) else None,
    )


class Completions:
    """``client.chat.completions``."""

    def __init__(self, client: OpenAI) -> None:
        self._client = client

    def create(
        self,
        *positional: Any,
        messages: Any = None,
        model: Any = None,
        stream: bool | None = False,
        **others: Any,
    ) -> Any:
        """Ask a model; return its answer, or with ``stream`` an iterator of its pieces."""
        if positional:
            given = len(positional) + 1
            raise TypeError(f"create() takes 1 argument(s) but {given} were given")
        for name in {*others} - {*OPTIONS}:
            if name in REFUSED:
                raise NotHere("openai", f"create({name}=...)")
            raise TypeError(f"Completions.create() got an unexpected keyword argument '{name}'")
        if messages is None or model is None:
            raise TypeError(
                "Missing required arguments; Expected either ('messages' and 'model') or "
                "('messages', 'model' and 'stream') arguments to be given"
            )
        self._client._reach()
        asked = {"model": model, "prompt": messages, "options": others, "stream": bool(stream)}
        number = snowflake_cortex.answer("complete", _error, **asked, chat=True)["value"]
        options = others.get("stream_options")
        include_usage = isinstance(options, dict) and options.get("include_usage") is True
        made = Stream(number, model, include_usage or not stream)
        if stream:
            return snowflake_cortex.remembered(number, made)
        *chunks, last, counted = made
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        choice = _choice(
            last.choices[0].finish_reason, message=ChatCompletionMessage(**_text(text, "assistant"))
        )
        return ChatCompletion(
            object="chat.completion", model=model, choices=[choice], usage=counted.usage
        )


class OpenAI:
    """The client; it reaches Cortex at its address, with the token of the secrets."""

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
        self.api_key, self.base_url = api_key, base_url
        self.timeout, self.max_retries = timeout, max_retries
        self.chat = SimpleNamespace(completions=Completions(self))

    def _reach(self) -> None:
        """Raise the client's error for a request that would not come to Cortex."""
        host, slash, path = str(self.base_url or "").removeprefix("https://").partition("/")
        if self.base_url is None:
            # It goes to OpenAI, which knows no token of Snowflake's.
            raise _error("http", 401, "Incorrect API key provided")
        if not str(self.base_url).startswith("https://") or not host.endswith(HOST):
            raise _error("connection")
        if (slash + path).rstrip("/") != PATH:
            raise _error("http", 404, "not found")
        if _token[0] is not None and self.api_key != _token[0]:
            raise _error("http", 401, "Session token is not valid.")

    def __getattr__(self, name: str) -> Any:
        if name in ELSEWHERE:
            raise NotHere("openai", f"client.{name}")
        raise AttributeError(f"'OpenAI' object has no attribute '{name}'")


def _error(kind: str, status: int = 0, message: str = "") -> Exception:
    if kind == "http":
        name = STATUSES.get(status, "InternalServerError" if status > 499 else "APIStatusError")
        digits = os.urandom(16).hex()
        identity = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
        body = {"message": message, "request_id": identity}
        response = SimpleNamespace(
            status_code=status, headers={"x-snowflake-request-id": identity}, json=lambda: body
        )
        # The client looks for another header's name, which Snowflake doesn't send.
        known = {"status_code": status, "body": body, "response": response, "request_id": None}
        said = f" - {message}" if message else ""
        return ERRORS[name](f"Error code: {status}{said}", **known)
    if kind == "timeout":
        return ERRORS["APITimeoutError"]("Request timed out.")
    if kind in ("cut", "connection"):
        return ERRORS["APIConnectionError"]("Connection error.")
    return ERRORS["APIError"](message) if kind in ("service", "parse") else NotHere(kind, message)


def modules(job: dict[str, Any]) -> dict[str, ModuleType]:
    """Return the modules that programs import, by their names."""
    secrets = job["secrets"]
    _token[:] = [secrets["connections"]["snowflake"]["password"] if secrets else None]
    named: dict[str, Any] = {"OpenAI": OpenAI, "OpenAIError": OpenAIError, **ERRORS}
    return {"openai": Partial("openai", "openai", ELSEWHERE, **named, Stream=Stream)}

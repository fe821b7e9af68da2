"""An engine that passes each call on to a model server which speaks OpenAI's chat completions.

Ollama, llama.cpp and vLLM do, so a learner who runs one of them gets a real model's answers
through the Snowflake client. Three settings say where: ``COURSE_RELAY_URL``,
``COURSE_RELAY_MODELS`` and ``COURSE_RELAY_API_KEY``.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
from contextlib import aclosing, asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import httpx
from httpx_sse import EventSource, ServerSentEvent

from local_cortex import tokens
from local_cortex.engines import (
    Begin,
    Call,
    Delta,
    End,
    EngineError,
    Event,
    Message,
    Usage,
    prompt_tokens,
)
from local_cortex.engines.relay_reading import (
    API_KEY,
    LONE_SURROGATE,
    MODELS,
    OPTIONAL,
    URL,
    Rejection,
    RelayStream,
)
from local_cortex.environment import SettingsError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

# A server that is there answers a connection at once; a model that is being loaded, or a long
# prompt that is being read on a CPU, can keep the first token back for a minute or more.
TIMEOUT = httpx.Timeout(connect=5.0, read=100.0, write=30.0, pool=5.0)
# From the request to the end of the answer's headers, whatever interim answers come before them.
HEAD_SECONDS = 110.0
# From the model's end to the usage, which some servers send and some do not.
USAGE_SECONDS = 5.0
# Of a rejection's body: enough for its message, whatever else the server sends.
REJECTION_BYTES = 65_536
REJECTION_SECONDS = 5.0
# A budget in tokens -> what servers call it.
EFFORTS = ((1_024, "low"), (4_096, "medium"))
# Of one event, and of all: Cortex's longest answer has 131,072 tokens, of some 300 bytes each.
EVENT_BYTES = 1_000_000
ANSWER_BYTES = 64_000_000


class RelayEngine:
    """An engine that forwards to ``url``, the part before ``/chat/completions``.

    ``models`` maps Cortex names, in any case, to the target's names; ``*`` is for all the others.
    A name without an entry is passed on as it is. The key is sent to the target and shown nowhere.
    """

    name = "relay"

    def __init__(
        self,
        url: str,
        models: Mapping[str, str] | None = None,
        api_key: str | None = None,
        *,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        """Check the target, not connecting to it; ``SettingsError`` for a wrong address or key."""
        self._base = _checked_url(url)
        self._models = {name.lower(): target for name, target in (models or {}).items()}
        self._headers = {"accept": "text/event-stream", "accept-encoding": "identity"}
        self._headers["content-type"] = "application/json"
        self._key = (api_key or "").strip()
        if not (self._key.isascii() and self._key.isprintable()) or " " in self._key:
            raise SettingsError(f"{API_KEY} has a character that no key has; paste it again.")
        if self._key:
            self._headers["authorization"] = f"Bearer {self._key}"
        self._timeout = timeout
        # What the target has refused, by its model: it is not sent again.
        self._refused: dict[str, frozenset[str]] = {}
        # A proxy from the environment could not reach this machine's own loopback, but another
        # host may be reachable only through it.
        self._trust_env = not _is_loopback(self._base.host)
        # Reading the certificates takes tens of milliseconds: once, not for each call.
        self._tls = httpx.create_ssl_context(trust_env=self._trust_env)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> RelayEngine:
        """Make the relay that the settings name."""
        models = _read_models(environment.get(MODELS, ""))
        return cls(environment[URL], models, environment.get(API_KEY))

    def target_of(self, model: str) -> str:
        """Give the target's name for a Cortex model."""
        return self._models.get(model.lower()) or self._models.get("*") or model

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        answer = RelayStream()
        pieces = 0
        try:
            async with self._answered(call) as response:
                yield Begin()
                bounded = response.stream = _Bounded(response)
                async with aclosing(EventSource(response).aiter_sse()) as events:
                    while not answer.done and (event := await _next(events, answer)):
                        bounded.piece = 0
                        for added in answer.feed(event.event, event.data):
                            if isinstance(added, Delta):
                                pieces += tokens.count(added.text)
                            yield added
            finish_reason = answer.finish()
        except (httpx.HTTPError, _TooMuch) as error:
            # After the model's own end, only the usage can still be missing.
            if answer.finish_reason is None:
                raise EngineError(502, self._explain(error)) from error
            finish_reason = answer.finish_reason
        except EngineError as error:
            # Some servers repeat a key that they refuse.
            shown = str(error).replace(self._key, "[key]") if self._key else str(error)
            raise EngineError(error.status, shown) from None
        if rest := answer.rest():
            yield Delta(rest)
        yield End(finish_reason, answer.usage or Usage(prompt_tokens(call.messages), pieces))

    @asynccontextmanager
    async def _answered(self, call: Call) -> AsyncIterator[httpx.Response]:
        """Ask; once more for each field that the target refuses, without it."""
        model = self.target_of(call.model)
        refused = self._refused.get(model, frozenset())
        # One client a call: nothing outlives the call, and closing this generator closes
        # the connection, which tells the model server to stop.
        async with httpx.AsyncClient(
            verify=self._tls, timeout=self._timeout, trust_env=self._trust_env
        ) as client:
            while True:
                body = self._body(call, refused)
                response = await self._sent(client, body)
                try:
                    rejection = await _rejection(response)
                    if rejection is None:
                        self._refused[model] = refused
                        yield response
                        return
                finally:
                    await response.aclose()
                field = rejection.field(body.keys() & OPTIONAL)
                if field is None:
                    raise rejection.error(call.model)
                refused |= {field}

    async def _sent(self, client: httpx.AsyncClient, body: dict[str, Any]) -> httpx.Response:
        url = f"{self._base}/chat/completions"
        try:
            # Escaped: nothing else can carry half of a surrogate pair.
            content = json.dumps(body, allow_nan=False)
        except (RecursionError, ValueError):
            wrong = "the request has a number or a nesting that JSON can't carry"
            raise EngineError(400, f"schema validation failed: {wrong}") from None
        request = client.build_request("POST", url, headers=self._headers, content=content)
        try:
            # The client's timeouts are per read, and interim responses can come without end.
            async with asyncio.timeout(HEAD_SECONDS):
                return await client.send(request, stream=True)
        except TimeoutError:
            raise EngineError(502, f"{self._where} did not answer in {HEAD_SECONDS:g} s") from None

    def _body(self, call: Call, refused: frozenset[str]) -> dict[str, Any]:
        # The older name of the limit, which most servers know, or else the newer one.
        limit = "max_completion_tokens" if "max_tokens" in refused else "max_tokens"
        body: dict[str, Any] = {
            "model": self.target_of(call.model),
            "messages": [*map(_turn, call.messages)],
            limit: call.max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": call.temperature,
            "top_p": call.top_p,
            "reasoning_effort": _effort(call.thinking_tokens),
            "stop": list(call.stop) or None,
            **_asked_for(call),
            **call.options,
        }
        return {
            name: value for name, value in body.items() if value is not None and name not in refused
        }

    @property
    def _where(self) -> str:
        return f"the relay target at {self._base.host}:{self._base.port or self._base.scheme}"

    def _explain(self, error: httpx.HTTPError | _TooMuch) -> str:
        match error:
            case httpx.ConnectError() | httpx.ConnectTimeout():
                what = f"cannot be reached; start it, or unset {URL} to have the script answer"
            case httpx.ReadTimeout():
                what = f"sent nothing for {self._timeout.read:g} s"
            case _TooMuch():
                what = f"sent {error}"
            case _:
                what = f"broke the connection off ({type(error).__name__})"
        return f"{self._where} {what}"


def _turn(turn: Message) -> dict[str, Any]:
    """Write a turn as chat completions have it."""
    text = LONE_SURROGATE.sub("\ufffd", turn.content)
    content: Any = text
    if turn.images:
        urls = [f"data:{one.media_type};base64,{one.data}" for one in turn.images]
        parts = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
        content = [*([{"type": "text", "text": text}] if text else []), *parts]
    written: dict[str, Any] = {"role": turn.role, "content": content}
    if turn.calls:
        written["tool_calls"] = [call.written() for call in turn.calls]
    if turn.call_id:
        written["tool_call_id"] = turn.call_id
    return written


def _asked_for(call: Call) -> dict[str, Any]:
    """Write the tools and the form of the answer, where there are any."""
    asked: dict[str, Any] = {}
    if call.tools:
        asked["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
            }
            for tool in call.tools
        ]
        choice = call.tool_choice
        named = {"type": "function", "function": {"name": getattr(choice, "name", "")}}
        asked["tool_choice"] = choice if isinstance(choice, str) else named
    if call.schema is not None:
        named = {"name": "answer", "schema": call.schema}
        asked["response_format"] = {"type": "json_schema", "json_schema": named}
    return asked


def _effort(tokens: int) -> str | None:
    """Word a budget as an effort, which more servers know."""
    if not tokens:
        return None
    return next((name for most, name in EFFORTS if tokens <= most), "high")


class _TooMuch(Exception):
    """A body, or one event of it, is larger than it may be."""


class _Bounded(httpx.AsyncByteStream):
    """Counts the bytes of a response's stream, whose place it takes.

    ``piece`` counts those since it was last set to 0. httpx and httpx-sse leave this to us.
    """

    def __init__(self, response: httpx.Response) -> None:
        self._stream = cast("httpx.AsyncByteStream", response.stream)
        self.piece = self._whole = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._stream:
            self.piece += len(data)
            self._whole += len(data)
            if self.piece > EVENT_BYTES:
                raise _TooMuch("an event without an end")
            if self._whole > ANSWER_BYTES:
                raise _TooMuch("an answer without an end")
            yield data

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _next(
    events: AsyncGenerator[ServerSentEvent, None], answer: RelayStream
) -> ServerSentEvent | None:
    """Wait for an event; ``None`` at the end, or where only the usage is missing and late."""
    try:
        async with asyncio.timeout(USAGE_SECONDS if answer.finish_reason else None):
            return await anext(events, None)
    except TimeoutError:
        return None


async def _rejection(response: httpx.Response) -> Rejection | None:
    """Read an answer that is not a stream of events; ``None`` for one that is."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    # A compressed body unpacks to a thousand times as much; servers are asked for plain ones.
    encoding = response.headers.get("content-encoding", "").strip().lower()
    plain = encoding in {"", "identity"}
    if response.status_code == HTTPStatus.OK and kind == "text/event-stream":
        if plain:
            return None
        raise EngineError(502, "the relay target compressed its stream, though asked not to")
    body = b""
    try:
        async with asyncio.timeout(REJECTION_SECONDS):
            async for data in response.aiter_raw():
                body += data
                if len(body) >= REJECTION_BYTES:
                    break
    except (TimeoutError, httpx.HTTPError):
        pass  # the part that arrived may be enough
    read = body[:REJECTION_BYTES] if plain else b""
    return Rejection(response.status_code, response.reason_phrase, kind, read)


def _checked_url(given: str) -> httpx.URL:
    """Check an endpoint's address and take ``/chat/completions`` off its end, if it is there."""
    example = "for Ollama it is http://127.0.0.1:11434/v1"
    try:
        url = httpx.URL(given.strip().rstrip("/").removesuffix("/chat/completions"))
    except httpx.InvalidURL as error:
        raise SettingsError(f"{URL} is not a URL ({error}); {example}.") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise SettingsError(f"{URL} must start with http:// or https:// and a host; {example}.")
    if url.userinfo:
        raise SettingsError(f"{URL} has a user or a password in it; put a key in {API_KEY}.")
    if url.query or url.fragment:
        raise SettingsError(f"{URL} must end with its path, without ? or #; {example}.")
    return url


def _read_models(given: str) -> dict[str, str]:
    """Read ``name=target,name=target``; the names come out in lower case."""
    models: dict[str, str] = {}
    for entry in filter(None, map(str.strip, given.split(","))):
        name, _, target = (part.strip() for part in entry.partition("="))
        if not (name and target):
            raise SettingsError(
                f"{MODELS}: {entry!r} is not of the form name=target; "
                "write for example llama3.1-8b=llama3.2:1b,*=qwen3:0.6b."
            )
        if name.lower() in models:
            raise SettingsError(f"{MODELS}: {name!r} is there twice; keep one of the two.")
        models[name.lower()] = target
    return models


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")

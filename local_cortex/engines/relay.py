"""An engine that passes each call on to a model server which speaks OpenAI's chat completions.

Ollama, llama.cpp and vLLM do, so a learner who runs one of them gets a real model's answers
through the Snowflake client. Three settings say where: ``COURSE_RELAY_URL``,
``COURSE_RELAY_MODELS`` and ``COURSE_RELAY_API_KEY``.
"""

from __future__ import annotations

import json
from contextlib import aclosing
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx
from httpx_sse import EventSource

from local_cortex import tokens
from local_cortex.engines import Begin, Call, Delta, End, EngineError, Event, Usage
from local_cortex.engines.relay_settings import (
    API_KEY,
    MODELS,
    URL,
    check_key,
    check_models,
    check_url,
    is_loopback,
)
from local_cortex.engines.relay_stream import LONE_SURROGATE, RelayStream, message_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

__all__ = ["RelayEngine"]

# A server that is there answers a connection at once; a model that is being loaded, or a long
# prompt that is being read on a CPU, can keep the first token back for a minute or more.
TIMEOUT = httpx.Timeout(connect=5.0, read=120.0, write=30.0, pool=5.0)
# Of an error's body: enough for its message, whatever else the server sends.
ERROR_BYTES = 65_536
# What the target answers -> what the client gets. Everything else is a fault of the relay, not of
# the caller's credentials or request: 502, which no Snowflake client retries.
STATUS = {400: 400, 404: 400, 422: 400, 429: 429, 503: 503}
HINTS = {
    400: f"check the model name in {MODELS}",
    401: f"set {API_KEY}",
    403: f"set {API_KEY}",
    404: f"set {MODELS} to a model that it has, and check that {URL} ends as it should, often /v1",
    405: f"check that {URL} ends as it should, often /v1",
}


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
        """Check the target without connecting to it.

        Raises:
            SettingsError: ``url`` or ``api_key`` cannot be used.
        """
        self._base = check_url(url)
        self._models = {name.lower(): target for name, target in (models or {}).items()}
        self._headers = {"accept": "text/event-stream"}
        self._key = check_key(api_key or "")
        if self._key:
            self._headers["authorization"] = f"Bearer {self._key}"
        self._timeout = timeout
        # A proxy from the environment could not reach this machine's own loopback, but another
        # host may be reachable only through it.
        self._trust_env = not is_loopback(self._base.host)
        # Reading the certificates takes tens of milliseconds: once, not for each call.
        self._tls = httpx.create_ssl_context(trust_env=self._trust_env)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> RelayEngine | None:
        """Make the relay that the settings name, or return ``None`` without ``COURSE_RELAY_URL``.

        Raises:
            SettingsError: a setting cannot be used; the text names it and the fix.
        """
        url = environment.get(URL, "").strip()
        if not url:
            return None
        return cls(url, check_models(environment.get(MODELS, "")), environment.get(API_KEY))

    def target_of(self, model: str) -> str:
        """Give the target's name for a Cortex model."""
        name = model.lower()
        return self._models.get(name) or self._models.get("*") or model

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        answer = RelayStream()
        characters: list[str] = []
        try:
            # One client a call: nothing outlives the call, and closing this generator closes
            # the connection, which is how a model server learns that nobody is listening.
            async with (
                httpx.AsyncClient(
                    verify=self._tls, timeout=self._timeout, trust_env=self._trust_env
                ) as client,
                client.stream(
                    "POST",
                    f"{self._base}/chat/completions",
                    headers=self._headers,
                    json=self._body(call),
                ) as response,
            ):
                await _check(response)
                yield Begin()
                async with aclosing(EventSource(response).aiter_sse()) as events:
                    async for event in events:
                        if text := answer.feed(event.event, event.data):
                            characters.append(text)
                            yield Delta(text)
                        if answer.done:
                            break
            finish_reason = answer.finish()
        except httpx.HTTPError as error:
            # After the model's own end, only the usage can still be missing.
            if answer.finish_reason is None:
                raise EngineError(502, self._explain(error)) from error
            finish_reason = answer.finish_reason
        except EngineError as error:
            # Some servers repeat a key that they refuse.
            raise EngineError(error.status, self._hide(str(error))) from None
        usage = answer.usage or Usage(
            prompt_tokens=sum(tokens.count(message.content) for message in call.messages),
            completion_tokens=tokens.count("".join(characters)),
        )
        yield End(finish_reason, usage)

    def _body(self, call: Call) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.target_of(call.model),
            "messages": [
                {"role": turn.role, "content": LONE_SURROGATE.sub("\ufffd", turn.content)}
                for turn in call.messages
            ],
            # The older name of the limit, which every such server knows.
            "max_tokens": call.max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if call.temperature is not None:
            body["temperature"] = call.temperature
        if call.top_p is not None:
            body["top_p"] = call.top_p
        return body

    def _explain(self, error: httpx.HTTPError) -> str:
        where = f"the relay target at {self._base.host}:{self._base.port or self._base.scheme}"
        fix = f"start it, or unset {URL} to have the script answer"
        match error:
            case httpx.ConnectTimeout():
                return f"{where} did not accept a connection in {self._timeout.connect:g} s; {fix}"
            case httpx.ConnectError():
                return f"{where} cannot be reached; {fix}"
            case httpx.ReadTimeout():
                return f"{where} sent nothing for {self._timeout.read:g} s"
            case httpx.TransportError():
                return f"{where} broke the connection off ({type(error).__name__})"
            case _:
                return f"{where} sent what cannot be read ({type(error).__name__})"

    def _hide(self, text: str) -> str:
        return text.replace(self._key, "[key]") if self._key else text


async def _check(response: httpx.Response) -> None:
    """Refuse anything but a stream of events.

    Raises:
        EngineError: with the target's own message, where it gave one.
    """
    status = response.status_code
    if status == HTTPStatus.OK:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "text/event-stream":
            return
        raise EngineError(
            502,
            f"the relay target answered with {kind or 'no content type'} instead of a stream; "
            f"check that {URL} is an OpenAI-compatible endpoint, often one ending in /v1",
        )
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= ERROR_BYTES:
            break
    said = _error_text(body) or response.reason_phrase or "no reason given"
    hint = f"; {HINTS[status]}" if status in HINTS else ""
    raise EngineError(STATUS.get(status, 502), f"the relay target answered {status}: {said}{hint}")


def _error_text(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    try:
        return message_of(json.loads(text))
    except ValueError:
        # An HTML page is a proxy's or a web server's, not a message.
        return "" if text.lstrip().startswith("<") else message_of(text)

"""Reads a model server's answer that is not an event stream; no network in it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from http import HTTPStatus
from typing import Any

from local_cortex.engines import EngineError
from local_cortex.engines.relay_settings import API_KEY, MODELS, URL
from local_cortex.engines.relay_stream import message_of

__all__ = ["OPTIONAL", "Rejection"]

# Optional fields of a request; the limit has two names.
OPTIONAL = ("max_tokens", "max_completion_tokens", "stream_options", "temperature", "top_p")
NAME = re.compile(r"\w+")
# How servers say that they do not take a field at all, or not with this value.
NOT_TAKEN = re.compile(
    r"unsupported|not support|unrecogni[sz]ed|unknown (?:field|param|arg)|unexpected"
    r"|extra (?:input|field)|not (?:permitted|allowed)|forbidden|deprecated|instead",
    re.IGNORECASE,
)
CONTEXT = re.compile(
    r"context[_ ](?:length|window|size)|maximum context|too many tokens|prompt is too long",
    re.IGNORECASE,
)
# Used up, which no waiting helps against, although it comes as 429.
QUOTA = re.compile(r"insufficient[_ ]quota|exceeded your current quota|billing", re.IGNORECASE)
UNKNOWN_MODEL = re.compile(
    r"model_not_found|(?:unknown|no such|invalid) model"
    r"|\bmodel\b.{0,200}\b(?:not found|does not exist|is unknown|not available)",
    re.IGNORECASE,
)
# What the target answers -> what the client gets. Everything else is a fault of the relay, not of
# the caller's credentials or request: 502, which no Snowflake client retries.
STATUS = {400: 400, 404: 400, 413: 400, 422: 400, 429: 429, 503: 503}
HINTS = {
    400: f"check the model name in {MODELS}",
    401: f"set {API_KEY}",
    403: f"set {API_KEY}",
    404: f"set {MODELS} to a model that it has, and check that {URL} ends as it should, often /v1",
    405: f"check that {URL} ends as it should, often /v1",
}


class Rejection:
    """An answer of the target, as far as it was read.

    Args:
        status: of HTTP, with its ``phrase``.
        kind: the media type, in lower case.
        body: the first bytes.
    """

    def __init__(self, status: int, phrase: str, kind: str, body: bytes) -> None:
        self.status = status
        self._phrase = phrase
        self._kind = kind
        self._words = body.decode("utf-8", "replace")
        try:
            self._said: Any = json.loads(self._words)
        except (ValueError, RecursionError):
            # An HTML page is a proxy's or a web server's, not a message.
            self._said = "" if self._words.lstrip().startswith("<") else self._words

    @property
    def _details(self) -> dict[str, Any]:
        """The error object, by whatever name."""
        said = self._said if isinstance(self._said, dict) else {}
        error = said.get("error")
        if isinstance(error, dict):
            return error
        return said if error or said.get("object") == "error" else {}

    def field(self, sent: Collection[str]) -> str | None:
        """Name the field that the target does not take, of those that it was ``sent``."""
        if self.status not in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY):
            return None
        # A prompt that is too long is often said to be so with the name of the limit.
        if CONTEXT.search(self._words) or not NOT_TAKEN.search(self._words):
            return None
        named = self._details.get("param")
        words = [named] if named in OPTIONAL else NAME.findall(self._words)
        return next((name for name in OPTIONAL if name in sent and name in words), None)

    def error(self, model: str) -> EngineError:
        """Return it as an error: in Snowflake's words where there are some, else the target's."""
        if self.status == HTTPStatus.OK and not self._details:
            return EngineError(
                502,
                f"the relay target answered with {self._kind or 'no content type'} instead of a "
                f"stream; check that {URL} is an OpenAI-compatible endpoint, often one ending in "
                "/v1",
            )
        said = message_of(self._said) or message_of(self._phrase) or "no reason given"
        hint = f"; {HINTS[self.status]}" if self.status in HINTS else ""
        told = f"the relay target answered {self.status}: {said}{hint}"
        code = str(self._details.get("code") or self._details.get("type") or "")
        if self.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return EngineError(502, told)
        if self.status == HTTPStatus.TOO_MANY_REQUESTS and QUOTA.search(f"{code} {said}"):
            return EngineError(502, told)
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return EngineError(429, f"too many requests: {told}")
        if CONTEXT.search(f"{code} {said}"):
            return EngineError(400, f"max tokens of count exceeded: {told}")
        if UNKNOWN_MODEL.search(f"{code} {said}"):
            return EngineError(400, f'unknown model "{model}": {told}')
        return EngineError(STATUS.get(self.status, 502), told)

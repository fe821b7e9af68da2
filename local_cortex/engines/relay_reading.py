"""Reads what a model server sends, a stream of events or a rejection; no network in it.

Model servers differ in what they send around the text. All of this is taken as it is meant: a
first delta with only a role, ``null`` deltas, choices and content, content as a list of parts, the
usage with or after the last piece, a finish reason that is empty, and an end with or without
``[DONE]``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from local_cortex.engines import Delta, EngineError, Thinking, ToolPiece, Usage

if TYPE_CHECKING:
    from local_cortex.engines import FinishReason

# The settings that an error names.
URL, MODELS, API_KEY = "COURSE_RELAY_URL", "COURSE_RELAY_MODELS", "COURSE_RELAY_API_KEY"

# Of the target's own words in a message for a person.
ERROR_CHARACTERS = 300
# Half of a character that JSON escapes tore in two: nothing can encode it on its way out.
LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
# The first half, at the end of a piece: the other half begins the next.
FIRST_HALF = re.compile(r"[\ud800-\udbff]?\Z")
ADDRESS = re.compile(r"\w+://\S+")

# Fields that a request does without, if need be; the limit has two names.
OPTIONAL = (
    *("max_tokens", "max_completion_tokens", "stream_options", "temperature", "top_p"),
    *("reasoning_effort", "seed", "presence_penalty", "frequency_penalty", "logit_bias"),
    *("parallel_tool_calls", "verbosity", "prediction", "user", "safety_identifier", "top_k"),
    *("prompt_cache_key", "prompt_cache_retention"),
)
# Of one answer, and of an id or a name.
MOST_CALLS = 128
NAME_CHARACTERS = 200
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
    400: f"; check the model name in {MODELS}",
    **dict.fromkeys((401, 403), f"; set {API_KEY}"),
    404: f"; set {MODELS} to a model it has, and check that {URL} ends as it should, often /v1",
    405: f"; check that {URL} ends as it should, often /v1",
}


class RelayStream:
    """Reads one answer: feed it each event, then call :meth:`finish`."""

    def __init__(self) -> None:
        self.finish_reason: FinishReason | None = None
        self.usage: Usage | None = None
        self.done = False
        self._first_half = ""
        # Index -> the id of the call that its pieces belong to.
        self._calls: dict[int, str] = {}

    def feed(self, event: str, data: str) -> list[Delta | Thinking | ToolPiece]:
        """Take one event and return what it adds; 502 for an error, and for no completion."""
        if event != "error" and data.strip() in ("", "[DONE]"):
            self.done = self.done or bool(data.strip())
            return []
        try:
            chunk = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise EngineError(502, "the relay target sent an event that is not JSON") from error
        if event == "error":
            raise _broken_off(chunk)
        if not isinstance(chunk, dict):
            raise EngineError(502, "the relay target sent an event that is not a completion")
        if chunk.get("error") or "error" in (chunk.get("object"), chunk.get("type")):
            raise _broken_off(chunk)
        usage = _dict(chunk.get("usage"))
        prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
        if isinstance(prompt, int) and isinstance(completion, int):
            details = _dict(usage.get("completion_tokens_details"))
            thought = details.get("reasoning_tokens")
            self.usage = Usage(prompt, completion, thought if isinstance(thought, int) else 0)
        choices = chunk.get("choices")
        choice = _dict(choices[0] if isinstance(choices, list) and choices else None)
        reason = choice.get("finish_reason")
        if reason == "error" or choice.get("error"):
            raise _broken_off(choice)
        if reason:
            self.finish_reason = reason if reason in ("length", "tool_calls") else "stop"
        delta = _dict(choice.get("delta"))
        text = self._added(delta)
        return [*([text] if text else []), *self._pieces(delta.get("tool_calls"))]

    def rest(self) -> str:
        """Return what is left at the end: a replacement for half a character."""
        return "\ufffd" if self._first_half else ""

    def finish(self) -> FinishReason:
        """Return why the answer ended; 502 if the stream ended without a word about it."""
        if self.finish_reason is None and not self.done:
            raise EngineError(
                502, "the relay target ended the stream early; the answer is not whole"
            )
        return self.finish_reason or "stop"

    def _pieces(self, calls: object) -> Iterator[ToolPiece]:
        """Read pieces of calls; some servers give the id with each, some give none."""
        for call in map(_dict, calls if isinstance(calls, list) else ()):
            function, index = _dict(call.get("function")), call.get("index")
            index, given = index if isinstance(index, int) else 0, _printable(call.get("id"))
            name, arguments = map(_printable, map(function.get, ("name", "arguments")))
            if not given and index not in self._calls:
                given = f"call_{index}"
            begins = bool(given) and self._calls.get(index) != given
            if begins:
                self._calls[index] = given
            if (
                len(self._calls) > MOST_CALLS
                or len(given) > NAME_CHARACTERS
                or len(name) > NAME_CHARACTERS
            ):
                raise EngineError(502, "the relay target sent a tool call that is too large")
            yield ToolPiece(index, arguments, given if begins else "", name if begins else "")

    def _added(self, delta: Mapping[str, Any]) -> Delta | Thinking | None:
        if content := _text(delta.get("content")):
            # A character's halves may come in two events.
            text = self._first_half + content
            self._first_half = FIRST_HALF.findall(text)[0]
            whole = text.removesuffix(self._first_half)
            joined = whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            if joined:
                return Delta(joined)
        # The names that servers give to a model's reasoning.
        thought = _text(delta.get("reasoning")) or _text(delta.get("reasoning_content"))
        return Thinking(LONE_SURROGATE.sub("\ufffd", thought)) if thought else None


class Rejection:
    """An answer of the target that is no event stream; ``kind`` is its media type."""

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
        said = _dict(self._said)
        is_error = said.get("error") or said.get("object") == "error"
        self._details = _dict(said.get("error")) or (said if is_error else {})

    def field(self, sent: Collection[str]) -> str | None:
        """Name the field that the target does not take, of those that it was ``sent``."""
        if self.status not in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY):
            return None
        # A prompt that is too long is often said to be so with the name of the limit.
        if CONTEXT.search(self._words) or not NOT_TAKEN.search(self._words):
            return None
        named = self._details.get("param")
        words = [named] if named in OPTIONAL else re.findall(r"\w+", self._words)
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
        said = _message_of(self._said) or _message_of(self._phrase) or "no reason given"
        told = f"the relay target answered {self.status}: {said}{HINTS.get(self.status, '')}"
        words = f"{self._details.get('code') or self._details.get('type') or ''} {said}"
        too_many = self.status == HTTPStatus.TOO_MANY_REQUESTS
        if self.status in (401, 403) or (too_many and QUOTA.search(words)):
            return EngineError(502, told)
        if too_many:
            return EngineError(429, f"too many requests: {told}")
        if CONTEXT.search(words):
            return EngineError(400, f"max tokens of count exceeded: {told}")
        if UNKNOWN_MODEL.search(words):
            return EngineError(400, f'unknown model "{model}": {told}')
        return EngineError(STATUS.get(self.status, 502), told)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _printable(value: object) -> str:
    return LONE_SURROGATE.sub("\ufffd", value) if isinstance(value, str) else ""


def _text(content: object) -> str:
    """Return the text of a delta's content: text, or a list of parts, some of them with text."""
    parts = content if isinstance(content, list) else [content]
    texts = [part.get("text") if isinstance(part, dict) else part for part in parts]
    return "".join(text for text in texts if isinstance(text, str))


def _broken_off(error: Any) -> EngineError:
    said = _message_of(error) or "it did not say why"
    return EngineError(502, f"the relay target broke off: {said}")


def _message_of(error: Any) -> str:
    """Find the words in OpenAI's ``{"error": {"message": ...}}`` and its variants, bounded."""
    for key in ("error", "message", "detail"):
        if isinstance(error, dict) and key in error:
            error = error[key]
    if isinstance(error, dict | list):
        error = json.dumps(error, ensure_ascii=False)
    words = ADDRESS.sub("[address]", " ".join(str(error or "")[: 10 * ERROR_CHARACTERS].split()))
    words = LONE_SURROGATE.sub("\ufffd", words)
    return words if len(words) <= ERROR_CHARACTERS else f"{words[:ERROR_CHARACTERS]} …"

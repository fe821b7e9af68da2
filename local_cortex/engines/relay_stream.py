"""Reads a stream of chat-completion events, one event at a time; no network in it.

Model servers differ in what they send around the text. All of this is taken as it is meant: a
first delta with only a role, ``null`` deltas, choices and content, content as a list of parts, the
usage with or after the last piece, a finish reason that is empty, and an end with or without
``[DONE]``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local_cortex.engines import Delta, EngineError, Thinking, Usage

if TYPE_CHECKING:
    from local_cortex.engines import FinishReason

__all__ = ["LONE_SURROGATE", "RelayStream", "message_of"]

# Of the target's own words in a message for a person.
ERROR_CHARACTERS = 300
# Half of a character that JSON escapes tore in two: nothing can encode it on its way out.
LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
# The first half, at the end of a piece: the other half begins the next.
FIRST_HALF = re.compile(r"[\ud800-\udbff]\Z")
ADDRESS = re.compile(r"\w+://\S+")
# The names that servers give to a model's reasoning.
REASONING = ("reasoning", "reasoning_content")


class RelayStream:
    """Reads one answer: feed it each event, then call :meth:`finish`."""

    def __init__(self) -> None:
        self.finish_reason: FinishReason | None = None
        self.usage: Usage | None = None
        self.done = False
        self._first_half = ""

    def feed(self, event: str, data: str) -> Delta | Thinking | None:
        """Take one event and return what it adds, if anything.

        Raises:
            EngineError: 502 for an error in the stream and for what is not a completion's event.
        """
        if event == "error":
            raise _broken_off(_parse(data))
        if not data.strip():
            return None
        if data.strip() == "[DONE]":
            self.done = True
            return None
        chunk = _parse(data)
        if not isinstance(chunk, dict):
            raise EngineError(502, "the relay target sent an event that is not a completion")
        if chunk.get("error") or "error" in (chunk.get("object"), chunk.get("type")):
            raise _broken_off(chunk)
        self._read_usage(chunk.get("usage"))
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return None
        reason = choice.get("finish_reason")
        if reason == "error" or choice.get("error"):
            raise _broken_off(choice)
        if reason:
            self.finish_reason = "length" if reason == "length" else "stop"
        delta = choice.get("delta")
        return self._read_delta(delta) if isinstance(delta, dict) else None

    def rest(self) -> str:
        """Return what is left at the end: a replacement for half a character."""
        rest, self._first_half = self._first_half, ""
        return "\ufffd" if rest else ""

    def finish(self) -> FinishReason:
        """Tell why the answer ended.

        Raises:
            EngineError: 502, the stream ended without saying that the answer had.
        """
        if self.finish_reason is not None:
            return self.finish_reason
        if self.done:
            return "stop"
        raise EngineError(502, "the relay target ended the stream early; the answer is not whole")

    def _read_delta(self, delta: Mapping[str, Any]) -> Delta | Thinking | None:
        if text := self._joined(_text(delta.get("content"))):
            return Delta(text)
        for name in REASONING:
            if thought := _text(delta.get(name)):
                return Thinking(LONE_SURROGATE.sub("\ufffd", thought))
        return None

    def _joined(self, text: str) -> str:
        """Put a character together whose halves came in two events."""
        if not text:
            return ""
        text = self._first_half + text
        half = FIRST_HALF.search(text)
        self._first_half = half[0] if half else ""
        whole = text.removesuffix(self._first_half)
        if whole.isascii():
            return whole
        return whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _read_usage(self, usage: object) -> None:
        if not isinstance(usage, dict):
            return
        prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
        if isinstance(prompt, int) and isinstance(completion, int):
            self.usage = Usage(prompt, completion)


def _text(content: object) -> str:
    """Return the text of a delta's content: text, or a list of parts, some of them with text."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") if isinstance(part, dict) else part for part in parts]
    return "".join(text for text in texts if isinstance(text, str))


def _parse(data: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise EngineError(502, "the relay target sent an event that is not JSON") from error


def _broken_off(error: Any) -> EngineError:
    said = message_of(error) or "it did not say why"
    return EngineError(502, f"the relay target broke off: {said}")


def message_of(error: Any) -> str:
    """Find the words in OpenAI's ``{"error": {"message": ...}}`` and in its commoner variants.

    They are bounded, and without the addresses that may be in them.
    """
    for key in ("error", "message", "detail"):
        if isinstance(error, dict) and key in error:
            error = error[key]
    if isinstance(error, dict | list):
        error = json.dumps(error, ensure_ascii=False)
    words = ADDRESS.sub("[address]", " ".join(str(error or "")[: 10 * ERROR_CHARACTERS].split()))
    words = LONE_SURROGATE.sub("\ufffd", words)
    return words if len(words) <= ERROR_CHARACTERS else f"{words[:ERROR_CHARACTERS]} …"

"""What a stream of chat-completion events says, event by event; no network in it.

Model servers differ in what they send around the text. All of this is taken as it is meant: a
first delta with only a role, ``null`` content, a list of choices that is empty, the usage with or
after the last piece, and an end with or without ``[DONE]``.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from local_cortex.engines import EngineError, Usage

if TYPE_CHECKING:
    from local_cortex.engines import FinishReason

__all__ = ["LONE_SURROGATE", "RelayStream", "message_of"]

# Of the target's own words in a message for a person.
ERROR_CHARACTERS = 300
# Half of a character that JSON escapes tore in two: nothing can encode it on its way out.
LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


class RelayStream:
    """Reads one answer: feed it each event, then call :meth:`finish`."""

    def __init__(self) -> None:
        self.finish_reason: FinishReason | None = None
        self.usage: Usage | None = None
        self.done = False

    def feed(self, event: str, data: str) -> str:
        """Take one event and return its text, ``""`` where it has none.

        Raises:
            EngineError: 502 for an error in the stream and for what is not a completion's event.
        """
        if event == "error":
            raise EngineError(502, f"the relay target broke off: {message_of(_parse(data))}")
        if not data:
            return ""
        if data.strip() == "[DONE]":
            self.done = True
            return ""
        chunk = _parse(data)
        if not isinstance(chunk, dict):
            raise EngineError(502, "the relay target sent an event that is not a completion")
        if chunk.get("error"):
            raise EngineError(502, f"the relay target broke off: {message_of(chunk)}")
        self._read_usage(chunk.get("usage"))
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return ""
        if reason := choice.get("finish_reason"):
            self.finish_reason = "length" if reason == "length" else "stop"
        delta = choice.get("delta")
        content = delta.get("content") if isinstance(delta, dict) else None
        return LONE_SURROGATE.sub("\ufffd", content) if isinstance(content, str) else ""

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

    def _read_usage(self, usage: object) -> None:
        if not isinstance(usage, dict):
            return
        prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
        if isinstance(prompt, int) and isinstance(completion, int):
            self.usage = Usage(prompt, completion)


def _parse(data: str) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise EngineError(502, "the relay target sent an event that is not JSON") from error


def message_of(error: Any) -> str:
    """Find the words in OpenAI's ``{"error": {"message": ...}}`` and in its commoner variants."""
    for key in ("error", "message", "detail"):
        if isinstance(error, dict) and key in error:
            error = error[key]
    words = " ".join(str(error or "").split())
    return words if len(words) <= ERROR_CHARACTERS else f"{words[:ERROR_CHARACTERS]} …"

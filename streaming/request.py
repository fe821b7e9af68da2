"""What is asked of a model."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from streaming.deltas import ToolCall

__all__ = ["CompletionRequest", "Message"]


class Message(BaseModel):
    """One turn of a conversation.

    Tools take two more: the assistant's with its ``tool_calls``, and below it one of the role
    ``tool`` for each call, with its ``tool_call_id`` and the result as ``content``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["system", "user", "assistant", "tool"] = "user"
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Message:
        if (self.role == "tool") != (self.tool_call_id is not None):
            raise ValueError("tool_call_id belongs to the role tool, which needs it")
        if self.tool_calls and self.role != "assistant":
            raise ValueError("tool_calls belong to the role assistant")
        if not (self.content or self.tool_calls or self.role == "tool"):
            raise ValueError("content is empty")
        return self


class CompletionRequest(BaseModel):
    """A prompt, or a conversation, for a model, with the options every strategy understands.

    Exactly one of ``prompt`` and ``messages`` is given. ``max_tokens`` counts tokens of the
    answer; ``temperature`` and ``top_p`` run from 0 to 1, as in ``snowflake.cortex``.

    Raises:
        pydantic.ValidationError: a field is missing or out of range; the error names it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False)

    model: str = Field(min_length=1)
    prompt: str | None = None
    messages: tuple[Message, ...] | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=1)
    top_p: float | None = Field(default=None, ge=0, le=1)

    @model_validator(mode="after")
    def _one_question(self) -> CompletionRequest:
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("give either prompt or messages")
        if self.prompt is not None and not self.prompt.strip():
            raise ValueError("prompt is empty")
        if self.messages is not None and not self.messages:
            raise ValueError("messages is empty")
        return self

    @property
    def text(self) -> str:
        """Everything that the model reads: the prompt, or the messages, one below the other."""
        if self.messages is None:
            return self.prompt or ""
        calls = (call.arguments for message in self.messages for call in message.tool_calls)
        return "\n".join([*(message.content for message in self.messages), *calls])

    @property
    def options(self) -> dict[str, int | float]:
        """The options that were set, by the names that ``snowflake.cortex`` gives them."""
        names = ("max_tokens", "temperature", "top_p")
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}

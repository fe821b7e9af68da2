"""Asking the model for every row of a batch: the question, its options, the shape of the answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from local_cortex.engines import EngineError, Message

from .batch import Batch, Bound, Values
from .context import Execution
from .mapping import check_text
from .protocol import Completion
from .types import VARIANT, SqlType
from .values import as_text

__all__ = ["Question", "ask_rows", "details"]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# Documented options and what each must be; ranges are the server's to check.
OPTIONS: Mapping[str, Callable[[object], bool]] = {
    "temperature": _is_number,
    "top_p": _is_number,
    "max_tokens": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "guardrails": lambda value: isinstance(value, bool | dict),
    "response_format": lambda value: isinstance(value, dict),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What one row asks."""

    model: str
    messages: tuple[Message, ...]
    options: Mapping[str, object]

    @classmethod
    def build(cls, model: str, prompt: Any, options: Mapping[str, object]) -> Self:
        """Read a prompt (text, messages or a PROMPT object) and an options object.

        Raises:
            EngineError: 400, as the service answers them.
        """
        for name, value in options.items():
            if value is not None and (name not in OPTIONS or not OPTIONS[name](value)):
                raise EngineError(400, f"invalid options object: {name}")
        set_options = {name: value for name, value in options.items() if value is not None}
        return cls(model, _messages(prompt), set_options)

    @property
    def structured(self) -> bool:
        """Whether the answer must be a JSON document."""
        return "response_format" in self.options

    def parts(self) -> tuple[str, tuple[Message, ...], Mapping[str, object]]:
        """Return the arguments of :meth:`CortexFunctions.complete`."""
        return self.model, self.messages, self.options

    def structure(self, completion: Completion) -> Any:
        """Return the JSON document that the model was asked for.

        Raises:
            EngineError: 400, the model answered something else.
        """
        try:
            return json.loads(completion.text)
        except (ValueError, RecursionError):
            raise EngineError(
                400, "response_format: the answering model did not write a JSON document"
            ) from None


def _messages(prompt: Any) -> tuple[Message, ...]:
    if isinstance(prompt, str):
        return (Message("user", prompt),)
    if isinstance(prompt, dict):
        return (Message("user", _rendered(prompt)),)
    if not isinstance(prompt, list) or not prompt:
        raise EngineError(
            400, "schema validation failed: messages must be a list that is not empty"
        )
    messages = []
    for message in prompt:
        content = message.get("content") if isinstance(message, dict) else None
        role = message.get("role", "user") if isinstance(message, dict) else None
        if not isinstance(content, str) or not isinstance(role, str):
            raise EngineError(
                400, "schema validation failed: a message is an object of role and content"
            )
        messages.append(Message(role, content))
    return tuple(messages)


def _rendered(prompt: Mapping[str, Any]) -> str:
    template, items = prompt.get("template"), prompt.get("args")
    if not isinstance(template, str) or not isinstance(items, list):
        raise EngineError(400, "schema validation failed: not a prompt object")
    pieces, rest = [], template
    while rest:
        before, brace, after = rest.partition("{")
        number, closing, tail = after.partition("}")
        pieces.append(before)
        if not brace:
            break
        if closing and number.isdecimal() and number.isascii():
            if len(number) > len(str(len(items))) or int(number) >= len(items):
                raise EngineError(400, f"prompt object: there is no argument {{{number[:9]}}}")
            item = items[int(number)]
            pieces.append("" if item is None else as_text(item, VARIANT))
            rest = tail
        else:
            pieces.append(brace)
            rest = after
    return "".join(pieces)


def details(
    execution: Execution, model: str, completion: Completion, structured: Any = None
) -> dict[str, Any]:
    """Return an answer with what is known about it, in the documented shape."""
    usage = completion.usage
    answer: dict[str, Any] = {"choices": [{"messages": completion.text}]}
    if structured is not None:
        answer = {"structured_output": [{"raw_message": structured, "type": "json"}]}
    return answer | {
        "created": int(execution.now.timestamp()),
        "model": model,
        "usage": {
            "completion_tokens": usage.completion_tokens,
            "prompt_tokens": usage.prompt_tokens,
            "total_tokens": usage.total_tokens,
        },
    }


def ask_rows(
    execution: Execution,
    answer: Callable[..., Awaitable[Any]],
    arguments: Sequence[Bound],
    kind: SqlType,
) -> Bound:
    """Return the expression that awaits ``answer`` for each row, several rows at a time."""

    async def one(row: tuple[Any, ...]) -> Any:
        async with execution.slots:
            value = await answer(*row)
        if isinstance(value, str):
            check_text(value)
            execution.charge_text(len(value))
        return value

    async def evaluate(batch: Batch) -> Values:
        columns = [await argument.evaluate(batch) for argument in arguments]
        execution.charge_ai_calls(batch.size)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(row)) for row in zip(*columns, strict=True)]
        except BaseExceptionGroup as failures:
            # The first failure has already cancelled the other rows.
            raise failures.exceptions[0] from None
        return [task.result() for task in tasks]

    return Bound(kind, evaluate)

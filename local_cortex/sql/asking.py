"""Asking the model for every row of a batch: the question, its options, the shape of the answer."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from local_cortex.engines import EngineError, Message

from .allowance import check
from .batch import Batch, Bound, Values
from .context import Execution
from .limits import AI_CONCURRENCY
from .mapping import charged, check_length
from .protocol import Completion, CortexFunctions
from .types import VARIANT, SqlType
from .values import as_text

__all__ = ["Asking", "Question", "ask_rows", "details"]


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


# Where a prompt object's template takes an argument.
PLACE = re.compile(r"\{([0-9]+)\}")


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
    length = 0

    def filled(place: re.Match[str]) -> str:
        nonlocal length
        check()
        number = place[1]
        if len(number) > len(str(len(items))) or int(number) >= len(items):
            raise EngineError(400, f"prompt object: there is no argument {{{number[:9]}}}")
        item = items[int(number)]
        text = "" if item is None else as_text(item, VARIANT)
        length += len(text)
        check_length(length)
        return text

    return PLACE.sub(filled, template)


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


Answer = Completion | EngineError


@dataclass(frozen=True, slots=True)
class Asking:
    """What a statement awaits: the answers to these questions, in their order.

    It is the only thing that a statement awaits, so a thread can compute everything between two of
    them, and no thread waits for a model. With ``strict`` the first failure is raised instead, and
    the other questions are given up.
    """

    questions: Sequence[Question]
    strict: bool

    def __await__(self) -> Generator[Asking, list[Answer], list[Answer]]:
        return (yield self)

    async def answers(self, cortex: CortexFunctions) -> list[Answer]:
        """Ask, several questions at a time.

        Raises:
            EngineError: the first failure, with ``strict``.
        """
        slots = asyncio.Semaphore(AI_CONCURRENCY)

        async def one(question: Question) -> Answer:
            async with slots:
                try:
                    return await cortex.complete(*question.parts())
                except EngineError as error:
                    if self.strict:
                        raise
                    return error

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(question)) for question in self.questions]
        except BaseExceptionGroup as failures:
            # The first failure has already cancelled the others.
            raise failures.exceptions[0] from None
        return [task.result() for task in tasks]


def ask_rows(
    execution: Execution,
    question: Callable[..., Question | None],
    value: Callable[[tuple[Any, ...], Question, Completion], Any],
    failed: Callable[[tuple[Any, ...], EngineError], Any],
    arguments: Sequence[Bound],
    kind: SqlType,
    *,
    strict: bool,
) -> Bound:
    """Return the expression that asks a model for each row.

    ``question`` is what a row asks, ``None`` for a row that is NULL; ``value`` is made of the row,
    its question and the answer. ``failed`` makes the value of a row without an answer, or raises;
    with ``strict`` the first failure is the only one, and the other rows are given up.
    """

    async def evaluate(batch: Batch) -> Values:
        columns = [await argument.evaluate(batch) for argument in arguments]
        execution.charge_ai_calls(batch.size)
        rows = list(zip(*columns, strict=True))
        values: list[Any] = [None] * batch.size
        asked: dict[int, Question] = {}

        for index, row in enumerate(rows):
            check()
            try:
                if (one := question(*row)) is not None:
                    asked[index] = one
            except EngineError as error:
                values[index] = failed(row, error)
        try:
            answers = await Asking(list(asked.values()), strict) if asked else []
        except EngineError as error:
            return [failed(row, error) for row in rows]
        for (index, one), answer in zip(asked.items(), answers, strict=True):
            try:
                if isinstance(answer, EngineError):
                    raise answer
                values[index] = charged(execution, value(rows[index], one, answer))
            except EngineError as error:
                values[index] = failed(rows[index], error)
        return values

    return Bound(kind, evaluate)

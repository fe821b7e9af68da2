"""What the Cortex functions answer: rows of a chunk, eight at a time on the server's event loop.

DuckDB hands a function's arguments over as one JSON object a row. Errors follow the change of
bundle 2026_02: an ``AI_`` function that fails for a row gives NULL, or ``{value, error}`` with
``return_error_details``; the legacy functions, embeddings and aggregates fail the statement.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import re
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self
from weakref import WeakKeyDictionary

from local_cortex import tokens
from local_cortex.ai.protocol import Completion, CortexFunctions, Running
from local_cortex.database.execution import Stopped
from local_cortex.engines import EngineError, Message
from local_cortex.engines.embedding import DIMENSIONS, embed, similarity
from local_cortex.engines.redaction import redact, spans
from local_cortex.sql.errors import SqlError, not_run, wrong_argument_types
from local_cortex.sql.limits import AI_CONCURRENCY

__all__ = ["MAY_BE_OBJECT", "Question", "answers", "remote_error"]

Given = Mapping[str, Any]
Ask = Callable[[CortexFunctions], Awaitable[Any]]

#: Arguments that make an answer an object; they are left out of the call where they are not set.
MAY_BE_OBJECT = ("response_format", "show_details", "return_error_details")
# A stopped statement gives up what it waits for within this many seconds.
LOOK_SECONDS = 0.1
MOST_CATEGORIES = 10
MOST_LABELS = 500
# Where a prompt object's template takes an argument.
PLACE = re.compile(r"\{([0-9]+)\}")


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
    """What one row asks a model by name."""

    model: str
    messages: tuple[Message, ...]
    options: Given

    @classmethod
    def build(cls, model: str, prompt: Any, options: Given) -> Self:
        """Read a prompt (text, messages or a PROMPT object) and an options object.

        Raises:
            EngineError: 400, as the service answers them.
        """
        for name, value in options.items():
            if value is not None and (name not in OPTIONS or not OPTIONS[name](value)):
                raise EngineError(400, f"invalid options object: {name}")
        set_options = {name: value for name, value in options.items() if value is not None}
        return cls(_as_text(model), _messages(prompt), set_options)

    async def answer(self, cortex: CortexFunctions, *, detailed: bool) -> Any:
        """Ask: text, the document of a ``response_format``, or either with its details."""
        completion = await cortex.complete(self.model, self.messages, self.options)
        structured = "response_format" in self.options
        answer = json.loads(completion.text) if structured else completion.text
        return _details(self.model, completion, answer, structured) if detailed else answer


def _details(model: str, completion: Completion, answer: Any, structured: bool) -> dict[str, Any]:
    said = (
        {"structured_output": [{"raw_message": answer, "type": "json"}]}
        if structured
        else {"choices": [{"messages": answer}]}
    )
    usage = completion.usage
    return said | {
        "created": int(time.time()),
        "model": model,
        "usage": {
            "completion_tokens": usage.completion_tokens,
            "prompt_tokens": usage.prompt_tokens,
            "total_tokens": usage.total_tokens,
        },
    }


def _messages(prompt: Any) -> tuple[Message, ...]:
    if not isinstance(prompt, list):
        return (Message("user", _rendered(prompt)),)
    if not prompt:
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


def _parts(prompt: Any) -> tuple[str, list[str]]:
    """Return the template of a PROMPT object and its arguments as texts."""
    template, items = prompt.get("template"), prompt.get("args")
    if not isinstance(template, str) or not isinstance(items, list):
        raise EngineError(400, "schema validation failed: not a prompt object")
    return template, ["" if item is None else _as_text(item) for item in items]


def _rendered(prompt: Any) -> str:
    if not isinstance(prompt, dict):
        return _as_text(prompt)
    template, items = _parts(prompt)

    def filled(place: re.Match[str]) -> str:
        number = place[1]
        if len(number) > len(str(len(items))) or int(number) >= len(items):
            raise EngineError(400, f"prompt object: there is no argument {{{number[:9]}}}")
        return items[int(number)]

    return PLACE.sub(filled, template)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _task(name: str, given: Given, shape: Callable[[Any], Any] = lambda answer: answer) -> Ask:
    async def ask(cortex: CortexFunctions) -> Any:
        return shape(await cortex.task(name, given))

    return ask


def _complete(given: Given) -> Ask:
    options = given.get("options")
    if isinstance(given["prompt"], list | dict) and "options" not in given:
        raise wrong_argument_types("COMPLETE", ["VARCHAR", "ARRAY"])
    question = Question.build(given["model"], given["prompt"], options or {})
    detailed = "options" in given and "response_format" not in question.options
    return lambda cortex: question.answer(cortex, detailed=detailed)


def _ai_complete(given: Given) -> Ask:
    options = dict(given.get("model_parameters") or {})
    # Documented: a response_format among the model parameters is not recognised.
    options.pop("response_format", None)
    options["response_format"] = given.get("response_format")
    question = Question.build(given["model"], given["prompt"], options)
    return lambda cortex: question.answer(cortex, detailed=bool(given.get("show_details")))


def _labels(given: Given) -> dict[str, Any]:
    """Read the arguments that AI_CLASSIFY and CLASSIFY_TEXT share."""
    options = given.get("config_object") or {}
    labels = [
        one if isinstance(one, dict) else {"label": one}
        for one in _list(given["list_of_categories"], "list_of_categories", MOST_LABELS)
    ]
    names = [one.get("label") for one in labels]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise EngineError(400, "list_of_categories: a category is a text or has a label")
    if len(set(names)) < len(names):
        raise EngineError(400, "list_of_categories: categories must be unique")
    if options.get("output_mode", "single") not in {"single", "multi"}:
        raise EngineError(400, "config_object: output_mode is 'single' or 'multi'")
    return {
        "text": _rendered(given["input"]),
        "labels": labels,
        "multi": options.get("output_mode") == "multi",
        "task": options.get("task_description"),
        "examples": options.get("examples") or [],
    }


def _filter(given: Given) -> Ask:
    if not isinstance(given.get("return_error_details", False), bool | None):
        raise not_run("AI_FILTER with a FILE", "Use AI_FILTER(PROMPT('question {0}', text)).")
    question, text = _rendered(given["input"]), ""
    if isinstance(given["input"], dict):
        question, items = _parts(given["input"])
        text = "\n".join(items)
    return _task("decide", {"question": question, "text": text})


def _aggregate(given: Given) -> Ask:
    texts = [_as_text(one) for one in given["expr"] if one is not None]
    return _task("aggregate", {"texts": texts, "task": given.get("task_description")})


def _sentiment(given: Given) -> Ask:
    categories = _list(given.get("categories") or [], "categories", MOST_CATEGORIES)
    return _task(
        "sentiment",
        {"text": _as_text(given["text"]), "categories": [_as_text(one) for one in categories]},
        lambda found: {
            "categories": [{"name": name, "sentiment": mood} for name, mood in found.items()]
        },
    )


def _translate(given: Given) -> Ask:
    text, *languages = (
        _as_text(given[name]) for name in ("text", "source_language", "target_language")
    )
    return _task("translate", {"text": text, "source": languages[0], "target": languages[1]})


def _extract(given: Given) -> Ask:
    asked = given["responseformat"]
    text = _as_text(given["text"])
    if isinstance(asked, dict) and "schema" in asked:
        return _task("structure", {"text": text, "schema": asked["schema"]}, _extracted)
    questions: dict[str, str] = {}
    for one in asked.items() if isinstance(asked, dict) else _list(asked, "responseFormat", 100):
        label, question = one if isinstance(one, tuple | list) and len(one) == 2 else (one, one)
        if isinstance(one, str) and (pair := re.match(r"([\w ]{1,40}):\s+(.+)", one)):
            label, question = pair.groups() if pair[1].lower() != "list" else (one, one)
        if not isinstance(label, str) or not isinstance(question, str):
            raise EngineError(400, "responseFormat: a question is a text")
        questions[label] = question
    return _task("extract", {"text": text, "questions": questions}, _extracted)


def _extracted(found: Any) -> dict[str, Any]:
    return {"error": None, "response": found}


def _answer(given: Given) -> Ask:
    question = _as_text(given["question"])

    def shape(found: Any) -> list[dict[str, Any]]:
        # No model, so no probability: 1 where something was found.
        return [{"answer": found["answer"], "score": float(found["answer"] is not None)}]

    asked = {"text": _as_text(given["text"]), "questions": {"answer": question}}
    return _task("extract", asked, shape)


def _list(value: Any, name: str, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise EngineError(400, f"{name}: an array of at most {most}")
    return value


@lru_cache(maxsize=64)
def _vector(text: str, dimension: int) -> str:
    """Write an embedding; a query is the same in every row of a search."""
    vector = embed(text, dimension)
    return "[" + ",".join(f"{value:.6g}" for value in vector.tolist()) + "]"


def _embed(given: Given) -> str:
    return _vector(_as_text(given["input"]), DIMENSIONS[str(given["model"]).lower()])


def _count(given: Given) -> int:
    name, *rest = (_as_text(value) for value in given.values() if value is not None)
    if not re.fullmatch(r"ai_[a-z_]+", name):
        raise EngineError(400, f"unknown function \"{name[:100]}\": write it as in 'ai_complete'")
    if name in {"ai_complete", "ai_embed"}:
        if len(rest) < 2:
            raise EngineError(400, f"{name} needs a model's name before the text")
        rest = rest[1:]
    return sum(map(tokens.count, rest))


def _redact(given: Given) -> Any:
    text, categories = _as_text(given["input"]), given.get("categories")
    mode = str(given.get("mode") or "redact").lower()
    if mode not in {"redact", "detect"}:
        raise EngineError(400, "mode is 'redact' or 'detect'")
    return {"spans": spans(text, categories)} if mode == "detect" else redact(text, categories)


#: Function -> what a row asks a model.
ASK: Mapping[str, Callable[[Given], Ask]] = {
    "AI_COMPLETE": _ai_complete,
    "COMPLETE": _complete,
    "TRY_COMPLETE": _complete,
    "AI_CLASSIFY": lambda given: _task("classify", _labels(given), lambda one: {"labels": one}),
    "CLASSIFY_TEXT": lambda given: _task("classify", _labels(given), lambda one: {"label": one[0]}),
    "AI_FILTER": _filter,
    "AI_AGG": _aggregate,
    "AI_SUMMARIZE_AGG": _aggregate,
    "AI_SENTIMENT": _sentiment,
    "ENTITY_SENTIMENT": _sentiment,
    "SENTIMENT": lambda given: _task("score", {"text": _as_text(given["text"])}),
    "SUMMARIZE": lambda given: _task("summarize", {"text": _as_text(given["text"])}),
    "AI_TRANSLATE": _translate,
    "TRANSLATE": _translate,
    "AI_EXTRACT": _extract,
    "EXTRACT_ANSWER": _answer,
}
#: Function -> what is computed here, whichever engine answers; it is no model call.
COMPUTE: Mapping[str, Callable[[Given], Any]] = {
    "AI_EMBED": _embed,
    "EMBED_TEXT_768": _embed,
    "EMBED_TEXT_1024": _embed,
    "AI_SIMILARITY": lambda given: similarity(_as_text(given["input1"]), _as_text(given["input2"])),
    "AI_COUNT_TOKENS": _count,
    "COUNT_TOKENS": lambda given: tokens.count(_as_text(given["input"])),
    "AI_REDACT": _redact,
}
# These give NULL where they fail.
LENIENT = frozenset(
    {
        *("AI_COMPLETE", "TRY_COMPLETE", "AI_CLASSIFY", "AI_FILTER", "AI_SENTIMENT"),
        *("AI_TRANSLATE", "AI_EXTRACT", "AI_REDACT", "AI_COUNT_TOKENS"),
    }
)

# One chunk of a statement is asked at a time, whichever of DuckDB's threads it came by.
_turns: WeakKeyDictionary[Running, threading.Lock] = WeakKeyDictionary()


def answers(
    execution: Running, function: str, required: Sequence[str], rows: Sequence[str]
) -> list[str | None]:
    """Answer a chunk of calls; ``rows`` are JSON objects of a call's arguments.

    A row whose ``required`` arguments are not all there is NULL, and nobody is asked.

    Raises:
        SqlError: 100351, the model behind a strict function failed; 000002, too many calls.
        Stopped: the statement is to end; what was asked is cancelled.
    """
    given: list[dict[str, Any]] = [json.loads(row) for row in rows]
    values: list[Any] = [None] * len(rows)
    asked: dict[int, Ask] = {}
    for index, one in enumerate(given):
        if execution.stopped:
            raise Stopped
        if any(one.get(name, "") is None for name in (*required, "options")):
            continue
        if "expr" in one and not any(text is not None for text in one["expr"]):
            continue
        try:
            if function in ASK:
                asked[index] = ASK[function](one)
            else:
                values[index] = _written(function, one, COMPUTE[function](one))
        except EngineError as error:
            values[index] = _failed(function, one, error)
    if asked:
        execution.charge_ai_calls(len(asked))
        done = _ask(execution, function, list(asked.values()))
        for index, answer in zip(asked, done, strict=True):
            write = _failed if isinstance(answer, EngineError) else _written
            values[index] = write(function, given[index], answer)
    return values


def _ask(execution: Running, function: str, asked: Sequence[Ask]) -> list[Any]:
    """Ask on the event loop, and look every tenth of a second whether the statement is to end."""
    strict = function not in LENIENT
    turn = _turns.setdefault(execution, threading.Lock())
    with execution.waiting():
        while not turn.acquire(timeout=LOOK_SECONDS):
            if execution.stopped:
                raise Stopped
        try:
            running = asyncio.run_coroutine_threadsafe(
                _all(execution, asked, strict=strict), execution.loop
            )
            while not concurrent.futures.wait([running], LOOK_SECONDS).done:
                if execution.stopped:
                    running.cancel()
                    raise Stopped
        finally:
            turn.release()
    try:
        return running.result()
    except EngineError as error:
        raise remote_error(function, error) from None


async def _all(execution: Running, asked: Sequence[Ask], *, strict: bool) -> list[Any]:
    """Ask eight at a time; where ``strict``, the first failure gives the others up."""
    slots = asyncio.Semaphore(AI_CONCURRENCY)

    async def one(ask: Ask) -> Any:
        async with slots:
            if execution.stopped:
                raise Stopped
            try:
                return await ask(execution.cortex)
            except EngineError as error:
                if strict:
                    raise
                return error

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(ask)) for ask in asked]
    except BaseExceptionGroup as failures:
        # The first failure has already cancelled the others.
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


def _written(_: str, given: Given, answer: Any) -> str:
    """Write an answer as ``_cortex`` returns it: text as it is, anything else as JSON."""
    if given.get("return_error_details"):
        answer = {"value": answer, "error": None}
    elif isinstance(answer, str) and not any(name in given for name in MAY_BE_OBJECT):
        return answer
    return json.dumps(answer, ensure_ascii=False)


def _failed(function: str, given: Given, error: EngineError) -> str | None:
    if function not in LENIENT:
        raise remote_error(function, error)
    if function == "AI_EXTRACT":
        return json.dumps({"error": str(error), "response": None}, ensure_ascii=False)
    if not given.get("return_error_details"):
        return None
    return json.dumps({"value": None, "error": str(error)}, ensure_ascii=False)


def remote_error(name: str, error: EngineError) -> SqlError:
    """Word an engine's refusal as Snowflake words that of the service behind the function."""
    return SqlError(
        f"Request failed for external function {name}$V2 with remote service error: "
        f"{error.status} '{error}'",
        code="100351",
        sqlstate="P0000",
    )

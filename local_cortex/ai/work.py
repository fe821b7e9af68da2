"""What a row of each Cortex function asks the models, or its value where no model is needed.

The arguments of a row are a JSON object, read; what is wrong with them is an ``EngineError`` in the
words of the service.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from local_cortex import models, speed, tokens
from local_cortex.ai import CortexFunctions
from local_cortex.engines import EngineError, Message
from local_cortex.engines.computed import (
    DIMENSIONS,
    embed,
    redact,
    similarity,
    spans,
    split_markdown,
    split_text,
)
from local_cortex.sql.sql_error import not_run, wrong_argument_types

Given = Mapping[str, Any]
Ask = Callable[[CortexFunctions], Awaitable[Any]]

MOST_CATEGORIES: Final = 10
MOST_LABELS: Final = 500
MOST_QUESTIONS: Final = 100
# Where a prompt object's template takes an argument.
PLACE: Final = re.compile(r"\{([0-9]+)\}")
QUESTION: Final = re.compile(r"(?!list:)([\w ]{1,40}):\s+(.+)", re.IGNORECASE)
# Documented options and what each must be; ranges are the server's to check.
OPTIONS: Final[Mapping[str, tuple[type, ...]]] = {
    "temperature": (int, float),
    "top_p": (int, float),
    "max_tokens": (int,),
    "guardrails": (bool, dict),
    "response_format": (dict,),
}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _list(value: Any, name: str, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise EngineError(400, f"{name}: an array of at most {most}")
    return value


# Prompts


def _messages(prompt: Any) -> tuple[Message, ...]:
    """Read a prompt: a text, messages or a PROMPT object."""
    if not isinstance(prompt, list):
        return (Message("user", _filled(prompt)),)
    if not prompt:
        raise _invalid("messages must be a list that is not empty")
    read: list[Any] = [one if isinstance(one, dict) else {} for one in prompt]
    messages = [Message(one.get("role", "user"), one.get("content")) for one in read]
    if not all(isinstance(part, str) for one in messages for part in (one.role, one.content)):
        raise _invalid("a message is an object of role and content")
    return tuple(messages)


def _parts(prompt: Any) -> tuple[str, list[str]]:
    """Return the template of a PROMPT object and its arguments as texts."""
    template, items = prompt.get("template"), prompt.get("args")
    if not isinstance(template, str) or not isinstance(items, list):
        raise _invalid("not a prompt object")
    return template, ["" if item is None else _text(item) for item in items]


def _filled(prompt: Any) -> str:
    if not isinstance(prompt, dict):
        return _text(prompt)
    template, items = _parts(prompt)

    def item(place: re.Match[str]) -> str:
        if int(place[1][:9]) >= len(items):
            raise EngineError(400, f"prompt object: there is no argument {{{place[1][:9]}}}")
        return items[int(place[1])]

    return PLACE.sub(item, template)


def _invalid(what: str) -> EngineError:
    return EngineError(400, f"schema validation failed: {what}")


# What a row asks


def _complete(given: Given) -> Ask:
    if isinstance(given["prompt"], list | dict) and "options" not in given:
        raise wrong_argument_types("COMPLETE", ["VARCHAR", "ARRAY"])
    options = given.get("options") or {}
    detailed = "options" in given and options.get("response_format") is None
    return _completion(given, options, detailed=detailed)


def _ai_complete(given: Given) -> Ask:
    # Documented: a response_format among the model parameters is not recognised.
    own = {"response_format": given.get("response_format")}
    options = (given.get("model_parameters") or {}) | own
    return _completion(given, options, detailed=bool(given.get("show_details")))


def _completion(given: Given, options: Mapping[str, Any], *, detailed: bool) -> Ask:
    options = {name: value for name, value in options.items() if value is not None}
    most = options.get("max_tokens")
    # SQL's 4096.0 is a whole number, too.
    if isinstance(most, float) and most.is_integer():
        options["max_tokens"] = int(most)
    for name, value in options.items():
        fits = isinstance(value, OPTIONS.get(name, ()))
        if not fits or (isinstance(value, bool) and name != "guardrails"):
            raise EngineError(400, f"invalid options object: {name}")
    model, messages = _text(given["model"]), _messages(given["prompt"])

    async def ask(cortex: CortexFunctions) -> Any:
        text, used = await cortex.complete(model, messages, options)
        answer: dict[str, Any] = {"choices": [{"messages": text}]}
        if "response_format" in options:
            document = json.loads(text)
            answer = {"structured_output": [{"raw_message": document, "type": "json"}]}
            if not detailed:
                return document
        if not detailed:
            return text
        return answer | {"created": int(time.time()), "model": model, "usage": used.counts()}

    return ask


def _task(name: str, given: Given, shape: Callable[[Any], Any] = lambda answer: answer) -> Ask:
    async def ask(cortex: CortexFunctions) -> Any:
        return shape(await cortex.task(name, given))

    return ask


def _texts(name: str, **parameters: str) -> Callable[[Given], Ask]:
    """Return what asks for a task whose arguments are texts, each by its parameter's name."""
    return lambda given: _task(name, {key: _text(given[one]) for key, one in parameters.items()})


def _classify(given: Given, shape: Callable[[Any], Any]) -> Ask:
    options = given.get("config_object") or {}
    listed = _list(given["list_of_categories"], "list_of_categories", MOST_LABELS)
    labels = [one if isinstance(one, dict) else {"label": one} for one in listed]
    names = [one.get("label") for one in labels]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise EngineError(400, "list_of_categories: a category is a text or has a label")
    if len(set(names)) < len(names):
        raise EngineError(400, "list_of_categories: categories must be unique")
    mode = options.get("output_mode", "single")
    if mode not in {"single", "multi"}:
        raise EngineError(400, "config_object: output_mode is 'single' or 'multi'")
    asked = {
        "text": _filled(given["input"]),
        "labels": labels,
        "multi": mode == "multi",
        "task": options.get("task_description"),
        "examples": options.get("examples") or [],
    }
    return _task("classify", asked, shape)


def _filter(given: Given) -> Ask:
    if not isinstance(given.get("return_error_details", False), bool | None):
        raise not_run("AI_FILTER with a FILE", "Use AI_FILTER(PROMPT('question {0}', text)).")
    question, text = _filled(given["input"]), ""
    if isinstance(given["input"], dict):
        question, items = _parts(given["input"])
        text = "\n".join(items)
    return _task("decide", {"question": question, "text": text})


def _aggregate(given: Given) -> Ask | None:
    texts = [_text(one) for one in given["expr"] if one is not None]
    asked = {"texts": texts, "task": given.get("task_description")}
    return _task("aggregate", asked) if texts else None


def _sentiment(given: Given) -> Ask:
    categories = _list(given.get("categories") or [], "categories", MOST_CATEGORIES)

    def shape(found: Any) -> Any:
        moods = [{"name": name, "sentiment": mood} for name, mood in found.items()]
        return {"categories": moods}

    asked = {"text": _text(given["text"]), "categories": [_text(one) for one in categories]}
    return _task("sentiment", asked, shape)


def _question(label: str, schema: Mapping[str, Any]) -> str:
    listed = "List: " if schema.get("type") == "array" else ""
    return listed + str(schema.get("description") or label.rpartition(".")[2].replace("_", " "))


def _extract(given: Given) -> Ask:
    form, text = given["responseformat"], _text(given["text"])

    tables: dict[str, dict[str, str]] = {}

    def shape(found: Any) -> dict[str, Any]:
        for table, columns in tables.items():
            found[table] = {column: found.pop(label) for column, label in columns.items()}
        answer = {"error": None, "response": found}
        if given.get("scores"):
            scores = {name: {"score": _score(value)} for name, value in found.items()}
            answer["scoring"] = {"scores": scores}
        return answer

    questions: dict[str, str] = {}
    if isinstance(form, dict) and "schema" in form:
        for name, one in form["schema"].get("properties", {}).items():
            columns = one.get("properties", {})
            if columns:
                tables[name] = {column: f"{name}.{column}" for column in columns}
            asked = {f"{name}.{column}": inner for column, inner in columns.items()} or {name: one}
            questions |= {label: _question(label, inner) for label, inner in asked.items()}
        return _task("extract", {"text": text, "questions": questions}, shape)
    listed = (
        form.items() if isinstance(form, dict) else _list(form, "responseFormat", MOST_QUESTIONS)
    )
    for one in listed:
        named = QUESTION.match(one) if isinstance(one, str) else None
        pair = named.groups() if named else one if isinstance(one, tuple | list) else (one, one)
        if len(pair) != 2 or not all(isinstance(part, str) for part in pair):
            raise EngineError(400, "responseFormat: a question is a text")
        questions[pair[0]] = pair[1]
    return _task("extract", {"text": text, "questions": questions}, shape)


def _score(found: Any) -> float:
    # No model, so no probability: 1 where something was found.
    return float(found is not None)


def _answer(given: Given) -> Ask:
    asked = {"text": _text(given["text"]), "questions": {"answer": _text(given["question"])}}
    return _task("extract", asked, lambda found: [found | {"score": _score(found["answer"])}])


# What is computed, whichever engine answers


@lru_cache(maxsize=64)
def _vector(text: str, dimension: int) -> str:
    # A search's query is the same in every row: 2,000 rows take 0.17 s in place of 0.70 s. Most of
    # a short text's vector is zero, which is written faster: 0.44 s in place of 0.62 s.
    values = (f"{value:.6g}" if value else "0" for value in embed(text, dimension).tolist())
    return f"[{','.join(values)}]"


def _count(model: Any, *texts: Any) -> int:
    name = _text(model)
    if name.lower() not in DIMENSIONS and models.find(speed.asked_for(name)[0]) is None:
        raise EngineError(400, f'unknown model "{name[:100]}"')
    return sum(tokens.count(_text(text)) for text in texts)


def _ai_count(given: Given) -> int:
    # A truth value is the wish for error details, the last of several lists of parameters.
    name, *rest = (_text(one) for one in given.values() if not isinstance(one, bool | None))
    if not re.fullmatch(r"ai_[a-z_]+", name):
        raise EngineError(400, f"unknown function \"{name[:100]}\": write it as in 'ai_complete'")
    if name not in {"ai_complete", "ai_embed"}:
        return sum(map(tokens.count, rest))
    if len(rest) < 2:
        raise EngineError(400, f"{name} needs a model's name before the text")
    return _count(*rest)


def _redacted(given: Given) -> Any:
    text, categories = _text(given["input"]), given.get("categories")
    mode = str(given.get("mode") or "redact").lower()
    if mode not in {"redact", "detect"}:
        raise EngineError(400, "mode is 'redact' or 'detect'")
    return {"spans": spans(text, categories)} if mode == "detect" else redact(text, categories)


#: What a form asks or computes -> what a row of it asks, or its value.
WORK: Final[Mapping[str, Callable[[Any], Any]]] = {
    "ai_complete": _ai_complete,
    "complete": _complete,
    "classify": lambda given: _classify(given, lambda labels: {"labels": labels}),
    "classify_text": lambda given: _classify(given, lambda labels: {"label": labels[0]}),
    "filter": _filter,
    "aggregate": _aggregate,
    "sentiment": _sentiment,
    "score": _texts("score", text="text"),
    "summarize": _texts("summarize", text="text"),
    "translate": _texts(
        "translate", text="text", source="source_language", target="target_language"
    ),
    "extract": _extract,
    "answer": _answer,
    "embed": lambda given: _vector(_text(given["input"]), DIMENSIONS[given["model"].lower()]),
    "similar": lambda given: similarity(_text(given["input1"]), _text(given["input2"])),
    "ai_count": _ai_count,
    "count": lambda given: _count(given["model"], given["input"]),
    "redacted": _redacted,
    "split_text": lambda given: split_text(**given),
    "split_markdown": lambda given: split_markdown(**given),
}

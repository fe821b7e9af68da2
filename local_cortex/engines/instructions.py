"""Tasks as plain instructions for a real model, and the strict reading of what it answers.

An answer that does not have the form asked for is an error, never a guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from local_cortex.engines import EngineError

__all__ = ["ask", "read", "read_json"]

FENCE = re.compile(r"\A```(?:json)?\s*\n(.*?)\n?```\Z", re.DOTALL)
MOODS = ("positive", "negative", "neutral", "mixed")
Given = Mapping[str, Any]


def ask(name: str, given: Given) -> str:
    """Word a task of :data:`local_cortex.engines.tasks.RULES` as a prompt."""
    instruction = INSTRUCTIONS[name][0](given)
    text = given["text"] if "text" in given else "\n".join(f"- {one}" for one in given["texts"])
    return f"{instruction}\n\nText:\n{text}" if text else instruction


def read(name: str, given: Given, answer: str) -> Any:
    """Read what the model answered.

    Raises:
        EngineError: 502, it is not of the form asked for.
    """
    try:
        return INSTRUCTIONS[name][1](given, answer.strip())
    except (ValueError, RecursionError):
        raise EngineError(502, f"the model did not answer in the form asked for ({name})") from None


def read_json(answer: str) -> Any:
    """Read a JSON document, in a code fence or bare.

    Raises:
        ValueError: it is none.
    """
    answer = answer.strip()
    fenced = FENCE.match(answer)
    return json.loads(fenced[1] if fenced else answer)


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _fits(fits: bool, value: Any) -> Any:
    if not fits:
        raise ValueError(value)
    return value


def _ask_classify(given: Given) -> str:
    task = given.get("task") or "Classify the text."
    examples = given.get("examples")
    number = "every label that fits" if given["multi"] else "exactly one label"
    return (
        f"{task} Choose {number} of these: {_shown(given['labels'])}."
        + (f" Examples: {_shown(examples)}." if examples else "")
        + " Answer with a JSON array of the chosen labels and nothing else."
    )


def _read_classify(given: Given, answer: str) -> list[str]:
    chosen = read_json(answer)
    names = [one["label"] for one in given["labels"]]
    fits = isinstance(chosen, list) and all(one in names for one in chosen)
    labels: list[str] = _fits(fits and (given["multi"] or len(chosen) == 1), chosen)
    return labels


def _read_decide(_: Given, answer: str) -> bool:
    said = answer.rstrip(".").lower()
    _fits(said in {"true", "false"}, said)
    return said == "true"


def _read_sentiment(given: Given, answer: str) -> dict[str, str]:
    found = read_json(answer)
    names = ["overall", *given["categories"]]
    fits = isinstance(found, dict) and set(found) == set(names)
    _fits(fits and all(found[name] in (*MOODS, "unknown") for name in names), found)
    return {name: found[name] for name in names}


def _read_score(_: Given, answer: str) -> float:
    value = float(answer)
    _fits(-1 <= value <= 1, value)
    return value


def _read_extract(given: Given, answer: str) -> dict[str, Any]:
    found = read_json(answer)
    fits = isinstance(found, dict) and set(found) == set(given["questions"])
    return {label: _fits(fits, found)[label] for label in given["questions"]}


def _read_text(_: Given, answer: str) -> str:
    text: str = _fits(bool(answer), answer)
    return text


Pair = tuple[Callable[[Given], str], Callable[[Given, str], Any]]

INSTRUCTIONS: Mapping[str, Pair] = {
    "classify": (_ask_classify, _read_classify),
    "decide": (
        lambda given: f"{given['question']}\n\nAnswer with true or false and nothing else.",
        _read_decide,
    ),
    "sentiment": (
        lambda given: (
            "What is the sentiment of the text, overall and on each of these categories: "
            f"{_shown(given['categories'])}? Answer with one JSON object and nothing else. Its "
            f'keys are "overall" and the categories; a value is one of {", ".join(MOODS)}, or '
            "unknown for a category that the text does not mention."
        ),
        _read_sentiment,
    ),
    "score": (
        lambda _: (
            "Rate the sentiment of the text from -1 (negative) to 1 (positive). Answer with the "
            "number and nothing else."
        ),
        _read_score,
    ),
    "summarize": (
        lambda _: (
            "Summarize the text in its own language, in three sentences at most. Answer with the "
            "summary and nothing else."
        ),
        _read_text,
    ),
    "aggregate": (
        lambda given: (
            f"{given.get('task') or 'Summarize these texts together, in their own language.'}\n\n"
            "The text below lists the entries, one for each hyphen. Answer with the result and "
            "nothing else."
        ),
        _read_text,
    ),
    "translate": (
        lambda given: (
            f"Translate the text from {given['source'] or 'its language'} to {given['target']}. "
            "Answer with the translation and nothing else."
        ),
        _read_text,
    ),
    "extract": (
        lambda given: (
            f"Answer these questions from the text alone: {_shown(given['questions'])}. Answer "
            "with one JSON object of the same keys and nothing else. A value is a text, an array "
            "of texts where the question begins with 'List:', or null where the text does not say."
        ),
        _read_extract,
    ),
    "structure": (
        lambda given: (
            "Read the text and answer with one JSON document that follows this JSON schema, and "
            f"nothing else: {_shown(given['schema'])}"
        ),
        lambda _, answer: read_json(answer),
    ),
}

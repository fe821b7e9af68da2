"""Tasks as plain instructions for a real model (``tasks.toml``), and strict parsing of its answers.

An answer that does not have the form asked for is an error, never a guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from local_cortex.engines import EngineError
from local_cortex.engines.tasks import DATA

FENCE = re.compile(r"\A```(?:json)?\s*\n(.*?)\n?```\Z", re.DOTALL)
MOODS = ("positive", "negative", "neutral", "mixed", "unknown")
Given = Mapping[str, Any]


def ask(name: str, given: Given) -> str:
    """Word a task of :data:`local_cortex.engines.tasks.RULES` as a prompt."""
    key = "classify_many" if name == "classify" and given["multi"] else name
    words = {
        one: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for one, value in given.items()
    }
    missing = DATA["missing"].get(key, {})
    words |= {one: default for one, default in missing.items() if not given.get(one)}
    instruction: str = DATA["ask"][key].format(**words)
    text = given["text"] if "text" in given else "\n".join(f"- {one}" for one in given["texts"])
    return f"{instruction}\n\nText:\n{text}" if text else instruction


def read(name: str, given: Given, answer: str) -> Any:
    """Read what the model answered; ``EngineError`` 502, it is not of the form asked for."""
    try:
        return READERS[name](given, answer.strip())
    except (ValueError, RecursionError):
        raise EngineError(502, f"the model did not answer in the form asked for ({name})") from None


def document(answer: str) -> str:
    """Return the JSON that a model answered; ``EngineError`` 502, it is none."""
    try:
        return json.dumps(_json(answer.strip()), ensure_ascii=False)
    except (ValueError, RecursionError):
        raise EngineError(502, "the model did not answer with JSON") from None


def _fits(fits: bool, value: Any) -> Any:
    if not fits:
        raise ValueError(value)
    return value


def _json(answer: str) -> Any:
    """Read a JSON document, in a code fence or bare."""
    fenced = FENCE.match(answer)
    return json.loads(fenced[1] if fenced else answer)


def _keyed(keys: list[str], answer: str) -> dict[str, Any]:
    found = _json(answer)
    _fits(isinstance(found, dict) and set(found) == set(keys), found)
    return {key: found[key] for key in keys}


def _classify(given: Given, answer: str) -> Any:
    chosen, names = _json(answer), [one["label"] for one in given["labels"]]
    fits = isinstance(chosen, list) and all(one in names for one in chosen)
    return _fits(fits and (given["multi"] or len(chosen) == 1), chosen)


def _sentiment(given: Given, answer: str) -> Any:
    found = _keyed(["overall", *given["categories"]], answer)
    return _fits(all(mood in MOODS for mood in found.values()), found)


def _truth(_: Given, answer: str) -> bool:
    said = answer.rstrip(".").lower()
    return bool(_fits(said in {"true", "false"}, said) == "true")


def _text(_: Given, answer: str) -> Any:
    return _fits(bool(answer), answer)


#: Task -> how its answer is read.
READERS: Mapping[str, Callable[[Given, str], Any]] = {
    "classify": _classify,
    "decide": _truth,
    "sentiment": _sentiment,
    "score": lambda _, answer: _fits(-1 <= float(answer) <= 1, float(answer)),
    "summarize": _text,
    "aggregate": _text,
    "translate": _text,
    "extract": lambda given, answer: _keyed(list(given["questions"]), answer),
}

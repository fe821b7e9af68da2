"""Which tool a question is for, by the words that it shares with the tool, and its arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from local_cortex.agents.asked import Tool

__all__ = ["choose_tool", "fill"]

LONGEST_READ = 2_000
WORD = re.compile(r"[a-z0-9]{3,}|[가-힣]{2,}")
# Words that say nothing of what a question is about.
COMMON = frozenset(
    {"the", "and", "for", "with", "what", "which", "how", "many", "are", "was", "does", "can"}
    | {"you", "tell", "about", "from", "this", "that", "use", "tool", "when", "where", "who"}
)
# An ending that a word may have: 날씨는 is 날씨, and sales is sale.
ENDING = 2
QUOTED = re.compile(r"[\"'“‘「](.+?)[\"'”’」]")
NAMED = re.compile(r"(?<!^)(?<![.?!] )\b[A-Z][\w-]*(?: [A-Z][\w-]*)*")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def choose_tool(question: str, tools: Sequence[Tool]) -> Tool | None:
    """Return the tool that shares most words with a question; the first of several."""
    asked = _words(question)
    shared = []
    for tool in tools:
        told = _words(f"{tool.name} {tool.description}")
        stems = set().union(*map(_stems, told))
        shared.append(sum(word in stems or not told.isdisjoint(_stems(word)) for word in asked))
    return tools[shared.index(max(shared))] if any(shared) else None


def fill(schema: Mapping[str, Any], question: str) -> dict[str, Any]:
    """Return arguments of a schema's properties, as far as a rule finds any in the question."""
    properties = schema.get("properties")
    given = properties if isinstance(properties, dict) else {}
    found = {name: _value(one, question[:LONGEST_READ]) for name, one in given.items()}
    return {name: value for name, value in found.items() if value is not None}


def _value(schema: Any, question: str) -> Any:
    kind = schema.get("type") if isinstance(schema, dict) else None
    choices = schema.get("enum") if isinstance(schema, dict) else None
    if isinstance(choices, list):
        return next((one for one in choices if str(one).casefold() in question.casefold()), None)
    if kind in ("integer", "number"):
        number = NUMBER.search(question)
        return None if number is None else (int if kind == "integer" else float)(float(number[0]))
    if kind != "string":
        return None
    if quoted := QUOTED.search(question):
        return quoted[1]
    named = NAMED.search(question)
    return named[0] if named else question


def _words(text: str) -> set[str]:
    read = text[:LONGEST_READ].replace("_", " ").casefold()
    return set(WORD.findall(read)) - COMMON


def _stems(word: str) -> set[str]:
    return {word[: len(word) - cut] for cut in range(ENDING + 1) if len(word) - cut > 1}

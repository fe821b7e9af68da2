"""Stand-in until engines/tools.py is there: choose a tool by words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from local_cortex.agents.asked import Tool

WORD = re.compile(r"[a-z0-9]{3,}|[가-힣]{2,}")


def choose_tool(question: str, tools: Sequence[Tool]) -> Tool | None:
    asked = set(WORD.findall(question.casefold()))
    best, most = None, 0
    for tool in tools:
        words = set(WORD.findall(f"{tool.name.replace('_', ' ')} {tool.description}".casefold()))
        shared = len(asked & words)
        if shared > most:
            best, most = tool, shared
    return best


def fill(schema: Mapping[str, Any], question: str) -> Any:
    return {
        name: question if one.get("type") == "string" else None
        for name, one in schema.get("properties", {}).items()
    }

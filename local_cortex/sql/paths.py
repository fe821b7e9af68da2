"""Into a semi-structured value: ``value:key[0]."Other Key"``, ``value['key']``, GET."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .batch import Bound
from .context import Execution
from .errors import SqlError, wrong_argument_types
from .mapping import mapped
from .types import JSON_NULL, VARIANT
from .values import from_json

__all__ = ["element", "follow"]


def element(value: Any, step: Any) -> Any:
    """Return one field or item; ``None`` (NULL) where there is none."""
    try:
        if isinstance(value, dict) and isinstance(step, str):
            found = value[step]
        elif isinstance(value, list) and step >= 0:
            found = value[int(step)]
        else:
            return None
    except (KeyError, IndexError, TypeError, ValueError):
        return None
    return JSON_NULL if found is None else found


def follow(execution: Execution, source: Bound, steps: Sequence[str | int]) -> Bound:
    """Return what a path leads to; NULL where it leads nowhere.

    Raises:
        SqlError: 001044, ``source`` is not semi-structured.
    """
    if not (source.type.is_json or source.type.json_text):
        raise wrong_argument_types("GET_PATH", [str(source.type)])

    def compute(value: Any) -> Any:
        if source.type.json_text:
            try:
                value = from_json(value)
            except SqlError:
                return None
        for step in steps:
            value = element(value, step)
            if value is None:
                return None
        return value

    return mapped(execution, compute, [source], VARIANT)

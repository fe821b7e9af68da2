"""ORDER BY: NULL counts as the largest value unless the statement says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from .allowance import check
from .batch import Bound, Values
from .errors import too_large
from .limits import MAX_SORTED_CHARS
from .types import SqlType
from .values import sort_key, weigh

__all__ = ["SortKey", "sorted_rows"]


@dataclass(frozen=True, slots=True)
class SortKey:
    """One expression to sort by."""

    bound: Bound
    descending: bool
    nulls_first: bool

    @classmethod
    def of(cls, node: Any, bound: Bound) -> Self:
        """Read the direction from ``expression [ASC|DESC] [NULLS FIRST|LAST]``."""
        return cls(bound, bool(node.args.get("desc")), bool(node.args.get("nulls_first")))


def sorted_rows(size: int, keys: Sequence[SortKey], values: Sequence[Values]) -> list[int]:
    """Return the row numbers in order; rows that are equal keep theirs."""
    rows = list(range(size))
    for key, column in reversed(list(zip(keys, values, strict=True))):
        kind = key.bound.type
        check()
        _check_text(column)
        filled = [row for row in rows if column[row] is not None]
        empty = [row for row in rows if column[row] is None]
        filled.sort(key=_comparer(column, kind), reverse=key.descending)
        rows = empty + filled if key.nulls_first else filled + empty
    return rows


def _check_text(column: Values) -> None:
    # Python sorts in one call, which nothing can interrupt.
    if sum(weigh(value, MAX_SORTED_CHARS) for value in column) > MAX_SORTED_CHARS:
        raise too_large("The text of an ORDER BY", MAX_SORTED_CHARS, "Sort by something shorter.")


def _comparer(column: Values, kind: SqlType) -> Callable[[int], Any]:
    if not kind.is_json:
        return column.__getitem__
    return lambda row: sort_key(column[row], kind)

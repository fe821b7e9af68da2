"""Rows in flight: evaluation goes column by column over a whole batch, not row by row.

That keeps ten thousand rows fast in plain Python, and lets all rows of one AI function be answered
at the same time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .errors import too_large
from .limits import MAX_CELLS, MAX_ROWS
from .types import SqlType

__all__ = ["NOT_CONSTANT", "Batch", "Bound", "Column", "Table", "check_size", "constant"]

Values = Sequence[Any]  # one value for each row


class _NotConstant:
    """Marks a :class:`Bound` whose value differs by row."""


NOT_CONSTANT: Final = _NotConstant()


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows, stored by column; ``size`` is how many, also when there are no columns."""

    columns: tuple[Values, ...]
    size: int

    def take(self, rows: Sequence[int]) -> Batch:
        """Return the rows with these numbers, in this order."""
        return Batch(tuple(pick(column, rows) for column in self.columns), len(rows))

    def head(self, rows: int) -> Batch:
        """Return the first ``rows`` rows."""
        if rows >= self.size:
            return self
        return Batch(tuple(column[:rows] for column in self.columns), rows)


@dataclass(frozen=True, slots=True)
class Bound:
    """An expression that is ready to be evaluated: its type is known before any row is.

    ``constant`` is the value where it is the same in all rows and known already; ``nullable`` says
    whether a NULL is possible.
    """

    type: SqlType
    evaluate: Callable[[Batch], Awaitable[Values]]
    constant: Any = NOT_CONSTANT
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation; ``qualifier`` is the table or alias that it can be addressed by."""

    name: str
    type: SqlType
    qualifier: str | None = None
    nullable: bool = True


@dataclass(slots=True)
class Table:
    """A temporary table; ``weight`` is about how many characters it takes."""

    columns: tuple[Column, ...]
    batch: Batch
    weight: int = 0


def constant(value: Any, kind: SqlType) -> Bound:
    """Return the expression that has the same value in every row."""

    async def evaluate(batch: Batch) -> Values:
        return [value] * batch.size

    return Bound(kind, evaluate, constant=value, nullable=value is None)


def pick(values: Values, rows: Sequence[int]) -> Values:
    """Return the values of some rows."""
    return [values[row] for row in rows]


def check_size(rows: int, columns: int = 1) -> None:
    """Refuse more rows or cells than the process should hold.

    Raises:
        SqlError: 000002, too many.
    """
    advice = "Ask for fewer rows (LIMIT)."
    if rows > MAX_ROWS:
        raise too_large(f"A result of {rows:,} rows", MAX_ROWS, advice)
    if rows * columns > MAX_CELLS:
        raise too_large(f"A result of {rows * columns:,} values", MAX_CELLS, advice)

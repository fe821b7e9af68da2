"""Choosing a value row by row: CASE, IFF, COALESCE, and AND and OR that stop early.

A branch sees only the rows that reach it, so ``IFF(x = 0, 0, 1 / x)`` does not divide by zero and
an AI function in a branch is not asked for rows that take another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .batch import Batch, Bound, Values
from .context import Execution
from .mapping import common
from .types import BOOLEAN, SqlType

__all__ = ["Branch", "choose", "connective", "first_not_null"]


@dataclass(frozen=True, slots=True)
class Branch:
    """``WHEN test THEN value``; the test is a BOOLEAN."""

    test: Bound
    value: Bound


def choose(execution: Execution, branches: Sequence[Branch], default: Bound, name: str) -> Bound:
    """Return the value of the first branch whose test is true, else the default.

    Raises:
        SqlError: 001044, the values have no common type.
    """
    values, kind = common(execution, [*(one.value for one in branches), default], name)

    async def evaluate(batch: Batch) -> Values:
        result: list[Any] = [None] * batch.size
        rest = list(range(batch.size))
        for branch, value in zip(branches, values, strict=False):
            verdicts = await branch.test.evaluate(batch.take(rest))
            taken = [row for row, verdict in zip(rest, verdicts, strict=True) if verdict]
            rest = [row for row, verdict in zip(rest, verdicts, strict=True) if not verdict]
            await _fill(result, batch, taken, value)
        await _fill(result, batch, rest, values[-1])
        return result

    return Bound(kind, evaluate)


def first_not_null(arguments: Sequence[Bound], kind: SqlType) -> Bound:
    """Return COALESCE of arguments that already have one type."""

    async def evaluate(batch: Batch) -> Values:
        result: list[Any] = [None] * batch.size
        rest = list(range(batch.size))
        for argument in arguments:
            await _fill(result, batch, rest, argument)
            rest = [row for row in rest if result[row] is None]
        return result

    return Bound(kind, evaluate)


def connective(left: Bound, right: Bound, *, decisive: bool) -> Bound:
    """Return AND (``decisive`` is false) or OR (true) of two conditions; NULL is unknown."""

    async def evaluate(batch: Batch) -> Values:
        result = list(await left.evaluate(batch))
        rest = [row for row, value in enumerate(result) if value is not decisive]
        others = await right.evaluate(batch if len(rest) == batch.size else batch.take(rest))
        for row, other in zip(rest, others, strict=True):
            if other is decisive or result[row] is not None:
                result[row] = other
        return result

    return Bound(BOOLEAN, evaluate)


async def _fill(result: list[Any], batch: Batch, rows: Sequence[int], value: Bound) -> None:
    if not rows:
        return
    part = batch if len(rows) == batch.size else batch.take(rows)
    for row, one in zip(rows, await value.evaluate(part), strict=True):
        result[row] = one

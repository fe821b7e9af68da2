"""COUNT, SUM, AVG and the other functions of a group of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .allowance import check
from .arithmetic import QUOTIENT_DIGITS, SCALE_CAP
from .batch import NOT_CONSTANT, Bound
from .calls import AGGREGATES
from .casts import DECIMAL, fit_number
from .context import Execution
from .errors import not_run, wrong_argument_count, wrong_argument_types
from .mapping import check_length, coerce
from .types import ARRAY, BOOLEAN, MAX_PRECISION, REAL, TEXT, SqlType, number
from .values import as_json, sort_key

__all__ = ["Aggregate", "aggregate"]

COUNT = number(18)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate: its arguments, and what it makes of the rows of a group.

    ``compute`` gets one tuple of argument values for each row that has no NULL among them; all rows
    if there are no arguments (``COUNT(*)``).
    """

    arguments: tuple[Bound, ...]
    type: SqlType
    compute: Callable[[Sequence[tuple[Any, ...]]], Any]
    distinct: bool = False

    def apply(self, rows: Sequence[tuple[Any, ...]]) -> Any:
        """Return the value for one group."""
        check()
        rows = [row for row in rows if None not in row]
        if self.distinct:
            kinds = [argument.type for argument in self.arguments]
            keyed = {
                tuple(sort_key(value, kind) for value, kind in zip(row, kinds, strict=True)): row
                for row in rows
            }
            rows = list(keyed.values())
        return self.compute(rows)


def aggregate(
    execution: Execution, name: str, arguments: Sequence[Bound], *, star: bool, distinct: bool
) -> Aggregate:
    """Return the aggregate of a call.

    Raises:
        SqlError: 000938 or 001044, wrong arguments.
    """
    if name not in AGGREGATES:
        raise not_run(f"aggregate function {name}")
    if star and name != "COUNT":
        raise wrong_argument_types(name, ["*"])
    most = 0 if star else 2 if name == "LISTAGG" else 100 if name == "COUNT" else 1
    if not star and not 1 <= len(arguments) <= most:
        raise wrong_argument_count(name, len(arguments), "1")
    if name == "LISTAGG":
        return _listagg(execution, arguments, distinct)
    if name in {"SUM", "AVG"} and not arguments[0].type.is_number:
        arguments = [coerce(execution, arguments[0], REAL, name)]
    if name == "COUNT_IF":
        arguments = [coerce(execution, arguments[0], BOOLEAN, name)]
    kind, compute = _PLAIN[name](arguments[0].type if arguments else COUNT)
    return Aggregate(tuple(arguments), kind, compute, distinct)


Plain = tuple[SqlType, Callable[[Sequence[tuple[Any, ...]]], Any]]


def _count(_: SqlType) -> Plain:
    return COUNT, len


def _count_if(_: SqlType) -> Plain:
    return COUNT, lambda rows: sum(row[0] for row in rows)


def _sum(kind: SqlType) -> Plain:
    total = REAL if kind.name == "REAL" else number(MAX_PRECISION, kind.scale or 0)
    return total, lambda rows: _total(rows, total) if rows else None


def _total(rows: Sequence[tuple[Any, ...]], kind: SqlType) -> Any:
    if kind.name == "REAL":
        return float(sum(row[0] for row in rows))
    whole: Any = Decimal(0) if kind.scale else 0
    for row in rows:
        whole = DECIMAL.add(whole, row[0]) if kind.scale else whole + row[0]
    return fit_number(whole, MAX_PRECISION, kind.scale or 0)


def _avg(kind: SqlType) -> Plain:
    if kind.name == "REAL":
        return REAL, lambda rows: float(sum(row[0] for row in rows)) / len(rows) if rows else None
    scale = max(kind.scale or 0, min((kind.scale or 0) + QUOTIENT_DIGITS, SCALE_CAP))
    result = number(MAX_PRECISION, scale)

    def compute(rows: Sequence[tuple[Any, ...]]) -> Any:
        if not rows:
            return None
        exact = DECIMAL.divide(Decimal(_total(rows, kind)), Decimal(len(rows)))
        return fit_number(exact, MAX_PRECISION, scale)

    return result, compute


def _extreme(choose: Callable[..., Any]) -> Callable[[SqlType], Plain]:
    def build(kind: SqlType) -> Plain:
        def compute(rows: Sequence[tuple[Any, ...]]) -> Any:
            return choose(
                (row[0] for row in rows), key=lambda one: sort_key(one, kind), default=None
            )

        return kind, compute

    return build


def _array_agg(kind: SqlType) -> Plain:
    return ARRAY, lambda rows: [as_json(row[0], kind) for row in rows]


def _any_value(kind: SqlType) -> Plain:
    return kind, lambda rows: rows[0][0] if rows else None


_PLAIN: dict[str, Callable[[SqlType], Plain]] = {
    "COUNT": _count,
    "COUNT_IF": _count_if,
    "SUM": _sum,
    "AVG": _avg,
    "MIN": _extreme(min),
    "MAX": _extreme(max),
    "ARRAY_AGG": _array_agg,
    "ANY_VALUE": _any_value,
}


def _listagg(execution: Execution, arguments: Sequence[Bound], distinct: bool) -> Aggregate:
    separator = arguments[1].constant if len(arguments) > 1 else ""
    if separator is NOT_CONSTANT or not isinstance(separator, str):
        raise wrong_argument_types("LISTAGG", [str(one.type) for one in arguments])
    value = coerce(execution, arguments[0], TEXT, "LISTAGG")

    def compute(rows: Sequence[tuple[Any, ...]]) -> str:
        check_length(sum(len(row[0]) + len(separator) for row in rows))
        return str(separator).join(row[0] for row in rows)

    return Aggregate((value,), TEXT, compute, distinct)

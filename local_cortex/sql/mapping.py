"""Building expressions out of functions on single values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .batch import NOT_CONSTANT, Batch, Bound, Values
from .casts import can_cast, caster
from .context import Execution
from .errors import SqlError, wrong_argument_types
from .limits import MAX_VALUE_CHARS
from .types import SqlType, common_type

__all__ = ["cast", "check_text", "coerce", "common", "mapped"]


def mapped(
    execution: Execution,
    compute: Callable[..., Any],
    arguments: Sequence[Bound],
    kind: SqlType,
    *,
    nulls: bool = False,
    grows: bool = False,
) -> Bound:
    """Return the expression that computes one value from one value of each argument.

    Without ``nulls`` any NULL argument gives NULL and ``compute`` is not called. ``grows`` is for
    results that can be longer than the arguments: their text is counted.
    """
    fixed = all(argument.constant is not NOT_CONSTANT for argument in arguments)

    def one(row: tuple[Any, ...]) -> Any:
        if not nulls and any(value is None for value in row):
            return None
        value = compute(*row)
        if grows and value is not None:
            check_text(value)
            execution.charge_text(len(value))
        return value

    async def evaluate(batch: Batch) -> Values:
        if not batch.size:
            return []
        if fixed:
            return [one(tuple(argument.constant for argument in arguments))] * batch.size
        columns = [await argument.evaluate(batch) for argument in arguments]
        if len(columns) == 1 and not nulls and not grows:
            return [None if value is None else compute(value) for value in columns[0]]
        if grows or nulls:
            return [one(row) for row in zip(*columns, strict=True)]
        return [None if None in row else compute(*row) for row in zip(*columns, strict=True)]

    return Bound(kind, evaluate)


def check_text(value: str | Sequence[Any]) -> None:
    """Refuse a value longer than a VARCHAR can be.

    Raises:
        SqlError: 100078, too long.
    """
    if len(value) > MAX_VALUE_CHARS:
        message = (
            f"A value of {len(value):,} characters is too long: a VARCHAR holds {MAX_VALUE_CHARS:,}"
        )
        raise SqlError(message, code="100078", sqlstate="22000")


def cast(execution: Execution, argument: Bound, kind: SqlType, *, lenient: bool = False) -> Bound:
    """Return the argument converted; ``lenient`` gives NULL for what does not convert (TRY_CAST).

    Raises:
        SqlError: 001065, there is no such conversion at all.
    """
    if not can_cast(argument.type, kind):
        message = (
            "SQL compilation error:\n"
            f"invalid type [CAST(... AS {kind})] for parameter of type {argument.type}"
        )
        raise SqlError(message, code="001065", sqlstate="22023")
    convert = caster(argument.type, kind)
    if convert is None:
        return Bound(kind, argument.evaluate, argument.constant, argument.nullable)
    compute = _attempt(convert) if lenient else convert
    return mapped(execution, compute, [argument], kind)


def _attempt(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def compute(value: Any) -> Any:
        try:
            return convert(value)
        except SqlError:
            return None

    return compute


def coerce(execution: Execution, argument: Bound, kind: SqlType, name: str) -> Bound:
    """Convert an argument of function ``name`` implicitly; text keeps its own length.

    Raises:
        SqlError: 001044, the function does not take this type.
    """
    if argument.type.name == kind.name and kind.name != "FIXED":
        return argument
    if not can_cast(argument.type, kind):
        raise wrong_argument_types(name, [str(argument.type)])
    return cast(execution, argument, kind)


def common(
    execution: Execution, arguments: Iterable[Bound], name: str
) -> tuple[list[Bound], SqlType]:
    """Convert arguments to the one type that all of them share.

    Raises:
        SqlError: 001044, there is none.
    """
    listed = list(arguments)
    shared: SqlType | None = listed[0].type
    for argument in listed[1:]:
        shared = common_type(shared, argument.type) if shared is not None else None
    if shared is None:
        raise wrong_argument_types(name, [str(argument.type) for argument in listed])
    return [cast(execution, argument, shared) for argument in listed], shared

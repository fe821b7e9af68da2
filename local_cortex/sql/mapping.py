"""Building expressions out of functions on single values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .allowance import check
from .batch import NOT_CONSTANT, Batch, Bound, Values
from .casts import can_cast, caster
from .context import Execution
from .errors import SqlError, wrong_argument_types
from .limits import MAX_BUILT_VALUE
from .types import SqlType, common_type
from .values import weigh

__all__ = ["cast", "charged", "check_length", "coerce", "common", "mapped"]


def mapped(
    execution: Execution,
    compute: Callable[..., Any],
    arguments: Sequence[Bound],
    kind: SqlType,
    *,
    nulls: bool = False,
) -> Bound:
    """Return the expression that computes one value from one value of each argument.

    Without ``nulls`` any NULL argument gives NULL and ``compute`` is not called.
    """
    fixed = all(argument.constant is not NOT_CONSTANT for argument in arguments)

    def one(row: tuple[Any, ...]) -> Any:
        check()
        if not nulls and None in row:
            return None
        return charged(execution, compute(*row))

    async def evaluate(batch: Batch) -> Values:
        if not batch.size:
            return []
        if fixed:
            return [one(tuple(argument.constant for argument in arguments))] * batch.size
        columns = [await argument.evaluate(batch) for argument in arguments]
        return [one(row) for row in zip(*columns, strict=True)]

    return Bound(kind, evaluate)


def charged(execution: Execution, value: Any) -> Any:
    """Return a value that was built, once its text or JSON is counted.

    Raises:
        SqlError: 100078, the value is too long; 000002, the statement has built too much.
    """
    if isinstance(value, str | bytes):
        check_length(len(value))
        execution.charge_text(len(value))
    elif isinstance(value, list | dict):
        # An array can hold another twice, and that one another twice: only its text tells its size.
        weight = weigh(value, MAX_BUILT_VALUE)
        check_length(weight)
        execution.charge_text(weight)
    return value


def check_length(length: int) -> None:
    """Refuse a value of so many characters; ask before it is built.

    Raises:
        SqlError: 100078, too long.
    """
    if length > MAX_BUILT_VALUE:
        message = (
            f"A value of {length:,} characters is too long: Local Cortex builds values of up to "
            f"{MAX_BUILT_VALUE:,}"
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

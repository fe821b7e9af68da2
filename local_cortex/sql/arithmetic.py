"""``+ - * / %`` and the types of their results.

Precision and scale follow docs.snowflake.com/en/sql-reference/operators-arithmetic: a sum has the
larger scale, a product the sum of both up to 12, a quotient six decimals more than the dividend up
to 12; the result is rounded half away from zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from .batch import NOT_CONSTANT, Bound, constant
from .casts import DECIMAL, fit_number
from .context import Execution
from .errors import SqlError, division_by_zero, not_run, wrong_argument_types
from .mapping import cast, mapped
from .types import MAX_PRECISION, REAL, SqlType, number

__all__ = ["add", "divide", "multiply", "negate", "remainder", "subtract", "type_of_text"]

SCALE_CAP = 12  # decimals that products and quotients are extended to at most
QUOTIENT_DIGITS = 6  # decimals that a quotient has more than its dividend

Compute = Callable[[Any, Any], Any]


def add(execution: Execution, left: Bound, right: Bound) -> Bound:
    """Return ``left + right``."""
    return _sum(execution, left, right, "+", lambda a, b: a + b, DECIMAL.add)


def subtract(execution: Execution, left: Bound, right: Bound) -> Bound:
    """Return ``left - right``."""
    return _sum(execution, left, right, "-", lambda a, b: a - b, DECIMAL.subtract)


def multiply(execution: Execution, left: Bound, right: Bound) -> Bound:
    """Return ``left * right``."""
    left, right = _operands(execution, left, right, "*")
    if _is_real(left, right):
        return _real(execution, left, right, lambda a, b: a * b)
    (p1, s1), (p2, s2) = _digits(left), _digits(right)
    scale = min(s1 + s2, max(s1, s2, SCALE_CAP))
    kind = number(p1 - s1 + p2 - s2 + scale, scale)
    compute: Compute = (lambda a, b: a * b) if not s1 + s2 else DECIMAL.multiply
    return _exact(execution, left, right, compute, kind)


def divide(
    execution: Execution, left: Bound, right: Bound, *, by_zero_gives_zero: bool = False
) -> Bound:
    """Return ``left / right``; evaluating it raises 100051 for a zero divisor, or gives zero."""
    left, right = _operands(execution, left, right, "/")

    def guarded(compute: Compute) -> Compute:
        def safe(a: Any, b: Any) -> Any:
            if b:
                return compute(a, b)
            if by_zero_gives_zero:
                return type(a)(0)
            raise division_by_zero()

        return safe

    if _is_real(left, right):
        return _real(execution, left, right, guarded(lambda a, b: a / b))
    (p1, s1), (_, s2) = _digits(left), _digits(right)
    scale = max(s1, min(s1 + QUOTIENT_DIGITS, SCALE_CAP))
    kind = number(p1 - s1 + s2 + scale, scale)
    return _exact(execution, left, right, guarded(_quotient), kind)


def remainder(execution: Execution, left: Bound, right: Bound) -> Bound:
    """Return ``left % right``, which has the sign of ``left``."""
    left, right = _operands(execution, left, right, "%")

    def compute(a: Any, b: Any) -> Any:
        if not b:
            raise division_by_zero()
        if isinstance(a, float) or isinstance(b, float):
            return math.fmod(a, b)
        return DECIMAL.remainder(Decimal(a), Decimal(b))

    if _is_real(left, right):
        return _real(execution, left, right, compute)
    (p1, s1), (p2, s2) = _digits(left), _digits(right)
    scale = max(s1, s2)
    return _exact(execution, left, right, compute, number(max(p1 - s1, p2 - s2) + scale, scale))


def negate(execution: Execution, operand: Bound) -> Bound:
    """Return ``-operand``."""
    operand = _numeric(execution, operand, "-")
    if operand.constant is not NOT_CONSTANT and operand.constant is not None:
        return constant(-operand.constant, operand.type)
    return mapped(execution, lambda value: -value, [operand], operand.type)


def _sum(
    execution: Execution, left: Bound, right: Bound, sign: str, plain: Compute, exact: Compute
) -> Bound:
    if any(one.type.name == "DATE" or one.type.is_timestamp for one in (left, right)):
        raise not_run(f"{sign} with dates")
    left, right = _operands(execution, left, right, sign)
    if _is_real(left, right):
        return _real(execution, left, right, plain)
    (p1, s1), (p2, s2) = _digits(left), _digits(right)
    scale = max(s1, s2)
    kind = number(max(p1 - s1, p2 - s2) + scale + 1, scale)
    return _exact(execution, left, right, exact if scale else plain, kind)


def _operands(execution: Execution, left: Bound, right: Bound, sign: str) -> tuple[Bound, Bound]:
    return _numeric(execution, left, sign), _numeric(execution, right, sign)


def _numeric(execution: Execution, operand: Bound, sign: str) -> Bound:
    if operand.type.is_number:
        return operand
    if operand.type.name == "NULL":
        return cast(execution, operand, number())
    if operand.type.name not in {"TEXT", "VARIANT"}:
        raise wrong_argument_types(sign, [str(operand.type)])
    return cast(execution, operand, type_of_text(operand.constant))


def type_of_text(value: Any) -> SqlType:
    try:
        exponent = int(Decimal(value).as_tuple().exponent)
    except (TypeError, ValueError, InvalidOperation):
        return REAL
    return number(MAX_PRECISION, max(0, -exponent)) if exponent <= 0 else REAL


def _is_real(left: Bound, right: Bound) -> bool:
    return "REAL" in {left.type.name, right.type.name}


def _digits(operand: Bound) -> tuple[int, int]:
    return operand.type.precision or MAX_PRECISION, operand.type.scale or 0


def _quotient(a: Any, b: Any) -> Decimal:
    return DECIMAL.divide(Decimal(a), Decimal(b))


def _real(execution: Execution, left: Bound, right: Bound, compute: Compute) -> Bound:
    def finite(a: Any, b: Any) -> float:
        try:
            return float(compute(float(a), float(b)))
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    return mapped(execution, finite, [left, right], REAL)


def _exact(
    execution: Execution, left: Bound, right: Bound, compute: Compute, kind: SqlType
) -> Bound:
    precision, scale = kind.precision or MAX_PRECISION, kind.scale or 0
    limit = 10**MAX_PRECISION

    if scale == 0:

        def whole(a: Any, b: Any) -> Any:
            value = compute(a, b)
            if type(value) is int and -limit < value < limit:
                return value
            return fit_number(value, MAX_PRECISION, 0)

        return mapped(execution, whole, [left, right], kind)

    def fitted(a: Any, b: Any) -> Any:
        try:
            return fit_number(Decimal(compute(a, b)), max(precision, MAX_PRECISION), scale)
        except InvalidOperation:
            message = f"Number out of representable range: type NUMBER({precision},{scale})"
            raise SqlError(message, code="100046", sqlstate="22003") from None

    return mapped(execution, fitted, [left, right], kind)

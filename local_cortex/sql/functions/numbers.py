"""Functions of numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from local_cortex.sql.arithmetic import divide, remainder
from local_cortex.sql.batch import NOT_CONSTANT, Bound
from local_cortex.sql.casts import DECIMAL
from local_cortex.sql.errors import SqlError, wrong_argument_types
from local_cortex.sql.mapping import mapped
from local_cortex.sql.types import REAL, SqlType, number

from .registry import Call, builder, scalar


def _same(arguments: Sequence[Bound]) -> SqlType:
    kind = arguments[0].type
    return kind if kind.is_number else REAL


def _number(call: Call, index: int = 0) -> Bound:
    argument = call.arguments[index]
    return argument if argument.type.is_number else call.coerced(index, REAL)


def _real(compute: Callable[..., float], name: str) -> Callable[..., float]:
    def safe(*values: float) -> float:
        try:
            result = compute(*values)
        except OverflowError:
            return math.inf
        except (ValueError, ZeroDivisionError):
            shown = ", ".join(str(value) for value in values)
            message = f"Invalid floating point operation: {name.lower()}({shown})"
            raise SqlError(message, code="100206", sqlstate="22023") from None
        return float(result)

    return safe


for _name, _compute in {"SQRT": math.sqrt, "EXP": math.exp, "LN": math.log}.items():
    scalar(_name, takes=[REAL], gives=REAL)(_real(_compute, _name))
scalar("POWER", "POW", takes=[REAL, REAL], gives=REAL)(_real(math.pow, "POWER"))


@builder("ABS", least=1)
def absolute(call: Call) -> Bound:
    argument = _number(call)
    return mapped(call.execution, abs, [argument], _same([argument]))


@builder("SIGN", least=1)
def sign(call: Call) -> Bound:
    def compute(value: Any) -> int:
        return int(value > 0) - int(value < 0)

    return mapped(call.execution, compute, [_number(call)], number(1))


def _rounding(mode: str) -> Callable[[Call], Bound]:
    def build(call: Call) -> Bound:
        argument = _number(call)
        scale = call.arguments[1].constant if len(call.arguments) > 1 else 0
        if scale is NOT_CONSTANT or not isinstance(scale, int):
            raise wrong_argument_types(call.name, [str(one.type) for one in call.arguments])
        scale = max(-37, min(scale, 37))
        if argument.type.name == "REAL":
            kind = REAL
        else:
            kept = max(0, min(scale, argument.type.scale or 0))
            kind = number((argument.type.precision or 38) + 1, kept)
        unit = Decimal(1).scaleb(-scale)

        def compute(value: Any) -> Any:
            if isinstance(value, float):
                if not math.isfinite(value):
                    return value
                return float(DECIMAL.create_decimal(repr(value)).quantize(unit, mode, DECIMAL))
            rounded = Decimal(value).quantize(unit, mode, DECIMAL)
            shown = rounded.quantize(Decimal(1).scaleb(-(kind.scale or 0)), context=DECIMAL)
            return shown if kind.scale else int(shown)

        return mapped(call.execution, compute, [argument], kind)

    return build


builder("ROUND", least=1, most=2)(_rounding(ROUND_HALF_UP))
builder("CEIL", "CEILING", least=1, most=2)(_rounding(ROUND_CEILING))
builder("FLOOR", least=1, most=2)(_rounding(ROUND_FLOOR))
builder("TRUNC", "TRUNCATE", least=1, most=2)(_rounding(ROUND_DOWN))


@builder("MOD", least=2)
def mod(call: Call) -> Bound:
    return remainder(call.execution, *call.arguments)


@builder("DIV0", least=2)
def div0(call: Call) -> Bound:
    return divide(call.execution, *call.arguments, by_zero_gives_zero=True)

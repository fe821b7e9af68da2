"""Functions that choose between values; a branch is evaluated only for the rows that take it."""

from __future__ import annotations

from local_cortex.sql.batch import Bound, constant
from local_cortex.sql.branches import Branch, choose, first_not_null
from local_cortex.sql.mapping import coerce, common, mapped
from local_cortex.sql.types import BOOLEAN, NULL, number
from local_cortex.sql.values import sort_key

from .registry import UNLIMITED, Call, builder


@builder("IFF", "IF", least=3)
def iff(call: Call) -> Bound:
    test = call.coerced(0, BOOLEAN)
    return choose(call.execution, [Branch(test, call.arguments[1])], call.arguments[2], call.name)


@builder("COALESCE", least=1, most=UNLIMITED)
def coalesce(call: Call) -> Bound:
    arguments, kind = common(call.execution, call.arguments, call.name)
    return first_not_null(arguments, kind)


builder("NVL", "IFNULL", least=2)(coalesce)


@builder("NVL2", least=3)
def nvl2(call: Call) -> Bound:
    present = _is_not_null(call)
    return choose(
        call.execution, [Branch(present, call.arguments[1])], call.arguments[2], call.name
    )


@builder("NULLIF", least=2)
def nullif(call: Call) -> Bound:
    first = call.arguments[0]
    arguments, kind = common(call.execution, call.arguments, call.name)
    equal = mapped(
        call.execution,
        lambda a, b: sort_key(a, kind) == sort_key(b, kind),
        arguments,
        BOOLEAN,
    )
    return choose(call.execution, [Branch(equal, constant(None, NULL))], first, call.name)


@builder("EQUAL_NULL", least=2)
def equal_null(call: Call) -> Bound:
    arguments, kind = common(call.execution, call.arguments, call.name)
    return mapped(
        call.execution,
        lambda a, b: sort_key(a, kind) == sort_key(b, kind) if None not in (a, b) else a is b,
        arguments,
        BOOLEAN,
        nulls=True,
    )


@builder("ZEROIFNULL", least=1)
def zero_if_null(call: Call) -> Bound:
    arguments, kind = common(call.execution, [call.arguments[0], constant(0, number(1))], call.name)
    return first_not_null(arguments, kind)


def _extreme(call: Call) -> Bound:
    arguments, kind = common(call.execution, call.arguments, call.name)
    pick = max if call.name == "GREATEST" else min
    return mapped(
        call.execution,
        lambda *values: pick(values, key=lambda value: sort_key(value, kind)),
        arguments,
        kind,
    )


builder("GREATEST", "LEAST", least=1, most=UNLIMITED)(_extreme)


def _is_not_null(call: Call) -> Bound:
    return mapped(
        call.execution,
        lambda value: value is not None,
        [coerce(call.execution, call.arguments[0], call.arguments[0].type, call.name)],
        BOOLEAN,
        nulls=True,
    )

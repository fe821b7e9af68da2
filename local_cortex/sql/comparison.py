"""``= <> < <= > >=``, AND, OR, NOT, BETWEEN, LIKE, IS: NULL makes the answer unknown."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from .arithmetic import type_of_text
from .batch import Bound
from .binder import Binder, handles
from .branches import connective
from .context import Execution
from .errors import SqlError, not_run
from .mapping import cast, coerce, common, mapped
from .matching import like
from .types import BOOLEAN, REAL, TEXT, SqlType
from .values import sort_key

__all__ = ["comparable", "compare", "truth"]

SIGNS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "eq": ("=", operator.eq),
    "neq": ("<>", operator.ne),
    "lt": ("<", operator.lt),
    "lte": ("<=", operator.le),
    "gt": (">", operator.gt),
    "gte": (">=", operator.ge),
}


def compare(execution: Execution, key: str, left: Bound, right: Bound) -> Bound:
    """Return a comparison of two expressions."""
    sign, test = SIGNS[key]
    left, right, kind = comparable(execution, left, right, sign)
    if kind.is_json:
        return mapped(
            execution,
            lambda a, b: test(sort_key(a, kind), sort_key(b, kind)),
            [left, right],
            BOOLEAN,
        )
    return mapped(execution, test, [left, right], BOOLEAN)


def comparable(
    execution: Execution, left: Bound, right: Bound, sign: str
) -> tuple[Bound, Bound, SqlType]:
    """Convert both sides of a comparison to what they are compared as; the last is that type.

    Raises:
        SqlError: 001044, they cannot be compared.
    """
    if left.type.is_number and right.type.is_number:
        return left, right, REAL
    for one, other in ((left, right), (right, left)):
        if one.type.is_number and other.type.name in {"TEXT", "VARIANT"}:
            kind = type_of_text(other.constant)
            converted = cast(execution, other, kind)
            return (left, converted, kind) if one is left else (converted, right, kind)
        if one.type.name == "VARIANT" and not other.type.is_json and other.type.name != "NULL":
            converted = cast(execution, one, TEXT if other.type.name == "TEXT" else other.type)
            return (converted, right, other.type) if one is left else (left, converted, other.type)
    (left, right), kind = common(execution, [left, right], sign)
    return left, right, kind


def _register(key: str) -> None:
    @handles(key)
    def handler(binder: Binder, node: Any) -> Bound:
        left, right = binder.bind(node.this), binder.bind(node.expression)
        return compare(binder.execution, key, left, right)


for _key in SIGNS:
    _register(_key)


def truth(binder: Binder, node: Any, name: str) -> Bound:
    """Bind a condition."""
    return coerce(binder.execution, binder.bind(node), BOOLEAN, name)


@handles("and")
def _and(binder: Binder, node: Any) -> Bound:
    left, right = truth(binder, node.this, "AND"), truth(binder, node.expression, "AND")
    return connective(left, right, decisive=False)


@handles("or")
def _or(binder: Binder, node: Any) -> Bound:
    left, right = truth(binder, node.this, "OR"), truth(binder, node.expression, "OR")
    return connective(left, right, decisive=True)


@handles("not")
def _not(binder: Binder, node: Any) -> Bound:
    return mapped(binder.execution, operator.not_, [truth(binder, node.this, "NOT")], BOOLEAN)


@handles("is")
def _is(binder: Binder, node: Any) -> Bound:
    left = binder.bind(node.this)
    wanted = node.expression.key
    if wanted == "null":
        return mapped(binder.execution, lambda one: one is None, [left], BOOLEAN, nulls=True)
    if wanted != "boolean":
        raise not_run(f"IS {wanted.upper()}")
    value = bool(node.expression.this)
    left = coerce(binder.execution, left, BOOLEAN, "IS")
    return mapped(binder.execution, lambda one: one is value, [left], BOOLEAN, nulls=True)


@handles("nullsafeeq", "nullsafeneq")
def _distinct_from(binder: Binder, node: Any) -> Bound:
    left, right = binder.bind(node.this), binder.bind(node.expression)
    left, right, kind = comparable(binder.execution, left, right, "IS DISTINCT FROM")
    same = node.key == "nullsafeeq"

    def compute(a: Any, b: Any) -> bool:
        if a is None or b is None:
            return (a is b) is same
        return (sort_key(a, kind) == sort_key(b, kind)) is same

    return mapped(binder.execution, compute, [left, right], BOOLEAN, nulls=True)


@handles("between")
def _between(binder: Binder, node: Any) -> Bound:
    value = binder.bind(node.this)
    low = compare(binder.execution, "gte", value, binder.bind(node.args["low"]))
    high = compare(binder.execution, "lte", value, binder.bind(node.args["high"]))
    return connective(low, high, decisive=False)


@handles("like", "ilike", "escape")
def _like(binder: Binder, node: Any) -> Bound:
    escape = ""
    if node.key == "escape":
        mark = binder.bind(node.expression).constant
        if not isinstance(mark, str):
            raise SqlError("Invalid escape character", code="100140", sqlstate="22019")
        node, escape = node.this, mark
    name = node.key.upper()
    if name not in {"LIKE", "ILIKE"} or node.expression.key in {"any", "all"}:
        raise not_run(f"{name} ANY or ALL")
    value = coerce(binder.execution, binder.bind(node.this), TEXT, name)
    pattern = coerce(binder.execution, binder.bind(node.expression), TEXT, name)
    compiled = lru_cache(maxsize=64)(
        lambda written: like(written, escape, ignore_case=name == "ILIKE")
    )
    return mapped(
        binder.execution, lambda one, written: compiled(written)(one), [value, pattern], BOOLEAN
    )

"""Operators in DuckDB's terms: arithmetic, comparisons, LIKE, AND and ||."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from sqlglot import exp

from local_cortex.dialect.building import (
    NUMBERS,
    Rewrite,
    cast,
    change_parts,
    helper,
    kind_of,
    marked,
    once,
)

NUMERIC: Final = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg)


def _is_number(node: Any) -> bool:
    if isinstance(node, exp.Paren):
        return _is_number(node.this)
    if isinstance(node, exp.Literal):
        return not node.is_string
    return isinstance(node, NUMERIC) and not node.find(exp.Interval)


def _operand(node: Any) -> Any:
    """Return an operand of arithmetic: a number, or what becomes one."""
    if isinstance(node, exp.Paren) and isinstance(node.this, (exp.Literal, exp.Neg)):
        return exp.paren(_operand(node.this), copy=False)
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
        return exp.Neg(this=_operand(node.this))
    if isinstance(node, exp.Literal):
        if node.is_string and re.fullmatch(r"\s*[+-]?(\d+\.?\d*|\.\d+)\s*", node.this):
            node = exp.Literal.number(node.this.strip().removeprefix("+"))
        # An integer of DuckDB's ends at 2**31.
        if node.is_string or not node.this.isdecimal():
            return node
        node = cast(node, "HUGEINT")
    return node


def _arithmetic(node: Any) -> Any:
    left, right = node.this, node.expression
    for moment, interval in ((left, right), (right, left)):
        if isinstance(interval, exp.Interval):
            return _moved(node, moment, interval)
    if isinstance(node, (exp.Div, exp.Mod)):
        name = "MOD" if isinstance(node, exp.Mod) else "divide"
        # Each choice within another doubles the time that DuckDB needs to bind them.
        if name == "divide" and sum(_overloads(one, "divide") for one in (left, right)) > 2:
            name = "ratio"
        return helper(name, *[helper("num", _operand(one)) for one in (left, right)])
    kinds = {kind_of(left), kind_of(right)}
    exact = isinstance(node, exp.Mul) or kinds <= NUMBERS
    if not exact and not any(_overloads(one, "plus", "minus") for one in (left, right)):
        name = "plus" if isinstance(node, exp.Add) else "minus"
        return helper(name, _operand(left), _operand(right))
    # A date plus one needs an integer that is not cast.
    left, right = [helper("num", _operand(one) if exact else one) for one in (left, right)]
    known = "int" if kinds == {"int"} else "dec" if kinds <= {"int", "dec"} else "num"
    return marked(type(node)(this=left, expression=right), known)


def _moved(node: Any, moment: Any, interval: Any) -> Any:
    """Return a moment plus or minus an interval: a date stays one where whole days are added."""
    written = interval.sql("duckdb").upper()
    whole = re.search("DAY|WEEK|MONTH|YEAR|QUARTER", written)
    parts = re.search("HOUR|MIN|SEC", written)
    span = exp.Neg(this=exp.paren(interval.copy())) if isinstance(node, exp.Sub) else interval
    return helper("add_days" if whole and not parts else "add_time", span, moment)


def _overloads(node: Any, *names: str) -> int:
    """Count the calls of our macros of these names."""
    calls = [one.name.lower().rpartition("sf_")[2] for one in node.find_all(exp.Anonymous)]
    return sum(call in names for call in calls)


def _and(node: Any) -> Any:
    # DuckDB computes both sides for all rows: a division would fail where the left guards it.
    if not _overloads(node.expression, "divide", "ratio", "quotient", "quotient_dec", "mod"):
        return node
    guard = exp.not_(exp.paren(node.this.copy()))
    return exp.paren(exp.Case().when(guard, exp.false()).else_(node))


def _negated(node: Any) -> Any:
    if isinstance(node.this, exp.Literal):
        return node
    value = helper("num", _operand(node.this))
    return marked(exp.Neg(this=value), kind_of(value) or "num")


def _compare(node: Any, rewrite: Rewrite) -> Any:
    if isinstance(node.parent, exp.Update) and node.arg_key == "expressions":
        node.set("expression", rewrite(node.expression))
        return node
    args = [node.args.get(key) for key in ("low", "high", "expression")]
    others = [_is_number(one) for one in (*args, *node.expressions) if one is not None]
    is_number = _is_number(node.this)
    change_parts(node, rewrite)
    # Text and VARIANT become numbers where they are compared with one.
    if others and (all if isinstance(node, exp.In) else any)(others) and not is_number:
        _set_number(node, "this")
    elif is_number and not any(others) and node.args.get("expression"):
        _set_number(node, "expression")
    return node


def _set_number(node: Any, key: str) -> None:
    if not isinstance(node.args[key], (exp.Subquery, exp.Any, exp.All)):
        node.set(key, helper("num", node.args[key]))


def _joined(node: Any) -> Any:
    return exp.DPipe(this=helper("text", node.this), expression=helper("text", node.expression))


def _like(node: Any, rewrite: Rewrite) -> Any:
    escape = None
    if isinstance(node, exp.Escape):
        escape, node = rewrite(node.expression), node.this
    several = isinstance(node.expression, (exp.Any, exp.All))
    patterns = node.expression.this if several else node.expression
    if several and isinstance(patterns, (exp.Tuple, exp.Paren)):
        patterns = patterns.expressions or [patterns.this]
    patterns = [rewrite(one) for one in (patterns if isinstance(patterns, list) else [patterns])]
    join = exp.and_ if isinstance(node.expression, exp.All) else exp.or_

    def build(value: list[Any]) -> Any:
        found = [type(node)(this=value[0].copy(), expression=one) for one in patterns]
        if escape:
            found = [exp.Escape(this=one, expression=escape.copy()) for one in found]
        return exp.paren(join(*found)) if several else found[0]

    value = [helper("text", rewrite(node.this))]
    return once(build, value) if several else build(value)


COMPARISONS: Final = (
    *(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE),
    *(exp.NullSafeEQ, exp.NullSafeNEQ, exp.In, exp.Between),
)
# What becomes of an operator, before or after its parts are rewritten.
BEFORE: Final[dict[type, Callable[[Any, Rewrite], Any]]] = {
    **dict.fromkeys((exp.Escape, exp.Like, exp.ILike), _like),
    **dict.fromkeys(COMPARISONS, _compare),
}
AFTER: Final[dict[type, Callable[[Any], Any]]] = {
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), _arithmetic),
    exp.And: _and,
    exp.DPipe: _joined,
    exp.Neg: _negated,
}

"""Aggregates and window functions, with OVER and WITHIN GROUP."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from sqlglot import exp

from local_cortex.dialect.building import (
    AGGREGATE,
    ALIAS,
    Rewrite,
    Writers,
    asks,
    call,
    call_name,
    cast,
    change_parts,
    duck,
    helper,
    is_null,
    kind_of,
    marked,
    opaque,
)
from local_cortex.dialect.documents import entry
from local_cortex.sql.sql_error import not_run

# Snowflake's name, DuckDB's where it is another, and the kind that the arguments are made.
AGGREGATES: Final = {
    name.partition(":")[0]: (name.rpartition(":")[2], kind)
    for kind, names in {
        "": "MIN MAX MODE ANY_VALUE GROUPING APPROX_COUNT_DISTINCT MIN_BY:ARG_MIN MAX_BY:ARG_MAX "
        "PERCENTILE_CONT PERCENTILE_DISC",
        "num": "SUM MEDIAN STDDEV STDDEV_POP VARIANCE VAR_POP CORR COVAR_POP COVAR_SAMP KURTOSIS "
        "SKEW:SKEWNESS",
        "bool": "BOOLAND_AGG:BOOL_AND BOOLOR_AGG:BOOL_OR",
    }.items()
    for name in names.split()
}
_OF_ROW: Final = ("ROW_NUMBER", "RANK", "DENSE_RANK", "PERCENT_RANK", "CUME_DIST")
IGNORING: Final = frozenset({"LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE"})


def aggregate(name: str, *arguments: Any) -> Any:
    """Return a call of one of DuckDB's aggregates or window functions."""
    node = call(name, *arguments)
    node.meta[AGGREGATE] = True
    first = arguments[0] if arguments else None
    if isinstance(first, exp.Distinct):
        first = first.expressions[0]
    if name in {"MIN", "MAX", "SUM", "ANY_VALUE", "LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE"}:
        return marked(node, kind_of(first))
    return marked(node, "int" if name in {"COUNT", "ROW_NUMBER", "RANK", "DENSE_RANK"} else None)


def _over_values(value: Any, change: Callable[[Any], Any]) -> Any:
    """Change an aggregate's argument, below DISTINCT if that stands there."""
    if isinstance(value, exp.Distinct):
        return exp.Distinct(expressions=[change(one) for one in value.expressions])
    return change(value)


def _plain_aggregate(written: str, kind: str, first: Any, *more: Any) -> Any:
    given = [first, *more]
    if kind:
        given = [_over_values(one, partial(helper, kind)) for one in given]
    return aggregate(written, *given)


def _of_row(name: str) -> Any:
    return aggregate(name)


def _neighbour(name: str, value: Any, by: Any = None, default: Any = None) -> Any:
    more = [cast(by, "BIGINT")] if by is not None else []
    return aggregate(name, value, *more, *([] if default is None else [default]))


def _count(first: Any, *more: Any) -> Any:
    distinct = isinstance(first, exp.Distinct)
    values = first.expressions if distinct else [first, *more]
    if len(values) == 1:
        return aggregate("COUNT", first)
    none = exp.not_(exp.or_(*map(is_null, values)))
    value = exp.Case().when(none, exp.Tuple(expressions=values))
    return aggregate("COUNT", exp.Distinct(expressions=[value]) if distinct else value)


def _average(given: Any, *, over: bool = False) -> Any:
    """Return AVG, exact for exact numbers; of a macro DuckDB makes no window function."""
    distinct = isinstance(given, exp.Distinct)
    value = helper("num", given.expressions[0] if distinct else given)
    wrapped = exp.Distinct(expressions=[value]) if distinct else value
    if kind_of(value) in {"int", "dec"} and not asks(value):
        return helper("divide", aggregate("SUM", wrapped), aggregate("COUNT", wrapped.copy()))
    if opaque(value) or asks(value) or kind_of(value) == "real":
        return aggregate("AVG", wrapped)
    if over:
        return helper("averaged", value.copy(), aggregate("AVG", wrapped))
    found = helper("average_distinct" if distinct else "average", value)
    found.meta[ALIAS] = True  # an aggregate is inside
    return found


def _listagg(value: Any, delimiter: Any = None) -> Any:
    texts = _over_values(value, partial(helper, "text"))
    joined = aggregate("STRING_AGG", texts, delimiter or exp.Literal.string(""))
    return duck("COALESCE(@0, '')", joined, kind="text")


def _array_agg(value: Any) -> Any:
    kept = "LIST_FILTER(@0, lambda e: e IS NOT NULL)"
    return duck(f"COALESCE({kept}::VARIANT[], []::VARIANT[])", aggregate("LIST", value), kind="arr")


def _object_agg(key: Any, value: Any) -> Any:
    return helper("object", duck("COALESCE(@0, [])", aggregate("LIST", entry(key, value))))


def _each_aggregate(value: Any, change: Callable[[Any], Any]) -> Any:
    """Change the outermost aggregates and window functions of an expression."""
    return value.transform(lambda one: change(one) if AGGREGATE in one.meta else one, copy=False)


def window(node: Any, rewrite: Rewrite) -> Any:
    """Return ``node``, an aggregate or window function with its OVER, in DuckDB's terms."""
    change_parts(node, rewrite, but="this")
    inner = node.this
    name = call_name(inner.find(exp.Anonymous)) if inner.find(exp.Anonymous) else ""
    if name == "AVG" and isinstance(inner, exp.Anonymous):
        value = _average(*map(rewrite, inner.expressions), over=True)
    else:
        value = rewrite(inner)
    if node.args.get("spec") is None and name in {"FIRST_VALUE", "LAST_VALUE", "NTH_VALUE"}:
        sides = {"start_side": "PRECEDING", "end_side": "FOLLOWING"}
        rows = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", end="UNBOUNDED", **sides)
        node.set("spec", rows)

    def over(one: Any) -> Any:
        around = node.copy()
        around.set("this", one)
        return around

    return _each_aggregate(value, over)


def within_group(node: Any, rewrite: Rewrite) -> Any:
    """Return an aggregate with its WITHIN GROUP in DuckDB's terms: with ORDER BY among its own."""
    order = rewrite(node.expression)

    def ordered(one: Any) -> Any:
        if one.name.startswith("PERCENTILE"):
            by, share = order.expressions[0], one.expressions[0]
            if by.args.get("desc"):
                share = exp.Sub(this=exp.Literal.number(1), expression=share)
            name = one.name.replace("PERCENTILE", "QUANTILE")
            return aggregate(name, helper("num", by.this), share)
        *others, last = one.expressions
        last = exp.Order(this=last, expressions=order.copy().expressions)
        return aggregate(one.name, *others, last)

    return _each_aggregate(rewrite(node.this), ordered)


def ignore_nulls(node: Any, rewrite: Rewrite) -> Any:
    """Return a window function with its IGNORE NULLS, which sqlglot writes for its own classes."""

    def ignoring(one: Any) -> Any:
        if one.name not in IGNORING:
            raise not_run(f"{one.name} IGNORE NULLS", "Use it with LAG, LEAD and FIRST_VALUE.")
        own = exp.FUNCTION_BY_NAME[one.name].from_arg_list(one.expressions)
        found = exp.IgnoreNulls(this=own)
        found.meta[AGGREGATE] = True
        return found

    return _each_aggregate(rewrite(node.this), ignoring)


FUNCTIONS: Final[Writers] = {
    **{name: partial(_plain_aggregate, *how) for name, how in AGGREGATES.items()},
    **{name: partial(_neighbour, name) for name in ("LAG", "LEAD")},
    **{name: partial(_of_row, name) for name in _OF_ROW},
    "FIRST_VALUE": lambda value: aggregate("FIRST_VALUE", value),
    "LAST_VALUE": lambda value: aggregate("LAST_VALUE", value),
    "NTH_VALUE": lambda value, at: aggregate("NTH_VALUE", value, cast(at, "BIGINT")),
    "NTILE": lambda count: aggregate("NTILE", cast(count, "BIGINT")),
    "ARRAY_AGG": _array_agg,
    "AVG": _average,
    "COUNT": _count,
    "COUNT_IF": lambda test: aggregate("COUNT", exp.Case().when(test, exp.Literal.number(1))),
    "LISTAGG": _listagg,
    "OBJECT_AGG": _object_agg,
}

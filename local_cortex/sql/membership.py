"""``IN (...)`` over a list or a subquery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .batch import NOT_CONSTANT, Batch, Bound, Values, constant
from .binder import Binder, handles
from .comparison import comparable
from .context import Execution
from .errors import not_run, wrong_argument_types
from .mapping import cast, common, mapped
from .types import BOOLEAN, SqlType
from .values import sort_key

if TYPE_CHECKING:
    from .relations import Query

__all__: list[str] = []


@handles("in")
def _in(binder: Binder, node: Any) -> Bound:
    value = binder.bind(node.this)
    if node.args.get("query") is not None:
        return _in_query(binder.execution, value, binder.subquery(node.args["query"]))
    if node.args.get("unnest") is not None or node.args.get("field") is not None:
        raise not_run("IN over something other than a list or a subquery")
    items = [binder.bind(item) for item in node.expressions]
    if value.type.is_number or value.type.name == "VARIANT":
        pairs = [comparable(binder.execution, value, item, "IN") for item in items]
        value, items = (pairs[0][0] if pairs else value), [pair[1] for pair in pairs]
        kind = pairs[0][2] if pairs else value.type
    else:
        (value, *items), kind = common(binder.execution, [value, *items], "IN")
    if any(item.constant is NOT_CONSTANT for item in items):
        return mapped(
            binder.execution,
            lambda one, *rest: _member(sort_key(one, kind), _keys(rest, kind), None in rest),
            [value, *items],
            BOOLEAN,
            nulls=True,
        )
    listed = [item.constant for item in items]
    keys, unknown = _keys([one.constant for one in items], kind), None in listed
    return mapped(
        binder.execution,
        lambda one: _member(sort_key(one, kind), keys, unknown),
        [value],
        BOOLEAN,
    )


def _keys(values: Sequence[Any], kind: SqlType) -> frozenset[Any]:
    return frozenset(sort_key(value, kind) for value in values if value is not None)


def _member(value: Any, keys: frozenset[Any], unknown: bool) -> bool | None:
    if value in keys:
        return True
    return None if unknown or value is None else False


def _in_query(execution: Execution, value: Bound, query: Query) -> Bound:
    if len(query.columns) != 1:
        raise wrong_argument_types("IN", ["a subquery of several columns"])

    async def evaluate(batch: Batch) -> Values:
        rows = await query.run(execution)
        listed = constant(None, query.columns[0].type)
        (left, _), kind = common(execution, [value, listed], "IN")
        convert = cast(execution, _column_of(rows.columns[0], query.columns[0].type), kind)
        values = await convert.evaluate(rows)
        keys, unknown = _keys(values, kind), None in values
        return [
            None if one is None else _member(sort_key(one, kind), keys, unknown)
            for one in await left.evaluate(batch)
        ]

    return Bound(BOOLEAN, evaluate)


def _column_of(values: Values, kind: SqlType) -> Bound:
    """Return the expression that has these values."""

    async def evaluate(_: Batch) -> Values:
        return values

    return Bound(kind, evaluate)

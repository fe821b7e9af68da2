"""``ROW_NUMBER() OVER (...)`` and the SEQ functions: what ``session.range()`` is made of."""

from __future__ import annotations

from typing import Any

from .allowance import check
from .batch import Batch, Bound, Values
from .binder import Binder, handles
from .errors import not_run
from .functions.registry import Call, builder
from .ordering import SortKey, sorted_rows
from .types import number
from .values import sort_key

__all__: list[str] = []


@builder("SEQ1", "SEQ2", "SEQ4", "SEQ8", least=0, most=1)
def _sequence(_: Call) -> Bound:
    async def evaluate(batch: Batch) -> Values:
        return range(batch.size)

    return Bound(number(19), evaluate, nullable=False)


@handles("window")
def _window(binder: Binder, node: Any) -> Bound:
    function = node.this
    if function.key != "anonymous" or str(function.name).upper() != "ROW_NUMBER":
        raise not_run("window functions other than ROW_NUMBER()")
    if function.expressions or node.args.get("spec") is not None:
        raise not_run("ROW_NUMBER() with arguments or a frame")
    partitions = [binder.bind(one) for one in node.args.get("partition_by") or []]
    order = node.args.get("order")
    keys = [SortKey.of(one, binder.bind(one.this)) for one in (order.expressions if order else [])]

    async def evaluate(batch: Batch) -> Values:
        order_values = [await key.bound.evaluate(batch) for key in keys]
        columns = [await one.evaluate(batch) for one in partitions]
        result: list[Any] = [0] * batch.size
        if not partitions:
            for position, row in enumerate(sorted_rows(batch.size, keys, order_values), start=1):
                result[row] = position
            return result
        counts: dict[tuple[Any, ...], int] = {}
        for row in sorted_rows(batch.size, keys, order_values):
            check()
            group = tuple(
                None if values[row] is None else sort_key(values[row], one.type)
                for values, one in zip(columns, partitions, strict=True)
            )
            counts[group] = counts.get(group, 0) + 1
            result[row] = counts[group]
        return result

    return Bound(number(18), evaluate, nullable=False)

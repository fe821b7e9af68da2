"""Compiling one SELECT, clause by clause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .batch import NOT_CONSTANT, Bound, Column
from .binder import Binder, column_bound
from .comparison import truth
from .errors import SqlError, invalid_identifier, not_run
from .grouping import Grouping, has_aggregates
from .ordering import SortKey
from .relations import Query, Unit
from .scope import identifier, result_name
from .select import Selection

if TYPE_CHECKING:
    from .compiler import Compiler

__all__ = ["compile_select", "limits", "order_keys"]

# Clauses of a SELECT that are run; a statement with any other is refused rather than misread.
CLAUSES = {
    "expressions",
    "from_",
    "where",
    "group",
    "having",
    "order",
    "limit",
    "offset",
    "distinct",
}
HARMLESS = {"with_", "kind", "hint", "operation_modifiers"}

Projection = tuple[str, Any]  # the result column's name; its syntax tree, or a Bound for one of `*`


def compile_select(compiler: Compiler, node: Any) -> Selection:
    """Compile a SELECT.

    Raises:
        SqlError: something in it is not known, does not fit, or is not run.
    """
    for clause, value in node.args.items():
        if value and clause not in CLAUSES | HARMLESS:
            raise not_run(clause.rstrip("_").upper().removesuffix("S"))
    from_ = node.args.get("from_")
    source: Query = compiler.query(from_.this) if from_ is not None else Unit()
    binder = compiler.binder(source.columns)
    binder.scope.aliases = {
        identifier(one.args["alias"]): one.this for one in node.expressions if one.key == "alias"
    }
    where = truth(binder, node.args["where"].this, "WHERE") if node.args.get("where") else None
    listed = _expanded(binder, node, compiler.execution.sql)
    grouping = _grouping(binder, node, listed)
    output = binder if grouping is None else replace(binder, grouping=grouping)
    projections = [
        one if isinstance(one, Bound) else output.bind(one.this if one.key == "alias" else one)
        for _, one in listed
    ]
    having = truth(output, node.args["having"].this, "HAVING") if node.args.get("having") else None
    columns = tuple(
        Column(name, bound.type, None, bound.nullable)
        for (name, _), bound in zip(listed, projections, strict=True)
    )
    limit, offset = limits(output, node)
    distinct = node.args.get("distinct")
    if distinct is not None and distinct.args.get("on") is not None:
        raise not_run("DISTINCT ON")
    order = order_keys(output, node, columns, projections)
    return Selection(
        columns=columns,
        source=source,
        used=binder.scope.used,
        projections=projections,
        where=where,
        grouping=grouping,
        having=having,
        order=order,
        distinct=distinct is not None,
        limit=limit,
        offset=offset,
        windowed=_has_window(node),
    )


def _expanded(binder: Binder, node: Any, sql: str) -> list[Projection]:
    listed: list[Projection] = []
    for one in node.expressions:
        star = one if one.key == "star" else one.this if one.key == "column" else None
        if star is None or star.key != "star":
            listed.append((result_name(one, sql), one))
            continue
        table = one.args.get("table") if one.key == "column" else None
        listed += _star(binder, star, identifier(table) if table is not None else None)
    return listed


def _star(binder: Binder, star: Any, table: str | None) -> list[Projection]:
    if star.args.get("rename") or star.args.get("replace") or star.args.get("ilike"):
        raise not_run("* with RENAME, REPLACE or ILIKE", "Name the columns.")
    omitted = star.args.get("except_") or []
    if any(one.key != "column" for one in omitted):
        raise not_run("* EXCLUDE of something other than columns")
    excluded = {identifier(one.this) for one in omitted}
    listed: list[Projection] = []
    for index, column in enumerate(binder.scope.columns):
        if table in (None, column.qualifier) and column.name not in excluded:
            binder.scope.used.add(index)
            listed.append((column.name, column_bound(index, column)))
    if not listed:
        message = "SQL compilation error:\nSELECT with no columns"
        raise SqlError(message, code="002030", sqlstate="42601")
    return listed


def _grouping(binder: Binder, node: Any, listed: Sequence[Projection]) -> Grouping | None:
    group = node.args.get("group")
    trees = [one for _, one in listed if not isinstance(one, Bound)]
    order = node.args.get("order")
    asked = [*trees, *(order.expressions if order else []), node.args.get("having")]
    if group is None and not has_aggregates([one for one in asked if one is not None]):
        return None
    if len(trees) < len(listed):
        raise not_run("* together with GROUP BY or an aggregate function", "Name the columns.")
    grouping = Grouping(binder)
    if group is None:
        return grouping
    if any(group.args.get(one) for one in ("cube", "rollup", "grouping_sets", "totals")):
        raise not_run("GROUP BY CUBE, ROLLUP and GROUPING SETS")
    keys = group.expressions
    if group.args.get("all"):
        keys = [one for one in trees if not has_aggregates([one])]
    for key in keys:
        if key.key == "literal" and str(key.name).isdecimal():
            key = trees[_ordinal(key, len(trees))]  # noqa: PLW2901 - what the ordinal stands for
        grouping.add_key(key.this if key.key == "alias" else _dealiased(binder, key))
    return grouping


def _dealiased(binder: Binder, key: Any) -> Any:
    if key.key != "column" or key.args.get("table") or binder.scope.find(key) is not None:
        return key
    return binder.scope.aliases.get(identifier(key.this), key)


def order_keys(
    binder: Binder, node: Any, columns: Sequence[Column], projections: Sequence[Bound]
) -> list[SortKey]:
    """Compile ORDER BY: a position, the name of a result column, or an expression."""
    order = node.args.get("order")
    keys = []
    for one in order.expressions if order is not None else []:
        wanted = one.this
        name = identifier(wanted.this) if wanted.key == "column" else None
        named = [index for index, column in enumerate(columns) if column.name == name]
        if wanted.key == "literal" and str(wanted.name).isdecimal():
            bound = projections[_ordinal(wanted, len(projections))]
        elif named and not wanted.args.get("table"):
            bound = projections[named[0]]
        else:
            bound = binder.bind(wanted)
        keys.append(SortKey.of(one, bound))
    return keys


def _ordinal(node: Any, size: int) -> int:
    number = int(str(node.name)[:9])
    if not 1 <= number <= size:
        raise invalid_identifier(str(node.name))
    return number - 1


def limits(binder: Binder, node: Any) -> tuple[int | None, int]:
    """Return LIMIT (``None``: no limit) and OFFSET."""
    limit = node.args.get("limit")
    if limit is not None and limit.key == "fetch":
        count = limit.args.get("count")
        maximum = _whole(binder, count, "FETCH") if count is not None else 1
    else:
        maximum = _whole(binder, limit.expression, "LIMIT") if limit is not None else None
    offset = node.args.get("offset")
    skipped = _whole(binder, offset.expression, "OFFSET") if offset is not None else 0
    return maximum, skipped or 0


def _whole(binder: Binder, node: Any, name: str) -> int | None:
    value = binder.bind(node).constant
    if value is None:
        return None
    if value is NOT_CONSTANT or not isinstance(value, int) or value < 0:
        message = f"SQL compilation error:\nInvalid row count '{node}' in {name} clause"
        raise SqlError(message, code="001015", sqlstate="22023")
    return value


def _has_window(node: Any) -> bool:
    return any(found.key == "window" for one in node.expressions for found in one.walk())

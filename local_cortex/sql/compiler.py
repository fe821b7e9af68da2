"""From a syntax tree to a :class:`Query`: SELECT, UNION, VALUES, WITH, and what FROM names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .batch import Batch, Bound, Column, check_size
from .binder import Binder, column_bound
from .compile_select import compile_select, limits, order_keys
from .context import Execution
from .errors import SqlError, not_run, too_large
from .limits import MAX_NESTING
from .mapping import cast, common
from .relations import CommonTable, Query, Renamed, ValuesList
from .scope import Scope, identifier
from .select import Selection
from .sources import named_source
from .types import NULL

__all__ = ["Compiler"]


@dataclass(slots=True)
class Compiler:
    """Compiles the queries of one statement; ``common_tables`` are the CTEs in reach."""

    execution: Execution
    common_tables: Mapping[str, CommonTable] = field(default_factory=dict)
    depth: int = 0

    def query(self, node: Any) -> Query:
        """Compile a query.

        Raises:
            SqlError: something in it is not known, does not fit, or is not run.
        """
        # Brackets and the query in them count as one each.
        if self.depth > 2 * MAX_NESTING:
            raise too_large("Queries within queries", MAX_NESTING, "Nest them less deeply.")
        inner = replace(self, depth=self.depth + 1)
        with_ = node.args.get("with_")
        if with_ is not None:
            inner = inner._with(with_)
        return inner._body(node)

    def _body(self, node: Any) -> Query:
        if node.key == "select":
            return compile_select(self, node)
        if node.key == "union":
            return self._modified(self._union(node), node)
        if node.key == "values":
            return self._aliased(self.values(node), node)
        if node.key == "subquery":
            return self._aliased(self._modified(self.query(node.this), node), node)
        if node.key == "table":
            return self._aliased(named_source(self.execution, self.common_tables, node), node)
        raise not_run(node.key.upper())

    def binder(self, columns: Sequence[Column]) -> Binder:
        """Return a binder of expressions over these columns."""
        scope = Scope(columns, self.execution.sql)
        return Binder(self.execution, scope, self.query)

    def _with(self, node: Any) -> Compiler:
        if node.args.get("recursive"):
            raise not_run("WITH RECURSIVE")
        tables = dict(self.common_tables)
        for table in node.expressions:
            name = identifier(table.args["alias"].this)
            query = replace(self, common_tables=dict(tables)).query(table.this)
            names = [identifier(one) for one in table.args["alias"].args.get("columns") or []]
            renamed = _renamed(query, name, names)
            tables[name] = CommonTable(renamed, renamed.columns)
        return replace(self, common_tables=tables)

    def _aliased(self, query: Query, node: Any) -> Query:
        for unsupported in ("joins", "laterals", "pivots", "sample", "when"):
            if node.args.get(unsupported):
                raise not_run(unsupported.upper().removesuffix("S"))
        alias = node.args.get("alias")
        if alias is None or alias.this is None:
            return query
        names = [identifier(one) for one in alias.args.get("columns") or []]
        return _renamed(query, identifier(alias.this), names)

    def _modified(self, query: Query, node: Any) -> Query:
        """Put ORDER BY, LIMIT and DISTINCT around a query that is not a SELECT itself."""
        distinct = node.key == "union" and bool(node.args.get("distinct"))
        if not distinct and not any(node.args.get(one) for one in ("order", "limit", "offset")):
            return query
        binder = self.binder(query.columns)
        projections = [column_bound(index, one) for index, one in enumerate(query.columns)]
        limit, offset = limits(binder, node)
        return Selection(
            columns=query.columns,
            source=query,
            used=range(len(query.columns)),
            projections=projections,
            order=order_keys(binder, node, query.columns, projections),
            distinct=distinct,
            limit=limit,
            offset=offset,
        )

    def values(self, node: Any) -> ValuesList:
        """Compile ``VALUES (...), (...)``; the columns are COLUMN1, COLUMN2, ..."""
        binder = self.binder(())
        rows = [
            [binder.bind(cell) for cell in (row.expressions if row.key == "tuple" else [row])]
            for row in node.expressions
        ]
        width = len(rows[0])
        if any(len(row) != width for row in rows):
            message = "SQL compilation error:\nVALUES lists of different lengths"
            raise SqlError(message, code="002020", sqlstate="42601")
        check_size(len(rows), width)
        columns, casted = [], []
        for index in range(width):
            cells, kind = common(self.execution, [row[index] for row in rows], "VALUES")
            nullable = any(cell.nullable for cell in cells)
            columns.append(Column(f"COLUMN{index + 1}", kind, None, nullable))
            casted.append(cells)
        return ValuesList(tuple(columns), list(zip(*casted, strict=True)))

    def _union(self, node: Any) -> Query:
        parts: list[Query] = []
        while node.key == "union" and not any(node.args.get(one) for one in ("by_name", "side")):
            parts.insert(0, self.query(node.expression))
            left = node.this
            same = bool(left.args.get("distinct")) == bool(node.args.get("distinct"))
            plain = not any(left.args.get(one) for one in ("order", "limit", "offset", "with_"))
            if left.key != "union" or not same or not plain:
                return _union_of(self.execution, [self.query(left), *parts])
            node = left
        raise not_run("UNION BY NAME")


def _renamed(query: Query, alias: str, names: Sequence[str]) -> Renamed:
    if len(names) > len(query.columns):
        message = (
            f"SQL compilation error:\ninvalid number of columns for '{alias}': "
            f"{len(names)} names for {len(query.columns)} columns"
        )
        raise SqlError(message, code="002057", sqlstate="42601")
    return Renamed.of(query, alias, names)


@dataclass(slots=True)
class _UnionAll:
    columns: tuple[Column, ...]
    parts: Sequence[tuple[Query, Sequence[Bound]]]

    async def run(
        self,
        execution: Execution,
        max_rows: int | None = None,
        needed: Collection[int] | None = None,
    ) -> Batch:
        columns: list[list[Any]] = [[] for _ in self.columns]
        size = 0
        for query, casts in self.parts:
            rest = None if max_rows is None else max_rows - size
            if rest == 0:
                break
            batch = await query.run(execution, rest, needed)
            size += batch.size
            check_size(size, len(columns))
            for column, convert in zip(columns, casts, strict=True):
                column.extend(await convert.evaluate(batch))
        return Batch(tuple(columns), size)


def _union_of(execution: Execution, queries: Sequence[Query]) -> Query:
    width = len(queries[0].columns)
    if any(len(query.columns) != width for query in queries):
        found = ", ".join(str(len(query.columns)) for query in queries)
        message = (
            f"SQL compilation error:\ninvalid number of result columns for set operator: {found}"
        )
        raise SqlError(message, code="001789", sqlstate="42601")
    columns, casts = [], []
    for index, first in enumerate(queries[0].columns):
        sides = [column_bound(index, query.columns[index]) for query in queries]
        _, kind = common(execution, sides, "UNION")
        columns.append(Column(first.name, kind if kind != NULL else first.type))
        casts.append([cast(execution, side, kind) for side in sides])
    parts = list(zip(queries, zip(*casts, strict=True), strict=True))
    return _UnionAll(tuple(columns), parts)

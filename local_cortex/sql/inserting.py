"""INSERT into a temporary table: VALUES, array binds, or a query."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .batch import Batch, Bound, Column, Table, Values, check_size
from .compiler import Compiler
from .context import Execution
from .errors import SqlError, invalid_identifier
from .relations import Query, ValuesList
from .result import SqlColumn, SqlResult
from .scope import identifier
from .tables import check_unique, converted, existing_table, store
from .types import number

__all__ = ["insert"]

INSERT = 0x3100  # statementTypeId, as in snowflake/connector/cursor.py


async def insert(execution: Execution, node: Any) -> SqlResult:
    """Run INSERT INTO a temporary table: VALUES (with array binds, too) or a query.

    Raises:
        SqlError: 002003, no such table; 100072, NULL in a column that takes none.
    """
    schema = node.this if node.this.key == "schema" else None
    target = schema.this if schema is not None else node.this
    _, table = existing_table(execution, target)
    named = [identifier(one) for one in schema.expressions] if schema is not None else None
    positions = _positions(table, named)
    wanted = [table.columns[position] for position in positions]
    arrays = [len(bind.values) for bind in execution.binds.values() if bind.array]
    if arrays:
        execution.array_rows = arrays[0]
        check_size(arrays[0], len(table.columns))
    query = Compiler(execution).query(node.expression)
    if arrays:
        query = _repeated(query, arrays[0])
    rows = await converted(execution, query, wanted)
    with execution.session.lock:
        _append(execution, target, rows, positions, overwrite=bool(node.args.get("overwrite")))
    count = SqlColumn("number of rows inserted", number(19), nullable=False)
    return SqlResult((count,), [(rows.size,)], INSERT)


def _append(
    execution: Execution, target: Any, rows: Batch, positions: list[int], *, overwrite: bool
) -> None:
    key, table = existing_table(execution, target)  # as it is now: other statements may have run
    added = [
        rows.columns[positions.index(index)] if index in positions else [None] * rows.size
        for index in range(len(table.columns))
    ]
    _check_required(table, added)
    kept = 0 if overwrite else table.batch.size
    check_size(kept + rows.size, len(table.columns))
    columns = [[*old[:kept], *new] for old, new in zip(table.batch.columns, added, strict=True)]
    batch = Batch(tuple(columns), kept + rows.size)
    store(execution, key, replace(table, batch=batch))


def _check_required(table: Table, added: Sequence[Values]) -> None:
    for column, values in zip(table.columns, added, strict=True):
        if not column.nullable and any(value is None for value in values):
            message = "NULL result in a non-nullable column"
            raise SqlError(message, code="100072", sqlstate="22000")


def _positions(table: Table, named: Sequence[str] | None) -> list[int]:
    if named is None:
        return list(range(len(table.columns)))
    names = [column.name for column in table.columns]
    check_unique(named)
    for name in named:
        if name not in names:
            raise invalid_identifier(name)
    return [names.index(name) for name in named]


@dataclass(slots=True)
class _Repeated:
    """The one row of ``VALUES (?, ?)``, for each set of array binds."""

    columns: tuple[Column, ...]
    cells: Sequence[Bound]
    rows: int

    async def run(
        self,
        execution: Execution,
        max_rows: int | None = None,
        needed: Collection[int] | None = None,
    ) -> Batch:
        del execution, max_rows, needed
        rows = Batch((), self.rows)
        return Batch(tuple([await cell.evaluate(rows) for cell in self.cells]), self.rows)


def _repeated(query: Query, rows: int) -> _Repeated:
    if not isinstance(query, ValuesList) or len(query.cells) != 1:
        message = "Array bind currently not supported for this query type"
        raise SqlError(message, code="002099", sqlstate="42601")
    return _Repeated(query.columns, query.cells[0], rows)

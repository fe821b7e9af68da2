"""What can stand in FROM: VALUES, generators, stored rows, subqueries under an alias, CTEs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from .batch import Batch, Bound, Column, check_size
from .context import Execution

__all__ = ["CommonTable", "Query", "Renamed", "Stored", "Unit", "ValuesList"]


class Query(Protocol):
    """A compiled relation."""

    columns: tuple[Column, ...]

    async def run(
        self,
        execution: Execution,
        max_rows: int | None = None,
        needed: Collection[int] | None = None,
    ) -> Batch:
        """Return the rows.

        ``max_rows`` is how many the caller will look at, ``needed`` the positions of the columns it
        will; of the others any values may be returned. That spares AI functions that nobody reads.
        """
        ...


@dataclass(slots=True)
class Unit:
    """One row of no columns (SELECT without FROM), or ``rows`` of them (GENERATOR)."""

    rows: int = 1
    columns: tuple[Column, ...] = ()

    async def run(
        self,
        execution: Execution,
        max_rows: int | None = None,
        needed: Collection[int] | None = None,
    ) -> Batch:
        del execution, needed
        return Batch((), self.rows if max_rows is None else min(self.rows, max_rows))


@dataclass(slots=True)
class Stored:
    """Rows that are there already."""

    columns: tuple[Column, ...]
    batch: Batch

    @classmethod
    def of_rows(cls, columns: tuple[Column, ...], rows: Sequence[Sequence[Any]]) -> Stored:
        """Store rows that are given row by row."""
        values = tuple(zip(*rows, strict=True)) if rows else tuple(() for _ in columns)
        return cls(columns, Batch(values, len(rows)))

    async def run(
        self,
        execution: Execution,
        max_rows: int | None = None,
        needed: Collection[int] | None = None,
    ) -> Batch:
        del execution, needed
        return self.batch if max_rows is None else self.batch.head(max_rows)


@dataclass(slots=True)
class ValuesList:
    """``VALUES (...), (...)``; ``cells`` are the expressions, by row."""

    columns: tuple[Column, ...]
    cells: Sequence[Sequence[Bound]]

    async def run(
        self,
        execution: Execution,
        max_rows: int | None = None,
        needed: Collection[int] | None = None,
    ) -> Batch:
        del execution, needed
        one = Batch((), 1)
        cells = self.cells if max_rows is None else self.cells[:max_rows]
        check_size(len(cells), len(self.columns))
        rows = [[(await cell.evaluate(one))[0] for cell in row] for row in cells]
        columns = tuple(zip(*rows, strict=True)) if rows else tuple(() for _ in self.columns)
        return Batch(columns, len(rows))


@dataclass(slots=True)
class Renamed:
    """A query under an alias, possibly with new column names."""

    query: Query
    columns: tuple[Column, ...]

    @classmethod
    def of(cls, query: Query, alias: str | None, names: Sequence[str] = ()) -> Renamed:
        """Give a query's columns the qualifier ``alias``, and the first of them new names."""
        columns = [replace(column, qualifier=alias) for column in query.columns]
        for index, name in enumerate(names):
            columns[index] = replace(columns[index], name=name)
        return cls(query, tuple(columns))

    async def run(
        self,
        execution: Execution,
        max_rows: int | None = None,
        needed: Collection[int] | None = None,
    ) -> Batch:
        return await self.query.run(execution, max_rows, needed)


@dataclass(slots=True)
class CommonTable:
    """A CTE: run like a subquery if it is read once; run once if it is read more often."""

    query: Query
    columns: tuple[Column, ...]
    readers: int = 0
    rows: Batch | None = field(default=None)

    async def run(
        self,
        execution: Execution,
        max_rows: int | None = None,
        needed: Collection[int] | None = None,
    ) -> Batch:
        if self.readers == 1:
            return await self.query.run(execution, max_rows, needed)
        if self.rows is None:
            self.rows = await self.query.run(execution)
        return self.rows if max_rows is None else self.rows.head(max_rows)

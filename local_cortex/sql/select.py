"""Running one SELECT: filter, group, order, limit, and only then compute what is selected."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from .allowance import check
from .batch import Batch, Bound, Column, Values, check_size, pick
from .context import Execution
from .grouping import Grouping
from .ordering import SortKey, sorted_rows
from .relations import Query
from .values import sort_key

__all__ = ["Selection"]


@dataclass(slots=True)
class Selection:
    """A compiled SELECT. Expressions stand for groups where ``grouping`` is set.

    ``windowed`` says that an expression looks at all rows, so none may be cut off before it.
    """

    columns: tuple[Column, ...]
    source: Query
    used: Collection[int]
    projections: Sequence[Bound]
    where: Bound | None = None
    grouping: Grouping | None = None
    having: Bound | None = None
    order: Sequence[SortKey] = ()
    distinct: bool = False
    limit: int | None = None
    offset: int = 0
    windowed: bool = False

    async def run(
        self,
        execution: Execution,
        max_rows: int | None = None,
        needed: Collection[int] | None = None,
    ) -> Batch:
        """Return the rows; see :class:`Query`."""
        limits = [one for one in (self.limit, max_rows) if one is not None]
        limit = min(limits) if limits else None
        stage = _Stage(await self._rows(execution, limit), self.projections)
        if self.distinct:
            needed = range(len(self.projections))
            await self._make_distinct(stage)
        if self.windowed:
            await stage.compute(range(len(self.projections)))
        if self.order:
            values = [await stage.value(key.bound) for key in self.order]
            stage.take(sorted_rows(stage.batch.size, self.order, values))
        end = stage.batch.size if limit is None else self.offset + limit
        if self.offset or end < stage.batch.size:
            stage.take(range(stage.batch.size)[self.offset : end])
        positions = range(len(self.projections)) if needed is None else needed
        check_size(stage.batch.size, max(len(positions), 1))
        await stage.compute(positions)
        empty = [None] * stage.batch.size
        columns = [stage.done.get(index, empty) for index in range(len(self.projections))]
        return Batch(tuple(columns), stage.batch.size)

    async def _rows(self, execution: Execution, limit: int | None) -> Batch:
        plain = not (self.where or self.grouping or self.order or self.distinct or self.windowed)
        wanted = self.offset + limit if plain and limit is not None else None
        batch = await self.source.run(execution, wanted, self.used)
        if self.where is not None:
            batch = await _filtered(batch, self.where)
        if self.grouping is not None:
            batch = await self.grouping.run(batch)
        if self.having is not None:
            batch = await _filtered(batch, self.having)
        return batch

    async def _make_distinct(self, stage: _Stage) -> None:
        await stage.compute(range(len(self.projections)))
        kinds = [projection.type for projection in self.projections]
        seen: dict[tuple[Any, ...], int] = {}
        columns = [stage.done[index] for index in range(len(self.projections))]
        for row, values in enumerate(zip(*columns, strict=True)):
            check()
            key = tuple(
                None if value is None else sort_key(value, kind)
                for value, kind in zip(values, kinds, strict=True)
            )
            seen.setdefault(key, row)
        stage.take(list(seen.values()))


async def _filtered(batch: Batch, condition: Bound) -> Batch:
    verdicts = await condition.evaluate(batch)
    return batch.take([row for row, verdict in enumerate(verdicts) if verdict is True])


@dataclass(slots=True)
class _Stage:
    """Rows on their way out, with those projections that are computed already."""

    batch: Batch
    projections: Sequence[Bound]
    done: dict[int, Values] = field(default_factory=dict)

    async def compute(self, positions: Collection[int]) -> None:
        for index in positions:
            if index not in self.done:
                self.done[index] = await self.projections[index].evaluate(self.batch)

    async def value(self, bound: Bound) -> Values:
        # An expression that is both selected and sorted by is computed (and the model asked) once.
        for index, projection in enumerate(self.projections):
            if projection is bound:
                await self.compute([index])
                return self.done[index]
        return await bound.evaluate(self.batch)

    def take(self, rows: Sequence[int]) -> None:
        self.batch = self.batch.take(rows)
        self.done = {index: pick(values, rows) for index, values in self.done.items()}

"""GROUP BY: from rows to groups, and what expressions mean once rows are grouped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .aggregates import Aggregate, aggregate
from .allowance import check
from .batch import Batch, Bound, Column
from .binder import Binder, column_bound
from .calls import AGGREGATES
from .errors import SqlError, not_run
from .mapping import charged
from .scope import qualified_name
from .values import sort_key

__all__ = ["Grouping", "has_aggregates"]


def has_aggregates(nodes: Sequence[Any]) -> bool:
    """Tell whether any of these expressions calls an aggregate function of its own query."""
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if node.key == "anonymous" and str(node.name).upper() in AGGREGATES:
            return True
        if node.key not in {"select", "subquery", "window"}:
            pending.extend(node.iter_expressions())
    return False


@dataclass(slots=True)
class Grouping:
    """The keys and aggregates of one SELECT.

    ``rows`` binds expressions of the rows that are grouped. A group's batch has the keys' columns
    first, then those of the aggregates, in the order in which they were met.
    """

    rows: Binder
    key_nodes: list[Any] = field(default_factory=list)
    keys: list[Bound] = field(default_factory=list)
    aggregates: list[Aggregate] = field(default_factory=list)

    def add_key(self, node: Any) -> None:
        """Group by an expression, too."""
        self.keys.append(self.rows.bind(node))
        self.key_nodes.append(self._identity(node))

    def _identity(self, node: Any) -> Any:
        while node.key == "paren":
            node = node.this
        if node.key != "column":
            return node
        index = self.rows.scope.find(node)
        return node if index is None else index

    def substitute(self, node: Any, _: Binder) -> Bound | None:
        """Return what a key or aggregate means for a group; ``None`` for any other expression.

        Raises:
            SqlError: 000979, a column that is neither.
        """
        identity = self._identity(node)
        if identity in self.key_nodes:
            position = self.key_nodes.index(identity)
            return column_bound(position, Column("", self.keys[position].type))
        if isinstance(identity, int):
            name = qualified_name(node)
            message = f"SQL compilation error:\n'{name}' is not a valid group by expression"
            raise SqlError(message, code="000979", sqlstate="42601")
        if node.key == "anonymous" and str(node.name).upper() in AGGREGATES:
            return self._aggregate(node)
        if node.key == "withingroup":
            raise not_run("WITHIN GROUP")
        return None

    def _aggregate(self, node: Any) -> Bound:
        arguments, distinct = list(node.expressions), False
        if len(arguments) == 1 and arguments[0].key == "distinct":
            arguments, distinct = list(arguments[0].expressions), True
        star = len(arguments) == 1 and arguments[0].key == "star"
        bound = [] if star else [self.rows.bind(argument) for argument in arguments]
        made = aggregate(
            self.rows.execution, str(node.name).upper(), bound, star=star, distinct=distinct
        )
        self.aggregates.append(made)
        return _late_column(self, len(self.aggregates) - 1, made)

    async def run(self, batch: Batch) -> Batch:
        """Group the rows; without keys they are one group, even if there are none."""
        keys = [await key.evaluate(batch) for key in self.keys]
        kinds = [key.type for key in self.keys]
        groups: dict[tuple[Any, ...], list[int]] = {} if keys else {(): []}
        for row, values in enumerate(zip(*keys, strict=True) if keys else [()] * batch.size):
            check()
            identity = tuple(
                None if value is None else sort_key(value, kind)
                for value, kind in zip(values, kinds, strict=True)
            )
            groups.setdefault(identity, []).append(row)
        execution = self.rows.execution
        members = list(groups.values())
        columns = [[values[rows[0]] for rows in members] for values in keys]
        for made in self.aggregates:
            inputs = [await argument.evaluate(batch) for argument in made.arguments]
            columns.append(
                [
                    charged(
                        execution, made.apply([tuple(one[row] for one in inputs) for row in rows])
                    )
                    for rows in members
                ]
            )
        return Batch(tuple(columns), len(members))


def _late_column(grouping: Grouping, position: int, made: Aggregate) -> Bound:
    # How many keys there are is settled only when all of GROUP BY has been read.
    async def evaluate(batch: Batch) -> Sequence[Any]:
        return batch.columns[len(grouping.keys) + position]

    return Bound(made.type, evaluate)

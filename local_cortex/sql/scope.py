"""Names: how Snowflake spells identifiers, and which column a name means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .batch import Column
from .errors import SqlError, invalid_identifier, locate
from .parse import SPAN

__all__ = ["Scope", "identifier", "qualified_name", "result_name"]


def identifier(node: Any) -> str:
    """Return a name as Snowflake keeps it: in capitals, unless it was quoted."""
    name = str(node.name)
    return name if node.args.get("quoted") else name.upper()


def qualified_name(node: Any) -> str:
    """Return the dotted name of a column or table for a message."""
    return ".".join(identifier(part) for part in node.parts)


def result_name(node: Any, sql: str) -> str:
    """Return a result column's name: its alias, the column it is, or its text in capitals."""
    kind = node.key
    if kind == "alias":
        return identifier(node.args["alias"])
    if kind == "column":
        return identifier(node.this)
    span = node.meta.get(SPAN)
    return (sql[span[0] : span[1]] if span else str(node)).upper()


@dataclass(slots=True)
class Scope:
    """The columns that expressions can name.

    ``aliases`` are expressions of the same SELECT that have a name: Snowflake lets WHERE and later
    expressions use it. ``used`` collects the columns that are named, so that a subquery need not
    compute the others; ``expanding`` is how many aliases are being resolved within one another.
    """

    columns: Sequence[Column]
    sql: str
    aliases: dict[str, Any] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)
    expanding: int = 0

    def find(self, node: Any) -> int | None:
        """Return the position of the column that a reference means; ``None`` if there is none.

        Raises:
            SqlError: 002028, several columns have this name.
        """
        name = identifier(node.this)
        table = node.args.get("table")
        qualifier = identifier(table) if table is not None else None
        found = [
            index
            for index, column in enumerate(self.columns)
            if column.name == name and qualifier in (None, column.qualifier)
        ]
        if len(found) > 1:
            message = f"SQL compilation error:\nambiguous column name '{name}'"
            raise SqlError(message, code="002028", sqlstate="42601")
        if not found:
            return None
        self.used.add(found[0])
        return found[0]

    def position(self, number: int) -> int:
        """Return the column that ``$number`` means.

        Raises:
            SqlError: 000904, there are not so many.
        """
        if not 1 <= number <= len(self.columns):
            raise invalid_identifier(f"${number}")
        self.used.add(number - 1)
        return number - 1

    def unknown(self, node: Any) -> SqlError:
        """Return the error for a reference that means nothing."""
        start = node.this.meta.get("start") if node.args.get("table") is None else None
        return invalid_identifier(
            qualified_name(node), locate(self.sql, start) if start is not None else None
        )

    def use_all(self) -> None:
        """Note that every column is wanted."""
        self.used.update(range(len(self.columns)))

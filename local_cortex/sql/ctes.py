"""Common table expressions: which names mean one, and what DuckDB calls it."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local_cortex.sql.names import MARK, encode, encoded, identifier


def is_cte(table: Any) -> bool:
    """Return whether a bare name is that of a common table expression around it."""
    name = identifier(table.this)
    node: Any = table
    within: Any = None
    while node is not None:
        within = node if isinstance(node, exp.CTE) else within
        ctes = node.args.get("with_")
        for cte in ctes.expressions if ctes is not None else []:
            same = identifier(cte.args["alias"].this) == name
            if same and (cte is not within or _recurs(cte.this, table)):
                ctes.set("recursive", ctes.args.get("recursive") or cte is within)
                return True
            if cte is within:
                break
        within = within if ctes is None else None
        node = node.parent
    return False


def _recurs(query: Any, table: Any) -> bool:
    """Return whether a table stands in a branch of a union that may read the union itself."""
    anchor, node = query, table
    while isinstance(anchor, exp.SetOperation):
        anchor = anchor.this
    while node is not query and node is not anchor:
        node = node.parent
    return node is query and anchor is not query


def cte_name(node: Any) -> Any:
    """Return the name of our own under which DuckDB has one."""
    return encoded(f"{encode(identifier(node))}{MARK}c")

"""Queries: from a tree of Snowflake's to DuckDB's SQL, and to a result with Snowflake's types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local_cortex.ai import cortex_functions as cortex
from local_cortex.dialect import expressions
from local_cortex.sql.names import decode
from local_cortex.sql.resolve import Resolver
from local_cortex.wire.result import SqlColumn, SqlResult
from local_cortex.wire.types import TEXT, SqlType, declared, of_duckdb

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

__all__ = ["SELECT", "describe", "finish", "query", "translate"]

SELECT = 0x1000  # statementTypeId, as in Snowflake's JDBC driver


def translate(execution: Execution, tree: Any) -> tuple[str, Resolver]:
    """Return DuckDB's SQL for a tree of Snowflake's, and what its names stood for."""
    resolver = Resolver(execution)
    tree = resolver.resolve(tree)
    return finish(resolver, tree), resolver


def finish(resolver: Resolver, tree: Any) -> str:
    """Return DuckDB's SQL for a tree whose names are resolved."""
    tree = resolver.reveal(cortex.late(expressions.rewrite(tree, resolver.tables)))
    return str(tree.sql("duckdb"))


def query(execution: Execution, tree: Any) -> SqlResult:
    """Run a query."""
    told = [_told(one) for one in tree.expressions] if isinstance(tree, exp.Select) else []
    resolver = Resolver(execution)
    tree = resolver.resolve(tree)
    if (constants := _constants(tree)) is not None:
        row = [] if execution.describe_only else [tuple(constants.values())]
        return SqlResult.of_rows([SqlColumn(name, TEXT) for name in constants], row, SELECT)
    sql = finish(resolver, tree)
    execution.check()
    relation = execution.cursor.sql(sql)
    names = [decode(name) for name in relation.columns]
    types: list[SqlType | None] = []
    known = resolver.types
    for name, (kind, plain), found in zip(
        names, _fit(told, len(names)), relation.types, strict=True
    ):
        own = kind or (known.get(name) if plain else None)
        # DuckDB has one type for some of Snowflake's: what was declared says which it is.
        types.append(own if own is not None and own.duckdb == of_duckdb(found).duckdb else None)
    rows = not execution.describe_only
    return SqlResult.of_relation(relation, names, types, SELECT, rows=rows)


def _constants(tree: Any) -> dict[str, str | None] | None:
    """Return the texts that a query without a source asks for, as clients do when they log in.

    DuckDB takes a third of a second to open: a login does not need it.
    """
    if not isinstance(tree, exp.Select) or {key for key, value in tree.args.items() if value} != {
        "expressions"
    }:
        return None
    found: dict[str, str | None] = {}
    for one in tree.expressions:
        value = one.this.this if isinstance(one.unalias(), exp.Cast) else None
        if not isinstance(value, exp.Null) and not (value is not None and value.is_string):
            return None
        kind = one.unalias().args["to"]
        if not kind.is_type("varchar") or kind.expressions:
            return None
        found[decode(one.alias)] = None if isinstance(value, exp.Null) else value.name
    return found if len(found) == len(tree.expressions) else None


def _fit(told: list[Any], count: int) -> list[tuple[SqlType | None, bool]]:
    # A star stands for several columns: then the names alone tell.
    return told if len(told) == count and None not in told else [(None, True)] * count


def _told(node: Any) -> tuple[SqlType | None, bool] | None:
    """Return the type that a projection says it has, and whether it is a plain column."""
    if node.is_star:
        return None
    inner = node.unalias()
    if isinstance(inner, exp.Cast) and not isinstance(inner, exp.TryCast):
        return declared(inner.to), False
    return None, isinstance(inner, exp.Column)


def describe(execution: Execution, sql: str) -> list[tuple[str, SqlType]]:
    """Return the names and types of the columns that a query of DuckDB's has."""
    import duckdb

    execution.check()
    rows = execution.cursor.execute(f"DESCRIBE {sql}").fetchall()
    return [(decode(row[0]), of_duckdb(duckdb.sqltype(row[1]))) for row in rows]

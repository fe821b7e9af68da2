"""INSERT, UPDATE, DELETE, MERGE and TRUNCATE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local_cortex.database.catalog import Table
from local_cortex.sql.errors import SqlError, compile_error, invalid_identifier, not_run
from local_cortex.sql.names import identifier, quoted
from local_cortex.sql.resolve import Resolver
from local_cortex.sql.select import finish
from local_cortex.wire.binds import arrow_table
from local_cortex.wire.result import SqlColumn, SqlResult
from local_cortex.wire.types import INTEGER

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

__all__ = ["delete", "insert", "merge", "truncate", "update"]

# statementTypeId, as in Snowflake's JDBC driver
INSERT, UPDATE, DELETE, MERGE = 0x3100, 0x3200, 0x3300, 0x3400
TRUNCATE = 0x6000

BULK = "BOUND_ROWS"


def _counts(kind: int, **counts: int) -> SqlResult:
    names = [name.replace("_", " ").replace("multi joined", "multi-joined") for name in counts]
    columns = [SqlColumn(f"number of {name}", INTEGER) for name in names]
    return SqlResult.of_rows(columns, [tuple(counts.values())], kind)


def _run(execution: Execution, sql: str) -> int:
    execution.check()
    rows = execution.cursor.execute(sql).fetchall()
    return int(rows[0][0]) if rows else 0


def insert(execution: Execution, node: Any) -> SqlResult:
    """Run INSERT of values, bound rows or a query.

    Raises:
        SqlError: 002020, more or fewer values than columns; 000904, no such column.
    """
    schema = node.this if isinstance(node.this, exp.Schema) else None
    resolver = Resolver(execution)
    table = resolver.find(schema.this if schema else node.this, ("TABLE",))
    known = {column.name: column for column in table.columns}
    listed = [identifier(one) for one in schema.expressions] if schema else list(known)
    for name in listed:
        if name not in known:
            raise invalid_identifier(name)
    source = node.expression
    if not isinstance(source, exp.Query | exp.Values):
        raise not_run("this form of INSERT")
    if isinstance(source, exp.Values):
        for row in source.expressions:
            width = len(row.expressions) if isinstance(row, exp.Tuple) else 1
            if width != len(listed):
                words = "Insert value list does not match column list expecting"
                raise compile_error(f"{words} {len(listed)} but got {width}", "002020", "21S01")
        if any(bind.array for bind in execution.binds.values()):
            source = _bulk(execution, resolver, source, [known[name].type for name in listed])
    ctes = node.args.get("with_")
    if ctes is not None:
        source.set("with_", ctes)
    if node.args.get("overwrite"):
        _run(execution, f"DELETE FROM {table.duckdb}")  # noqa: S608 - our own name
    columns = ", ".join(quoted(name).sql("duckdb") for name in listed)
    sql = finish(resolver, resolver.resolve(source))
    return _counts(
        INSERT, rows_inserted=_run(execution, f"INSERT INTO {table.duckdb} ({columns}) {sql}")
    )


def _bulk(execution: Execution, resolver: Resolver, source: Any, kinds: list[Any]) -> Any:
    """Return the query that stands for VALUES with a list of values for each bind."""
    values = source.expressions[0].expressions
    bound = [
        kind for one, kind in zip(values, kinds, strict=True) if isinstance(one, exp.Placeholder)
    ]
    names = sorted(execution.binds, key=int)
    rows = arrow_table(execution.binds, bound if len(bound) == len(names) else ())
    rows = rows.rename_columns([f"B{name}" for name in names])
    execution.cursor.register(BULK, rows)
    resolver.bulk = BULK
    rows_of = exp.select("*").from_(exp.to_table(BULK))
    return exp.select(*values).from_(exp.Subquery(this=resolver.hide(rows_of), alias=BULK))


def update(execution: Execution, node: Any) -> SqlResult:
    """Run UPDATE, with or without FROM."""
    count = _changed(execution, node)
    return _counts(UPDATE, rows_updated=count, multi_joined_rows_updated=0)


def delete(execution: Execution, node: Any) -> SqlResult:
    """Run DELETE, with or without USING."""
    return _counts(DELETE, rows_deleted=_changed(execution, node))


def _changed(execution: Execution, node: Any) -> int:
    resolver = Resolver(execution)
    resolver.find(node.this, ("TABLE",))
    _unqualify(node.expressions)
    return _run(execution, finish(resolver, resolver.resolve(node)))


def _unqualify(assignments: list[Any]) -> None:
    # Snowflake takes `SET t.a = 1`; to DuckDB the target's table is clear.
    for one in assignments:
        one.this.set("table", None)


def merge(execution: Execution, node: Any) -> SqlResult:
    """Run MERGE; DuckDB tells of each row what was done with it."""
    resolver = Resolver(execution)
    resolver.find(node.this, ("TABLE",))
    done: dict[str, str] = {}
    for when in node.args["whens"].expressions:
        then = when.args["then"]
        if isinstance(then, exp.Insert):
            done["INSERT"] = "rows_inserted"
        elif isinstance(then, exp.Update):
            done["UPDATE"] = "rows_updated"
            _unqualify(then.expressions)
        else:
            done["DELETE"] = "rows_deleted"
    sql = finish(resolver, resolver.resolve(node))
    execution.check()
    rows = execution.cursor.execute(f"{sql} RETURNING merge_action").fetchall()
    actions = [row[0] for row in rows]
    return _counts(
        MERGE,
        **{
            done[name]: actions.count(name)
            for name in ("INSERT", "UPDATE", "DELETE")
            if name in done
        },
    )


def truncate(execution: Execution, node: Any) -> SqlResult:
    """Run TRUNCATE TABLE."""
    for one in node.expressions:
        try:
            table: Table | None = Resolver(execution).find(one, ("TABLE",))
        except SqlError:
            if not node.args.get("exists"):
                raise
            table = None
        if table is not None:
            _run(execution, f"DELETE FROM {table.duckdb}")  # noqa: S608 - our own name
            execution.stages.forget_loaded(table.duckdb)
    return SqlResult.done(TRUNCATE)

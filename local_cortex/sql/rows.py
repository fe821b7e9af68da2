"""Statements that read and change rows: queries, INSERT, UPDATE, DELETE, MERGE and TRUNCATE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local_cortex.ai.late import late
from local_cortex.dialect import expressions
from local_cortex.sql.names import decode, identifier, quoted
from local_cortex.sql.resolve import Resolver
from local_cortex.sql.sql_error import SqlError, compile_error, invalid_identifier, not_run
from local_cortex.wire.binds import arrow_table
from local_cortex.wire.result import DDL, SELECT, SqlColumn, SqlResult
from local_cortex.wire.types import INTEGER, TEXT, SqlType, declared, of_duckdb

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution
    from local_cortex.database.sql_session import SqlSession

# statementTypeId, as in Snowflake's JDBC driver
INSERT, UPDATE, DELETE, MERGE = 0x3100, 0x3200, 0x3300, 0x3400
BULK = "BOUND_ROWS"


def translate(execution: Execution, tree: Any) -> str:
    """Return DuckDB's SQL for a query of Snowflake's."""
    resolver = Resolver(execution)
    return finish(resolver, resolver.resolve(tree))


def finish(resolver: Resolver, tree: Any) -> str:
    """Return DuckDB's SQL for a tree whose names are resolved."""
    tree = resolver.reveal(late(expressions.rewrite(tree, resolver.tables)))
    return str(tree.sql("duckdb"))


def query(
    execution: Execution, tree: Any, sql: str | None = None, owner: SqlSession | None = None
) -> SqlResult:
    """Run a query, or only describe its columns.

    ``sql`` is its text, if that isn't the whole statement's; ``owner`` the session that it is run
    for, if that isn't the caller's.
    """
    told: list[Any] = []
    if isinstance(tree, exp.Select):
        told = [_told(one) for one in tree.expressions]
    resolver = Resolver(execution, owner)
    tree = resolver.resolve(tree, sql)
    if (constants := _constants(tree)) is not None:
        row = [] if execution.describe_only else [tuple(constants.values())]
        return SqlResult.of_rows([SqlColumn(name, TEXT) for name in constants], row, SELECT)
    sql = finish(resolver, tree)
    execution.check()
    relation = execution.cursor.sql(sql)
    names, known = [decode(name) for name in relation.columns], resolver.types
    if len(told) != len(names) or None in told:
        # A star stands for several columns: then the names alone tell.
        told = [(None, True)] * len(names)
    types: list[SqlType | None] = []
    for name, (kind, plain), found in zip(names, told, relation.types, strict=True):
        own = kind or (known.get(name) if plain else None)
        # DuckDB has one type for some of Snowflake's: what was declared says which it is.
        types.append(own if own is not None and own.duckdb == of_duckdb(found).duckdb else None)
    rows = not execution.describe_only
    return SqlResult.of_relation(relation, names, types, rows=rows)


def _constants(tree: Any) -> dict[str, str | None] | None:
    """Return the texts that a query without a source asks for, as clients do when they log in.

    DuckDB takes a third of a second to open: a login does not need it.
    """
    parts = {key for key, value in tree.args.items() if value}
    if not isinstance(tree, exp.Select) or parts != {"expressions"}:
        return None
    found: dict[str, str | None] = {}
    for one in tree.expressions:
        inner = one.unalias()
        value = inner.this if isinstance(inner, exp.Cast) else None
        if not isinstance(value, exp.Null) and not (value is not None and value.is_string):
            return None
        if not inner.to.is_type("varchar") or inner.to.expressions:
            return None
        found[decode(one.alias)] = None if isinstance(value, exp.Null) else value.name
    return found if len(found) == len(tree.expressions) else None


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


# --- changes ---


def _counts(kind: int, **counts: int) -> SqlResult:
    names = [name.replace("_", " ").replace("multi joined", "multi-joined") for name in counts]
    columns = [SqlColumn(f"number of {name}", INTEGER) for name in names]
    return SqlResult.of_rows(columns, [tuple(counts.values())], kind)


def _run(execution: Execution, sql: str) -> list[Any]:
    execution.check()
    rows: list[Any] = execution.cursor.execute(sql).fetchall()
    return rows


def insert(execution: Execution, node: Any) -> SqlResult:
    """Run INSERT; 002020, more or fewer values than columns; 000904, no such column."""
    schema = node.this if isinstance(node.this, exp.Schema) else None
    resolver = Resolver(execution)
    table = resolver.find(schema.this if schema else node.this, ("TABLE",))
    known = {column.name: column for column in table.columns}
    listed = [identifier(one) for one in schema.expressions] if schema else list(known)
    if strange := [name for name in listed if name not in known]:
        raise invalid_identifier(strange[0])
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
    if node.args.get("with_"):
        source.set("with_", node.args["with_"])
    if node.args.get("overwrite"):
        _run(execution, f"DELETE FROM {table.duckdb}")  # noqa: S608 - our own name
    columns = ", ".join(quoted(name).sql("duckdb") for name in listed)
    sql = finish(resolver, resolver.resolve(source))
    ((count,),) = _run(execution, f"INSERT INTO {table.duckdb} ({columns}) {sql}")
    return _counts(INSERT, rows_inserted=count)


def _bulk(execution: Execution, resolver: Resolver, source: Any, kinds: list[Any]) -> Any:
    """Return the query that stands for VALUES with a list of values for each bind."""
    values = source.expressions[0].expressions
    bound = [
        kind for one, kind in zip(values, kinds, strict=True) if isinstance(one, exp.Placeholder)
    ]
    names = sorted(execution.binds, key=int)
    rows = arrow_table(execution.binds, bound if len(bound) == len(names) else ())
    execution.cursor.register(BULK, rows.rename_columns([f"B{name}" for name in names]))
    resolver.bulk = BULK
    rows_of = exp.select("*").from_(exp.to_table(BULK))
    return exp.select(*values).from_(exp.Subquery(this=resolver.hide(rows_of), alias=BULK))


def update(execution: Execution, node: Any) -> SqlResult:
    """Run UPDATE, with or without FROM."""
    ((count,),) = _run(execution, _changing(execution, node, node.expressions))
    return _counts(UPDATE, rows_updated=count, multi_joined_rows_updated=0)


def delete(execution: Execution, node: Any) -> SqlResult:
    """Run DELETE, with or without USING."""
    ((count,),) = _run(execution, _changing(execution, node))
    return _counts(DELETE, rows_deleted=count)


def _changing(execution: Execution, node: Any, assignments: Any = ()) -> str:
    resolver = Resolver(execution)
    resolver.find(node.this, ("TABLE",))
    for one in assignments:
        # Snowflake takes `SET t.a = 1`; to DuckDB the target's table is clear.
        one.this.set("table", None)
    return finish(resolver, resolver.resolve(node))


def merge(execution: Execution, node: Any) -> SqlResult:
    """Run MERGE; DuckDB tells of each row what was done with it."""
    branches = [when.args["then"] for when in node.args["whens"].expressions]
    words = {exp.Insert: "INSERT", exp.Update: "UPDATE"}
    used = {words.get(type(then), "DELETE") for then in branches}
    assignments = [
        one for then in branches if isinstance(then, exp.Update) for one in then.expressions
    ]
    sql = _changing(execution, node, assignments)
    actions = [row[0] for row in _run(execution, f"{sql} RETURNING merge_action")]
    names = {"INSERT": "rows_inserted", "UPDATE": "rows_updated", "DELETE": "rows_deleted"}
    return _counts(
        MERGE, **{name: actions.count(word) for word, name in names.items() if word in used}
    )


def truncate(execution: Execution, node: Any) -> SqlResult:
    """Run TRUNCATE TABLE."""
    for one in node.expressions:
        try:
            table = Resolver(execution).find(one, ("TABLE",))
        except SqlError:
            if not node.args.get("exists"):
                raise
            continue
        _run(execution, f"DELETE FROM {table.duckdb}")  # noqa: S608 - our own name
        execution.database.stages.forget_loaded(table.duckdb)
    return SqlResult.done(DDL)

"""Create and alter tables and views, and define their columns in DuckDB."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local_cortex.database.catalog import Column, Table
from local_cortex.sql.names import identifier, quoted
from local_cortex.sql.parse import parse
from local_cortex.sql.resolve import Resolver
from local_cortex.sql.rows import describe, finish
from local_cortex.sql.sql_error import (
    SqlError,
    compile_error,
    exists_already,
    invalid_identifier,
    not_run,
)
from local_cortex.wire.types import SqlType, declared

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

#: The properties of a CREATE by their class.
Given = dict[type, Any]


def create_table(execution: Execution, node: Any, given: Given, common: dict[str, Any]) -> None:
    """Create a table, with the rows of its query if it has one."""
    resolver = Resolver(execution)
    listed = node.this.expressions if isinstance(node.this, exp.Schema) else []
    columns = _columns(listed)
    names = [identifier(one) for one in listed if isinstance(one, exp.Identifier)]
    if names and (columns or node.expression is None):
        raise not_run("a column without a type")
    model = given.get(exp.LikeProperty) or node.args.get("clone")
    if model is not None:
        columns = resolver.find(model.this, ("TABLE",)).columns
    source = node.expression
    if node.args.get("clone"):
        source = exp.select("*").from_(model.this.copy())
    if not columns and source is None:
        raise not_run("CREATE TABLE without columns")
    sql = finish(resolver, resolver.resolve(source)) if source is not None else ""
    columns = columns or _described(execution, resolver, sql, names)
    table = Table(columns=columns, transient=exp.TransientProperty in given, **common)
    execution.check()
    catalog, cursor = execution.database.catalog, execution.cursor
    cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {table.duckdb_schema}")
    # Under a name of its own until it is whole: OR REPLACE may read what it replaces.
    fresh = replace(table, name=replace(table.name, name=f"{table.name.name}~{execution.id}"))
    definitions = ", ".join(_definition(execution, fresh, column) for column in columns)
    cursor.execute(f"CREATE TABLE {fresh.duckdb} ({definitions})")
    try:
        if sql:
            cursor.execute(f"INSERT INTO {fresh.duckdb} {sql}")
        with execution.database.replacing:
            there = catalog.at(Table, table.name, table.owner)
            execution.place(table, there if node.args.get("replace") else None)
            _alter(execution, fresh, f"RENAME TO {_duckdb(table.name.name)}")
    except BaseException:
        execution.database.cursor().execute(f"DROP TABLE IF EXISTS {fresh.duckdb}")
        raise


def _described(
    execution: Execution, resolver: Resolver, sql: str, names: list[str] | None = None
) -> tuple[Column, ...]:
    """Return the columns of a query, each with its own type where DuckDB knows half of it."""
    found, known = describe(execution, sql), resolver.types
    names = names or [name for name, _ in found]
    _check_unique(names)
    if len(names) != len(found):
        raise compile_error("Invalid column definition list", "002026", "42601")
    columns = []
    for name, (own, kind) in zip(names, found, strict=True):
        declared_type: SqlType = known.get(own, kind)
        columns.append(Column(name, declared_type if declared_type.duckdb == kind.duckdb else kind))
    return tuple(columns)


def _columns(nodes: list[Any]) -> tuple[Column, ...]:
    columns = [_column(one) for one in nodes if isinstance(one, exp.ColumnDef)]
    _check_unique([column.name for column in columns])
    keys = {
        identifier(part)
        for one in nodes
        for key in (one.find_all(exp.PrimaryKey) if not isinstance(one, exp.ColumnDef) else ())
        for part in key.find_all(exp.Identifier)
    }
    return tuple(
        replace(column, primary_key=True, nullable=False) if column.name in keys else column
        for column in columns
    )


def _identity(node: Any) -> dict[str, Any]:
    start, step = node.args.get("start") or 1, node.args.get("increment") or 1
    return {"default": f"IDENTITY START {start} INCREMENT {step}"}


_CONSTRAINTS: dict[type, Any] = {
    exp.NotNullColumnConstraint: lambda one: {"nullable": bool(one.args.get("allow_null"))},
    exp.DefaultColumnConstraint: lambda one: {"default": one.this.sql("snowflake")},
    exp.CommentColumnConstraint: lambda one: {"comment": one.this.name},
    exp.PrimaryKeyColumnConstraint: lambda _: {"primary_key": True, "nullable": False},
    exp.UniqueColumnConstraint: lambda _: {"unique_key": True},
    exp.AutoIncrementColumnConstraint: _identity,
    exp.GeneratedAsIdentityColumnConstraint: _identity,
}


def _column(node: Any) -> Column:
    if node.args.get("kind") is None:
        raise not_run("a column without a type")
    column = Column(identifier(node.this), declared(node.args["kind"]))
    for constraint in node.args.get("constraints") or []:
        read = _CONSTRAINTS.get(type(constraint.args["kind"]), lambda _: {})
        column = replace(column, **read(constraint.args["kind"]))
    return column


def _check_unique(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise compile_error(f"duplicate column name '{name}'", "002025", "42711")


def _duckdb(name: str) -> str:
    return str(quoted(name).sql("duckdb"))


def _definition(execution: Execution, table: Table, column: Column) -> str:
    """Return DuckDB's definition of a column; keys are not enforced, as in Snowflake."""
    name, length = _duckdb(column.name), column.type.length
    parts = [name, column.type.duckdb]
    if not column.nullable:
        parts.append("NOT NULL")
    if column.default is not None:
        parts.append(f"DEFAULT ({_default(execution, table, column.default)})")
    if column.type.name == "TEXT" and length is not None and length < 16_777_216:
        parts.append(f"CHECK (length({name}) <= {length})")
    return " ".join(parts)


def _default(execution: Execution, table: Table, text: str) -> str:
    if text.startswith("IDENTITY "):
        _, _, start, _, step = text.split()
        sequence = f"{table.duckdb_schema}.{_duckdb(f'{table.name.name}~identity')}"
        execution.cursor.execute(
            f"CREATE SEQUENCE {sequence} START {int(start)} INCREMENT {int(step)}"
        )
        return f"nextval('{sequence}')"
    resolver = Resolver(execution)
    select = parse(f"SELECT {text}").tree
    return finish(resolver, resolver.resolve(select)).partition("SELECT ")[2].rpartition(" AS ")[0]


def made_view(execution: Execution, node: Any, common: dict[str, Any]) -> Table:
    """Return a new view."""
    resolver, text = Resolver(execution), node.expression.sql("snowflake")
    sql = finish(resolver, resolver.resolve(node.expression.copy()))
    listed = node.this.expressions if isinstance(node.this, exp.Schema) else []
    names = [
        identifier(one.this if isinstance(one, exp.ColumnDef) else one)
        for one in listed
        if isinstance(one, exp.ColumnDef | exp.Identifier)
    ]
    columns = _described(execution, resolver, sql, names)
    return Table(kind="VIEW", columns=columns, text=text, **common)


def alter_table(execution: Execution, kind: str, node: Any) -> None:
    """Run ALTER TABLE or ALTER VIEW; 002003, there is no such ``kind``."""
    for action in node.args["actions"]:
        try:
            table = Resolver(execution).find(node.this, (kind,))
        except SqlError:
            if node.args.get("exists"):
                return
            raise
        change = _CHANGES.get(type(action))
        if change is None or (kind == "VIEW" and not isinstance(action, exp.AlterRename)):
            raise not_run(f"this form of ALTER {kind}")
        change(execution, table, action)


def change_column(execution: Execution, table: Table, column: str, **changes: Any) -> None:
    """Change what the catalog knows of a column; 000904, there is none of this name."""
    _check_column(table, column)
    columns = tuple(replace(one, **changes) if one.name == column else one for one in table.columns)
    execution.database.catalog.change(table, columns=columns)


def _check_column(table: Table, name: str) -> None:
    if name not in {column.name for column in table.columns}:
        raise invalid_identifier(name)


def _alter(execution: Execution, table: Table, change: str) -> None:
    execution.cursor.execute(f"ALTER TABLE {table.duckdb} {change}")


def _add_column(execution: Execution, table: Table, action: Any) -> None:
    column = _column(action)
    if column.name in {one.name for one in table.columns}:
        if action.args.get("exists"):
            return
        raise compile_error(f"column '{column.name}' already exists", "001430", "42601")
    # DuckDB adds no column with a constraint; Snowflake's NOT NULL holds for what comes later.
    plain = replace(column, nullable=True, type=replace(column.type, length=None))
    _alter(execution, table, f"ADD COLUMN {_definition(execution, table, plain)}")
    execution.database.catalog.change(table, columns=(*table.columns, column))


def _drop_column(execution: Execution, table: Table, action: Any) -> None:
    for one in action.args.get("tables") or [action.this]:
        name = identifier(one.this if isinstance(one, exp.Column) else one)
        kept = tuple(column for column in table.columns if column.name != name)
        if len(kept) == len(table.columns) and action.args.get("exists"):
            continue
        _check_column(table, name)
        _alter(execution, table, f"DROP COLUMN {_duckdb(name)}")
        table = execution.database.catalog.change(table, columns=kept)


def _rename(execution: Execution, table: Table, action: Any) -> None:
    name, catalog = Resolver(execution).name(action.this), execution.database.catalog
    catalog.check_schema(name)
    if catalog.find(Table, name, execution.session.session_id) is not None:
        raise exists_already(name.short)
    renamed = replace(table, name=name)
    if renamed.duckdb_schema != table.duckdb_schema:
        raise not_run("RENAME to another schema", "Use CREATE TABLE ... CLONE.")
    if table.kind == "TABLE":
        _alter(execution, table, f"RENAME TO {_duckdb(name.name)}")
    catalog.change(table, name=name)


def _rename_column(execution: Execution, table: Table, action: Any) -> None:
    old, new = identifier(action.this.this), identifier(action.args["to"].this)
    _check_column(table, old)
    _alter(execution, table, f"RENAME COLUMN {_duckdb(old)} TO {_duckdb(new)}")
    change_column(execution, table, old, name=new)


def _alter_column(execution: Execution, table: Table, action: Any) -> None:
    name = identifier(action.this.this if isinstance(action.this, exp.Column) else action.this)
    if action.args.get("dtype") is None:
        raise not_run("this form of ALTER COLUMN", "It runs SET DATA TYPE.")
    kind = declared(action.args["dtype"])
    _alter(execution, table, f"ALTER COLUMN {_duckdb(name)} SET DATA TYPE {kind.duckdb}")
    change_column(execution, table, name, type=kind)


_CHANGES: dict[type, Any] = {
    exp.ColumnDef: _add_column,
    exp.Drop: _drop_column,
    exp.AlterRename: _rename,
    exp.RenameColumn: _rename_column,
    exp.AlterColumn: _alter_column,
}

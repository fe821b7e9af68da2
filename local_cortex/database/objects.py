"""CREATE, DROP, ALTER and COMMENT of databases, schemas and what is in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local_cortex.agents.asked import read_spec, read_yaml
from local_cortex.database import session_state
from local_cortex.database.catalog import Agent, Column, Entry, Name, Place, Table
from local_cortex.faults import Refusal
from local_cortex.search.service import SearchService, made
from local_cortex.sql.cortex_statements import CLAUSES
from local_cortex.sql.names import identifier, quoted
from local_cortex.sql.parse import parse
from local_cortex.sql.resolve import Resolver
from local_cortex.sql.rows import describe, finish
from local_cortex.sql.sql_error import (
    WHAT_RUNS,
    SqlError,
    compile_error,
    exists_already,
    invalid_identifier,
    not_run,
    object_missing,
)
from local_cortex.stages.file_formats import FileFormat, options_of
from local_cortex.stages.reading import template
from local_cortex.stages.stage_files import NamedFormat, Stage, stage_options
from local_cortex.wire.result import DDL, SqlResult
from local_cortex.wire.types import SqlType, declared

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

# One of each exists, whatever a program calls it: accepted without effect.
PLACES = frozenset(
    {"WAREHOUSE", "ROLE", "USER", "TAG", "INTEGRATION", "ACCOUNT", "SHARE", "SECRET"}
)
KINDS: dict[str, type[Entry]] = {
    **dict.fromkeys(("DATABASE", "SCHEMA"), Place),
    **dict.fromkeys(("TABLE", "VIEW"), Table),
    "STAGE": Stage,
    "FILE FORMAT": NamedFormat,
    "AGENT": Agent,
    "CORTEX SEARCH SERVICE": SearchService,
}
_UNSUPPORTED: dict[type, str] = {
    exp.DynamicProperty: "DYNAMIC ",
    exp.ExternalProperty: "EXTERNAL ",
    exp.IcebergProperty: "ICEBERG ",
}

Given = dict[type, Any]


def _done(message: str = "Statement executed successfully.") -> SqlResult:
    return SqlResult.done(DDL, message)


def create(execution: Execution, node: Any) -> SqlResult:
    """Run CREATE; 002002, there is one of this name; 000002, it is of a kind that is not run."""
    kind = str(node.args.get("kind")).upper()
    if kind in PLACES:
        return _done(f"{kind.title()} {node.this.name.upper()} successfully created.")
    properties = node.args.get("properties")
    given: Given = {type(one): one for one in (properties.expressions if properties else [])}
    special = next((word for one, word in _UNSUPPORTED.items() if one in given), "")
    if kind not in KINDS or special:
        instead = {"SEQUENCE": "Use a column with AUTOINCREMENT."}.get(kind, WHAT_RUNS)
        raise not_run(f"CREATE {special}{kind}", instead)
    if KINDS[kind] in {Table, Place, SearchService}:
        # write_pandas makes a stage and a file format in the transaction that it writes in.
        session_state.end(execution)
    if exp.UsingTemplateProperty in given:
        node = template(execution, node)
    name = _name(
        execution, kind, node.this.this if isinstance(node.this, exp.Schema) else node.this
    )
    if name.name:
        _check_schema(execution, name)
    owner = execution.session.session_id if exp.TemporaryProperty in given else None
    # A temporary object only hides a permanent one.
    there = execution.database.catalog.at(KINDS[kind], name, owner)
    if there is not None and there.kind == kind and node.args.get("exists"):
        return _done(f"{name.short} already exists, statement succeeded.")
    if there is not None and (there.kind != kind or not node.args.get("replace")):
        raise exists_already(name.short)
    told = given.get(exp.SchemaCommentProperty)
    common = {"name": name, "owner": owner, "comment": str(told.this.name) if told else ""}
    note = ""
    if KINDS[kind] is Place:
        _create_place(execution, common, there)
    elif kind == "TABLE":
        _create_table(execution, node, given, common)
    else:
        made, note = _MAKERS[kind](execution, node, common)
        _swap(execution, there, made)
    label = "Stage area" if kind == "STAGE" else kind.capitalize()
    return _done(f"{label} {name.short} successfully created.{note}")


def _name(execution: Execution, kind: str, node: Any) -> Name:
    resolver = Resolver(execution)
    if kind == "DATABASE":
        return Name(resolver.parts(node)[-1])
    if kind == "SCHEMA":
        return replace(resolver.full([*resolver.parts(node), "X"]), name="")
    return resolver.name(node)


def _check_schema(execution: Execution, name: Name) -> None:
    if not execution.database.catalog.has(name.database, name.schema):
        raise object_missing("Schema", str(replace(name, name="")))


def _discard(execution: Execution, entries: Iterable[Entry]) -> None:
    for one in entries:
        one.discard(execution.cursor)


def _swap(execution: Execution, there: Entry | None, entry: Entry) -> None:
    """Put an object in the place of another, if there is one."""
    catalog = execution.database.catalog
    if there is not None:
        _discard(execution, catalog.drop(there))
    catalog.place(entry)


def _create_place(execution: Execution, common: dict[str, Any], there: Entry | None) -> None:
    catalog, name = execution.database.catalog, common["name"]
    if there is not None:
        _discard(execution, catalog.drop(there))
    catalog.create(name, common["comment"])
    execution.session.database, execution.session.schema = name.database, name.schema or "PUBLIC"


def _create_table(execution: Execution, node: Any, given: Given, common: dict[str, Any]) -> None:
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
            _swap(execution, there if node.args.get("replace") else None, table)
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


def _view(execution: Execution, node: Any, common: dict[str, Any]) -> tuple[Entry, str]:
    resolver, text = Resolver(execution), node.expression.sql("snowflake")
    sql = finish(resolver, resolver.resolve(node.expression.copy()))
    listed = node.this.expressions if isinstance(node.this, exp.Schema) else []
    names = [
        identifier(one.this if isinstance(one, exp.ColumnDef) else one)
        for one in listed
        if isinstance(one, exp.ColumnDef | exp.Identifier)
    ]
    columns = _described(execution, resolver, sql, names)
    return Table(kind="VIEW", columns=columns, text=text, **common), ""


def _stage(execution: Execution, node: Any, common: dict[str, Any]) -> tuple[Entry, str]:
    options, note = stage_options(execution, node.args.get("properties"))
    return Stage(folder=execution.database.stages.new_folder(), **common, **options), note


def _format(_: Execution, node: Any, common: dict[str, Any]) -> tuple[Entry, str]:
    properties = node.args.get("properties")
    options = options_of(properties.expressions if properties else ())
    FileFormat.of(options)
    return NamedFormat(options=options, **common), ""


def _agent(_: Execution, node: Any, common: dict[str, Any]) -> tuple[Entry, str]:
    clauses = node.meta[CLAUSES]
    try:
        given = read_yaml(clauses["specification"])
        read_spec(given)
    except Refusal as error:
        raise compile_error(f"Invalid agent specification: {error}") from None
    return Agent(given=given, profile=clauses["profile"], **common), ""


def _search(execution: Execution, node: Any, common: dict[str, Any]) -> tuple[Entry, str]:
    return made(execution, **node.meta[CLAUSES], **common), ""


# Each gives the object, and what its creation says besides.
_MAKERS: dict[str, Any] = {
    "VIEW": _view,
    "STAGE": _stage,
    "FILE FORMAT": _format,
    "AGENT": _agent,
    "CORTEX SEARCH SERVICE": _search,
}


def drop(execution: Execution, node: Any) -> SqlResult:
    """Run DROP; 002003, there is no such thing."""
    kind = str(node.args.get("kind")).upper()
    target = node.args["tables"][0] if node.args.get("tables") else node.this
    if kind in PLACES:
        return _done(f"{target.name.upper()} successfully dropped.")
    if kind not in KINDS:
        raise not_run(f"DROP {kind}")
    if KINDS[kind] in {Table, Place}:
        session_state.end(execution)
    catalog, session = execution.database.catalog, execution.session
    name = _name(execution, kind, target)
    found = catalog.find(KINDS[kind], name, session.session_id)
    if found is None or found.kind != kind:
        if node.args.get("exists"):
            return _done(f"Drop statement executed successfully ({name.short} already dropped).")
        short = KINDS[kind] is Table and not target.args.get("db")
        raise object_missing(kind.capitalize(), name.short if short else str(name))
    _discard(execution, catalog.drop(found))
    if KINDS[kind] is Place and session.database == name.database:
        if name.schema in ("", session.schema):
            session.schema = None
        if not name.schema:
            session.database = None
    return _done(f"{name.short} successfully dropped.")


def comment(execution: Execution, node: Any) -> SqlResult:
    """Run COMMENT ON."""
    kind, text = str(node.args.get("kind")).upper(), node.expression.name
    if kind == "COLUMN":
        *parts, column = [identifier(part) for part in node.this.parts]
        table = execution.find(Table, "Table", Resolver(execution).full(parts))
        _change_column(execution, table, column, comment=text)
        return _done()
    if kind not in KINDS:
        raise not_run(f"COMMENT ON {kind}")
    name, catalog = _name(execution, kind, node.this), execution.database.catalog
    found = catalog.find(KINDS[kind], name, execution.session.session_id)
    if found is None or found.kind != kind:
        raise object_missing(kind.capitalize(), name.short)
    catalog.change(found, comment=text)
    return _done()


def _change_column(execution: Execution, table: Table, column: str, **changes: Any) -> None:
    _check_column(table, column)
    columns = tuple(replace(one, **changes) if one.name == column else one for one in table.columns)
    execution.database.catalog.change(table, columns=columns)


def _check_column(table: Table, name: str) -> None:
    if name not in {column.name for column in table.columns}:
        raise invalid_identifier(name)


def _alter(execution: Execution, table: Table, change: str) -> None:
    execution.cursor.execute(f"ALTER TABLE {table.duckdb} {change}")


def alter(execution: Execution, node: Any) -> SqlResult:
    """Run ALTER TABLE, ALTER VIEW, or the REFRESH of a Cortex Search service."""
    kind = str(node.args.get("kind")).upper()
    if kind in PLACES:
        return _done()
    if kind == "CORTEX SEARCH SERVICE":
        name = Resolver(execution).name(node.this)
        execution.find(SearchService, kind.capitalize(), name).kept.clear()
        return _done()
    if kind not in {"TABLE", "VIEW"}:
        raise not_run(f"ALTER {kind}")
    session_state.end(execution)
    for action in node.args["actions"]:
        try:
            table = Resolver(execution).find(node.this, (kind,))
        except SqlError:
            if node.args.get("exists"):
                return _done()
            raise
        change = _CHANGES.get(type(action))
        if change is None or (kind == "VIEW" and not isinstance(action, exp.AlterRename)):
            raise not_run(f"this form of ALTER {kind}")
        change(execution, table, action)
    return _done()


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
    _check_schema(execution, name)
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
    _change_column(execution, table, old, name=new)


def _alter_column(execution: Execution, table: Table, action: Any) -> None:
    name = identifier(action.this.this if isinstance(action.this, exp.Column) else action.this)
    if action.args.get("dtype") is None:
        raise not_run("this form of ALTER COLUMN", "It runs SET DATA TYPE.")
    kind = declared(action.args["dtype"])
    _alter(execution, table, f"ALTER COLUMN {_duckdb(name)} SET DATA TYPE {kind.duckdb}")
    _change_column(execution, table, name, type=kind)


_CHANGES: dict[type, Any] = {
    exp.ColumnDef: _add_column,
    exp.Drop: _drop_column,
    exp.AlterRename: _rename,
    exp.RenameColumn: _rename_column,
    exp.AlterColumn: _alter_column,
}

"""CREATE, DROP and COMMENT of databases, schemas and what is in them, and ALTER of tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from sqlglot import exp

from local_cortex.database import transactions
from local_cortex.database.catalog import Column, Entry, Name, Table
from local_cortex.sql.errors import (
    SqlError,
    compile_error,
    exists_already,
    invalid_identifier,
    not_run,
    object_missing,
)
from local_cortex.sql.names import identifier, quoted, written
from local_cortex.sql.parse import parse
from local_cortex.sql.resolve import Resolver
from local_cortex.sql.select import describe, finish
from local_cortex.stages.file_formats import FileFormat, options_of
from local_cortex.stages.files import NamedFormat, Stage, stage_options
from local_cortex.stages.reading import template
from local_cortex.wire.result import SqlResult
from local_cortex.wire.types import SqlType, declared

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

__all__ = ["DDL", "alter", "comment", "create", "drop"]

DDL = 0x6000  # statementTypeId, as in Snowflake's JDBC driver

# One of each exists, whatever a program calls it: accepted without effect.
PLACES = frozenset(
    {"WAREHOUSE", "ROLE", "USER", "TAG", "INTEGRATION", "ACCOUNT", "SHARE", "SECRET"}
)
KINDS: dict[str, type[Entry]] = {
    **dict.fromkeys(("TABLE", "VIEW", "SEQUENCE"), Table),
    "STAGE": Stage,
    "FILE FORMAT": NamedFormat,
}

E = TypeVar("E", bound=Entry)


def _done(message: str) -> SqlResult:
    return SqlResult.done(DDL, message)


def create(execution: Execution, node: Any) -> SqlResult:
    """Run CREATE.

    Raises:
        SqlError: 002002, there is one of this name; 000002, it is of a kind that is not run.
    """
    kind = str(node.args.get("kind")).upper()
    if kind in PLACES:
        return _done(f"{kind.title()} {node.this.name.upper()} successfully created.")
    maker = _MAKERS.get(kind)
    properties = node.args.get("properties")
    given = {type(one): one for one in (properties.expressions if properties else [])}
    unsupported = next((one for one in given if one in _UNSUPPORTED), None)
    if maker is None or unsupported:
        raise not_run(f"CREATE {_UNSUPPORTED.get(unsupported, '')}{kind}")  # type: ignore[arg-type]
    if issubclass(KINDS.get(kind, Table), Table):
        # write_pandas makes a stage and a file format in the transaction that it writes in.
        transactions.end(execution)
    result: SqlResult = maker(execution, node, given)
    return result


_UNSUPPORTED: dict[type, str] = {
    exp.DynamicProperty: "DYNAMIC ",
    exp.ExternalProperty: "EXTERNAL ",
    exp.IcebergProperty: "ICEBERG ",
}


def _comment(given: dict[type, Any]) -> str:
    one = given.get(exp.SchemaCommentProperty)
    return str(one.this.name) if one is not None else ""


def _exists(node: Any, there: bool, name: str) -> SqlResult | None:
    """Return what CREATE says of an object that is there, if it is to go no further."""
    if not there or node.args.get("replace"):
        return None
    if node.args.get("exists"):
        return _done(f"{name} already exists, statement succeeded.")
    raise exists_already(name)


def _create_database(execution: Execution, node: Any, given: dict[type, Any]) -> SqlResult:
    name = Resolver(execution).parts(node.this)[-1]
    catalog = execution.database.catalog
    if told := _exists(node, catalog.has(name), written(name)):
        return told
    _discard(execution, catalog.drop_database(name))
    catalog.create_database(name, _comment(given))
    execution.session.database, execution.session.schema = name, "PUBLIC"
    return _done(f"Database {written(name)} successfully created.")


def _create_schema(execution: Execution, node: Any, given: dict[type, Any]) -> SqlResult:
    database, name = _schema_name(execution, node.this)
    catalog = execution.database.catalog
    if told := _exists(node, catalog.has(database, name), written(name)):
        return told
    _discard(execution, catalog.drop_schema(database, name))
    catalog.create_schema(database, name, _comment(given))
    execution.session.database, execution.session.schema = database, name
    return _done(f"Schema {written(name)} successfully created.")


def _schema_name(execution: Execution, node: Any) -> tuple[str, str]:
    parts = Resolver(execution).parts(node)
    name = Resolver(execution).full([*parts, "X"])
    return name.database, name.schema


def _create_table(execution: Execution, node: Any, given: dict[type, Any]) -> SqlResult:
    if exp.UsingTemplateProperty in given:
        node = template(execution, node)
    resolver = Resolver(execution)
    schema = node.this if isinstance(node.this, exp.Schema) else None
    name = resolver.name(schema.this if schema else node.this)
    catalog = execution.database.catalog
    if not catalog.has(name.database, name.schema):
        raise object_missing("Schema", written(name.database, name.schema))
    owner = _owner(execution, given)
    there = _there(execution, "TABLE", name, owner)
    if told := _exists(node, there is not None, written(name.name)):
        return told
    table = Table(
        name=name,
        columns=_columns(schema.expressions) if schema else (),
        transient=exp.TransientProperty in given,
        owner=owner,
        comment=_comment(given),
    )
    model = given.get(exp.LikeProperty) or node.args.get("clone")
    if model is not None:
        table = replace(table, columns=resolver.find(model.this, ("TABLE",)).columns)
    source = node.expression
    if node.args.get("clone"):
        source = exp.select("*").from_(model.this.copy())
    if schema is None and model is None and source is None:
        raise not_run("CREATE TABLE without columns")
    return _make(execution, resolver, table, source, replaces=bool(node.args.get("replace")))


def _make(
    execution: Execution, resolver: Resolver, table: Table, source: Any, *, replaces: bool
) -> SqlResult:
    catalog = execution.database.catalog
    sql = finish(resolver, resolver.resolve(source)) if source is not None else ""
    if sql and not table.columns:
        found, known = describe(execution, sql), resolver.types
        _check_unique([name for name, _ in found])
        columns = tuple(Column(name, _kept(kind, known.get(name))) for name, kind in found)
        table = replace(table, columns=columns)
    execution.check()
    cursor = execution.cursor
    cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {table.duckdb_schema}")
    # Under a name of its own until it is whole: OR REPLACE may read what it replaces.
    fresh = replace(table, name=replace(table.name, name=f"{table.name.name}~{execution.id}"))
    definitions = ", ".join(_definition(execution, fresh, column) for column in table.columns)
    cursor.execute(f"CREATE TABLE {fresh.duckdb} ({definitions})")
    try:
        if sql:
            cursor.execute(f"INSERT INTO {fresh.duckdb} {sql}")
        name = quoted(table.name.name).sql("duckdb")
        with execution.database.replacing:
            there = catalog.at(Table, table.name, table.owner)
            if replaces and there is not None:
                there.discard(cursor)
                catalog.remove(there)
            catalog.place(table)
            cursor.execute(f"ALTER TABLE {fresh.duckdb} RENAME TO {name}")
    except BaseException:
        execution.database.cursor().execute(f"DROP TABLE IF EXISTS {fresh.duckdb}")
        raise
    return _done(f"Table {written(table.name.name)} successfully created.")


def _kept(kind: SqlType, known: SqlType | None) -> SqlType:
    """Return a column's own type where DuckDB only knows half of it."""
    return known if known is not None and known.duckdb == kind.duckdb else kind


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


def _column(node: Any) -> Column:
    if node.args.get("kind") is None:
        raise not_run("a column without a type")
    column = Column(identifier(node.this), declared(node.args["kind"]))
    for constraint in node.args.get("constraints") or []:
        kind = constraint.args["kind"]
        if isinstance(kind, exp.NotNullColumnConstraint):
            column = replace(column, nullable=bool(kind.args.get("allow_null")))
        elif isinstance(kind, exp.DefaultColumnConstraint):
            column = replace(column, default=kind.this.sql("snowflake"))
        elif isinstance(kind, exp.CommentColumnConstraint):
            column = replace(column, comment=kind.this.name)
        elif isinstance(kind, exp.PrimaryKeyColumnConstraint):
            column = replace(column, primary_key=True, nullable=False)
        elif isinstance(kind, exp.UniqueColumnConstraint):
            column = replace(column, unique_key=True)
        elif isinstance(
            kind, exp.AutoIncrementColumnConstraint | exp.GeneratedAsIdentityColumnConstraint
        ):
            start, step = kind.args.get("start"), kind.args.get("increment")
            text = f"IDENTITY START {start or 1} INCREMENT {step or 1}"
            column = replace(column, default=text)
    return column


def _check_unique(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise compile_error(f"duplicate column name '{name}'", "002025", "42711")


def _definition(execution: Execution, table: Table, column: Column) -> str:
    """Return DuckDB's definition of a column; keys are not enforced, as in Snowflake."""
    name = quoted(column.name).sql("duckdb")
    parts = [name, column.type.duckdb]
    if not column.nullable:
        parts.append("NOT NULL")
    if column.default is not None:
        parts.append(f"DEFAULT ({_default(execution, table, column.default)})")
    length = column.type.length
    if column.type.name == "TEXT" and length is not None and length < 16_777_216:
        parts.append(f"CHECK (length({name}) <= {length})")
    return " ".join(parts)


def _default(execution: Execution, table: Table, text: str) -> str:
    if text.startswith("IDENTITY "):
        _, _, start, _, step = text.split()
        sequence = f"{table.duckdb_schema}.{quoted(f'{table.name.name}~identity').sql('duckdb')}"
        execution.cursor.execute(
            f"CREATE SEQUENCE {sequence} START {int(start)} INCREMENT {int(step)}"
        )
        return f"nextval('{sequence}')"
    resolver = Resolver(execution)
    select = parse(f"SELECT {text}").tree
    return finish(resolver, resolver.resolve(select)).partition("SELECT ")[2].rpartition(" AS ")[0]


def _owner(execution: Execution, given: dict[type, Any]) -> int | None:
    return execution.session.session_id if exp.TemporaryProperty in given else None


def _there(execution: Execution, kind: str, name: Name, owner: int | None) -> Entry | None:
    """Return what a new object would replace: a temporary one only hides a permanent one.

    Raises:
        SqlError: 002002, the name is taken by another kind of object.
    """
    there = execution.database.catalog.at(KINDS[kind], name, owner)
    if there is not None and there.kind != kind:
        raise exists_already(written(name.name))
    return there


def _add(
    execution: Execution,
    node: Any,
    kind: str,
    make: Callable[[Name, Any], Entry],
    given: Any,
    note: str = "",
) -> SqlResult:
    """Create an object; ``make`` gets its name and the object that it replaces, or None."""
    target = node.this.this if isinstance(node.this, exp.Schema) else node.this
    name = Resolver(execution).name(target)
    catalog = execution.database.catalog
    if not catalog.has(name.database, name.schema):
        raise object_missing("Schema", written(name.database, name.schema))
    there = _there(execution, kind, name, _owner(execution, given))
    if told := _exists(node, there is not None, written(name.name)):
        return told
    entry = make(name, there)
    if there is not None:
        catalog.remove(there)
    catalog.place(entry)
    label = "Stage area" if kind == "STAGE" else kind.capitalize()
    return _done(f"{label} {written(name.name)} successfully created.{note}")


def _create_view(execution: Execution, node: Any, given: dict[type, Any]) -> SqlResult:
    def make(name: Name, _: Any) -> Table:
        resolver = Resolver(execution)
        text = node.expression.sql("snowflake")
        found = describe(execution, finish(resolver, resolver.resolve(node.expression.copy())))
        schema = node.this if isinstance(node.this, exp.Schema) else None
        listed = [
            identifier(one.this if isinstance(one, exp.ColumnDef) else one)
            for one in (schema.expressions if schema else [])
            if isinstance(one, exp.ColumnDef | exp.Identifier)
        ]
        names = listed or [name for name, _ in found]
        _check_unique(names)
        if len(names) != len(found):
            raise compile_error("Invalid column definition list", "002026", "42601")
        known = resolver.types
        columns = tuple(
            Column(shown, _kept(kind, known.get(own)))
            for shown, (own, kind) in zip(names, found, strict=True)
        )
        owner, comment = _owner(execution, given), _comment(given)
        return Table(
            name=name, kind="VIEW", columns=columns, owner=owner, text=text, comment=comment
        )

    return _add(execution, node, "VIEW", make, given)


def _create_sequence(execution: Execution, node: Any, given: dict[type, Any]) -> SqlResult:
    options = given.get(exp.SequenceProperties)
    start, step = (
        int(((options and options.args.get(one)) or exp.Literal.number(1)).to_py())
        for one in ("start", "increment")
    )

    def make(name: Name, there: Any) -> Table:
        _discard(execution, [there] if there else [])
        text, comment = f"{start} {step}", _comment(given)
        sequence = Table(name=name, kind="SEQUENCE", text=text, comment=comment)
        cursor = execution.cursor
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {sequence.duckdb_schema}")
        cursor.execute(f"CREATE SEQUENCE {sequence.duckdb} START {start} INCREMENT {step}")
        return sequence

    return _add(execution, node, "SEQUENCE", make, given)


def _create_stage(execution: Execution, node: Any, given: dict[type, Any]) -> SqlResult:
    options, note = stage_options(execution, node.args.get("properties"))

    def make(name: Name, there: Any) -> Stage:
        _discard(execution, [there] if there else [])
        owner, comment = _owner(execution, given), _comment(given)
        folder = execution.stages.new_folder()
        return Stage(name=name, owner=owner, comment=comment, folder=folder, **options)

    return _add(execution, node, "STAGE", make, given, note)


def _create_format(execution: Execution, node: Any, given: dict[type, Any]) -> SqlResult:
    options = options_of(node.args["properties"].expressions if given else ())
    FileFormat.of(options)
    owner = _owner(execution, given)

    def make(name: Name, _: Any) -> NamedFormat:
        return NamedFormat(name=name, owner=owner, comment=_comment(given), options=options)

    return _add(execution, node, "FILE FORMAT", make, given)


_MAKERS: dict[str, Any] = {
    "DATABASE": _create_database,
    "SCHEMA": _create_schema,
    "TABLE": _create_table,
    "VIEW": _create_view,
    "SEQUENCE": _create_sequence,
    "STAGE": _create_stage,
    "FILE FORMAT": _create_format,
}


def _discard(execution: Execution, entries: Iterable[Entry]) -> None:
    for one in entries:
        one.discard(execution.cursor)


def drop(execution: Execution, node: Any) -> SqlResult:
    """Run DROP.

    Raises:
        SqlError: 002003, there is no such thing.
    """
    kind = str(node.args.get("kind")).upper()
    lenient = node.args.get("exists")
    target = node.args["tables"][0] if node.args.get("tables") else node.this
    if kind in PLACES:
        return _done(f"{target.name.upper()} successfully dropped.")
    catalog = execution.database.catalog
    if issubclass(KINDS.get(kind, Table), Table):
        transactions.end(execution)
    if kind in {"DATABASE", "SCHEMA"}:
        return _drop_schema(execution, kind, target, lenient)
    if kind not in KINDS:
        raise not_run(f"DROP {kind}")
    name = Resolver(execution).name(target)
    found = catalog.find(KINDS[kind], name, execution.session.session_id)
    if found is None or found.kind != kind:
        if lenient:
            return _gone(written(name.name))
        short = KINDS[kind] is Table and not target.args.get("db")
        raise object_missing(kind.capitalize(), written(name.name) if short else str(name))
    _discard(execution, [found])
    catalog.remove(found)
    return _done(f"{written(name.name)} successfully dropped.")


def _drop_schema(execution: Execution, kind: str, target: Any, lenient: Any) -> SqlResult:
    """Drop a schema, or a database with all of its schemas."""
    catalog, session = execution.database.catalog, execution.session
    if kind == "DATABASE":
        database, schema = Resolver(execution).parts(target)[-1], None
    else:
        database, schema = _schema_name(execution, target)
    shown = written(schema or database)
    if not catalog.has(database, schema):
        if lenient:
            return _gone(shown)
        raise object_missing(kind.title(), written(*filter(None, (database, schema))))
    dropped = catalog.drop_schema(database, schema) if schema else catalog.drop_database(database)
    _discard(execution, dropped)
    if session.database == database and schema in (None, session.schema):
        session.schema = None
        session.database = database if schema else None
    return _done(f"{shown} successfully dropped.")


def _gone(name: str) -> SqlResult:
    return _done(f"Drop statement executed successfully ({name} already dropped).")


def comment(execution: Execution, node: Any) -> SqlResult:
    """Run COMMENT ON."""
    kind = str(node.args.get("kind")).upper()
    text, catalog = node.expression.name, execution.database.catalog
    if kind in {"TABLE", "VIEW", "SEQUENCE"}:
        catalog.change(Resolver(execution).find(node.this, (kind,)), comment=text)
    elif kind == "COLUMN":
        *parts, column = [identifier(part) for part in node.this.parts]
        table = execution.table(Resolver(execution).full(parts))
        _change_column(execution, table, column, comment=text)
    elif kind not in {"DATABASE", "SCHEMA"}:
        raise not_run(f"COMMENT ON {kind}")
    return _done("Statement executed successfully.")


def _change_column(execution: Execution, table: Table, column: str, **changes: Any) -> None:
    if column not in {one.name for one in table.columns}:
        raise invalid_identifier(column)
    columns = tuple(replace(one, **changes) if one.name == column else one for one in table.columns)
    execution.database.catalog.change(table, columns=columns)


def alter(execution: Execution, node: Any) -> SqlResult:
    """Run ALTER TABLE or ALTER VIEW."""
    kind = str(node.args.get("kind")).upper()
    if kind in PLACES:
        return _done("Statement executed successfully.")
    if kind not in {"TABLE", "VIEW"}:
        raise not_run(f"ALTER {kind}")
    transactions.end(execution)
    for action in node.args["actions"]:
        try:
            table = Resolver(execution).find(node.this, (kind,))
        except SqlError:
            if node.args.get("exists"):
                return _done("Statement executed successfully.")
            raise
        change = _CHANGES.get(type(action))
        if change is None or (kind == "VIEW" and not isinstance(action, exp.AlterRename)):
            raise not_run(f"this form of ALTER {kind}")
        change(execution, table, action)
    return _done("Statement executed successfully.")


def _add_column(execution: Execution, table: Table, action: Any) -> None:
    column = _column(action)
    if column.name in {one.name for one in table.columns}:
        if action.args.get("exists"):
            return
        raise compile_error(f"column '{column.name}' already exists", "001430", "42601")
    # DuckDB adds no column with a constraint; Snowflake's NOT NULL holds for what comes later.
    plain = _definition(
        execution, table, replace(column, nullable=True, type=replace(column.type, length=None))
    )
    execution.cursor.execute(f"ALTER TABLE {table.duckdb} ADD COLUMN {plain}")
    execution.database.catalog.change(table, columns=(*table.columns, column))


def _drop_column(execution: Execution, table: Table, action: Any) -> None:
    for one in action.args.get("tables") or [action.this]:
        name = identifier(one.this if isinstance(one, exp.Column) else one)
        if name not in {column.name for column in table.columns}:
            if action.args.get("exists"):
                continue
            raise invalid_identifier(name)
        execution.cursor.execute(
            f"ALTER TABLE {table.duckdb} DROP COLUMN {quoted(name).sql('duckdb')}"
        )
        kept = tuple(column for column in table.columns if column.name != name)
        table = execution.database.catalog.change(table, columns=kept)


def _rename(execution: Execution, table: Table, action: Any) -> None:
    target = action.this
    name = Resolver(execution).name(target)
    catalog = execution.database.catalog
    if catalog.find(Table, name, execution.session.session_id) is not None:
        raise exists_already(written(name.name))
    renamed = replace(table, name=name)
    if table.kind == "TABLE":
        cursor = execution.cursor
        if renamed.duckdb_schema == table.duckdb_schema:
            cursor.execute(
                f"ALTER TABLE {table.duckdb} RENAME TO {quoted(name.name).sql('duckdb')}"
            )
        else:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {renamed.duckdb_schema}")
            cursor.execute(f"CREATE TABLE {renamed.duckdb} AS FROM {table.duckdb}")
            cursor.execute(f"DROP TABLE {table.duckdb}")
    catalog.remove(table)
    catalog.place(renamed)


def _rename_column(execution: Execution, table: Table, action: Any) -> None:
    old, new = identifier(action.this.this), identifier(action.args["to"].this)
    if old not in {column.name for column in table.columns}:
        raise invalid_identifier(old)
    execution.cursor.execute(
        f"ALTER TABLE {table.duckdb} RENAME COLUMN {quoted(old).sql('duckdb')} "
        f"TO {quoted(new).sql('duckdb')}"
    )
    _change_column(execution, table, old, name=new)


def _alter_column(execution: Execution, table: Table, action: Any) -> None:
    name = identifier(action.this.this if isinstance(action.this, exp.Column) else action.this)
    column = quoted(name).sql("duckdb")
    dtype, null = action.args.get("dtype"), action.args.get("allow_null")
    start = f"ALTER TABLE {table.duckdb} ALTER COLUMN {column}"
    if dtype is not None:
        kind = declared(dtype)
        execution.cursor.execute(f"{start} SET DATA TYPE {kind.duckdb}")
        _change_column(execution, table, name, type=kind)
    elif null is not None:
        execution.cursor.execute(f"{start} {'DROP' if null else 'SET'} NOT NULL")
        _change_column(execution, table, name, nullable=bool(null))
    elif action.args.get("comment"):
        _change_column(execution, table, name, comment=action.args["comment"].name)
    elif action.args.get("drop"):
        execution.cursor.execute(f"{start} DROP DEFAULT")
        _change_column(execution, table, name, default=None)
    else:
        raise not_run("this form of ALTER COLUMN")


def _set_table(execution: Execution, table: Table, action: Any) -> None:
    for one in action.expressions:
        if isinstance(one, exp.SchemaCommentProperty):
            execution.database.catalog.change(table, comment=one.this.name)


_CHANGES: dict[type, Any] = {
    exp.ColumnDef: _add_column,
    exp.Drop: _drop_column,
    exp.AlterRename: _rename,
    exp.RenameColumn: _rename_column,
    exp.AlterColumn: _alter_column,
    exp.AlterSet: _set_table,
}

"""Temporary tables: CREATE, TRUNCATE, DROP. They live as long as their session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from . import types
from .allowance import check
from .batch import Batch, Bound, Column, Table
from .binder import column_bound
from .compiler import Compiler
from .context import Execution
from .errors import (
    WHAT_RUNS,
    SqlError,
    not_run,
    object_missing,
    too_large,
)
from .limits import MAX_KEPT_CHARS, MAX_TEMP_TABLES
from .mapping import cast, mapped
from .relations import Query
from .result import SqlColumn, SqlResult
from .scope import identifier
from .sources import ONLY_TEMPORARY, table_key
from .types import TEXT
from .values import weigh

__all__ = ["check_unique", "converted", "create", "drop", "existing_table", "store", "truncate"]

DDL = 0x6000  # statementTypeId, as in Snowflake's JDBC driver

# What a learner who meets the error can do; a stage is what write_pandas() begins with.
INSTEAD = {
    "TABLE": ONLY_TEMPORARY,
    "STAGE": "Hand a pandas frame over as rows: "
    "session.create_dataframe(frame.values.tolist(), schema=list(frame.columns)).",
}

PLAIN_CONSTRAINTS = {"notnullcolumnconstraint", "commentcolumnconstraint"}

Key = tuple[str | None, str | None, str]


def _status(message: str) -> SqlResult:
    return SqlResult((SqlColumn("status", TEXT),), [(message,)], DDL)


async def create(execution: Execution, node: Any) -> SqlResult:
    """Run CREATE TEMPORARY TABLE, with columns, AS a query, or both.

    Raises:
        SqlError: 000002, not a temporary table; 002002, it exists already.
    """
    properties = node.args.get("properties")
    temporary = properties is not None and any(
        one.key == "temporaryproperty" for one in properties.expressions
    )
    kind = str(node.args.get("kind")).upper()
    if kind != "TABLE" or not temporary:
        raise not_run(f"CREATE {kind}", INSTEAD.get(kind, WHAT_RUNS))
    schema = node.this if node.this.key == "schema" else None
    target = schema.this if schema is not None else node.this
    key = table_key(execution, target)
    session = execution.session
    columns = [_column(one) for one in schema.expressions] if schema is not None else None
    check_unique([one.name for one in columns or []])
    query = Compiler(execution).query(node.expression) if node.expression is not None else None
    if key in session.tables and not node.args.get("replace"):
        if node.args.get("exists"):
            return _status(f"{key[2]} already exists, statement succeeded.")
        message = f"SQL compilation error:\nObject '{_name(key)}' already exists."
        raise SqlError(message, code="002002", sqlstate="42710")
    if len(session.tables) >= MAX_TEMP_TABLES and key not in session.tables:
        raise too_large("Temporary tables", MAX_TEMP_TABLES, "Drop some of them.")
    if query is None:
        if not columns:
            raise not_run("CREATE TABLE without columns")
        batch = Batch(tuple([] for _ in columns), 0)
    else:
        columns = columns or [Column(one.name, _storable(one.type)) for one in query.columns]
        check_unique([one.name for one in columns])
        batch = await converted(execution, query, columns)
    store(execution, key, Table(tuple(columns), batch))
    return _status(f"Table {key[2]} successfully created.")


def store(execution: Execution, key: Key, table: Table) -> None:
    """Keep a table for the session.

    Raises:
        SqlError: 000002, the session's tables would take too much.
    """
    check()
    weight = sum(weigh(value, MAX_KEPT_CHARS) for values in table.batch.columns for value in values)
    table = replace(table, weight=weight)
    tables = execution.session.tables
    others = sum(one.weight for name, one in list(tables.items()) if name != key)
    if others + weight > MAX_KEPT_CHARS:
        raise too_large("The text of a session's tables", MAX_KEPT_CHARS, "Drop some of them.")
    tables[key] = table


def _column(node: Any) -> Column:
    written = node.args.get("kind") if node.key == "columndef" else None
    kind = types.from_parsed(written) if written is not None else None
    if kind is None:
        raise not_run(f"a column definition like '{node}'")
    constraints = [one.kind for one in node.args.get("constraints") or []]
    if any(one.key not in PLAIN_CONSTRAINTS for one in constraints):
        raise not_run(f"a column definition like '{node}'", "Give it a name, a type, NOT NULL.")
    required = any(
        one.key == "notnullcolumnconstraint" and not one.args.get("allow_null")
        for one in constraints
    )
    return Column(identifier(node.this), kind, None, nullable=not required)


def check_unique(names: Sequence[str]) -> None:
    """Refuse a name that is given twice.

    Raises:
        SqlError: 002025, it is.
    """
    for index, name in enumerate(names):
        if name in names[:index]:
            message = f"SQL compilation error:\nduplicate column name '{name}'"
            raise SqlError(message, code="002025", sqlstate="42S21")


def _storable(kind: types.SqlType) -> types.SqlType:
    return TEXT if kind.name in {"NULL", "TEXT"} else kind


async def converted(execution: Execution, query: Query, columns: Sequence[Column]) -> Batch:
    """Run a query and convert its rows to the types of a table's columns.

    Raises:
        SqlError: 002020, not as many columns; 100078 and others, a value that does not fit.
    """
    if len(query.columns) != len(columns):
        message = (
            f"SQL compilation error:\nInsert value list does not match column list expecting "
            f"{len(columns)} but got {len(query.columns)}"
        )
        raise SqlError(message, code="002020", sqlstate="21S01")
    casts = [
        _stored(execution, column_bound(index, have), want)
        for index, (have, want) in enumerate(zip(query.columns, columns, strict=True))
    ]
    batch = await query.run(execution)
    return Batch(tuple([await one.evaluate(batch) for one in casts]), batch.size)


def _stored(execution: Execution, value: Bound, column: Column) -> Bound:
    length = column.type.length or 0
    if column.type.name != "TEXT" or length >= (TEXT.length or 0):
        return cast(execution, value, column.type)

    # A CAST cuts text off, a table does not.
    def fitting(written: str) -> str:
        if len(written) > length:
            message = f"String '{written[:80]}' is too long and would be truncated"
            raise SqlError(message, code="100078", sqlstate="22000")
        return written

    return mapped(execution, fitting, [cast(execution, value, TEXT)], column.type)


def existing_table(execution: Execution, node: Any) -> tuple[Key, Table]:
    """Return a temporary table and its key.

    Raises:
        SqlError: 002003, there is none.
    """
    key = table_key(execution, node)
    table = execution.session.tables.get(key)
    if table is None:
        raise object_missing("Table", _name(key), ONLY_TEMPORARY)
    return key, table


def _name(key: Key) -> str:
    return ".".join(part for part in key if part)


def truncate(execution: Execution, node: Any) -> SqlResult:
    """Run TRUNCATE TABLE.

    Raises:
        SqlError: 002003, no such table.
    """
    for target in node.expressions:
        key, table = existing_table(execution, target)
        empty = Batch(tuple([] for _ in table.columns), 0)
        execution.session.tables[key] = replace(table, batch=empty)
    return _status("Statement executed successfully.")


def drop(execution: Execution, node: Any) -> SqlResult:
    """Run DROP TABLE [IF EXISTS].

    Raises:
        SqlError: 002003, no such table.
    """
    if str(node.args.get("kind")).upper() != "TABLE":
        raise not_run(f"DROP {node.args.get('kind')}")
    name = ""
    for target in node.args.get("tables") or [node.this]:
        key = table_key(execution, target)
        name = key[2]
        if execution.session.tables.pop(key, None) is None and not node.args.get("exists"):
            raise object_missing("Table", _name(key), ONLY_TEMPORARY)
    return _status(f"{name} successfully dropped.")

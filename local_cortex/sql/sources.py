"""What a name or a table function in FROM stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .batch import Column, check_size
from .context import Execution
from .errors import not_run, object_missing, wrong_argument_types
from .limits import MAX_ROWS
from .relations import CommonTable, Query, Renamed, Stored, Unit
from .scope import identifier

__all__ = ["named_source", "stored_result", "table_key"]

ONLY_TEMPORARY = (
    "Local Cortex has only the temporary tables that this session made itself, "
    "for instance with session.create_dataframe(...) or CREATE TEMPORARY TABLE."
)


def table_key(execution: Execution, node: Any) -> tuple[str | None, str | None, str]:
    """Return the database, schema and name that a table name means in this session.

    Raises:
        SqlError: 000002, it is no plain name.
    """
    if node.this is None or node.this.key != "identifier":
        raise not_run(f"the table name '{node}'", "Write the name out.")
    session = execution.session
    database, schema = node.args.get("catalog"), node.args.get("db")
    return (
        identifier(database) if database is not None else session.database,
        identifier(schema) if schema is not None else session.schema,
        identifier(node.this),
    )


def named_source(
    execution: Execution, common_tables: Mapping[str, CommonTable], node: Any
) -> Query:
    """Return what stands behind a table name or ``TABLE(...)``.

    Raises:
        SqlError: 002003, there is no such table; 000002, a table function that is not run.
    """
    if node.this.key == "anonymous":
        return _function(execution, node.this)
    key = table_key(execution, node)
    if node.args.get("db") is None:
        table = common_tables.get(key[2])
        if table is not None:
            table.readers += 1
            return table
    stored = execution.session.tables.get(key)
    if stored is not None:
        return Renamed.of(Stored(stored.columns, stored.batch), key[2])
    if key[2] == "DUAL" and node.args.get("db") is None:
        return Unit()
    raise object_missing("Object", ".".join(part for part in key if part), ONLY_TEMPORARY)


def _function(execution: Execution, node: Any) -> Query:
    name = str(node.name).upper()
    if name == "TABLE" and len(node.expressions) == 1 and node.expressions[0].key == "anonymous":
        node = node.expressions[0]
        name = str(node.name).upper()
    if name == "GENERATOR":
        return Unit(_row_count(node))
    if name == "RESULT_SCAN" and len(node.expressions) == 1:
        return stored_result(execution, node.expressions[0])
    raise not_run(
        f"table function {name}",
        "It runs TABLE(GENERATOR(ROWCOUNT => n)) and TABLE(RESULT_SCAN(id)).",
    )


def _row_count(node: Any) -> int:
    for argument in node.expressions:
        if argument.key == "kwarg" and str(argument.this.name).upper() == "ROWCOUNT":
            written = str(argument.expression.name)
            if argument.expression.key != "literal" or not written.isdecimal():
                raise wrong_argument_types("GENERATOR", [str(argument.expression)])
            rows = int(
                written[: len(str(MAX_ROWS)) + 3]
            )  # enough digits to tell that it is too many
            check_size(rows)
            return rows
    raise not_run("GENERATOR without ROWCOUNT", "Give it a ROWCOUNT.")


def stored_result(execution: Execution, node: Any) -> Query:
    """Return an earlier result of this session, by its query id or ``LAST_QUERY_ID()``."""
    with execution.session.lock:
        results = dict(execution.session.results)
    if node.key == "anonymous" and str(node.name).upper() == "LAST_QUERY_ID":
        query_id = next(reversed(results), "")
    else:
        query_id = str(node.name)
    found = results.get(query_id)
    if found is None:
        raise object_missing("Result", query_id, "Only the latest few results are kept.")
    columns = tuple(Column(one.name, one.type) for one in found.columns)
    return Stored.of_rows(columns, found.rows)

"""What statements change in a session: USE, SET, UNSET, ALTER SESSION, and transactions.

A transaction is a connection of DuckDB's that the session keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local_cortex.sql.bounds import MAX_VARIABLE_CHARS, MAX_VARIABLES
from local_cortex.sql.names import identifier, written
from local_cortex.sql.resolve import Resolver
from local_cortex.sql.rows import query
from local_cortex.sql.sql_error import compile_error, not_run, too_large
from local_cortex.wire.result import SqlResult

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

# statementTypeId, as in Snowflake's JDBC driver
ALTER_SESSION, USE, TRANSACTION = 0x4100, 0x4300, 0x5000


def use(execution: Execution, node: Any) -> SqlResult:
    """Run USE DATABASE, SCHEMA, WAREHOUSE or ROLE; 002043, there is no such database or schema."""
    session, catalog = execution.session, execution.database.catalog
    kind = str(node.args.get("kind") or "DATABASE").upper()
    if kind == "SECONDARY ROLES":
        return SqlResult.done(USE)
    if kind not in {"ROLE", "WAREHOUSE", "SCHEMA", "DATABASE"}:
        raise not_run(f"USE {kind}")
    parts = Resolver(execution).parts(node.this)
    if kind in {"ROLE", "WAREHOUSE"}:
        setattr(session, kind.lower(), parts[-1])
        return SqlResult.done(USE)
    in_schema = kind == "SCHEMA" or len(parts) == 2
    database = parts[-2] if len(parts) > 1 else session.database if in_schema else parts[-1]
    schema = parts[-1] if in_schema else None
    if not catalog.has(database, schema):
        name = written(*filter(None, (database, schema)))
        message = f"Object does not exist, or operation cannot be performed: {name}."
        raise compile_error(message, "002043", "02000")
    session.database = database
    session.schema = schema or ("PUBLIC" if catalog.has(database, "PUBLIC") else None)
    return SqlResult.done(USE)


def set_variables(execution: Execution, node: Any) -> SqlResult:
    """Run SET."""
    variables = execution.session.variables
    for item in node.expressions:
        for name, value in _assignments(item):
            literal = _literal_of(execution, value)
            _check_setting(name, literal.name, len({*variables, name}))
            variables[name] = literal
    return SqlResult.done(ALTER_SESSION)


def _literal_of(execution: Execution, node: Any) -> Any:
    """Return the literal that an expression comes to."""
    if isinstance(node, exp.Literal):
        return node
    inner = node.this if isinstance(node, exp.Subquery) else exp.select(node)
    result = query(execution, inner)
    value = result.rowset()[0][0] if result.rowset() else None
    if value is None:
        return exp.null()
    kind = result.columns[0].type.name
    if kind == "BOOLEAN":
        return exp.Boolean(this=value == "1")
    return exp.Literal(this=value, is_string=kind not in {"FIXED", "REAL"})


def alter_session(execution: Execution, node: Any) -> SqlResult:
    """Run ALTER SESSION SET or UNSET."""
    parameters = execution.session.parameters
    for action in node.args["actions"]:
        for item in action.expressions:
            if action.args.get("unset"):
                parameters.pop(identifier(item.this).upper(), None)
                continue
            for name, value in _assignments(item):
                literal = _literal_of(execution, value)
                if isinstance(literal, exp.Null):
                    message = f"invalid value for parameter '{name}'"
                    raise compile_error(message, "001008", "22023")
                text = str(literal).lower() if isinstance(literal, exp.Boolean) else literal.name
                _check_setting(name, text, len({*parameters, name}))
                parameters[name] = text
    return SqlResult.done(ALTER_SESSION)


def _check_setting(name: str, value: str, size: int) -> None:
    if size > MAX_VARIABLES:
        raise too_large("Variables or parameters of a session", MAX_VARIABLES, "Unset some.")
    if len(name) + len(value) > MAX_VARIABLE_CHARS:
        raise too_large(f"The value of '{name[:80]}'", MAX_VARIABLE_CHARS, "Use a table.")


def _assignments(item: Any) -> list[tuple[str, Any]]:
    pair = item.this
    if isinstance(pair, exp.EQ) and isinstance(pair.this.unnest(), exp.Column):
        return [(identifier(pair.this.unnest().this).upper(), pair.expression)]
    if isinstance(pair, exp.EQ) and isinstance(pair.expression, exp.Tuple):
        names = [identifier(one.this).upper() for one in pair.this.expressions]
        return list(zip(names, pair.expression.expressions, strict=False))
    raise not_run("this form of SET")


def unset(execution: Execution, names: list[str]) -> SqlResult:
    """Run UNSET."""
    for name in names:
        execution.session.variables.pop(name.upper(), None)
    return SqlResult.done(ALTER_SESSION)


def begin(execution: Execution, _: Any = None) -> SqlResult:
    """Open a transaction, unless one is open."""
    session = execution.session
    with session.lock:
        if session.cursor is None and not session.closed:
            cursor = execution.database.cursor()
            cursor.execute("BEGIN TRANSACTION")
            session.cursor = cursor
    execution.join_transaction()
    return SqlResult.done(TRANSACTION)


def end(execution: Execution, word: str = "COMMIT") -> None:
    """End the session's transaction, if one is open."""
    execution.join_transaction()
    session = execution.session
    with session.lock:
        cursor, session.cursor = session.cursor, None
    if cursor is None:
        return
    try:
        # DuckDB would take COMMIT of a transaction that has failed, and keep nothing.
        if word == "COMMIT":
            cursor.execute("SELECT 1").fetchall()
        cursor.execute(word)
    finally:
        cursor.close()
        execution.leave_transaction()


def finish(execution: Execution, node: Any) -> SqlResult:
    """Run COMMIT or ROLLBACK: keep or undo what the transaction changed."""
    end(execution, node.key.upper())
    return SqlResult.done(TRANSACTION)

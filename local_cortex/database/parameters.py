"""What a session sets for its own later statements: USE, SET, UNSET and ALTER SESSION."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local_cortex.sql.errors import SqlError, compile_error, not_run, too_large
from local_cortex.sql.limits import MAX_VARIABLE_CHARS, MAX_VARIABLES
from local_cortex.sql.names import identifier, written
from local_cortex.sql.resolve import Resolver
from local_cortex.sql.select import query
from local_cortex.wire.result import SqlResult

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

__all__ = ["alter_session", "set_variables", "unset", "use"]

# statementTypeId, as in Snowflake's JDBC driver
ALTER_SESSION = 0x4100
USE = 0x4300


def use(execution: Execution, node: Any) -> SqlResult:
    """Run USE DATABASE, SCHEMA, WAREHOUSE or ROLE.

    Raises:
        SqlError: 002043, there is no such database or schema.
    """
    session, catalog = execution.session, execution.database.catalog
    kind = str(node.args.get("kind") or "DATABASE").upper()
    if kind == "SECONDARY ROLES":
        return SqlResult.done(USE)
    parts = Resolver(execution).parts(node.this)
    if kind == "ROLE":
        session.role = parts[-1]
    elif kind == "WAREHOUSE":
        session.warehouse = parts[-1]
    elif kind == "SCHEMA" or (kind == "DATABASE" and len(parts) == 2):
        database = parts[-2] if len(parts) > 1 else session.database
        if not catalog.has(database, parts[-1]):
            raise _cannot_use(written(*filter(None, (database, parts[-1]))))
        session.database, session.schema = database, parts[-1]
    elif kind == "DATABASE":
        if not catalog.has(parts[-1]):
            raise _cannot_use(written(parts[-1]))
        session.database = parts[-1]
        session.schema = "PUBLIC" if catalog.has(parts[-1], "PUBLIC") else None
    else:
        raise not_run(f"USE {kind}")
    return SqlResult.done(USE)


def _cannot_use(name: str) -> SqlError:
    message = f"Object does not exist, or operation cannot be performed: {name}."
    return compile_error(message, "002043", "02000")


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
                text = (
                    str(literal.name or literal).lower()
                    if isinstance(literal, exp.Boolean)
                    else literal.name
                )
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

"""Which statement it is, and the small ones: USE, SET, ALTER SESSION, transactions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from . import calls, membership, operators, windows
from .batch import NOT_CONSTANT, Batch, check_size
from .compiler import Compiler
from .context import Execution
from .errors import SqlError, not_run, syntax_error, too_large
from .inserting import insert
from .limits import MAX_VARIABLE_CHARS, MAX_VARIABLES
from .parse import Parsed
from .result import SqlColumn, SqlResult
from .scope import identifier
from .show import show
from .tables import create, drop, truncate
from .types import TEXT
from .values import as_text, weigh

__all__ = ["run_statement"]

# Importing them registers what expressions may hold.
HANDLER_MODULES = (calls, membership, operators, windows)

# statementTypeId, as in Snowflake's JDBC driver
SELECT = 0x1000
ALTER_SESSION = 0x4100
USE = 0x4300
TRANSACTION = 0x5000

DONE = "Statement executed successfully."

Runner = Callable[[Execution, Any], Awaitable[SqlResult]]


async def run_statement(
    execution: Execution, parsed: Parsed, *, describe_only: bool = False
) -> SqlResult:
    """Run a statement, or (``describe_only``) only find out which columns it would give.

    Raises:
        SqlError: see :func:`local_cortex.sql.execute`.
    """
    if parsed.tree is None:
        return _words(execution, parsed)
    key = parsed.tree.key
    if key in {"select", "union", "values", "subquery"}:
        return await _query(execution, parsed.tree, describe_only)
    runner = _RUNNERS.get(key)
    if runner is None:
        if key in _KNOWN:
            raise not_run(parsed.command)
        raise syntax_error(parsed.sql, parsed.tokens[0].start, str(parsed.tokens[0].text))
    if describe_only:
        return SqlResult((SqlColumn("status", TEXT),), [], SELECT)
    return await runner(execution, parsed.tree)


# Statements that are well-formed SQL, but not run.
_KNOWN = {
    "alter",
    "analyze",
    "cache",
    "command",
    "comment",
    "copy",
    "delete",
    "describe",
    "except",
    "grant",
    "intersect",
    "kill",
    "merge",
    "pivot",
    "revoke",
    "undrop",
    "update",
}


def _words(execution: Execution, parsed: Parsed) -> SqlResult:
    if parsed.command == "SHOW":
        return show(execution, parsed)
    if parsed.command == "UNSET":
        for token in parsed.tokens[1:]:
            execution.session.variables.pop(str(token.text).upper(), None)
        return _done(ALTER_SESSION)
    raise not_run(parsed.command)


async def _query(execution: Execution, node: Any, describe_only: bool) -> SqlResult:
    query = Compiler(execution).query(node)
    columns = tuple(SqlColumn(one.name, one.type, one.nullable) for one in query.columns)
    if describe_only:
        return SqlResult(columns, [], SELECT)
    batch = await query.run(execution)
    check_size(batch.size, len(columns))
    return SqlResult(columns, list(zip(*batch.columns, strict=True)), SELECT)


def _done(kind: int) -> SqlResult:
    return SqlResult((SqlColumn("status", TEXT),), [(DONE,)], kind)


async def _use(execution: Execution, node: Any) -> SqlResult:
    session = execution.session
    kind = str(node.args.get("kind") or "DATABASE").upper()
    if kind == "SECONDARY ROLES":
        return _done(USE)
    target = node.this
    parent = target.args.get("db")
    parts = [target.this] if parent is None else [target.this, parent]
    if any(getattr(part, "key", "") != "identifier" for part in parts):
        raise not_run(f"USE {target}", "Write the name out.")
    name = identifier(target.this)
    if kind == "SCHEMA" or (kind == "DATABASE" and parent is not None):
        session.schema = name
        session.database = identifier(parent) if parent is not None else session.database
    elif kind == "DATABASE":
        session.database, session.schema = name, "PUBLIC"
    elif kind == "ROLE":
        session.role = name
    elif kind == "WAREHOUSE":
        session.warehouse = name
    else:
        raise not_run(f"USE {kind}")
    return _done(USE)


async def _transaction(_: Execution, __: Any) -> SqlResult:
    # Temporary tables of one session, without failures half-way: there is nothing to roll back.
    return _done(TRANSACTION)


async def _set(execution: Execution, node: Any) -> SqlResult:
    binder = Compiler(execution).binder(())
    for item in node.expressions:
        name, value = _assignment(item)
        bound = binder.bind(value)
        result = (await bound.evaluate(Batch((), 1)))[0]
        variables = execution.session.variables
        _check_setting(name, result, len({*variables, name}))
        variables[name] = (result, bound.type)
    return _done(ALTER_SESSION)


async def _alter(execution: Execution, node: Any) -> SqlResult:
    if str(node.args.get("kind")).upper() != "SESSION":
        raise not_run(f"ALTER {node.args.get('kind')}")
    parameters = execution.session.parameters
    binder = Compiler(execution).binder(())
    for action in node.args["actions"]:
        for item in action.expressions:
            if item.this is None:
                raise not_run("this form of ALTER SESSION")
            if action.args.get("unset"):
                parameters.pop(identifier(item.this).upper(), None)
                continue
            name, value = _assignment(item)
            bound = binder.bind(value)
            if bound.constant is NOT_CONSTANT or bound.constant is None:
                message = f"SQL compilation error:\ninvalid value for parameter '{name}'"
                raise SqlError(message, code="001008", sqlstate="22023")
            _check_setting(name, bound.constant, len({*parameters, name}))
            parameters[name] = as_text(bound.constant, bound.type)
    return _done(ALTER_SESSION)


def _check_setting(name: str, value: Any, size: int) -> None:
    if size > MAX_VARIABLES:
        raise too_large("Variables or parameters of a session", MAX_VARIABLES, "Unset some.")
    if len(name) + weigh(value, MAX_VARIABLE_CHARS) > MAX_VARIABLE_CHARS:
        raise too_large(f"The value of '{name[:80]}'", MAX_VARIABLE_CHARS, "Use a table.")


def _assignment(item: Any) -> tuple[str, Any]:
    pair = item.this
    if pair is None or pair.key != "eq" or pair.this.key != "column":
        raise not_run("this form of SET")
    return identifier(pair.this.this).upper(), pair.expression


async def _drop(execution: Execution, node: Any) -> SqlResult:
    return drop(execution, node)


async def _truncate(execution: Execution, node: Any) -> SqlResult:
    return truncate(execution, node)


_RUNNERS: dict[str, Runner] = {
    "alter": _alter,
    "commit": _transaction,
    "create": create,
    "drop": _drop,
    "insert": insert,
    "rollback": _transaction,
    "set": _set,
    "transaction": _transaction,
    "truncatetable": _truncate,
    "use": _use,
}

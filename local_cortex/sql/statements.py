"""Which statement it is, queries, and the small ones: USE, SET, ALTER SESSION, transactions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local_cortex.ai import functions as cortex
from local_cortex.database import objects, show
from local_cortex.sql import dml, expressions
from local_cortex.sql.errors import SqlError, not_run, syntax_error, too_large
from local_cortex.sql.limits import MAX_VARIABLE_CHARS, MAX_VARIABLES
from local_cortex.sql.names import decode, identifier, written
from local_cortex.sql.parse import Parsed, parse
from local_cortex.sql.resolve import Resolver
from local_cortex.stages import statements as stages
from local_cortex.wire.result import SqlColumn, SqlResult
from local_cortex.wire.types import TEXT, SqlType, declared, of_duckdb

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

__all__ = ["describe", "done", "query", "run_statement", "translate"]

# statementTypeId, as in Snowflake's JDBC driver
SELECT = 0x1000
ALTER_SESSION = 0x4100
USE = 0x4300
TRANSACTION = 0x5000

DONE = "Statement executed successfully."
# What a query is to sqlglot.
QUERIES = (exp.Select, exp.SetOperation, exp.Values, exp.Subquery, exp.Table)


def run_statement(execution: Execution, parsed: Parsed) -> SqlResult | stages.PutGet:
    """Run a statement, or only find out which columns it would give.

    Raises:
        SqlError: see :func:`local_cortex.sql.execute`; what DuckDB raises is not translated yet.
    """
    tree = parsed.tree
    if tree is None:
        return _words(execution, parsed)
    staged = stages.run(execution, tree)
    if staged is not None:
        return staged
    if isinstance(tree, QUERIES):
        return query(execution, tree)
    runner = _RUNNERS.get(type(tree))
    if isinstance(tree, exp.Command) and objects.PLACES & set(parsed.words[1:5]):
        return done(objects.DDL)
    if runner is None:
        if isinstance(tree, exp.Expression) and parsed.tokens[0].token_type.name == "VAR":
            raise syntax_error(parsed.sql, parsed.tokens[0].start, str(parsed.tokens[0].text))
        raise not_run(" ".join(parsed.words[:2]))
    if execution.describe_only and not isinstance(tree, exp.Describe):
        return SqlResult.of_rows((SqlColumn("status", TEXT),), [], SELECT)
    if runner in _CHANGES and execution.session.parameters.get("AUTOCOMMIT") == "false":
        _begin(execution, tree)
    return runner(execution, tree)


def translate(execution: Execution, tree: Any) -> tuple[str, Resolver]:
    """Return DuckDB's SQL for a tree of Snowflake's, and what its names stood for."""
    resolver = Resolver(execution)
    tree = resolver.resolve(tree)
    return finish(resolver, tree), resolver


def finish(resolver: Resolver, tree: Any) -> str:
    """Return DuckDB's SQL for a tree whose names are resolved."""
    tree = resolver.reveal(cortex.late(expressions.rewrite(tree)))
    for one in list(tree.find_all(exp.PropertyEQ)):
        if isinstance(one.parent, exp.Update):
            one.replace(exp.EQ(this=one.this, expression=one.expression))
    return str(tree.sql("duckdb"))


def query(execution: Execution, tree: Any) -> SqlResult:
    """Run a query."""
    told = [_told(one) for one in tree.expressions] if isinstance(tree, exp.Select) else []
    sql, resolver = translate(execution, tree)
    execution.check()
    relation = execution.cursor.sql(sql)
    names = [decode(name) for name in relation.columns]
    columns = {column.name: column.type for one in resolver.tables for column in one.columns}
    types: list[SqlType | None] = []
    for name, (kind, plain), found in zip(
        names, _fit(told, len(names)), relation.types, strict=True
    ):
        own = kind or (columns.get(name) if plain else None)
        # DuckDB has one type for some of Snowflake's: what was declared says which it is.
        types.append(own if own is not None and own.duckdb == of_duckdb(found).duckdb else None)
    rows = not execution.describe_only
    return SqlResult.of_relation(relation, names, types, SELECT, rows=rows)


def _fit(told: list[Any], count: int) -> list[tuple[SqlType | None, bool]]:
    # A star stands for several columns: then the names alone tell.
    return told if len(told) == count and None not in told else [(None, True)] * count


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


def done(kind: int, message: str = DONE) -> SqlResult:
    """Return the result of a statement that has nothing to show."""
    return SqlResult.of_rows((SqlColumn("status", TEXT),), [(message,)], kind)


def _words(execution: Execution, parsed: Parsed) -> SqlResult | stages.PutGet:
    if parsed.words[0] == "SHOW":
        return show.show(execution, parsed)
    if parsed.words[0] == "UNSET":
        for token in parsed.tokens[1:]:
            execution.session.variables.pop(str(token.text).upper(), None)
        return done(ALTER_SESSION)
    if parsed.words[0] in {"GRANT", "REVOKE"}:
        # One user owns everything here.
        return done(objects.DDL)
    if parsed.words[:2] == ["EXECUTE", "IMMEDIATE"] and len(parsed.tokens) == 3:
        execution.sql = str(parsed.tokens[2].text)
        return run_statement(execution, parse(execution.sql, execution.check))
    raise not_run(parsed.words[0])


def _use(execution: Execution, node: Any) -> SqlResult:
    session, catalog = execution.session, execution.database.catalog
    kind = str(node.args.get("kind") or "DATABASE").upper()
    if kind == "SECONDARY ROLES":
        return done(USE)
    target = node.this
    if isinstance(target.this, exp.DynamicIdentifier):
        target = Resolver(execution).dynamic(target.this)
    parts = [identifier(part) for part in target.parts]
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
    return done(USE)


def _cannot_use(name: str) -> SqlError:
    return SqlError(
        f"SQL compilation error:\nObject does not exist, or operation cannot be performed: {name}.",
        code="002043",
        sqlstate="02000",
    )


def _begin(execution: Execution, _: Any) -> SqlResult:
    session = execution.session
    with session.lock:
        if session.cursor is None:
            session.cursor = execution.database.cursor()
            session.cursor.execute("BEGIN TRANSACTION")
    return done(TRANSACTION)


def end_transaction(execution: Execution, word: str = "COMMIT") -> None:
    """End the session's transaction, if one is open."""
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


def _commit(execution: Execution, _: Any) -> SqlResult:
    end_transaction(execution)
    return done(TRANSACTION)


def _rollback(execution: Execution, _: Any) -> SqlResult:
    end_transaction(execution, "ROLLBACK")
    return done(TRANSACTION)


def _set(execution: Execution, node: Any) -> SqlResult:
    variables = execution.session.variables
    for item in node.expressions:
        for name, value in _assignments(item):
            literal = _value(execution, value)
            _check_setting(name, literal.name, len({*variables, name}))
            variables[name] = literal
    return done(ALTER_SESSION)


def _value(execution: Execution, node: Any) -> Any:
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


def _alter(execution: Execution, node: Any) -> SqlResult:
    if str(node.args.get("kind")).upper() != "SESSION":
        return objects.alter(execution, node)
    parameters = execution.session.parameters
    for action in node.args["actions"]:
        for item in action.expressions:
            if action.args.get("unset"):
                parameters.pop(identifier(item.this).upper(), None)
                continue
            for name, value in _assignments(item):
                literal = _value(execution, value)
                if isinstance(literal, exp.Null):
                    message = f"SQL compilation error:\ninvalid value for parameter '{name}'"
                    raise SqlError(message, code="001008", sqlstate="22023")
                text = (
                    str(literal.name or literal).lower()
                    if isinstance(literal, exp.Boolean)
                    else literal.name
                )
                _check_setting(name, text, len({*parameters, name}))
                parameters[name] = text
    return done(ALTER_SESSION)


def _check_setting(name: str, value: str, size: int) -> None:
    if size > MAX_VARIABLES:
        raise too_large("Variables or parameters of a session", MAX_VARIABLES, "Unset some.")
    if len(name) + len(value) > MAX_VARIABLE_CHARS:
        raise too_large(f"The value of '{name[:80]}'", MAX_VARIABLE_CHARS, "Use a table.")


def _assignments(item: Any) -> list[tuple[str, Any]]:
    pair = item.this
    if isinstance(pair, exp.EQ) and isinstance(pair.this, exp.Column):
        return [(identifier(pair.this.this).upper(), pair.expression)]
    if isinstance(pair, exp.EQ) and isinstance(pair.this, exp.Tuple):
        names = [identifier(one.this).upper() for one in pair.this.expressions]
        return list(zip(names, pair.expression.expressions, strict=False))
    raise not_run("this form of SET")


def _describe(execution: Execution, node: Any) -> SqlResult:
    kind = str(node.args.get("kind") or "TABLE").upper()
    if isinstance(node.this, exp.Query):
        return query(execution, node.this)
    if kind == "RESULT":
        raise not_run("DESCRIBE RESULT")
    if kind not in {"TABLE", "VIEW"}:
        raise not_run(f"DESCRIBE {kind}")
    return show.describe_table(Resolver(execution).find(node.this))


_RUNNERS: dict[type, Callable[[Execution, Any], SqlResult]] = {
    exp.Alter: _alter,
    exp.Comment: objects.comment,
    exp.Commit: _commit,
    exp.Create: objects.create,
    exp.Delete: dml.delete,
    exp.Describe: _describe,
    exp.Drop: objects.drop,
    exp.Insert: dml.insert,
    exp.Merge: dml.merge,
    exp.Rollback: _rollback,
    exp.Set: _set,
    exp.Transaction: _begin,
    exp.TruncateTable: dml.truncate,
    exp.Update: dml.update,
    exp.Use: _use,
}
_CHANGES = {dml.delete, dml.insert, dml.merge, dml.update}

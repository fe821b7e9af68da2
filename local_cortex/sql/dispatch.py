"""Which statement it is, and what runs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local_cortex.database import dml, objects, parameters, show, transactions
from local_cortex.sql.errors import not_run, syntax_error
from local_cortex.sql.parse import Parsed
from local_cortex.sql.resolve import Resolver
from local_cortex.sql.select import SELECT, query
from local_cortex.stages import commands as stages
from local_cortex.wire.result import SqlColumn, SqlResult
from local_cortex.wire.types import TEXT

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

__all__ = ["run_statement"]

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
    runner = RUNNERS.get(type(tree))
    if isinstance(tree, exp.Command) and objects.PLACES & set(parsed.words[1:5]):
        return SqlResult.done(objects.DDL)
    if runner is None:
        if isinstance(tree, exp.Expression) and parsed.tokens[0].token_type.name == "VAR":
            raise syntax_error(parsed.sql, parsed.tokens[0].start, str(parsed.tokens[0].text))
        raise not_run(parsed.kind)
    if execution.describe_only and not isinstance(tree, exp.Describe):
        return SqlResult.of_rows((SqlColumn("status", TEXT),), [], SELECT)
    if type(tree) in CHANGES and execution.session.parameters.get("AUTOCOMMIT") == "false":
        transactions.begin(execution)
    return runner(execution, tree)


def _words(execution: Execution, parsed: Parsed) -> SqlResult | stages.PutGet:
    if parsed.words[0] == "SHOW":
        return show.show(execution, parsed)
    if parsed.words[0] == "UNSET" and not execution.describe_only:
        return parameters.unset(execution, [str(token.text) for token in parsed.tokens[1:]])
    if parsed.words[0] in {"GRANT", "REVOKE"}:
        # One user owns everything here.
        return SqlResult.done(objects.DDL)
    raise not_run(parsed.words[0])


def _describe(execution: Execution, node: Any) -> SqlResult:
    kind = str(node.args.get("kind") or "TABLE").upper()
    if isinstance(node.this, exp.Query):
        return query(execution, node.this)
    if kind == "RESULT":
        raise not_run("DESCRIBE RESULT")
    if kind not in {"TABLE", "VIEW"}:
        raise not_run(f"DESCRIBE {kind}")
    return show.describe_table(Resolver(execution).find(node.this))


def _alter(execution: Execution, node: Any) -> SqlResult:
    if str(node.args.get("kind")).upper() == "SESSION":
        return parameters.alter_session(execution, node)
    return objects.alter(execution, node)


CHANGES: dict[type, Callable[[Execution, Any], SqlResult]] = {
    exp.Delete: dml.delete,
    exp.Insert: dml.insert,
    exp.Merge: dml.merge,
    exp.Update: dml.update,
}
RUNNERS: dict[type, Callable[[Execution, Any], SqlResult]] = {
    **CHANGES,
    exp.Alter: _alter,
    exp.Comment: objects.comment,
    exp.Commit: transactions.commit,
    exp.Create: objects.create,
    exp.Describe: _describe,
    exp.Drop: objects.drop,
    exp.Rollback: transactions.rollback,
    exp.Set: parameters.set_variables,
    exp.Transaction: transactions.begin,
    exp.TruncateTable: dml.truncate,
    exp.Use: parameters.use,
}

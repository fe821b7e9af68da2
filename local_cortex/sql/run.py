"""One statement from text to result; whatever goes wrong on the way is an :class:`SqlError`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from local_cortex.database import listings, objects, session_state
from local_cortex.database.execution import Execution, Stopped
from local_cortex.sql import rows
from local_cortex.sql.bounds import MAX_DEPTH
from local_cortex.sql.parse import Parsed, parse
from local_cortex.sql.resolve import Resolver
from local_cortex.sql.sql_error import SqlError, not_run, out_of_memory, syntax_error, too_large
from local_cortex.stages import commands as stages
from local_cortex.wire.binds import decode_binds
from local_cortex.wire.result import DDL, SqlResult

# Two statements that change the same rows at the same time: Snowflake lets the second wait.
CONFLICTS = 20
CONFLICT_SECONDS = 0.02
# What a query is to sqlglot.
QUERIES = (exp.Select, exp.SetOperation, exp.Values, exp.Subquery, exp.Table)

log = logging.getLogger(__name__)


def run(execution: Execution, binds: Mapping[str, Any] | None) -> SqlResult | stages.PutGet:
    """Run one statement on the caller's thread; see :func:`local_cortex.sql.execute`."""
    try:
        execution.join_transaction()
        execution.binds = decode_binds(binds)
        result = _patiently(execution)
    except RecursionError:
        # Everything that nests is counted; this is for what was not thought of.
        raise too_large("Nesting", MAX_DEPTH, "Nest the statement less deeply.") from None
    except MemoryError:
        raise out_of_memory() from None
    except SqlError:
        raise
    except Exception as error:
        if execution.stopped:
            raise Stopped from None
        raise _told(execution, error) from error
    finally:
        execution.close()
    if isinstance(result, SqlResult) and execution.query_id and not execution.describe_only:
        execution.session.keep(execution.query_id, result)
    return result


def _patiently(execution: Execution) -> SqlResult | stages.PutGet:
    """Run the statement, and again where another changed the same rows meanwhile."""
    for left in reversed(range(CONFLICTS)):
        try:
            # Running changes the tree, so each attempt parses again.
            return _run_parsed(execution, parse(execution.sql, execution.check))
        except Exception as error:
            # Known by its name: DuckDB may not be imported yet.
            conflict = type(error).__name__ == "TransactionException" and "onflict" in str(error)
            if not conflict or execution.in_transaction or not left:
                raise
            time.sleep(CONFLICT_SECONDS)
    raise AssertionError


def _told(execution: Execution, error: Exception) -> SqlError:
    """Return the SqlError for an error that isn't Snowflake's."""
    import duckdb

    from local_cortex.sql.failures import as_sql_error

    if isinstance(execution.failure, SqlError):
        return execution.failure
    if isinstance(error, duckdb.Error) and execution.failure is None:
        known = [column.name for table in execution.tables for column in table.columns]
        text = execution.database.stages.hide(str(error))
        return as_sql_error(text, type(error), parse(execution.sql), known)
    # The connector repeats a request that failed with HTTP 500 for minutes; an error message is
    # what a learner can do something with.
    log.exception("a statement failed inside Local Cortex")
    return SqlError(
        "SQL execution internal error:\nLocal Cortex failed to run this statement "
        f"({type(error).__name__}). That is a fault of Local Cortex, not of the statement.",
        code="000603",
        sqlstate="XX000",
    )


def _run_parsed(execution: Execution, parsed: Parsed) -> SqlResult | stages.PutGet:
    """Run a statement, or only find out which columns it would give."""
    tree = parsed.tree
    if tree is None:
        return _words(execution, parsed)
    staged = stages.run(execution, tree)
    if staged is not None:
        return staged
    if isinstance(tree, QUERIES):
        return rows.query(execution, tree)
    if isinstance(tree, exp.Command) and objects.PLACES & set(parsed.words[1:5]):
        return SqlResult.done(DDL)
    runner = RUNNERS.get(type(tree))
    if isinstance(tree, exp.Alter) and str(tree.args.get("kind")).upper() == "SESSION":
        runner = session_state.alter_session
    if runner is None:
        if isinstance(tree, exp.Expression) and parsed.tokens[0].token_type.name == "VAR":
            raise syntax_error(parsed.sql, parsed.tokens[0].start, str(parsed.tokens[0].text))
        raise not_run(parsed.kind)
    if execution.describe_only and not isinstance(tree, exp.Describe):
        return SqlResult.described()
    manual = execution.session.parameters.get("AUTOCOMMIT") == "false"
    if manual and isinstance(tree, exp.DML | exp.Merge):
        session_state.begin(execution)
    return runner(execution, tree)


def _words(execution: Execution, parsed: Parsed) -> SqlResult:
    """Run a statement that has no tree."""
    first = parsed.words[0]
    if first == "SHOW":
        return listings.show(execution, parsed)
    if first == "UNSET" and not execution.describe_only:
        return session_state.unset(execution, [str(token.text) for token in parsed.tokens[1:]])
    if first in {"GRANT", "REVOKE"}:
        # One user owns everything here.
        return SqlResult.done(DDL)
    raise not_run(first)


def _describe(execution: Execution, node: Any) -> SqlResult:
    if isinstance(node.this, exp.Query):
        return rows.query(execution, node.this)
    kind = str(node.args.get("kind") or "TABLE").upper()
    if kind in listings.DESCRIBED:
        return listings.describe(execution, kind, Resolver(execution).name(node.this))
    if kind not in {"TABLE", "VIEW"}:
        raise not_run(f"DESCRIBE {kind}")
    return listings.describe_table(Resolver(execution).find(node.this))


RUNNERS: dict[type, Callable[[Execution, Any], SqlResult]] = {
    exp.Alter: objects.alter,
    exp.Comment: objects.comment,
    exp.Commit: session_state.finish,
    exp.Create: objects.create,
    exp.Delete: rows.delete,
    exp.Describe: _describe,
    exp.Drop: objects.drop,
    exp.Insert: rows.insert,
    exp.Merge: rows.merge,
    exp.Rollback: session_state.finish,
    exp.Set: session_state.set_variables,
    exp.Transaction: session_state.begin,
    exp.TruncateTable: rows.truncate,
    exp.Update: rows.update,
    exp.Use: session_state.use,
}

"""One statement from text to result; whatever goes wrong on the way is an :class:`SqlError`."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local_cortex.database.execution import Execution, Stopped
from local_cortex.sql.dispatch import run_statement
from local_cortex.sql.errors import SqlError, out_of_memory, too_large
from local_cortex.sql.limits import MAX_DEPTH
from local_cortex.sql.parse import parse
from local_cortex.wire.binds import decode_binds
from local_cortex.wire.result import SqlResult

if TYPE_CHECKING:
    from local_cortex.stages.commands import PutGet

__all__ = ["run"]

# Two statements that change the same rows at the same time: Snowflake lets the second wait.
CONFLICTS = 20
CONFLICT_SECONDS = 0.02

logger = logging.getLogger(__name__)


def run(execution: Execution, binds: Mapping[str, Any] | None) -> SqlResult | PutGet:
    """Run one statement on the caller's thread; see :func:`local_cortex.sql.execute`."""
    try:
        execution.join_transaction()
        execution.binds = decode_binds(binds)
        return _kept(execution, _patiently(execution))
    except RecursionError:
        # Everything that nests is counted; this is for what was not thought of.
        raise too_large("Nesting", MAX_DEPTH, "Nest the statement less deeply.") from None
    except MemoryError:
        raise out_of_memory() from None
    except (SqlError, Stopped):
        raise
    except Exception as error:
        if execution.stopped:
            raise Stopped from None
        raise _told(execution, error) from error
    finally:
        execution.close()


def _kept(execution: Execution, result: SqlResult | PutGet) -> SqlResult | PutGet:
    """Keep a result for RESULT_SCAN."""
    if isinstance(result, SqlResult) and execution.query_id and not execution.describe_only:
        execution.session.keep(execution.query_id, result)
    return result


def _patiently(execution: Execution) -> SqlResult | PutGet:
    """Run the statement, and again where another changed the same rows meanwhile."""
    attempts = CONFLICTS
    while True:
        try:
            # The tree is changed on the way, so each attempt parses anew.
            return run_statement(execution, parse(execution.sql, execution.check))
        except Exception as error:
            attempts -= 1
            # Known by its name: DuckDB may not be imported yet.
            conflict = type(error).__name__ == "TransactionException" and "onflict" in str(error)
            if not conflict or execution.in_transaction or not attempts:
                raise
            time.sleep(CONFLICT_SECONDS)


def _told(execution: Execution, error: Exception) -> SqlError:
    """Return what the client is told of an error that is not Snowflake's."""
    import duckdb

    from local_cortex.sql.failures import as_sql_error

    if isinstance(execution.failure, SqlError):
        return execution.failure
    if isinstance(error, duckdb.Error) and execution.failure is None:
        known = [column.name for table in execution.tables for column in table.columns]
        text = execution.stages.hide(str(error))
        return as_sql_error(text, type(error), parse(execution.sql), known)
    # The connector repeats a request that failed with HTTP 500 for minutes; an error message is
    # what a learner can do something with.
    logger.exception("a statement failed inside Local Cortex")
    return SqlError(
        "SQL execution internal error:\nLocal Cortex failed to run this statement "
        f"({type(error).__name__}). That is a fault of Local Cortex, not of the statement.",
        code="000603",
        sqlstate="XX000",
    )

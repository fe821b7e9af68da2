"""BEGIN, COMMIT and ROLLBACK: a transaction is a connection of DuckDB's that the session keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_cortex.wire.result import SqlResult

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

__all__ = ["begin", "end", "finish"]

TRANSACTION = 0x5000  # statementTypeId, as in Snowflake's JDBC driver


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

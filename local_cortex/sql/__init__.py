"""Snowflake SQL, as much of it as the course's clients send.

:func:`execute` runs one statement against a :class:`SqlSession`. It parses (with sqlglot) and
evaluates; there is no database underneath. Importing this package does not import sqlglot, which
takes a tenth of a second: the first statement does, or :func:`warm_up`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .binds import Bind, decode_binds
from .errors import SqlError
from .protocol import Completion, CortexFunctions
from .result import SqlColumn, SqlResult
from .session import SqlSession
from .types import SqlType

__all__ = [
    "Bind",
    "Completion",
    "CortexFunctions",
    "SqlColumn",
    "SqlError",
    "SqlResult",
    "SqlSession",
    "SqlType",
    "decode_binds",
    "execute",
    "warm_up",
]


async def execute(
    sql: str,
    *,
    session: SqlSession,
    cortex: CortexFunctions,
    binds: Mapping[str, Any] | None = None,
    describe_only: bool = False,
    query_id: str = "",
) -> SqlResult:
    """Run one statement.

    ``binds`` are the ``bindings`` of a query request, as they came. With ``describe_only`` the
    result has columns and no rows, and no model is asked. A result is kept under ``query_id``, if
    one is given, for ``RESULT_SCAN``. Cancelling the call cancels the models' answers.

    Raises:
        SqlError: with Snowflake's code and SQLSTATE; 000002 for what Local Cortex does not run.
    """
    from .running import run

    return await run(
        sql,
        session=session,
        cortex=cortex,
        binds=binds,
        describe_only=describe_only,
        query_id=query_id,
    )


def warm_up() -> None:
    """Import what the first statement would otherwise import; any thread may call it."""
    from . import running as running

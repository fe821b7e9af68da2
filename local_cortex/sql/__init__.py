"""Snowflake SQL, as much of it as the course's clients send.

:func:`execute` runs one statement against a :class:`SqlSession`. It parses (with sqlglot) and
evaluates; there is no database underneath. Importing this package does not import sqlglot, which
takes a tenth of a second: the first statement does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local_cortex.engines import EngineError

from .binds import Bind, decode_binds
from .errors import SqlError
from .protocol import Completion, CortexFunctions
from .result import SqlColumn, SqlResult
from .session import SqlSession
from .types import SqlType
from .workers import Workers, compute

if TYPE_CHECKING:
    from .asking import Asking

__all__ = [
    "Bind",
    "Completion",
    "CortexFunctions",
    "SqlColumn",
    "SqlError",
    "SqlResult",
    "SqlSession",
    "SqlType",
    "Workers",
    "decode_binds",
    "execute",
]


async def execute(
    sql: str,
    *,
    session: SqlSession,
    cortex: CortexFunctions,
    binds: Mapping[str, Any] | None = None,
    describe_only: bool = False,
    query_id: str = "",
    workers: Workers | None = None,
) -> SqlResult:
    """Run one statement.

    ``binds`` are the ``bindings`` of a query request, as they came. With ``describe_only`` the
    result has columns and no rows, and no model is asked. A result is kept under ``query_id``, if
    one is given, for ``RESULT_SCAN``. ``workers`` compute the statement, and no thread waits for a
    model; without them it is computed on the caller's thread, for as long as it takes. Cancelling
    the call ends the computation and cancels the models' answers.

    Raises:
        SqlError: with Snowflake's code and SQLSTATE; 000002 for what Local Cortex does not run,
            000630 for what took longer than ``workers`` or the session allow.
    """

    async def work() -> SqlResult:
        # Imported where it is computed: the first time it takes a quarter of a second.
        from .running import run

        return await run(
            sql,
            session=session,
            cortex=cortex,
            binds=binds,
            describe_only=describe_only,
            query_id=query_id,
        )

    async def answer(asked: Asking) -> list[Completion | EngineError]:
        return await asked.answers(cortex)

    return await compute(work(), answer, workers, session.timeout(math.inf))

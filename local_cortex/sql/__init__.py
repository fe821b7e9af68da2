"""Snowflake SQL on DuckDB, by way of sqlglot.

:class:`SqlServer` runs the statements of a :class:`SqlSession`: one is parsed as Snowflake's, its
names are resolved, what Snowflake lacks is refused, and DuckDB computes the rest. What DuckDB
lacks of Snowflake (SHOW, USE, stages, the Cortex functions) is Python here. Importing this package
imports neither sqlglot nor DuckDB: the first statement does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_cortex.ai import CortexFunctions
from local_cortex.database.database import Database
from local_cortex.database.execution import Execution
from local_cortex.database.sql_session import SqlSession
from local_cortex.database.workers import Workers
from local_cortex.sql.sql_error import SqlError
from local_cortex.wire.result import SqlColumn, SqlResult

if TYPE_CHECKING:
    from local_cortex.stages.commands import PutGet

__all__ = [
    "CortexFunctions",
    "Database",
    "SqlColumn",
    "SqlError",
    "SqlResult",
    "SqlServer",
    "SqlSession",
    "Workers",
]


@dataclass(frozen=True, slots=True)
class SqlServer:
    """What all statements of one server share."""

    database: Database
    workers: Workers
    cortex: CortexFunctions

    async def execute(
        self,
        sql: str,
        session: SqlSession,
        *,
        binds: Mapping[str, Any] | None = None,
        describe_only: bool = False,
        query_id: str = "",
    ) -> SqlResult | PutGet:
        """Run one statement.

        ``binds`` are the ``bindings`` of a query request, as they came. With ``describe_only`` the
        result has columns and no rows, and no model is asked. A result is kept under ``query_id``,
        if one is given, for ``RESULT_SCAN``. Cancelling the call ends the computation and the
        models' answers.

        Raises:
            SqlError: with Snowflake's code and SQLSTATE; 000002 for what Local Cortex does not run,
                000630 for what took longer than the workers or the session allow.
        """
        execution = self.begin(session, sql=sql, query_id=query_id, describe_only=describe_only)

        def work() -> SqlResult | PutGet:
            # Imported where it is computed: the first time it takes a quarter of a second.
            from local_cortex.sql.run import run

            return run(execution, binds)

        return await self.workers.run(work, execution)

    def begin(self, session: SqlSession, **statement: Any) -> Execution:
        """Enter a statement of a session; :meth:`Workers.run` computes it."""
        loop = asyncio.get_running_loop()
        return Execution(session, self.database, self.cortex, loop, **statement)

"""Cortex Search: services over a query's rows, ranked by words and by spelling.

:func:`search` is for what answers with rows that it found, as an agent does; ``CREATE CORTEX SEARCH
SERVICE`` and its like are in :mod:`local_cortex.search.statements`. Importing this package imports
neither DuckDB nor numpy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from local_cortex.faults import Refusal
from local_cortex.sql import CortexFunctions, Database, SqlSession, Workers
from local_cortex.sql.names import parts

__all__ = ["search"]


async def search(
    service: str,
    query: str,
    *,
    database: Database,
    workers: Workers,
    cortex: CortexFunctions,
    session: SqlSession | None = None,
    columns: Sequence[str] | None = None,
    filter: Mapping[str, Any] | None = None,  # noqa: A002 - documented
    limit: int = 10,
) -> list[dict[str, Any]]:
    """Return the rows of a service that fit a query best.

    ``service`` is a name as SQL writes it, completed from ``session``. A row has the columns asked
    for, called as they were asked for (the search column, where none were), and ``@scores``.

    Raises:
        Refusal: 404, no such service; 400, a column, filter or limit that it does not have.
        SqlError: the service's query fails, or takes longer than ``workers`` allow.
    """
    body = {"query": query, "columns": columns, "filter": filter, "limit": limit}
    return await answer(
        service, body, database=database, workers=workers, cortex=cortex, session=session
    )


async def answer(
    service: str,
    body: Mapping[str, Any],
    *,
    database: Database,
    workers: Workers,
    cortex: CortexFunctions,
    session: SqlSession | None = None,
) -> list[dict[str, Any]]:
    """Answer a request's JSON; see :func:`search`."""
    from local_cortex.database.execution import Execution
    from local_cortex.search.service import read, results, service_named

    request = read(body)
    caller = session or SqlSession("CORTEX_SEARCH")
    execution = Execution(caller, database, cortex, asyncio.get_running_loop())

    def work() -> list[dict[str, Any]]:
        from local_cortex.sql.resolve import Resolver

        try:
            try:
                name = Resolver(execution).full(parts(service))
            except ValueError:
                raise Refusal(400, f"{service[:100]!r} is not the name of a service") from None
            return results(execution, service_named(execution, name), request)
        finally:
            execution.close()

    return await workers.run(work, execution)

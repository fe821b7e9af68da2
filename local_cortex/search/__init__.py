"""Cortex Search: services over a query's rows, ranked by words and by spelling.

Importing this package imports neither DuckDB nor numpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_cortex.faults import Refusal
from local_cortex.sql import SqlServer, SqlSession
from local_cortex.sql.names import parts

__all__ = ["search"]


async def search(
    server: SqlServer,
    service: str,
    body: Mapping[str, Any],
    session: SqlSession | None = None,
    *,
    text_first: bool = False,
) -> list[dict[str, Any]]:
    """Return the rows of a service that fit a request's JSON best.

    ``service`` is a name as SQL writes it, completed from ``session``. A row has the columns asked
    for, called as they were asked for (the search column, where none were), and ``@scores``. With
    ``text_first`` the search column comes before those asked for. ``Refusal`` 404, there is no such
    service, or 400; ``SqlError``, its query fails.
    """
    from local_cortex.search.service import read, results, service_named

    request = read(body)
    execution = server.begin(session or SqlSession("CORTEX_SEARCH"))

    def work() -> list[dict[str, Any]]:
        from local_cortex.sql.resolve import Resolver

        try:
            try:
                name = Resolver(execution).full(parts(service))
            except ValueError:
                raise Refusal(400, f"{service[:100]!r} is not the name of a service") from None
            found = service_named(execution, name)
            return results(execution, found, request, text_first=text_first)
        finally:
            execution.close()

    return await server.workers.run(work, execution)

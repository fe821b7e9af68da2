"""What one logged-in session remembers between its statements."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .limits import KEPT_RESULTS

if TYPE_CHECKING:
    from .batch import Table
    from .result import SqlResult

__all__ = ["SqlSession"]

DEFAULT_PARAMETERS = {
    "AUTOCOMMIT": "true",
    "QUERY_TAG": "",
    "TIMEZONE": "UTC",
    "STATEMENT_TIMEOUT_IN_SECONDS": "172800",
    "TIMESTAMP_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM",
}


@dataclass(slots=True)
class SqlSession:
    """Names are as Snowflake keeps them (upper case unless quoted); ``None`` where none is in use.

    ``tables`` holds the temporary tables by database, schema and name; ``variables`` what SET set;
    ``results`` the latest results by query id, for RESULT_SCAN.
    """

    user: str
    role: str | None = "PUBLIC"
    warehouse: str | None = None
    database: str | None = None
    schema: str | None = None
    account: str = "LOCAL"
    organization: str = "LOCAL_CORTEX"
    region: str = "LOCAL"
    session_id: int = 0
    version: str = "0.0.0"
    client: str = ""
    parameters: dict[str, str] = field(default_factory=lambda: dict(DEFAULT_PARAMETERS))
    variables: dict[str, Any] = field(default_factory=dict)
    tables: dict[tuple[str | None, str | None, str], Table] = field(default_factory=dict)
    results: OrderedDict[str, SqlResult] = field(default_factory=OrderedDict)

    def keep(self, query_id: str, result: SqlResult) -> None:
        """Remember a result for RESULT_SCAN and LAST_QUERY_ID; the oldest is forgotten."""
        self.results[query_id] = result
        while len(self.results) > KEPT_RESULTS:
            self.results.popitem(last=False)

    def now(self) -> dt.datetime:
        """Return the time of day in UTC, which is also this session's time zone."""
        return dt.datetime.now(dt.UTC)

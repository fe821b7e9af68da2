"""What one logged-in session remembers between its statements."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_cortex.sql.bounds import KEPT_RESULTS, MAX_KEPT_BYTES

if TYPE_CHECKING:
    from local_cortex.wire.result import SqlResult

DEFAULT_PARAMETERS = {
    "AUTOCOMMIT": "true",
    "PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "ARROW",
    "QUERY_TAG": "",
    "TIMEZONE": "UTC",
    "STATEMENT_TIMEOUT_IN_SECONDS": "172800",
    "TIMESTAMP_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM",
}


@dataclass(slots=True)
class SqlSession:
    """Names are as Snowflake keeps them (upper case unless quoted); ``None`` where none is in use.

    ``variables`` holds what SET set; ``results`` the latest results by query id, for RESULT_SCAN.
    Statements of one session run at the same time, on several threads, except in a transaction:
    ``cursor`` is DuckDB's connection of the open one, and ``turn`` is held by the statement that
    runs in it. ``lock`` is for what is read and then changed, and never held for long.
    ``cancel`` ends a statement by its query id, and tells whether there was one.
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
    results: OrderedDict[str, SqlResult] = field(default_factory=OrderedDict)
    cursor: Any = field(default=None, repr=False)
    cancel: Callable[[str], bool] = field(default=lambda _: False, repr=False)
    closed: bool = False
    turn: threading.RLock = field(default_factory=threading.RLock, repr=False)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def keep(self, query_id: str, result: SqlResult) -> None:
        """Remember a result for RESULT_SCAN and LAST_QUERY_ID; the oldest are forgotten."""
        with self.lock:
            self.results[query_id] = result
            while (
                len(self.results) > KEPT_RESULTS
                or sum(one.weight for one in self.results.values()) > MAX_KEPT_BYTES
            ):
                self.results.popitem(last=False)

    def timeout(self, most: float) -> float:
        """Return how many seconds a statement may compute: what was set, and at most ``most``."""
        asked = self.parameters.get("STATEMENT_TIMEOUT_IN_SECONDS", "")
        # 0 is Snowflake's way of saying the longest there is.
        return min(float(asked[:9]) or most, most) if asked.isdecimal() else most

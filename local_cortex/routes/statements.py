"""Running SQL statements: each once, in the background, abortable, and fetched when it is done.

Snowflake keeps a client waiting for a while and then answers "in progress" with an address to ask
again; a client that lost its connection repeats the same request id. Both matter here, because a
statement that asks a model takes as long as the model.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_cortex.sql import SqlError

if TYPE_CHECKING:
    from local_cortex.stages.commands import PutGet
    from local_cortex.wire.result import SqlResult

__all__ = ["Statement", "Statements"]

# Shorter than any socket timeout a client is likely to have set; Snowflake's own is 45 s.
LONG_POLL_SECONDS = 2.0
# Finished statements are kept for clients that come back, or lost the answer and repeat the
# request. Beyond this many, or this many bytes of results, the oldest go.
KEPT_STATEMENTS = 1_000
KEPT_BYTES = 128_000_000
# Of one session, which a whole class may share; each keeps its request.
MOST_UNFINISHED = 200

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Statement:
    """One statement on its way; ``query_id`` is what clients know it by.

    ``arrow`` says whether its client reads rows as Arrow.
    """

    query_id: str
    request_id: str
    owner: int
    task: asyncio.Task[SqlResult | PutGet]
    arrow: bool = False

    @property
    def status(self) -> str:
        """How far it is, in the words of ``QueryStatus`` of the connector."""
        if not self.task.done():
            return "ABORTING" if self.task.cancelling() else "RUNNING"
        # An account calls a cancelled statement failed, too: with 000604.
        return "FAILED_WITH_ERROR" if self.error is not None else "SUCCESS"

    @property
    def error(self) -> SqlError | None:
        """Why it failed; ``None`` while it runs and when it succeeded."""
        if not self.task.done():
            return None
        if self.task.cancelled():
            return SqlError("SQL execution canceled", code="000604", sqlstate="57014")
        error = self.task.exception()
        if error is None or isinstance(error, SqlError):
            return error
        kind = type(error).__name__
        text = f"SQL execution internal error: {kind} in Local Cortex."
        return SqlError(text, code="000603", sqlstate="XX000")

    @property
    def size(self) -> int:
        """About how many bytes its result takes; 0 while there is none."""
        if not self.task.done() or self.task.cancelled() or self.task.exception():
            return 0
        return getattr(self.task.result(), "weight", 0)

    async def wait(self, seconds: float) -> SqlResult | PutGet | None:
        """Wait for the result; ``None`` when it is not there in time.

        Raises:
            SqlError: the statement failed or was aborted.
        """
        done, _ = await asyncio.wait({self.task}, timeout=seconds)
        if not done:
            return None
        if (failure := self.error) is None:
            return self.task.result()
        if failure.code == "000603":
            # An error's words may hold a prompt: they are for somebody who looks for a fault.
            cause = self.task.exception()
            details = cause if log.isEnabledFor(logging.DEBUG) else None
            log.error("A statement failed: %s", type(cause).__name__, exc_info=details)
        raise failure


class Statements:
    """The statements of one server, by query id and by request id."""

    def __init__(self) -> None:
        self._by_query: dict[str, Statement] = {}
        self._by_request: dict[tuple[int, str], Statement] = {}

    def start(
        self,
        owner: int,
        request_id: str,
        run: Callable[[str], Coroutine[Any, Any, SqlResult | PutGet]],
        *,
        arrow: bool = False,
    ) -> Statement:
        """Start a statement, or return the one that this session already started with this id.

        ``run`` is given the statement's query id. Without a request id it is always a new one.

        Raises:
            SqlError: too many of the session have not finished yet.
        """
        known = self._by_request.get((owner, request_id))
        if known is not None:
            return known
        unfinished = [one for one in self._by_query.values() if not one.task.done()]
        if sum(one.owner == owner for one in unfinished) >= MOST_UNFINISHED:
            raise SqlError(
                f"Local Cortex runs {MOST_UNFINISHED} statements of a session at a time. "
                "Wait for some of them.",
                code="000624",
                sqlstate="57014",
            )
        query_id = str(uuid.uuid4())
        statement = Statement(
            query_id, request_id, owner, asyncio.create_task(run(query_id)), arrow
        )
        # The client may be gone before the statement fails: mark the exception as retrieved.
        statement.task.add_done_callback(lambda task: task.cancelled() or task.exception())
        self._by_query[query_id] = statement
        if request_id:
            self._by_request[owner, request_id] = statement
        self._forget_old()
        return statement

    def find(self, owner: int, query_id: str) -> Statement | None:
        """Return a session's statement by its query id."""
        statement = self._by_query.get(query_id)
        return statement if statement and statement.owner == owner else None

    def abort(self, owner: int, *, request_id: str = "", query_id: str = "") -> bool:
        """Cancel a statement; tell whether there was one to cancel."""
        statement = self._by_request.get((owner, request_id)) or self.find(owner, query_id)
        return statement is not None and statement.task.cancel()

    def canceller(self, owner: int) -> Callable[[str], bool]:
        """Return what cancels a session's statement by its query id, from any thread.

        It tells whether the statement was still running.
        """
        loop = asyncio.get_running_loop()

        def cancel(query_id: str) -> bool:
            statement = self.find(owner, query_id)
            if statement is None or statement.task.done():
                return False
            loop.call_soon_threadsafe(statement.task.cancel)
            return True

        return cancel

    def abort_all(self, owner: int) -> None:
        """Cancel whatever a session still runs, and forget all that it ever ran."""
        for statement in list(self._by_query.values()):
            if statement.owner == owner:
                statement.task.cancel()
                self._forget(statement)

    def _forget_old(self) -> None:
        finished = [one for one in self._by_query.values() if one.task.done()]
        size = 0
        for newer, statement in enumerate(reversed(finished)):
            size += statement.size
            if newer >= KEPT_STATEMENTS or size > KEPT_BYTES:
                self._forget(statement)

    def _forget(self, statement: Statement) -> None:
        del self._by_query[statement.query_id]
        self._by_request.pop((statement.owner, statement.request_id), None)

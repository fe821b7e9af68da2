"""Snowflake's query protocol over HTTP: run, poll, monitor, abort.

A statement runs once, in the background. A client that waits long is given an address to ask again.
One that lost its connection repeats its request id. Results are what snowflake-connector-python 4.8
reads (snowflake/connector/cursor.py).
"""

from __future__ import annotations

import asyncio
import base64
import logging
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.routing import Route

from local_cortex.database.execution import Stopped
from local_cortex.faults import Refusal
from local_cortex.routes.session import PARAMETERS, SERVER_VERSION, authenticate, failure, success
from local_cortex.routes.web import MAX_BODY_BYTES, JsonResponse, json_body
from local_cortex.sessions import Login
from local_cortex.sql import SqlError, SqlResult, SqlServer
from local_cortex.sql.sql_error import canceled
from local_cortex.wire.result import SELECT

if TYPE_CHECKING:
    from local_cortex.stages.commands import PutGet

    Result = SqlResult | PutGet

log = logging.getLogger(__name__)

# The code of "still running, ask again at getResultUrl" (snowflake/connector/network.py).
IN_PROGRESS = "333334"
# The session parameter that says whether the Python connector gets rows as Arrow or as JSON.
RESULT_FORMAT = "PYTHON_CONNECTOR_QUERY_RESULT_FORMAT"
# More rows than these are written on a thread of their own, while other statements go on.
FEW_ROWS = 1_000
# Shorter than any socket timeout a client is likely to have set; Snowflake's own is 45 s.
LONG_POLL_SECONDS = 2.0
# Finished statements are kept for clients that come back, or lost the answer and repeat the
# request. Beyond this many, or this many bytes of results, the oldest go.
KEPT_STATEMENTS = 1_000
KEPT_BYTES = 128_000_000
# Of one session, which a whole class may share; each keeps its request.
MOST_UNFINISHED = 200


@dataclass(slots=True, eq=False)
class Statement:
    """One statement on its way; ``arrow`` says whether its client reads rows as Arrow."""

    query_id: str
    request_id: str
    owner: int
    task: asyncio.Task[Result]
    arrow: bool = False
    size: int = 0
    """About how many bytes its result takes; 0 while there is none."""

    def __post_init__(self) -> None:
        self.task.add_done_callback(self._measure)

    def _measure(self, task: asyncio.Task[Result]) -> None:
        # The client may be gone before it fails: this marks the exception as retrieved.
        if not task.cancelled() and task.exception() is None:
            self.size = getattr(task.result(), "weight", 0)

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
        if self.task.done() and self.task.cancelled():
            return canceled()
        error = self.task.exception() if self.task.done() else None
        assert error is None or isinstance(error, SqlError)  # noqa: S101 - see _as_sql_error
        return error

    async def wait(self, seconds: float) -> Result | None:
        """Wait for the result, or raise the error; ``None`` when it is not there in time."""
        done, _ = await asyncio.wait({self.task}, timeout=seconds)
        if not done:
            return None
        if error := self.error:
            raise error
        return self.task.result()


async def _as_sql_error(work: Coroutine[Any, Any, Result]) -> Result:
    """Await ``work``; an unforeseen error becomes Snowflake's internal one, without its words."""
    try:
        return await work
    except SqlError:
        raise
    except Stopped:  # its session was closed meanwhile
        raise canceled() from None
    except Exception as error:
        kind, debugging = type(error).__name__, log.isEnabledFor(logging.DEBUG)
        log.exception("A statement failed: %s", kind, exc_info=debugging)
        text = f"SQL execution internal error: {kind} in Local Cortex."
        raise SqlError(text, code="000603", sqlstate="XX000") from error


class Statements:
    """The statements of one server, by query id and by request id."""

    def __init__(self) -> None:
        self._by_query: dict[str, Statement] = {}
        self._by_request: dict[tuple[int, str], Statement] = {}

    def start(
        self,
        owner: int,
        request_id: str,
        run: Callable[[str], Coroutine[Any, Any, Result]],
        *,
        arrow: bool = False,
    ) -> Statement:
        """Start a statement, or return the one that this session already started with this id."""
        known = self._by_request.get((owner, request_id))
        if known is not None:
            return known
        kept = self._by_query.values()
        if sum(one.owner == owner and not one.task.done() for one in kept) >= MOST_UNFINISHED:
            raise SqlError(
                f"Local Cortex runs {MOST_UNFINISHED} statements of a session at a time. "
                "Wait for some of them.",
                code="000624",
                sqlstate="57014",
            )
        query_id = str(uuid.uuid4())
        task = asyncio.create_task(_as_sql_error(run(query_id)))
        statement = Statement(query_id, request_id, owner, task, arrow)
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
        """Return what cancels a session's running statement by its query id, from any thread."""
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
        size = sum(one.size for one in finished)
        while len(finished) > KEPT_STATEMENTS or size > KEPT_BYTES:
            oldest = finished.pop(0)
            size -= oldest.size
            self._forget(oldest)

    def _forget(self, statement: Statement) -> None:
        del self._by_query[statement.query_id]
        self._by_request.pop((statement.owner, statement.request_id), None)


async def run(request: Request) -> JsonResponse:
    login = authenticate(request)
    server: SqlServer = request.app.state.sql
    # The rows of an executemany: texts, which are read quickly.
    body = await json_body(request, values=MAX_BODY_BYTES)
    sql, binds = body.get("sqlText"), body.get("bindings")
    if not isinstance(sql, str):
        raise Refusal(400, "sqlText must be text")
    if binds is not None and not isinstance(binds, dict):
        raise Refusal(400, "bindings must be an object")

    async def start(query_id: str) -> Result:
        return await server.execute(
            sql,
            login.sql,
            binds=binds,
            describe_only=bool(body.get("describeOnly")),
            query_id=query_id,
        )

    request_id = request.query_params.get("requestId", "")
    statements: Statements = request.app.state.statements
    login.sql.cancel = statements.canceller(login.id)
    arrow = _reads_arrow(request, login, body)
    try:
        statement = statements.start(login.id, request_id, start, arrow=arrow)
    except SqlError as error:
        return _failed(error)
    # execute_async() wants the query id, not the result.
    return await _answer(login, statement, 0.0 if body.get("asyncExec") else LONG_POLL_SECONDS)


async def result(request: Request) -> JsonResponse:
    login = authenticate(request)
    query_id = request.path_params["query_id"]
    statement = request.app.state.statements.find(login.id, query_id)
    if statement is None:
        return failure("000709", f"Statement {query_id} not found", {"sqlState": "02000"})
    return await _answer(login, statement, LONG_POLL_SECONDS)


async def monitor(request: Request) -> JsonResponse:
    """Tell how far a statement is; an unknown one gives no query, as on an account."""
    login = authenticate(request)
    query_id = request.path_params["query_id"]
    statement: Statement | None = request.app.state.statements.find(login.id, query_id)
    if statement is None and query_id not in login.sql.results:
        return success({"queries": []})
    error = statement.error if statement is not None else None
    query = {"id": query_id, "status": statement.status if statement is not None else "SUCCESS"}
    if error is not None:
        query |= {"errorCode": error.code, "errorMessage": str(error)}
    return success({"queries": [query], "sqlState": error.sqlstate if error else None})


async def abort(request: Request) -> JsonResponse:
    login = authenticate(request)
    query_id = request.path_params.get("query_id", "")
    request_id = "" if query_id else str((await json_body(request)).get("requestId") or "")
    request.app.state.statements.abort(login.id, request_id=request_id, query_id=query_id)
    return success(None)


async def _answer(login: Login, statement: Statement, seconds: float) -> JsonResponse:
    query_id = statement.query_id
    try:
        finished = await statement.wait(seconds)
    except SqlError as error:
        return _failed(error, query_id)
    if finished is None:
        url = f"/queries/{query_id}/result"
        data = {"queryId": query_id, "getResultUrl": url, "queryAbortsAfterSecs": 0}
        return success(data, IN_PROGRESS, "Query execution in progress.")
    # At its end a program with a server of its own still closes its session, and has no threads.
    if getattr(finished, "row_count", 0) <= FEW_ROWS:
        return success(_result(login, statement, finished))
    return success(await asyncio.to_thread(_result, login, statement, finished))


def _failed(error: SqlError, query_id: str | None = None) -> JsonResponse:
    data = {
        "errorCode": error.code,
        "sqlState": error.sqlstate,
        "queryId": query_id,
        "internalError": False,
        "line": error.line,
        "pos": error.position,
    }
    return failure(error.code, str(error), data)


def _reads_arrow(request: Request, login: Login, body: dict[str, Any]) -> bool:
    if not request.headers.get("user-agent", "").startswith("PythonConnector"):
        return False
    given = body.get("parameters")
    wanted = given.get(RESULT_FORMAT) if isinstance(given, dict) else None
    wanted = wanted or login.sql.parameters.get(RESULT_FORMAT) or "ARROW"
    return str(wanted).upper() != "JSON"


def _result(login: Login, statement: Statement, finished: Result) -> dict[str, Any]:
    data: dict[str, Any] = {
        "parameters": PARAMETERS,
        "queryId": statement.query_id,
        "databaseProvider": None,
        "finalDatabaseName": login.sql.database,
        "finalSchemaName": login.sql.schema,
        "finalWarehouseName": login.sql.warehouse,
        "finalRoleName": login.sql.role,
        "arrayBindSupported": True,
        "sqlState": None,
        "version": 1,
        "serverVersion": SERVER_VERSION,
    }
    if not isinstance(finished, SqlResult):
        return data | finished.data
    data |= {
        "rowtype": finished.rowtype(),
        "total": finished.row_count,
        "returned": finished.row_count,
        "statementTypeId": finished.statement_type_id,
    }
    # The connector reads the rows of other statements as JSON.
    if statement.arrow and finished.statement_type_id == SELECT:
        from local_cortex.wire.arrow import encode

        rows = base64.b64encode(encode(finished)).decode()
        return data | {"rowsetBase64": rows, "queryResultFormat": "arrow"}
    return data | {"rowset": finished.rowset(), "queryResultFormat": "json"}


ROUTES = [
    Route("/queries/v1/query-request", run, methods=["POST"]),
    Route("/queries/v1/abort-request", abort, methods=["POST"]),
    Route("/queries/{query_id}/result", result, methods=["GET"]),
    Route("/queries/{query_id}/abort-request", abort, methods=["POST"]),
    Route("/monitoring/queries/{query_id}", monitor, methods=["GET"]),
]

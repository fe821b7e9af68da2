"""Snowflake's query protocol over HTTP: run, ask again, look after, abort.

The shape of a result is what snowflake-connector-python 4.8 reads (snowflake/connector/cursor.py).
"""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.routing import Route

from local_cortex.faults import Refusal
from local_cortex.routes.session import PARAMETERS, SERVER_VERSION, authenticate, failure, success
from local_cortex.routes.statements import LONG_POLL_SECONDS, Statement, Statements
from local_cortex.routes.web import JsonResponse, json_body
from local_cortex.sessions import Login
from local_cortex.sql import SqlError, SqlResult, execute

if TYPE_CHECKING:
    from local_cortex.stages.commands import PutGet

__all__ = ["ROUTES"]

# The code of "still running, ask again at getResultUrl" (snowflake/connector/network.py).
IN_PROGRESS = "333334"
# The session parameter that says whether the Python connector gets rows as Arrow or as JSON.
RESULT_FORMAT = "PYTHON_CONNECTOR_QUERY_RESULT_FORMAT"
# The statementTypeId of what may be sent as Arrow; the rows of others the connector reads as JSON.
SELECT = 0x1000
# More rows than these are written on a thread of their own, while other statements go on.
FEW_ROWS = 1_000


async def run(request: Request) -> JsonResponse:
    login, state = authenticate(request), request.app.state
    body = await json_body(request)
    sql, binds = body.get("sqlText"), body.get("bindings")
    if not isinstance(sql, str):
        raise Refusal(400, "sqlText must be text")
    if binds is not None and not isinstance(binds, dict):
        raise Refusal(400, "bindings must be an object")

    async def start(query_id: str) -> SqlResult | PutGet:
        return await execute(
            sql,
            binds=binds,
            session=login.sql,
            cortex=state.functions,
            describe_only=bool(body.get("describeOnly")),
            query_id=query_id,
            database=state.database,
            workers=state.workers,
        )

    request_id = request.query_params.get("requestId", "")
    statements: Statements = state.statements
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
        return JsonResponse(
            {
                "success": True,
                "code": IN_PROGRESS,
                "message": "Query execution in progress.",
                "data": {
                    "queryId": query_id,
                    "getResultUrl": f"/queries/{query_id}/result",
                    "queryAbortsAfterSecs": 0,
                },
            }
        )
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


def _result(login: Login, statement: Statement, finished: SqlResult | PutGet) -> dict[str, Any]:
    data = {
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

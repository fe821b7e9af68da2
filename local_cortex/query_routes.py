"""Snowflake's query protocol over HTTP: run, ask again, abort.

The shape of a result is what snowflake-connector-python 4.8 reads (snowflake/connector/cursor.py).
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from local_cortex.session_routes import SERVER_VERSION, authenticate, failure, parameters, success
from local_cortex.sessions import Login
from local_cortex.sql import SqlError, SqlResult, execute
from local_cortex.statements import LONG_POLL_SECONDS, Statement, Statements
from local_cortex.web import BadBody, JsonResponse, json_body

__all__ = ["routes"]

# The code of "still running, ask again at getResultUrl" (snowflake/connector/network.py).
IN_PROGRESS = "333334"


async def run(request: Request) -> JsonResponse:
    login = authenticate(request)
    body = await json_body(request)
    sql, binds = body.get("sqlText"), body.get("bindings")
    if not isinstance(sql, str):
        raise BadBody(400, "sqlText must be text")
    if binds is not None and not isinstance(binds, dict):
        raise BadBody(400, "bindings must be an object")

    async def start(query_id: str) -> SqlResult:
        return await execute(
            sql,
            binds=binds,
            session=login.sql,
            cortex=request.app.state.functions,
            describe_only=bool(body.get("describeOnly")),
            query_id=query_id,
            workers=request.app.state.workers,
        )

    request_id = request.query_params.get("requestId", "")
    statements: Statements = request.app.state.statements
    try:
        statement = statements.start(login.id, request_id, start)
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


async def abort(request: Request) -> JsonResponse:
    login = authenticate(request)
    request_id = str((await json_body(request)).get("requestId") or "")
    request.app.state.statements.abort(login.id, request_id=request_id)
    return success(None)


async def abort_query(request: Request) -> JsonResponse:
    login = authenticate(request)
    request.app.state.statements.abort(login.id, query_id=request.path_params["query_id"])
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
    return success(_result(login, query_id, finished))


def _failed(error: SqlError, query_id: str | None = None) -> JsonResponse:
    return failure(
        error.code,
        str(error),
        {
            "errorCode": error.code,
            "sqlState": error.sqlstate,
            "queryId": query_id,
            "internalError": False,
            "line": error.line,
            "pos": error.position,
        },
    )


def _result(login: Login, query_id: str, finished: SqlResult) -> dict[str, Any]:
    rowset = finished.rowset()
    return {
        "parameters": parameters(),
        "rowtype": finished.rowtype(),
        "rowset": rowset,
        "total": len(rowset),
        "returned": len(rowset),
        "queryId": query_id,
        "queryResultFormat": "json",
        "databaseProvider": None,
        "finalDatabaseName": login.sql.database,
        "finalSchemaName": login.sql.schema,
        "finalWarehouseName": login.sql.warehouse,
        "finalRoleName": login.sql.role,
        "arrayBindSupported": True,
        "statementTypeId": finished.statement_type_id,
        "sqlState": None,
        "version": 1,
        "serverVersion": SERVER_VERSION,
    }


def routes() -> list[Route]:
    """Return the query routes."""
    return [
        Route("/queries/v1/query-request", run, methods=["POST"]),
        Route("/queries/v1/abort-request", abort, methods=["POST"]),
        Route("/queries/{query_id}/result", result, methods=["GET"]),
        Route("/queries/{query_id}/abort-request", abort_query, methods=["POST"]),
    ]

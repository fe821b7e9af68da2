"""Snowflake's session protocol over HTTP: login, token renewal, heartbeat, close, telemetry.

The paths, fields and codes are those that snowflake-connector-python 4.8 sends and reads
(snowflake/connector/auth/_auth.py, network.py). Failures are HTTP 200 with ``success: false``.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from local_cortex.faults import Refusal
from local_cortex.routes.web import JsonResponse, json_body, session_token
from local_cortex.sessions import MASTER_SECONDS, SESSION_SECONDS, AuthError, Login, Sessions
from local_cortex.sql import SqlSession

# For CURRENT_VERSION(): a version that Snowflake never had.
SERVER_VERSION = "0.1.0-local-cortex"
ACCOUNT = "LOCAL_CORTEX"
# Where a session starts that names nothing itself, unless set-up ended elsewhere.
PLACES = {"role": "LEARNER", "warehouse": "COURSE_WH", "database": "COURSE", "schema": "PUBLIC"}
# The user of a container's token, whose login names none.
SERVICE_USER = "COURSE_SERVICE"
#: The session parameters that a login switches on or off.
PARAMETERS = [
    # Report nothing that a learner does.
    {"name": "CLIENT_TELEMETRY_ENABLED", "value": False},
    # Without it Snowpark's locks are no locks, and a Session shared by Streamlit's script
    # threads fails in half of its queries.
    {"name": "PYTHON_SNOWPARK_ENABLE_THREAD_SAFE_SESSION", "value": True},
    {"name": "AUTOCOMMIT", "value": True},
    {"name": "TIMEZONE", "value": "UTC"},
    {"name": "CLIENT_RESULT_CHUNK_SIZE", "value": 160},
    # The connector looks it up for every executemany(); 0 keeps it from uploading the rows to
    # a stage, which there is not.
    {"name": "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD", "value": 0},
    {"name": "SERVICE_NAME", "value": ""},
]


def success(data: Any, code: str | None = None, message: str | None = None) -> JsonResponse:
    """Answer in Snowflake's envelope."""
    return JsonResponse({"data": data, "code": code, "message": message, "success": True})


def failure(code: str, message: str, data: Any = None) -> JsonResponse:
    """Answer with a failure; to this protocol that, too, is HTTP 200."""
    return JsonResponse({"data": data, "code": code, "message": message, "success": False})


def authenticate(request: Request) -> Login:
    """Return the caller's session; ``AuthError`` without a valid session token."""
    sessions: Sessions = request.app.state.sessions
    return sessions.authenticate(session_token(request.headers) or "")


def _tokens(login: Login) -> dict[str, Any]:
    return {
        "masterToken": login.master_token,
        "validityInSeconds": int(SESSION_SECONDS),
        "masterValidityInSeconds": int(MASTER_SECONDS),
        "sessionId": login.id,
    }


async def login(request: Request) -> JsonResponse:
    asked = (await json_body(request)).get("data")
    if not isinstance(asked, dict):
        raise Refusal(400, "data must be an object")
    user = str(asked.get("LOGIN_NAME") or "")
    if asked.get("AUTHENTICATOR") == "OAUTH":
        user = user or SERVICE_USER

    def new_session(number: int) -> SqlSession:
        places: dict[str, str] = request.app.state.places
        query = request.query_params

        def named(parameter: str, default: str) -> str:
            return query[parameter].upper() if parameter in query else default

        database = named("databaseName", places["database"])
        at_home = database == places["database"]
        schema = named("schemaName", places["schema"] if at_home else PLACES["schema"])
        # A program that names its own database finds it, empty.
        request.app.state.sql.database.catalog.ensure(database, schema)
        return SqlSession(
            user=user.upper(),
            role=named("roleName", places["role"]),
            warehouse=named("warehouse", places["warehouse"]),
            database=database,
            schema=schema,
            account=ACCOUNT,
            session_id=number,
            version=SERVER_VERSION,
        )

    # A programmatic access token stands where a password would.
    password = str(asked.get("PASSWORD") or asked.get("TOKEN") or "")
    try:
        opened = request.app.state.sessions.login(user, password, new_session)
    except AuthError as error:
        return failure(error.code, str(error), {"loginName": user})
    return success(
        _tokens(opened)
        | {
            "token": opened.token,
            "displayUserName": opened.sql.user,
            "serverVersion": SERVER_VERSION,
            "firstLogin": False,
            "parameters": PARAMETERS,
            "sessionInfo": {
                "databaseName": opened.sql.database,
                "schemaName": opened.sql.schema,
                "warehouseName": opened.sql.warehouse,
                "roleName": opened.sql.role,
            },
        }
    )


async def renew(request: Request) -> JsonResponse:
    renewed = request.app.state.sessions.renew(session_token(request.headers) or "")
    return success(
        _tokens(renewed)
        | {
            "sessionToken": renewed.token,
            "validityInSecondsST": int(SESSION_SECONDS),
            "validityInSecondsMT": int(MASTER_SECONDS),
        }
    )


async def heartbeat(request: Request) -> JsonResponse:
    authenticate(request)
    return success(None)


async def close(request: Request) -> JsonResponse:
    session = authenticate(request)
    request.app.state.statements.abort_all(session.id)
    request.app.state.sessions.close(session)
    return success(None)


ROUTES = [
    Route("/session/v1/login-request", login, methods=["POST"]),
    Route("/session/token-request", renew, methods=["POST"]),
    Route("/session/heartbeat", heartbeat, methods=["POST"]),
    Route("/session", close, methods=["POST"]),
    # A client that sends it anyway must not fail; nothing is read or kept.
    Route("/telemetry/send", heartbeat, methods=["POST"]),
]

"""Local Cortex as one ASGI application: its routes, its state, and how failures are answered."""

from __future__ import annotations

import logging

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from local_cortex.agents.runs import Runs
from local_cortex.agents.threads import Threads
from local_cortex.ai.sql_cortex import SqlCortex
from local_cortex.cortex import Cortex
from local_cortex.engines import EngineError
from local_cortex.faults import Refusal
from local_cortex.loopback import SNOWFLAKE_DOMAINS
from local_cortex.routes import (
    agent_objects,
    agents,
    anthropic_api,
    embedding,
    inference,
    openai_api,
    query,
    search,
    session,
    snowflake_api,
)
from local_cortex.routes.query import Statements
from local_cortex.routes.session import failure
from local_cortex.routes.web import rest_error
from local_cortex.sessions import EXPIRED_SESSION, AuthError, Sessions
from local_cortex.sql import Database, SqlServer, Workers

# Where a client that was given host = "127.0.0.1:PORT/sf" and port = 1 looks; see launch.py.
PATH_PREFIX = "/sf"
# A web page that resolves its own name to 127.0.0.1 is not a client. Snowflake's names are those of
# the programs that launch.py runs.
HOSTS = ["127.0.0.1", "localhost", *(f"*.{domain}" for domain in SNOWFLAKE_DOMAINS)]
# "Bad request" to the connector (snowflake/connector/network.py), and Snowflake's internal error.
BAD_REQUEST = "390400"
INTERNAL_ERROR = "000603"
NOT_SERVED = (
    "Local Cortex does not serve {}. Of Snowflake's REST API it serves cortex/inference:complete, "
    "cortex/inference:embed, cortex/v1/chat/completions, cortex/v1/messages, cortex/models, "
    "cortex/agent:run, cortex/agent/runs, cortex/threads, agents and "
    "cortex-search-services; Cortex Analyst and the other objects of an account are not there."
)

log = logging.getLogger(__name__)


async def health(request: Request) -> PlainTextResponse:
    """Answer the watching parent: 200, or 503 while a stopped statement still computes."""
    stuck = request.app.state.sql.workers.stuck
    return PlainTextResponse("Local Cortex", status_code=503 if stuck else 200)


async def failed(request: Request, error: Exception) -> Response:
    """Answer an error in the envelope that the path's clients read: REST's or the sessions'."""
    path, text = request.url.path, str(error)
    rest = "/api/v2/" in path
    match error:
        case ClientDisconnect():
            # Without a response uvicorn would log an error.
            return Response(status_code=499)
        case AuthError() if rest:
            # With REST an expired session is HTTP 200 with a code, as Snowflake's documentation of
            # the Cortex REST API says under "Known issues".
            expired = error.code == EXPIRED_SESSION[0]
            return rest_error(200 if expired else 401, text, error.code)
        case AuthError():
            return failure(error.code, text)
        case Refusal() if rest:
            answer = rest_error(error.status, text)
            if error.retry_after is not None:
                answer.headers["retry-after"] = error.retry_after
            return answer
        case Refusal():
            # The connector would repeat a plain HTTP 400.
            return failure(BAD_REQUEST, text)
        case EngineError():
            # The Snowflake client shows its caller the status and drops the reason.
            log.warning("%s", error)
            return rest_error(error.status, text)
        case HTTPException(status_code=404) if rest:
            # Not 404: to a client of Snowflake's that means an object that could be created.
            what = f"{request.method} /api/v2/{path.partition('/api/v2/')[2]}"
            return rest_error(501, NOT_SERVED.format(what))
        case HTTPException():
            answer = rest_error(error.status_code, f"Local Cortex: {error.detail}")
            answer.headers.update(error.headers or {})
            return answer
    # Its text and traceback may hold a prompt; at DEBUG they are logged.
    kind, debugging = type(error).__name__, log.isEnabledFor(logging.DEBUG)
    log.error("%s failed: %s", path, kind, exc_info=error if debugging else None)
    text = f"Local Cortex failed ({kind})"
    return rest_error(500, text) if rest else failure(INTERNAL_ERROR, text)


ERRORS = (AuthError, ClientDisconnect, EngineError, HTTPException, Refusal, Exception)


def build(cortex: Cortex, sessions: Sessions, workers: Workers, database: Database) -> Starlette:
    """Build the application."""
    routes = [
        *(*session.ROUTES, *query.ROUTES, *inference.ROUTES, *embedding.ROUTES, *search.ROUTES),
        *(*openai_api.ROUTES, *snowflake_api.ROUTES, *anthropic_api.ROUTES, *agents.ROUTES),
        *agent_objects.ROUTES,
        Route("/", health),
    ]
    app = Starlette(
        routes=[
            *routes,
            # The same once more for clients configured by host and port alone: the connector
            # appends ":port" to the host name, snowflake.cortex does not.
            Mount(f"{PATH_PREFIX}:1", routes=routes),
            Mount(PATH_PREFIX, routes=routes),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)],
        exception_handlers=dict.fromkeys(ERRORS, failed),
    )
    app.state.sessions = sessions
    app.state.statements = Statements()
    app.state.cortex = cortex
    app.state.threads = Threads()
    app.state.runs = Runs(agents.encode)
    app.state.sql = SqlServer(database, workers, SqlCortex(cortex))
    app.state.places = dict(session.PLACES)
    return app

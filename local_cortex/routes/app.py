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
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local_cortex.ai.sql_cortex import SqlCortex
from local_cortex.cortex import Cortex, Refusal
from local_cortex.engines import EngineError
from local_cortex.proxies import SNOWFLAKE_DOMAINS
from local_cortex.routes import inference, query, session
from local_cortex.routes.session import failure
from local_cortex.routes.statements import Statements
from local_cortex.routes.web import BadBody, rest_error
from local_cortex.sessions import AuthError, Sessions
from local_cortex.sql import Database, Workers

__all__ = ["PATH_PREFIX", "build"]

# Where a client that was given host = "127.0.0.1:PORT/sf" and port = 1 looks; see launch.py.
PATH_PREFIX = "/sf"
# A web page that resolves its own name to 127.0.0.1 is not a client. Snowflake's names are those of
# the programs that launch.py runs.
HOSTS = ["127.0.0.1", "localhost", *(f"*.{domain}" for domain in SNOWFLAKE_DOMAINS)]
# "Bad request" to the connector (snowflake/connector/network.py), and Snowflake's internal error.
BAD_REQUEST = "390400"
NOT_SERVED = (
    "Local Cortex does not serve {}. Of Snowflake's REST API it serves cortex/inference:complete, "
    "cortex/v1/chat/completions and cortex/models; Cortex Search, Cortex Analyst, agents and the "
    "objects of an account are not there."
)
INTERNAL_ERROR = "000603"

log = logging.getLogger(__name__)


async def health(request: Request) -> PlainTextResponse:
    """Answer the watching parent: 200, or 503 while a stopped statement still computes."""
    stuck = request.app.state.workers.stuck
    return PlainTextResponse("Local Cortex", status_code=503 if stuck else 200)


def is_rest(request: Request) -> bool:
    """Tell a REST path from one of the session protocol, whose clients read another envelope."""
    return "/api/v2/" in request.url.path


async def bad_body(request: Request, error: Exception) -> Response:
    """Answer a body that cannot be read; the connector would repeat a plain HTTP 400."""
    assert isinstance(error, BadBody)  # noqa: S101 - registered for nothing else
    if is_rest(request):
        return rest_error(error.status, str(error))
    return failure(BAD_REQUEST, str(error))


async def refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - registered for nothing else
    answer = rest_error(error.status, str(error))
    if error.retry_after is not None:
        answer.headers["retry-after"] = error.retry_after
    return answer


async def engine_failed(_: Request, error: Exception) -> Response:
    assert isinstance(error, EngineError)  # noqa: S101 - registered for nothing else
    # The Snowflake client shows its caller the status and drops the reason.
    log.warning("%s", error)
    return rest_error(error.status, str(error))


async def unauthorised(request: Request, error: Exception) -> Response:
    """Answer a missing or expired token in the envelope that the path's clients read.

    On a REST path an expired session token is HTTP 200 with code 390112 in the body, as
    Snowflake's documentation of the Cortex REST API says under "Known issues".
    """
    assert isinstance(error, AuthError)  # noqa: S101 - registered for nothing else
    if is_rest(request):
        return rest_error(200 if error.code == "390112" else 401, str(error), error.code)
    return failure(error.code, str(error))


async def not_served(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    if error.status_code == 404 and is_rest(request):
        # Not 404: to a client of Snowflake's that means an object that could be created.
        what = f"{request.method} /api/v2/{request.url.path.partition('/api/v2/')[2]}"
        return rest_error(501, NOT_SERVED.format(what))
    answer = rest_error(error.status_code, f"Local Cortex: {error.detail}")
    answer.headers.update(error.headers or {})
    return answer


async def gone(_: Request, __: Exception) -> Response:
    # The client has gone; without a response uvicorn would log an error.
    return Response(status_code=499)


class LastResort:
    """Middleware that answers what nothing else caught, in one line of log and without its words.

    An unforeseen error's text and traceback may hold a prompt; at DEBUG they are logged.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            request, kind = Request(scope), type(error).__name__
            debugging = log.isEnabledFor(logging.DEBUG)
            log.exception("%s failed: %s", request.url.path, kind, exc_info=debugging)
            if begun:
                return
            text = f"Local Cortex failed ({kind})"
            answer = rest_error(500, text) if is_rest(request) else failure(INTERNAL_ERROR, text)
            await answer(scope, receive, send)


def build(cortex: Cortex, sessions: Sessions, workers: Workers, database: Database) -> Starlette:
    """Build the application.

    ``cortex`` answers, ``sessions`` knows who may ask, ``workers`` compute statements on
    ``database``.
    """
    routes: list[Route | Mount] = [
        *session.routes(),
        *query.routes(),
        *inference.routes(),
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
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS),
            Middleware(LastResort),
        ],
        exception_handlers={
            AuthError: unauthorised,
            BadBody: bad_body,
            ClientDisconnect: gone,
            EngineError: engine_failed,
            HTTPException: not_served,
            Refusal: refused,
        },
    )
    app.state.sessions = sessions
    app.state.statements = Statements()
    app.state.cortex = cortex
    app.state.functions = SqlCortex(cortex)
    app.state.workers = workers
    app.state.database = database
    app.state.places = dict(session.PLACES)
    return app

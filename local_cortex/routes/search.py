"""Cortex Search over REST, as snowflake.core 1.14 and programs by hand call it.

Path and form are those of ``cortex-search-service.yaml`` in Snowflake's REST API specifications
(April 2026). snowflake.core asks for nothing else: it neither lists nor fetches services.
"""

from __future__ import annotations

import uuid

from starlette.requests import Request
from starlette.routing import Route

from local_cortex.faults import Refusal
from local_cortex.routes import web
from local_cortex.routes.inference import authorise
from local_cortex.routes.web import JsonResponse
from local_cortex.search import search
from local_cortex.sql import SqlError

PATH = "/api/v2/databases/{database}/schemas/{schema}/cortex-search-services/{name}:query"


async def query(request: Request) -> JsonResponse:
    """Answer a search with ``{"results": [...], "request_id": ...}``."""
    authorise(request)
    body = await web.json_body(request)
    service = ".".join(request.path_params[part] for part in ("database", "schema", "name"))
    try:
        results = await web.while_connected(request, search(request.app.state.sql, service, body))
    except SqlError as error:
        # What the service reads is gone, or was more than it may hold.
        raise Refusal(400, str(error)) from error
    return JsonResponse({"results": results, "request_id": str(uuid.uuid4())})


ROUTES = [Route(PATH, query, methods=["POST"])]

"""Agents as objects over REST: created, listed, described, updated and deleted.

Paths, fields and answers are those of Snowflake's documentation ("Cortex Agents REST API", 2026);
snowflake.core has no calls for them. Each runs the SQL statement that does the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local_cortex.faults import Refusal
from local_cortex.routes import web
from local_cortex.routes.agents import agent_named, caller
from local_cortex.routes.web import JsonResponse, json_text
from local_cortex.sql import SqlError, SqlServer
from local_cortex.sql.names import parts, written

# As documented for the list of agents.
MOST_SHOWN = 10_000
MODES = {
    "errorIfExists": "CREATE AGENT",
    "orReplace": "CREATE OR REPLACE AGENT",
    "ifNotExists": "CREATE AGENT IF NOT EXISTS",
}
# Of the body, all else is the specification.
ABOUT = ("name", "comment", "profile")
STATUSES = {"002003": 404, "002002": 409}


async def create(request: Request) -> Response:
    body = await web.json_body(request)
    mode = request.query_params.get("createMode", "errorIfExists")
    if mode not in MODES:
        raise Refusal(400, f"createMode: must be one of {', '.join(MODES)}")
    name = _place(request, web.text(body, "name"))
    rows = await _run(request, f"{MODES[mode]} {name} {_clauses(body, _specification(body))}")
    return JsonResponse(rows[0])


async def show(request: Request) -> Response:
    like, limit = (request.query_params.get(name) for name in ("like", "showLimit"))
    clauses = f" LIKE {_literal(like)}" if like else ""
    rows = await _run(request, f"SHOW AGENTS{clauses} IN SCHEMA {_place(request)}")
    after = request.query_params.get("fromName", "")
    found = [row for row in rows if row["name"] > after]
    if limit is not None:
        digits = limit.isascii() and limit.isdecimal() and len(limit) <= len(str(MOST_SHOWN))
        if not digits or not 1 <= int(limit) <= MOST_SHOWN:
            raise Refusal(400, f"showLimit: must be a whole number from 1 to {MOST_SHOWN}")
        found = found[: int(limit)]
    places = {"database_name": "database", "schema_name": "schema"}
    return JsonResponse([{places.get(key, key): row[key] for key in row} for row in found])


async def describe(request: Request) -> Response:
    return JsonResponse((await _run(request, f"DESCRIBE AGENT {_named(request)}"))[0])


async def update(request: Request) -> Response:
    """Change what the body names; the rest of the agent stays."""
    body = await web.json_body(request)
    agent = agent_named(request, caller(request))
    about = {"comment": agent.comment, "profile": agent.profile} | body
    given = {**agent.given, **_specification(body)}
    statement = f"CREATE OR REPLACE AGENT {_named(request)} {_clauses(about, given)}"
    await _run(request, statement)
    return JsonResponse({"status": f"Agent {agent.name.name} successfully updated."})


async def delete(request: Request) -> Response:
    exists = " IF EXISTS" if request.query_params.get("ifExists") == "true" else ""
    await _run(request, f"DROP AGENT{exists} {_named(request)}")
    return JsonResponse({"status": "Request successfully completed"})


async def _run(request: Request, statement: str) -> list[dict[str, Any]]:
    """Run a statement and return its rows as JSON has them."""
    server: SqlServer = request.app.state.sql
    try:
        result: Any = await server.execute(statement, caller(request))
    except SqlError as error:
        raise Refusal(STATUSES.get(error.code, 400), str(error)) from error
    return [
        {
            name: value.isoformat() if isinstance(value, dt.datetime) else value
            for name, value in row.items()
        }
        for row in result.table.to_pylist()
    ]


def _specification(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in body.items() if name not in ABOUT and one is not None}


def _clauses(about: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    comment, profile = about.get("comment"), about.get("profile")
    if not isinstance(comment, str | None) or not isinstance(profile, dict | str | None):
        raise Refusal(400, "comment: must be text, and profile an object")
    try:
        # An agent that is updated has it as text already.
        shown = json_text(profile).decode() if isinstance(profile, dict) else profile or ""
        specification = json_text(given).decode()
    except (RecursionError, ValueError):
        raise Refusal(400, "NaN and Infinity are no JSON, and 1,000 brackets too many") from None
    return (
        f"COMMENT = {_literal(comment or '')} PROFILE = {_literal(shown)} "
        f"FROM SPECIFICATION {_literal(specification)}"
    )


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _named(request: Request) -> str:
    return _place(request, request.path_params["name"])


def _place(request: Request, *name: str) -> str:
    """Return a name within the path's schema, or the schema's, as SQL reads it."""
    given = (*(request.path_params[part] for part in ("database", "schema")), *name)
    named = ".".join(given)
    try:
        found = parts(named)
    except ValueError:
        found = []
    if len(found) != len(given):
        raise Refusal(400, f"{named[:100]!r} is not a name")
    return written(*found)


AGENTS = "/api/v2/databases/{database}/schemas/{schema}/agents"
AGENT = f"{AGENTS}/{{name}}"
ROUTES = [
    Route(AGENTS, create, methods=["POST"]),
    Route(AGENTS, show, methods=["GET"]),
    Route(AGENT, describe, methods=["GET"]),
    Route(AGENT, update, methods=["PUT"]),
    Route(AGENT, delete, methods=["DELETE"]),
]

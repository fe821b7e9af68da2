"""Cortex Agents over REST: runs and threads; agent_objects.py has the agents themselves.

Events are flat, as Snowflake's documentation and SDK have them; its OpenAPI file wraps them. What
is asked of an account is not verified: ``sequence_number`` from 1, the bodies of rename and delete.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local_cortex import faults
from local_cortex.agents.asked import Asked, check_results, read_body, read_spec
from local_cortex.agents.runs import FAILED, Run, Runs
from local_cortex.agents.scripted_answer import Script
from local_cortex.agents.threads import Thread, Threads
from local_cortex.agents.toolbox import Toolbox
from local_cortex.database.catalog import Agent, Name
from local_cortex.faults import Refusal
from local_cortex.routes import web
from local_cortex.routes.inference import authorise, meet_fault
from local_cortex.routes.session import ACCOUNT, SERVER_VERSION
from local_cortex.routes.web import JsonResponse, json_text
from local_cortex.sessions import AuthError, Sessions
from local_cortex.sql import SqlSession
from local_cortex.sql.names import parts

# Of a client that shows the secret and has no session, as the sessions of client.py.
USER = "LEARNER"
PAGE = 20
LARGEST_PAGE = 100
LARGEST_ID = 2**53


def encode(name: str, data: dict[str, Any]) -> bytes:
    """Return a server-sent event, without the blank line that ends it."""
    return b"event: " + name.encode() + b"\ndata: " + json_text(data)


def caller(request: Request) -> SqlSession:
    """Return the session whose token is shown, or one of its own for a bearer of the secret."""
    authorise(request)
    sessions: Sessions = request.app.state.sessions
    shown = web.session_token(request.headers) or web.bearer(request.headers) or ""
    try:
        return sessions.authenticate(shown).sql
    except AuthError:
        places = request.app.state.places
        return SqlSession(user=USER, account=ACCOUNT, version=SERVER_VERSION, **places)


async def run_inline(request: Request) -> Response:
    session, body = caller(request), await web.json_body(request)
    # In a thread: messages and schemas can be large.
    return await _run(request, session, await asyncio.to_thread(read_body, body))


async def run_object(request: Request) -> Response:
    session = caller(request)
    agent = agent_named(request, session)
    body = await web.json_body(request)

    def read() -> Asked:
        return read_body(body, read_spec(agent.given))

    return await _run(request, session, await asyncio.to_thread(read))


def agent_named(request: Request, session: SqlSession) -> Agent:
    """Return the agent that the path names; ``Refusal`` 404, there is none."""
    named = ".".join(request.path_params[part] for part in ("database", "schema", "name"))
    try:
        name = Name(*parts(named))
    except (TypeError, ValueError):
        raise Refusal(400, f"{named[:100]!r} is not the name of an agent") from None
    agent = request.app.state.sql.database.catalog.find(Agent, name, session.session_id)
    if not isinstance(agent, Agent):
        raise Refusal(404, f"Agent '{name}' does not exist or not authorized.")
    return agent


async def _run(request: Request, session: SqlSession, asked: Asked) -> Response:
    state, cortex = request.app.state, request.app.state.cortex
    threads = _threads(request)
    thread: Thread | None = None
    history: tuple[dict[str, Any], ...] = ()
    if asked.thread_id is not None:
        thread = threads.get(session.user, asked.thread_id)
        branch = thread.until(asked.parent_id)
        history = tuple({"role": one.role, "content": one.content} for one in branch)
    check_results(asked, history)
    script = Script(asked, history, cortex, Toolbox(session, state.sql).use)
    call = script.call()
    if (faults.find(call.model) or faults.NONE).status is not None:
        cortex.admit(call)
    await meet_fault(request, call)
    run_id = None
    if thread is not None:
        run_id = _keep(threads, thread, asked, script)
    runs: Runs = state.runs
    run = runs.start(session.user, run_id, script)
    if asked.background and not asked.stream:
        return JsonResponse({"status": "in_progress", "run_id": run_id})
    if not asked.stream:
        return await web.while_connected(request, _whole(run))
    return _stream(request, run, alone=thread is None)


def _keep(threads: Threads, thread: Thread, asked: Asked, script: Script) -> str:
    """Put the user's message into the thread; the answer will follow."""
    parts = [part for message in asked.messages for part in message["content"]]
    message = threads.add(thread, asked.parent_id, "user", parts)
    run_id = f"{thread.id}-{message.id}"
    script.keep = lambda role, content: threads.add(thread, message.id, role, content).id
    script.metadata = {"thread_id": thread.id, "message_id": message.id, "run_id": run_id}
    return run_id


async def _whole(run: Run) -> JsonResponse:
    try:
        async for _ in run.follow():
            pass
    finally:
        if run.ended is None and run.task is not None:
            run.task.cancel()
    if run.final is not None:
        return JsonResponse(run.final)
    return web.rest_error(*run.failure, code=FAILED)


def _stream(request: Request, run: Run, *, alone: bool, after: int = 0) -> web.EventStream:
    hang_up = request.scope[web.HANG_UP]
    run.hang_up = hang_up

    async def events() -> AsyncIterator[bytes]:
        async for event in run.follow(after):
            yield event

    async def close() -> None:
        # Nobody can attach to a run without a thread.
        if alone and run.task is not None:
            run.task.cancel()

    fault = faults.find(run.script.asked.spec.model) or faults.NONE
    return web.EventStream(events(), close, hang_up, fault.content_type)


async def attach(request: Request) -> web.EventStream:
    runs: Runs = request.app.state.runs
    run = runs.get(caller(request).user, request.path_params["run_id"])
    after = _number(request, "starting_after", 0, LARGEST_ID)
    return _stream(request, run, alone=False, after=after)


async def cancel(request: Request) -> JsonResponse:
    runs: Runs = request.app.state.runs
    run = runs.get(caller(request).user, request.path_params["run_id"])
    await runs.cancel(run)
    return JsonResponse({"metadata": (run.final or {}).get("metadata", {"run_id": run.id})})


# --- threads --------------------------------------------------------------------------------------


async def create_thread(request: Request) -> JsonResponse:
    session, body = caller(request), await web.json_body(request)
    origin = _text(body, "origin_application")
    return JsonResponse(_threads(request).create(session.user, origin).shown())


async def list_threads(request: Request) -> JsonResponse:
    origin = request.query_params.get("origin_application")
    found = _threads(request).of(caller(request).user, origin)
    return JsonResponse([one.shown() for one in found])


async def show_thread(request: Request) -> JsonResponse:
    thread = _thread(request)
    size = _number(request, "page_size", PAGE, LARGEST_PAGE)
    before = _number(request, "last_message_id", LARGEST_ID, LARGEST_ID)
    found = [one.shown() for one in reversed(thread.messages.values()) if one.id < before]
    return JsonResponse({"metadata": thread.shown(), "messages": found[:size]})


async def rename_thread(request: Request) -> JsonResponse:
    thread, body = _thread(request), await web.json_body(request)
    _threads(request).rename(thread, _text(body, "thread_name"))
    return JsonResponse({"status": f"Thread {thread.id} successfully updated."})


async def delete_thread(request: Request) -> JsonResponse:
    _threads(request).delete(_thread(request))
    return JsonResponse({"success": True})


def _threads(request: Request) -> Threads:
    threads: Threads = request.app.state.threads
    return threads


def _thread(request: Request) -> Thread:
    named = request.path_params["thread_id"]
    # Python reads no integer of thousands of digits.
    known = named.isascii() and named.isdecimal() and len(named) <= len(str(LARGEST_ID))
    return _threads(request).get(caller(request).user, int(named) if known else 0)


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise Refusal(400, f"{name}: must be text")
    return value or ""


def _number(request: Request, name: str, missing: int, most: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return missing
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(most)):
        raise Refusal(400, f"{name}: must be a whole number from 0 to {most}")
    return min(int(text), most)


THREAD = "/api/v2/cortex/threads/{thread_id}"
RUN = "/api/v2/cortex/agent/runs/{run_id}"
AGENT = "/api/v2/databases/{database}/schemas/{schema}/agents/{name}:run"
ROUTES = [
    Route(AGENT, run_object, methods=["POST"]),
    Route("/api/v2/cortex/agent:run", run_inline, methods=["POST"]),
    Route(RUN, attach, methods=["GET"]),
    Route(f"{RUN}/cancel", cancel, methods=["POST"]),
    Route("/api/v2/cortex/threads", create_thread, methods=["POST"]),
    Route("/api/v2/cortex/threads", list_threads, methods=["GET"]),
    Route(THREAD, show_thread, methods=["GET"]),
    Route(THREAD, rename_thread, methods=["POST"]),
    Route(THREAD, delete_thread, methods=["DELETE"]),
]

"""A Cortex agent: a service that plans, calls tools and answers, over ``agent:run``.

Its events are those of Snowflake's documentation ("Cortex Agents Run API"); none of this was tried
on an account.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from streaming.deltas import Citation, Delta, Thinking, ToolCall, ToolResult, Usage
from streaming.errors import StreamUnavailable
from streaming.http import HEADERS, Answer, Http
from streaming.request import CompletionRequest, Message

if TYPE_CHECKING:
    from snowflake.snowpark import Session

__all__ = ["AgentStrategy"]

NAME = re.compile(r"[A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*){2}", re.ASCII)
# One event may be a tool's result, a table of rows, and the last repeats all of them.
EVENT_BYTES = 8_000_000


class AgentStrategy:
    """``POST …:run`` on a Snowpark session, with the session's token.

    ``agent`` is ``"database.schema.name"``, or what the agent is to be: ``tools``,
    ``tool_resources``, ``instructions`` and so on, as the API names them. Only then the request's
    ``model`` counts, as ``models.orchestration``. ``max_tokens`` and the like are no options of an
    agent; they aren't sent.

    Beside its text an answer has ``Thinking``, ``ToolCall``, ``ToolResult``, ``Citation`` and
    ``Usage``. A call without a result in ``parts`` is the client's to run: its result goes back in
    a :class:`Message`, with the whole conversation. Threads, tables and charts are left out.

    Raises:
        ValueError: ``agent`` isn't three names; quoted names aren't supported.
    """

    name = "agent"
    live = True

    def __init__(self, session: Session, agent: str | Mapping[str, Any]) -> None:
        if isinstance(agent, str) and not NAME.fullmatch(agent):
            raise ValueError(f"agent={agent!r}: write database.schema.name, without quotes")
        self._session, self._agent = session, agent

    def open(self, request: CompletionRequest) -> Iterator[Delta]:
        """Send the request; the call returns when the service has begun to answer.

        Raises:
            httpx.HTTPStatusError, httpx.TransportError: as the client does.
            StreamUnavailable: it isn't an answer, or the session is over.
        """
        try:
            return self._run(request)
        except StreamUnavailable as error:
            if error.code != "unauthorised":
                raise
            # As in DirectStrategy: the connector renews a session, with any statement.
            self._session.sql("SELECT 1").collect()
            return self._run(request)

    def _run(self, request: CompletionRequest) -> _Events:
        rest: Any = self._session.connection.rest
        if rest is None or not rest.token:
            raise StreamUnavailable("unauthorised")
        if isinstance(self._agent, str):
            database, schema, agent = self._agent.split(".")
            path = f"databases/{database}/schemas/{schema}/agents/{agent}:run"
            body: dict[str, Any] = {}
        else:
            path, body = "cortex/agent:run", {"models": {"orchestration": request.model}}
            body |= self._agent
        asked = request.messages or (Message(content=request.prompt or ""),)
        client = _client()
        sent = client.build_request(
            "POST",
            f"{rest.server_url}/api/v2/{path}",
            json={**body, "messages": [_turn(message) for message in asked], "stream": True},
            # As snowflake.cortex sends its token (_complete.py).
            headers={**HEADERS, "Authorization": f'Snowflake Token="{rest.token}"'},
        )
        response = client.send(sent, stream=True)
        response.raise_for_status()
        return _Events(response, event_bytes=EVENT_BYTES)


class AgentError(Exception):
    """The service says that an answer has failed or is not whole; the message is its own."""


class _Events(Answer):
    def read(self) -> Iterator[Delta]:
        from httpx import RemoteProtocolError
        from httpx_sse import EventSource

        begun, content = False, None
        for event in EventSource(self.response).iter_sse():
            data = _mapping(json.loads(event.data or "{}"))
            # Snowflake's OpenAPI file wraps it; its documentation doesn't.
            data = _mapping(data.get("data", data))
            if event.event == "error":
                raise AgentError(_json({name: data.get(name) for name in ("code", "message")}))
            if event.event == "response":
                self.finish_reason = _text(data, "status") or None
                yield _usage(data.get("metadata"))
                if self.finish_reason in ("timed_out", "cancelled"):
                    raise AgentError(f"the agent has ended its answer as {self.finish_reason}")
                return
            delta = _delta(event.event, data)
            if delta and isinstance(delta, str):
                # Between an answer's texts are calls: they are paragraphs of their own.
                if begun and data.get("content_index") != content:
                    yield "\n\n"
                begun, content = True, data.get("content_index")
            yield delta
        raise RemoteProtocolError("the answer has no end")


def _delta(name: str, data: Mapping[str, Any]) -> Delta:
    match name:
        case "response.text.delta":
            return _text(data, "text")
        case "response.thinking.delta":
            thought = _text(data, "text")
            return Thinking(thought) if thought else None
        case "response.tool_use":
            given = _json(data.get("input") or {})
            return ToolCall(_text(data, "tool_use_id"), _text(data, "name"), given)
        case "response.tool_result":
            return ToolResult(_text(data, "tool_use_id"), _content(data.get("content")))
        case "response.text.annotation":
            return _citation(_mapping(data.get("annotation")))
    # Steps, tables, charts, and whatever is to come: a sign of life.
    return None


@cache
def _client() -> Any:
    """Return a client for all agents: reading the public authorities takes long."""
    from httpx import Client

    return Http(Client())


def _turn(message: Message) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    if message.tool_call_id is not None:
        said = {"type": "text", "text": message.content}
        result = {"tool_use_id": message.tool_call_id, "content": [said], "status": "success"}
        return {"role": "user", "content": [{"type": "tool_result", "tool_result": result}]}
    if message.content:
        content.append({"type": "text", "text": message.content})
    for call in message.tool_calls:
        given = json.loads(call.arguments or "{}")
        use = {"tool_use_id": call.id, "name": call.name, "input": given}
        content.append({"type": "tool_use", "tool_use": use})
    return {"role": message.role, "content": content}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _content(items: object) -> str:
    """Return what a tool has returned, in lines of text and of JSON."""
    found = map(_mapping, items if isinstance(items, list) else ())
    return "\n".join(_text(item, "text") or _json(item.get("json")) for item in found)


def _citation(said: Mapping[str, Any]) -> Citation | None:
    """Return what is cited, which a search has found or the web."""
    source = _text(said, "source_url") or _text(said, "doc_id")
    title = _text(said, "doc_title") or source
    return Citation(title, _text(said, "text"), source) if title else None


def _usage(metadata: object) -> Usage | None:
    """Add up the tokens of all models that took part."""
    try:
        counted = metadata["usage"]["tokens_consumed"]  # type: ignore[index]
        sent = sum(int(each["input_tokens"]["total"]) for each in counted)
        return Usage(sent, sum(int(each["output_tokens"]["total"]) for each in counted))
    except (KeyError, OverflowError, TypeError, ValueError):
        return None

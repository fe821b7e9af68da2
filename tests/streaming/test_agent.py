"""AgentStrategy: Snowflake's documented events, from a server on loopback."""

from __future__ import annotations

import json
import socket
import ssl
from types import SimpleNamespace
from typing import Any

import pytest
import trustme
from httpx import Client

from streaming import (
    AgentStrategy,
    Citation,
    CompletionRequest,
    Limits,
    Message,
    Pace,
    Retry,
    StreamResult,
    Thinking,
    ToolCall,
    ToolResult,
    Usage,
    stream,
)
from streaming.http import Http
from tests.streaming.asking import ask, wait_for
from tests.streaming.hostile import EVENTS, Play, Server, answering, refusing, serving, silent

SPEC = {"tools": [{"tool_spec": {"type": "generic", "name": "weather"}}]}
USED = {"tokens_consumed": [{"input_tokens": {"total": 3}, "output_tokens": {"total": 5}}] * 2}
END = ("response", {"status": "completed", "content": [], "metadata": {"usage": USED}})


def text(piece: str, index: int = 0) -> tuple[str, dict[str, Any]]:
    return "response.text.delta", {"content_index": index, "text": piece}


def events(*told: tuple[str, object]) -> Play:
    return answering(
        EVENTS, *(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode() for name, data in told)
    )


class Session:
    """What the strategy needs of a Snowpark session."""

    def __init__(self, server: Server, scheme: str = "http") -> None:
        url = f"{scheme}://127.0.0.1:{server.port}"
        self.connection = SimpleNamespace(
            rest=SimpleNamespace(server_url=url, token="secret-token")
        )

    def sql(self, _: str) -> Any:
        return SimpleNamespace(collect=list)


def asked(
    play: Play, request: CompletionRequest | None = None, agent: Any = SPEC
) -> tuple[StreamResult, list[dict[str, Any]]]:
    with serving(play) as server:
        session: Any = Session(server)
        strategy, once = AgentStrategy(session, agent), Retry(attempts=1)
        result = stream(strategy, request or ask(), pace=Pace.off(), retry=once).result()
        return result, [json.loads(each) for each in server.requests]


def test_an_answer_has_its_text_and_what_the_agent_did_for_it() -> None:
    cited = {"type": "cortex_search_citation", "doc_id": "d", "doc_title": "T", "text": "wet"}
    found = [{"type": "json", "json": {"rows": 1}}, {"type": "text", "text": "wet"}]
    result, _ = asked(
        events(
            ("response.status", {"status": "planning", "message": "…"}),
            ("response.thinking.delta", {"content_index": 0, "text": "Rain"}),
            ("response.thinking.delta", {"content_index": 0, "text": "?"}),
            ("response.thinking", {"content_index": 0, "text": "Rain?"}),
            text("I look.", 1),
            ("response.tool_use", {"tool_use_id": "1", "name": "weather", "input": {"x": "서울"}}),
            ("response.tool_result.status", {"tool_use_id": "1", "status": "executing"}),
            ("response.tool_result", {"tool_use_id": "1", "content": found}),
            ("response.nobody_knows", {"text": "?"}),
            text("It ", 4),
            text("rains.", 4),
            ("response.text.annotation", {"content_index": 4, "annotation": cited}),
            ("response.text", {"content_index": 4, "text": "It rains."}),
            ("response.suggested_queries", {"suggested_queries": [{"query": "?"}]}),
            END,
            text("never"),
        )
    )
    assert result.parts == (
        *(Thinking("Rain?"), "I look.", ToolCall("1", "weather", '{"x": "서울"}')),
        *(ToolResult("1", '{"rows": 1}\nwet'), "\n\nIt rains.", Citation("T", "wet", "d")),
        Usage(6, 10),
    )
    assert (result.status, result.finish_reason) == ("complete", "completed")


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ([], "cut"),
        ([("error", {"code": "5", "message": "it failed", "request_id": "r"})], "service"),
        ([("error", {"message": "unknown model no-such-model"})], "bad_request"),
        ([("response", {"status": "timed_out"})], "service"),
        ([("response", {"status": "cancelled"})], "service"),
    ],
)
def test_an_answer_without_its_end_has_failed(told: list[Any], code: str) -> None:
    result, _ = asked(events(text("half an "), *told))
    assert result.error is not None
    assert (result.error.code, result.status, result.text) == (code, "failed", "half an ")


JUNK: list[object] = [None, [], 5, "text", {"text": 5}, {"annotation": 5}, {"content": [None, 5]}]


@pytest.mark.parametrize(
    "name", ["response.text.delta", "response.text.annotation", "response.thinking.delta"]
)
def test_an_event_that_says_nothing_adds_nothing(name: str) -> None:
    result, _ = asked(events(*((name, junk) for junk in JUNK), text("text"), END))
    assert (result.error, result.text, len(result.parts)) == (None, "text", 2)


@pytest.mark.parametrize("metadata", [None, 5, {"usage": {"tokens_consumed": [{}]}}])
def test_an_end_without_figures_is_an_end(metadata: object) -> None:
    result, _ = asked(events(text("text"), ("response", {"metadata": metadata})))
    assert (result.usage, result.error) == (None, None)


@pytest.mark.parametrize(
    ("play", "code"),
    [
        (refusing(400, b'{"message": "unknown model"}'), "bad_request"),
        (refusing(404, b'{"message": "no such agent"}'), "not_found"),
        (answering(EVENTS.replace(b"event-stream", b"plain"), b"hello"), "bad_answer"),
        (answering(EVENTS, b"event: response.text.delta\ndata: {\n\n"), "bad_answer"),
        (answering(EVENTS[:-2], b"Content-Encoding: gzip\r\n\r\n"), "bad_answer"),
        (refusing(200, b"{}"), "bad_answer"),
        (answering(EVENTS, b"data: " + b"x" * 9_000_000), "bad_answer"),
    ],
)
def test_what_is_no_answer_has_a_code_and_tells_no_secret(play: Play, code: str) -> None:
    result, _ = asked(play)
    assert result.error is not None
    assert result.error.code == code
    assert "secret" not in repr(result.error)


def test_without_a_token_nothing_is_asked() -> None:
    with serving(events(END)) as server:
        session: Any = Session(server)
        session.connection.rest.token = None
        result = stream(AgentStrategy(session, SPEC), ask(), retry=Retry(attempts=1)).result()
        assert result.error is not None
        assert (result.error.code, server.requests) == ("unauthorised", [])


def test_a_conversation_with_tools_reaches_the_agent() -> None:
    turns = (
        Message(content="Rain?"),
        Message(role="assistant", content="I look.", tool_calls=(ToolCall("1", "weather", "{}"),)),
        Message(role="tool", tool_call_id="1", content="wet"),
        Message(role="assistant", tool_calls=(ToolCall("2", "sun", ""),)),
    )
    request = CompletionRequest(model="claude-4-sonnet", messages=turns)
    _, sent = asked(events(text("Yes."), END), request)
    used = {"tool_use_id": "1", "name": "weather", "input": {}}
    again = {"tool_use_id": "2", "name": "sun", "input": {}}
    returned = {"type": "text", "text": "wet"}
    given = {"tool_use_id": "1", "content": [returned], "status": "success"}
    assert sent[0] == {
        "models": {"orchestration": "claude-4-sonnet"},
        **SPEC,
        "stream": True,
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Rain?"}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "tool_use": used},
                ],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_result": given}]},
            {"role": "assistant", "content": [{"type": "tool_use", "tool_use": again}]},
        ],
    }


def test_an_agent_of_the_account_is_asked_by_its_name_and_told_no_model() -> None:
    _, sent = asked(events(END), agent="DB.PUBLIC.helper")
    assert sent[0].keys() == {"messages", "stream"}


@pytest.mark.parametrize(
    "name", ["helper", "a.b", 'a.b."c"', "a.b.c:run?x=", "a.b.c.d", "a.b.\u0430"]
)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with serving(events(END)) as server, pytest.raises(ValueError, match=r"database\.schema\.name"):
        session: Any = Session(server)
        AgentStrategy(session, name)


def test_what_an_agent_has_written_comes_while_it_writes_on() -> None:
    def write_on(connection: socket.socket, _: bytes) -> None:
        name, data = text("One\n")
        connection.sendall(EVENTS + f"event: {name}\ndata: {json.dumps(data)}\n\n".encode() * 2)
        connection.recv(1)

    with serving(write_on) as server:
        session: Any = Session(server)
        limits = Limits(first_chunk=30.0)
        with stream(AgentStrategy(session, SPEC), ask(), limits=limits) as answer:
            assert next(answer)


def test_a_silent_agent_can_be_given_up_before_it_has_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    monkeypatch.setattr("streaming.strategies.agent._client", lambda: Http(Client(verify=False)))
    with serving(silent, tls) as server:
        session: Any = Session(server, "https")
        ends: list[str] = []
        way = AgentStrategy(session, SPEC)
        running = stream(way, ask(), on_end=lambda _, end: ends.append(end))
        running.on_idle = lambda: running.cancel() if server.requests else None
        assert running.result().status == "cancelled"
        wait_for(lambda: ends == ["stopped"])

"""Fault models on the wire, and where they must not be seen."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from snowflake.snowpark import Session
from snowflake.snowpark.exceptions import SnowparkSQLException

from local_cortex import LocalCortex, faults, models
from local_cortex.routes import web
from tests.local_cortex.cortex_engines import END, PATIENCE, Playing, eventually

COMPLETE = "/api/v2/cortex/inference:complete"
CHAT = "/api/v2/cortex/v1/chat/completions"
MESSAGES = "/api/v2/cortex/v1/messages"
Http = Callable[..., httpx.Client]


def body(model: str, prompt: str = "Hello", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": prompt}], **more}


@pytest.mark.parametrize("path", [COMPLETE, CHAT])
def test_a_fault_with_a_status_answers_with_it(rest: httpx.Client, path: str) -> None:
    for name, fault in faults.FAULTS.items():
        if not fault.status:
            continue
        answer = rest.post(path, json=body(name, f"{path} {name}"))
        assert answer.status_code == fault.status, name
        assert ("retry-after" in answer.headers) == (fault.retry_after is not None), name
        if fault.then_ok:
            again = rest.post(path, json=body(name, f"{path} {name}", stream=False))
            assert again.is_success, name


def test_retry_after_may_be_a_date(rest: httpx.Client) -> None:
    answer = rest.post(COMPLETE, json=body("fault-429-date", "when?"))
    assert parsedate_to_datetime(answer.headers["retry-after"]).tzinfo is not None


def test_a_refusal_that_passes_is_each_conversations_own(rest: httpx.Client) -> None:
    first, second = (body("fault-503-then-ok", prompt, stream=False) for prompt in ("a", "b"))
    statuses = [
        rest.post(COMPLETE, json=each).status_code for each in (first, second, second, first)
    ]
    assert statuses == [503, 503, 200, 200]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("path", [COMPLETE, CHAT, MESSAGES])
def test_an_expired_session_is_said_with_200_and_a_code(
    rest: httpx.Client, path: str, stream: bool
) -> None:
    asked = body("fault-expired-token", f"{path} {stream}", stream=stream)
    if path == MESSAGES:
        asked["max_tokens"] = 50
    version = {"anthropic-version": "2023-06-01"}
    answer = rest.post(path, json=asked, headers=version)
    assert (answer.status_code, answer.json()["code"]) == (200, "390112")
    again = rest.post(path, json=asked, headers=version)
    assert (again.status_code, "390112" in again.text) == (200, False)


def test_names_are_found_in_any_case(rest: httpx.Client) -> None:
    assert rest.post(COMPLETE, json=body("FAULT-402")).status_code == 402
    assert rest.post(COMPLETE, json=body("fault-429")).json()["message"].startswith("unknown model")


def test_no_list_of_models_has_them(rest: httpx.Client, session: Session) -> None:
    listed = rest.get("/api/v2/cortex/models").text
    shown = session.sql("SHOW CORTEX BASE MODELS IN SCHEMA SNOWFLAKE.MODELS").collect()
    assert "fault" not in listed.lower()
    assert "fault" not in str(shown).lower()
    assert not any(name.startswith("fault") for name in models.DEFAULTS)


def test_where_nothing_streams_a_fault_of_the_stream_answers_normally(
    rest: httpx.Client, session: Session
) -> None:
    names = [name for name, one in faults.FAULTS.items() if not (one.status or one.expired)]
    for name in names:
        answer = rest.post(COMPLETE, json=body(name, stream=False))
        assert answer.json()["choices"][0]["message"]["content"], name
    rows = session.create_dataframe([[name] for name in names], schema=["name"])
    answers = rows.select_expr("AI_COMPLETE(name, 'Hello')").collect()
    assert all(answer for (answer,) in answers)
    assert len(answers) == len(names)


def test_in_sql_a_refusal_is_an_error(session: Session) -> None:
    with pytest.raises(SnowparkSQLException, match="budget"):
        session.sql("SELECT SNOWFLAKE.CORTEX.COMPLETE('fault-402', 'Hello')").collect()


def test_a_fault_in_the_middle_comes_before_the_end_of_a_short_answer_too(
    start: Callable[..., LocalCortex], http: Http
) -> None:
    rest = http(start(engine=Playing("one ", "two", END)))
    for name in (
        *("fault-error-event", "fault-error-data", "fault-bad-json", "fault-bad-utf8"),
        *("fault-no-end", "fault-null-choices"),
    ):
        for path in (COMPLETE, CHAT):
            answer = rest.post(path, json=body(name, stream=True)).content
            assert len(re.findall(rb'"content":"\w', answer)) == 2, name
            assert b'"usage":{"' not in answer, name
            assert b'"finish_reason":"' not in answer, name
            assert b"[DONE]" not in answer, name


@pytest.mark.parametrize(("path", "parts"), [(COMPLETE, []), (CHAT, ["one"])])
def test_no_answer_is_too_short_for_any_fault(
    start: Callable[..., LocalCortex],
    http: Http,
    caplog: pytest.LogCaptureFixture,
    path: str,
    parts: list[str],
) -> None:
    rest = http(start(engine=Playing(*parts, END)))
    for name in faults.FAULTS:
        with (
            contextlib.suppress(httpx.TransportError),
            rest.stream("POST", path, json=body(name, stream=True), timeout=0.1) as answer,
        ):
            # Some never end.
            for _ in zip(answer.iter_raw(), range(5), strict=False):
                pass
    assert caplog.text == ""


def test_an_engine_is_asked_for_a_model_that_it_may_know(
    start: Callable[..., LocalCortex], http: Http
) -> None:
    engine = Playing("one", END)
    answer = http(start(engine=engine)).post(CHAT, json=body("fault-burst"))
    assert [call.model for call in engine.calls] == [models.DEFAULTS[0]]
    assert answer.json()["model"] == "fault-burst"


def raw(cortex: LocalCortex, model: str) -> socket.socket:
    """Ask by hand, for what a client would hide."""
    content = json.dumps(body(model)).encode()
    connection = socket.create_connection(("127.0.0.1", cortex.port), timeout=PATIENCE)
    connection.sendall(
        f"POST {COMPLETE} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {cortex.secret}\r\n"
        f"content-length: {len(content)}\r\n\r\n".encode()
        + content
    )
    return connection


def test_a_reset_is_a_reset(cortex: LocalCortex) -> None:
    with raw(cortex, "fault-reset") as connection, pytest.raises(ConnectionResetError):
        while connection.recv(65_536):
            pass


def test_a_truncated_stream_ends_without_the_chunk_that_ends_it(cortex: LocalCortex) -> None:
    received = b""
    with raw(cortex, "fault-truncated") as connection:
        while part := connection.recv(65_536):
            received += part
    assert received.count(b"data: ") == faults.BEFORE
    assert not received.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize(
    "name", ["fault-stall-headers", "fault-stall-first", "fault-stall-mid", "fault-endless"]
)
def test_what_never_ends_ends_when_the_client_leaves(cortex: LocalCortex, name: str) -> None:
    with raw(cortex, name) as connection:
        if name != "fault-stall-headers":
            assert connection.recv(100)
            assert eventually(lambda: cortex.open_streams > 0)
    assert eventually(lambda: cortex.open_streams == 0)


@pytest.mark.parametrize("name", ["fault-stall-headers", "fault-stall-first", "fault-stall-mid"])
def test_a_stall_ends_by_itself_when_nobody_leaves(
    cortex: LocalCortex, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(web, "SILENT_SECONDS", 0.1)
    with raw(cortex, name) as connection, contextlib.suppress(ConnectionResetError):
        while connection.recv(65_536):
            pass
    assert eventually(lambda: cortex.open_streams == 0)


@pytest.mark.parametrize("name", ["fault-stall-headers", "fault-stall-mid", "fault-endless"])
def test_what_never_ends_holds_up_nobody_who_closes_the_server(
    start: Callable[..., LocalCortex], name: str
) -> None:
    server = start()
    with raw(server, name) as connection:
        if name != "fault-stall-headers":
            assert connection.recv(100)
        began = time.monotonic()
        server.close()
        assert time.monotonic() - began < web.SILENT_SECONDS / 2
        assert not server.alive

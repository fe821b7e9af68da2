"""Every refusal over REST has the envelope that Snowflake documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from snowflake.snowpark import Session

from local_cortex import LocalCortex

API = "/api/v2/cortex"
PLACE = "/api/v2/databases/course/schemas/public"
ASKED = [{"role": "user", "content": "hi"}]
AGENT_ASKED = [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]


def failing(name: str) -> dict[str, Any]:
    return {"model": name, "messages": ASKED}


def agent(name: str, **more: Any) -> dict[str, Any]:
    return {"messages": AGENT_ASKED, "models": {"orchestration": name}, **more}


REFUSED: list[tuple[str, str, Any, int]] = [
    *(
        ("POST", f"{API}/{path}", failing(f"fault-{status}"), status)
        for path in ("v1/chat/completions", "inference:complete")
        for status in (400, 401, 402, 403, 404, 500, 503)
    ),
    ("POST", f"{API}/v1/chat/completions", failing("fault-429-no-date"), 429),
    ("POST", f"{API}/v1/chat/completions", failing("no-such-model"), 400),
    ("POST", f"{API}/v1/chat/completions", failing("fault-expired-token"), 200),
    ("POST", f"{API}/inference:embed", {"model": "e5-base-v2"}, 400),
    ("POST", f"{API}/inference:embed", {"model": "x", "text": ["a"]}, 400),
    ("POST", f"{API}/agent:run", agent("fault-429-no-date"), 429),
    ("POST", f"{API}/agent:run", agent("fault-agent-error", stream=False), 500),
    ("POST", f"{API}/agent:run", agent("no-such-model", stream=False), 400),
    ("POST", f"{API}/agent:run", {"messages": []}, 400),
    ("POST", f"{PLACE}/agents/nowhere:run", {"messages": AGENT_ASKED}, 404),
    ("GET", f"{PLACE}/agents/nowhere", None, 404),
    ("GET", f"{API}/threads/9999", None, 404),
    ("POST", f"{PLACE}/cortex-search-services/nowhere:query", {"query": "a"}, 404),
    ("GET", f"{API}/v1/chat/completions", None, 405),
    ("GET", f"{API}/nowhere", None, 501),
]


def check(answer: httpx.Response) -> None:
    body = answer.json()
    assert [*body] == ["code", "message", "request_id", "error_code"]
    assert body["code"] == body["error_code"]
    assert len(body["code"]) == 6
    assert body["message"]
    assert answer.headers["x-snowflake-request-id"] == body["request_id"]


@pytest.mark.parametrize(("method", "path", "body", "status"), REFUSED)
def test_a_refusal_has_the_documented_fields(
    rest: httpx.Client, method: str, path: str, body: Any, status: int
) -> None:
    answer = rest.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    check(answer)


@pytest.mark.parametrize("path", ["v1/messages", "v1/chat/completions", "agent:run", "threads"])
def test_a_wrong_token_is_refused_in_the_same_fields(
    cortex: LocalCortex, http: Callable[..., httpx.Client], path: str
) -> None:
    answer = http(cortex, "Bearer wrong").post(f"{API}/{path}", json={})
    assert answer.status_code == 401
    check(answer)


def test_snowflake_s_own_client_shows_the_number(session: Session) -> None:
    # A second to import: not for every worker that collects this file.
    from snowflake.core import Root
    from snowflake.core.exceptions import APIError

    services = Root(session).databases["COURSE"].schemas["PUBLIC"].cortex_search_services
    with pytest.raises(APIError, match="Error Code: 002003"):
        services["NOWHERE"].search("a")


def test_an_agent_s_error_event_has_snowflake_s_number(rest: httpx.Client) -> None:
    answer = rest.post(f"{API}/agent:run", json=agent("fault-agent-error"))
    last = answer.text.strip().split("\n\n")[-1]
    assert last.startswith('event: error\ndata: {"code":"399504","message":"the agent has failed"')

"""Snowflake's session protocol by hand, for what the real clients never send."""

from __future__ import annotations

import json
from typing import Any

import httpx

from local_cortex import LocalCortex


class Wire:
    """A logged-in session of plain HTTP; ``data`` is what the login answered."""

    def __init__(self, http: httpx.Client, server: LocalCortex, **query: str) -> None:
        self.http = http
        answer = log_in(http, password=server.secret, **query)
        assert answer["success"], answer
        self.data: dict[str, Any] = answer["data"]
        self.token: str = self.data["token"]

    def post(self, path: str, body: Any = None, *, token: str | None = None, **query: str) -> Any:
        shown = self.token if token is None else token
        return self.http.post(
            path,
            content=json.dumps(body),
            params=query,
            headers={"authorization": f'Snowflake Token="{shown}"'},
        ).json()

    def get(self, path: str) -> Any:
        return self.http.get(
            path, headers={"authorization": f'Snowflake Token="{self.token}"'}
        ).json()

    def run(self, sql: object, request_id: str = "", **body: Any) -> Any:
        query = {"requestId": request_id} if request_id else {}
        return self.post("/queries/v1/query-request", {"sqlText": sql, **body}, **query)


def log_in(http: httpx.Client, user: object = "ada", password: object = "", **query: str) -> Any:
    body = {"data": {"LOGIN_NAME": user, "PASSWORD": password}}
    # json= of httpx cannot send half of a surrogate pair, which other clients can.
    return http.post("/session/v1/login-request", content=json.dumps(body), params=query).json()

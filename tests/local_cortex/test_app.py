"""The whole application: who may call it, by which paths, and what becomes of its own faults."""

from __future__ import annotations

import logging
from collections.abc import Callable

import httpx
import pytest

from local_cortex import LocalCortex
from local_cortex.routes import inference
from tests.local_cortex.wire import Wire, log_in

MODELS = "/api/v2/cortex/models"
Http = Callable[..., httpx.Client]


def test_this_machine_is_served_by_either_of_its_names(rest: httpx.Client) -> None:
    for host in ("127.0.0.1", "127.0.0.1:80", "localhost", "localhost:1234"):
        assert rest.get(MODELS, headers={"host": host}).status_code == 200, host


@pytest.mark.parametrize("path", ["/", MODELS, "/session/v1/login-request", "/no/such/path"])
def test_a_web_page_that_calls_itself_by_another_name_is_refused(
    rest: httpx.Client, path: str
) -> None:
    for host in (
        *("evil.example", "evil.example:80", "127.0.0.1.evil.example", "127.0.0.1@evil.example"),
        *("", "::1"),
    ):
        answer = rest.get(path, headers={"host": host})
        assert (answer.status_code, answer.text) == (400, "Invalid host header"), host


def test_without_a_token_there_is_only_a_greeting(cortex: LocalCortex, http: Http) -> None:
    answer = http(cortex, "").get("/")
    assert (answer.status_code, answer.text) == (200, "Local Cortex")


@pytest.mark.parametrize("prefix", ["", "/sf", "/sf:1"])
def test_everything_is_served_under_both_prefixes_too(
    cortex: LocalCortex, http: Http, prefix: str
) -> None:
    client = http(cortex, "")
    client.base_url = httpx.URL(cortex.url + prefix)
    assert Wire(client, cortex).run("SELECT 1")["data"]["rowset"] == [["1"]]
    allowed = {"authorization": f"Bearer {cortex.secret}"}
    assert client.get(MODELS, headers=allowed).status_code == 200
    assert client.get(MODELS).json()["code"] == "390104"
    cortex.expire_sessions()


def test_a_session_is_the_same_under_every_prefix(cortex: LocalCortex, http: Http) -> None:
    client = http(cortex, "")
    client.base_url = httpx.URL(f"{cortex.url}/sf:1")
    token = log_in(client, password=cortex.secret)["data"]["token"]
    shown = {"authorization": f'Snowflake Token="{token}"'}
    assert client.get(f"{cortex.url}/sf{MODELS}", headers=shown).status_code == 200


def test_a_path_that_is_not_served_is_404_in_the_rest_envelope(rest: httpx.Client) -> None:
    for path in ("/no/such/path", "/sf/x", "/sf:1/x", "/sf:2/session"):
        answer = rest.get(path)
        assert answer.status_code == 404, path
        assert answer.json()["message"] == "Local Cortex: Not Found", path


@pytest.mark.parametrize("prefix", ["", "/sf", "/sf:1"])
def test_what_is_not_served_of_the_rest_api_is_501_and_named(
    rest: httpx.Client, prefix: str
) -> None:
    answer = rest.get(f"{prefix}/api/v2/databases/D")
    assert answer.status_code == 501
    message = answer.json()["message"]
    assert message.startswith("Local Cortex does not serve GET /api/v2/databases/D. Of Snowflake's")


def test_a_fault_of_ours_is_an_error_body_and_one_line_of_log_without_its_words(
    rest: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("a prompt")

    monkeypatch.setattr(inference, "authorise", fail)
    answer = rest.get(MODELS)
    assert answer.status_code == 500
    assert answer.json()["message"] == "Local Cortex failed (KeyError)"
    assert caplog.messages == [f"{MODELS} failed: KeyError"]
    assert "a prompt" not in answer.text + caplog.text
    assert "Traceback" not in capfd.readouterr().err


def test_somebody_who_debugs_sees_a_fault_whole(
    rest: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("the detail")

    caplog.set_level(logging.DEBUG, "local_cortex")
    monkeypatch.setattr(inference, "authorise", fail)
    assert rest.get(MODELS).status_code == 500
    assert "the detail" in caplog.text

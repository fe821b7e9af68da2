"""Errors: a stable code for whatever a client raises."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx
import httpx2
import openai
import pytest
import requests
from httpx_sse import SSEError
from requests.exceptions import ChunkedEncodingError
from snowflake.cortex._complete import MidStreamException, ResponseParseException
from snowflake.cortex._util import SnowflakeAuthenticationException

from streaming import StreamInterrupted, StreamTimeout, StreamUnavailable
from streaming.bodies import TooLong
from streaming.errors import from_exception, seconds_to_wait
from streaming.strategies.agent import AgentError

ASKED = httpx2.Request("POST", "https://account.example/secret")


def refused(status: int, **headers: str) -> requests.HTTPError:
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers)
    return requests.HTTPError("https://account.example/secret", response=response)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        *((400, "bad_request"), (401, "unauthorised"), (402, "budget"), (403, "forbidden")),
        *((404, "not_found"), (408, "unavailable"), (413, "too_long"), (422, "bad_request")),
        *((429, "rate_limited"), (500, "service"), (502, "service"), (503, "unavailable")),
        *((504, "unavailable"), (529, "unavailable"), (418, "http")),
    ],
)
def test_an_http_status_has_a_code_of_its_own(status: int, code: str) -> None:
    error = from_exception(refused(status), text_came=False)
    assert isinstance(error, StreamUnavailable)
    assert (error.code, error.status) == (code, status)


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (TimeoutError(), "client_timeout"),
        (requests.ConnectionError(), "connection"),
        (ChunkedEncodingError(), "cut"),
        (UnicodeDecodeError("utf-8", b"", 0, 1, "no"), "bad_answer"),
        (openai.APITimeoutError(ASKED), "client_timeout"),
        (openai.APIConnectionError(request=ASKED), "connection"),
        (openai.APIError("an error event", ASKED, body=None), "service"),
        (httpx.ConnectTimeout("x"), "connection"),
        (httpx.ReadTimeout("x"), "connection"),
        (httpx.ConnectError("x"), "connection"),
        (httpx.DecodingError("x"), "bad_answer"),
        (requests.exceptions.ContentDecodingError(), "bad_answer"),
        (SSEError("x"), "bad_answer"),
        (TooLong(), "bad_answer"),
        (RecursionError(), "bad_answer"),
        (AgentError("x"), "service"),
        (MidStreamException("x"), "service"),
        (ResponseParseException("x"), "bad_answer"),
        (SnowflakeAuthenticationException("x"), "unauthorised"),
        (httpx2.ReadError("reset"), "cut"),
        (httpx2.RemoteProtocolError("ended early"), "cut"),
        (json.JSONDecodeError("no", "{", 0), "bad_answer"),
        (ValueError("Request failed: 429"), "rate_limited"),
        (ValueError("invalid literal for int() with base 10: 'Tue'"), "rate_limited"),
        (ValueError("Unknown Content-Type: x"), "bad_answer"),
        (AttributeError("'Response' object has no attribute 'data'"), "bad_answer"),
        (TypeError("'NoneType' object is not subscriptable"), "bad_answer"),
        (ValueError("Exceeds the limit (4300 digits) for integer string"), "bad_answer"),
        (TypeError("'int' object is not iterable"), "bad_answer"),
        (TypeError("object of type 'int' has no len()"), "bad_answer"),
        (TypeError("string indices must be integers, not 'str'"), "bad_answer"),
        (TypeError("list indices must be integers or slices, not str"), "bad_answer"),
        (TypeError("string argument expected, got 'int'"), "bad_answer"),
        (ValueError("anything else"), "unknown"),
        (RuntimeError("anything"), "unknown"),
    ],
)
def test_what_the_client_raises_has_a_code(raised: Exception, code: str) -> None:
    error = from_exception(raised, text_came=False)
    assert isinstance(error, StreamUnavailable)
    assert error.code == code
    assert error.__cause__ is raised


def test_a_connection_lost_after_text_is_cut_whichever_client_says_so() -> None:
    error = from_exception(requests.ConnectionError(), text_came=True)
    assert isinstance(error, StreamInterrupted)
    assert error.code == "cut"


def test_an_error_of_ours_stays_as_it_is() -> None:
    ours = StreamTimeout("idle")
    assert from_exception(ours, text_came=True) is ours


def test_what_the_service_asks_and_calls_the_request_is_kept() -> None:
    headers = {"Retry-After": "7", "X-Snowflake-Request-Id": "abc"}
    error = from_exception(refused(429, **headers), text_came=False)
    assert (error.retry_after, error.request_id, error.retryable) == (7.0, "abc", True)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("3", 3.0),
        ("1.5", 1.5),
        ("-4", 0.0),
        ("Tue, 24 Nov 2026 08:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 07:00:00 GMT", 0.0),
        ("Tue, 24 Nov 2026 08:00:30 -0000", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    now = datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert seconds_to_wait(header, now) == seconds

"""Errors: a stable code for whatever a client raises."""

from __future__ import annotations

import pytest
import requests
from requests.exceptions import ChunkedEncodingError

from streaming import StreamInterrupted, StreamTimeout, StreamUnavailable
from streaming.errors import STATUS_CODES, from_exception


def refused(status: int) -> requests.HTTPError:
    response = requests.Response()
    response.status_code = status
    return requests.HTTPError("https://account.example/secret", response=response)


@pytest.mark.parametrize(("status", "code"), [*STATUS_CODES.items(), (418, "http")])
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
        (RuntimeError("anything"), "unknown"),
    ],
)
def test_what_the_client_raises_has_a_code(raised: Exception, code: str) -> None:
    error = from_exception(raised, text_came=True)
    assert isinstance(error, StreamInterrupted)
    assert error.code == code
    assert error.__cause__ is raised


def test_an_error_of_ours_stays_as_it_is() -> None:
    ours = StreamTimeout("idle")
    assert from_exception(ours, text_came=True) is ours

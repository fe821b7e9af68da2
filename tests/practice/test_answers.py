"""When a model fails, a program gets the error that the Snowflake client would raise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest

from practice.events import Asked
from practice.sandbox.answers import Answers
from practice.sandbox.job import RunLimits
from streaming import CompletionRequest, StreamTimeout, StreamUnavailable


def told(error: Exception) -> dict[str, Any]:
    def fail(_: CompletionRequest) -> Iterator[str]:
        raise error

    answers = Answers(fail, lambda *_: ([], []), RunLimits())
    asked = Asked(model="m", prompt="hi", options=None, stream=True, call=0, line=1)
    _, line = answers.to(asked)
    found: dict[str, Any] = json.loads(line)["error"]
    return found


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *((limit, "timeout") for limit in ("first_chunk", "idle", "total")),
        ("client_timeout", "timeout"),
        ("connection", "connection"),
        ("bad_answer", "parse"),
        ("service", "service"),
        ("budget", 402),
        ("bad_request", 400),
        ("unauthorised", 401),
        ("forbidden", 403),
        ("not_found", 404),
        ("too_long", 413),
        ("rate_limited", 429),
        ("unavailable", 503),
    ],
)
def test_a_failure_is_of_the_kind_that_the_client_raises(code: str, kind: str | int) -> None:
    failed = StreamUnavailable(code) if code != "total" else StreamTimeout(code)
    found = told(failed)
    if isinstance(kind, int):
        assert (found["kind"], found["status"]) == ("http", kind)
    else:
        message = "the model has failed" if kind == "service" else ""
        assert found == {"kind": kind, "message": message}


@pytest.mark.parametrize(
    ("status", "said", "message"),
    [
        (400, 'unknown model "gpt"', 'unknown model "gpt"'),
        (400, "max tokens of count exceeded", "max tokens of count exceeded"),
        (400, "invalid options object: top_p, x", "invalid options object: top_p, x"),
        (400, "schema validation failed: x", "schema validation failed: x"),
        (400, "account SECRET", "schema validation failed"),
        (402, "account SECRET", "budget exceeded"),
        (403, "account SECRET", "not authorized"),
        (404, "account SECRET", "not found"),
        (429, "account SECRET", "too many requests"),
        (503, "account SECRET", "inference timed out"),
        (599, "account SECRET", ""),
    ],
)
def test_a_refusal_is_told_in_its_own_words_only_where_they_are_harmless(
    status: int, said: str, message: str
) -> None:
    asked = httpx2.Request("POST", "https://secret.snowflakecomputing.com")
    answer = httpx2.Response(status, request=asked)
    found = told(openai.APIStatusError("no", response=answer, body={"message": said}))
    assert (found["status"], found["message"]) == (status, message)

"""Reasons: what a refusal says leads to a code, and nothing of it further than that."""

from __future__ import annotations

import io
import json
import zlib
from types import SimpleNamespace

import httpx2
import openai
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from course.stream_errors import explain, messages
from streaming import bodies, reasons
from streaming.errors import StreamError, from_exception


def snowflake(message: str, code: str = "390400") -> str:
    """A refusal as Cortex's REST API gives it."""
    said = {"message": message, "code": code, "error_code": code, "request_id": "x"}
    return json.dumps(said)


def made_of(status: int, body: str) -> StreamError:
    response = requests.Response()
    response.status_code = status
    response.raw = io.BytesIO(body.encode())
    return from_exception(requests.HTTPError(response=response), text_came=False)


REGION = (
    "The model you requested is unavailable in your region. To access it, enable cross region "
    "inference with AWS_APJ, AWS_EU, AWS_US, AZURE_EU, AZURE_US, ANY_REGION."
)
ACCOUNT = "This account is not allowed to access this endpoint. Please contact Snowflake support."
PREFILL = (
    "This model does not support assistant message prefill. "
    "The conversation must end with a user message."
)

#: (status, body, code). The words are from Snowflake's documentation and from public reports.
REFUSALS = [
    # Its number alone says it, whatever the status and the words are.
    (403, snowflake("", "003001"), "account_type"),
    (403, '{"error_code": 3001}', "account_type"),
    (401, snowflake("", "390422"), "network_policy"),
    (403, snowflake("", "390432"), "network_policy"),
    (403, snowflake("", "390189"), "forbidden"),
    (400, snowflake("", "390112"), "unauthorised"),
    (403, snowflake("SQL access control error: Insufficient privileges", "003001"), "forbidden"),
    # Region.
    (400, snowflake(REGION), "region"),
    (400, json.dumps({"error": {"message": REGION, "type": "invalid_request_error"}}), "region"),
    (500, f"remote service error: 400 '\"{REGION}\" '", "region"),
    (400, snowflake("required LLMs are not available in your region"), "region"),
    (400, snowflake("please enable cross-region calls to use this API"), "region"),
    # Account and role.
    (403, snowflake(ACCOUNT), "account_type"),
    (400, snowflake("This feature is not available for trial accounts."), "account_type"),
    (403, snowflake("Account not enabled: not available in this account"), "account_type"),
    (403, snowflake("the default role does not have SNOWFLAKE.CORTEX_USER"), "forbidden"),
    (403, snowflake("Insufficient permissions"), "forbidden"),
    (400, snowflake("Role 'ANALYST' is not authorized"), "forbidden"),
    # Network.
    (401, snowflake("Network policy is required."), "network_policy"),
    (
        403,
        snowflake("Incoming request with IP/Token 203.0.113.5 is not allowed to access Snowflake"),
        "network_policy",
    ),
    (403, snowflake("IP 203.0.113.5 is not allowed to access Snowflake."), "network_policy"),
    # The conversation.
    (400, snowflake(PREFILL), "last_message"),
    (400, json.dumps({"type": "error", "error": {"message": PREFILL}}), "last_message"),
    (400, snowflake("the last message must be a user message"), "last_message"),
    (400, "Expected last role User or Tool for serving but got assistant", "last_message"),
    (400, "Conversation roles must alternate user/assistant/user", "last_message"),
    (400, snowflake("max tokens of 200000 exceeded"), "too_long"),
    (400, snowflake("max tokens of count exceeded"), "too_long"),
    (400, json.dumps({"error": {"code": "context_length_exceeded", "message": ""}}), "too_long"),
    (400, snowflake("prompt is too long: 209353 tokens > 199999 maximum"), "too_long"),
    (400, "This model's maximum context length is 4096 tokens.", "too_long"),
    (400, "the request exceeds the available context size", "too_long"),
    (400, "Input tokens exceed the configured limit of 272000 tokens.", "too_long"),
    (413, "", "too_long"),
    # Too much of it.
    (400, snowflake("all requests were throttled by remote service"), "rate_limited"),
    (400, snowflake("Too many requests"), "rate_limited"),
    (429, snowflake("Rate limit: too many input tokens"), "rate_limited"),
    (400, snowflake("Too many concurrent requests"), "rate_limited"),
    (402, snowflake(""), "budget"),
    (400, snowflake("You have exceeded the model consumption budget."), "budget"),
    (400, snowflake("budget exceeded"), "budget"),
    (429, json.dumps({"error": {"code": "insufficient_quota"}}), "budget"),
    # Logins, and models.
    (403, snowflake("Your session has expired. Please login again."), "unauthorised"),
    (403, snowflake("JWT token is invalid."), "unauthorised"),
    (404, json.dumps({"error": {"message": "model 'x' not found"}}), "bad_request"),
    (400, snowflake('unknown model "x"'), "bad_request"),
]


@pytest.mark.parametrize(("status", "body", "code"), REFUSALS)
def test_a_refusal_has_the_code_of_what_it_says(status: int, body: str, code: str) -> None:
    error = made_of(status, body)
    assert (error.code, error.status) == (code, status)
    assert code in messages()


@pytest.mark.parametrize(("status", "body", "code"), REFUSALS)
def test_the_other_clients_error_has_the_same_code(status: int, body: str, code: str) -> None:
    asked = httpx2.Request("POST", "https://account.example/secret")
    response = httpx2.Response(status, text=body, request=asked)
    raised = openai.APIStatusError("refused", response=response, body=None)
    assert from_exception(raised, text_came=False).code == code


def test_of_a_body_that_its_client_has_read_only_the_beginning_counts() -> None:
    response = requests.Response()
    response._content = b"a" * bodies.MOST_BYTES + b"quota"
    assert bodies.read(response) == b"a" * bodies.MOST_BYTES


@pytest.mark.parametrize(
    ("encoding", "form"), [("gzip", 31), ("x-gzip", 31), ("deflate", 15), ("GZIP", 31)]
)
def test_a_packed_error_has_the_same_limit_and_its_connection_is_closed(
    encoding: str, form: int
) -> None:
    packer = zlib.compressobj(wbits=form)
    body = packer.compress(b"a" * (bodies.MOST_BYTES + 1)) + packer.flush()
    closed: list[str] = []
    connection = SimpleNamespace(close=lambda: closed.append("connection"))
    response = SimpleNamespace(
        raw=SimpleNamespace(read1=io.BytesIO(body).read1, connection=connection),
        headers={"content-encoding": encoding},
        close=lambda: closed.append("response"),
    )
    assert bodies.read(response) == b"a" * bodies.MOST_BYTES
    assert closed == ["response", "connection"]


#: Every number that counts, and every form of words, by code.
NUMBERED = {
    "account_type": [3001],
    "forbidden": [390186, 390189],
    "network_policy": [390420, 390422, 390432],
    "unauthorised": [
        *(390100, 390101, 390102, 390104, 390110, 390111, 390112, 390113, 390114, 390115),
        *(390144, 390195, 390303, 390318, 394400),
    ],
}
WORDED = {
    "region": [
        *("use cross-region inference", "set CORTEX_ENABLED_CROSS_REGION", "cross region"),
        *(
            "unavailable in your region",
            "not available in this region",
            "isn't offered in a region",
        ),
        *("not supported in the region", "not enabled in any region"),
    ],
    "network_policy": [
        *("a network policy", "Incoming request with IP 1", "the IP 1.2.3.4 is not allowed"),
        "not allowed to access Snowflake",
    ],
    "account_type": [
        *("account is not allowed", "account is not enabled", "account has not been enabled"),
        *("your account type", "a trial account", "a free edition", "the trial tier"),
        *("trial has ended", "account has expired", "account is suspended"),
        *("not available for this account", "not supported in your account"),
        *("not enabled on trial account", "not allowed for your account"),
    ],
    "forbidden": [
        *(
            "insufficient privilege",
            "insufficient permission",
            "cortex_user",
            "CORTEX_REST_API_USER",
        ),
        *("not authorized to", "not authorized for", "does not have the privilege"),
        *("does not have any permission", "role X is not authorized", "role X does not have"),
        *("role X does not exist", "role X is not granted", "role X lacks"),
    ],
    "last_message": [
        *("end with a user", "end with the user", "end with user", "last message here must"),
        *("final role x must", "last message is from the assistant", "expected last role"),
        *("assistant message prefill", "roles must alternate", "must alternate between"),
        *("start with a user", "start with the user", "start with user"),
    ],
    "too_long": [
        *(
            "max tokens of 5 exceeded",
            "context length",
            "prompt_window",
            "input size",
            "input limit",
        ),
        *("maximum context", "prompt is too long", "request too large", "conversation is too long"),
        *("too many tokens", "too many input tokens", "too many prompt tokens"),
        *("the input would exceed", "the prompt exceeds", "the context exceeds"),
        *("exceeds the context", "input was too large"),
    ],
    "budget": [
        *("budget exceeded", "budget was exhausted", "budget is exhausted", "budget limit"),
        *("budget has been used up", "exceeded the budget", "insufficient quota"),
        "insufficient_quota",
        *("exceeded your current quota", "credit balance", "credit limit", "credit quota"),
        *("spending limit", "billing"),
    ],
    "rate_limited": [
        *("throttled", "too many requests", "too many concurrent requests", "rate limit"),
        *("rate_limit", "rate-limit", "ratelimit", "usage quota"),
    ],
    "bad_request": ["model X not found", "model X does not exist", "unknown model"],
}
LOGINS = (
    *(
        "session has expired",
        "token is no longer there",
        "token is not valid",
        "session is invalid",
    ),
    *("token was revoked", "an expired session", "invalid token", "invalid api key"),
    *("log in again", "login again"),
)


def test_every_number_has_its_code() -> None:
    found = {
        number: reasons.find(f'{{"code": "{number}"}}', 400) for number in range(390_000, 394_500)
    }
    found[3001] = reasons.find('{"code": 3001}', 400)
    expected = {number: code for code, numbers in NUMBERED.items() for number in numbers}
    assert {number: code for number, code in found.items() if code} == expected


def test_every_form_of_words_has_its_code() -> None:
    for code, forms in WORDED.items():
        assert {one: reasons.find(one, 400) for one in forms} == dict.fromkeys(forms, code)


def test_words_about_a_login_count_where_a_login_may_have_failed() -> None:
    for status, code in {
        200: "unauthorised",
        401: "unauthorised",
        403: "unauthorised",
        400: None,
    }.items():
        assert {one: reasons.find(one, status) for one in LOGINS} == dict.fromkeys(LOGINS, code)


@pytest.mark.parametrize(
    "name",
    [
        *("code", "description", "detail", "details", "error", "error_code", "errors", "message"),
        *("msg", "param", "loc", "reason", "title", "type"),
    ],
)
def test_what_is_said_may_stand_in_each_of_these_fields(name: str) -> None:
    within: object = ["billing"]
    for _ in range(4):
        within = {name: within}
    assert reasons.find(json.dumps(within), 400) == "budget"
    assert reasons.find(json.dumps({name: within}), 400) is None
    assert reasons.find(json.dumps({"input": within}), 400) is None


def test_what_is_not_recognised_has_the_code_of_its_status() -> None:
    by_status = {
        **dict.fromkeys((400, 422), "bad_request"),
        401: "unauthorised",
        402: "budget",
        403: "forbidden",
        404: "not_found",
        413: "too_long",
        429: "rate_limited",
        **dict.fromkeys((500, 502), "service"),
        **dict.fromkeys((408, 503, 504, 529), "unavailable"),
        **dict.fromkeys((405, 501, 505), "http"),
    }
    for status, code in by_status.items():
        for body in ("", "null", "[]", "<html>no</html>", snowflake("something new"), "[" * 9_000):
            assert made_of(status, body).code == code


def test_a_throttle_that_comes_as_400_may_be_asked_again() -> None:
    assert made_of(400, snowflake("all requests were throttled by remote service")).retryable


def test_what_was_asked_is_not_taken_for_what_is_said() -> None:
    asked = "What is a network policy, and which context length has a trial account?"
    detail = [{"type": "extra_forbidden", "loc": ["body"], "msg": "no", "input": asked}]
    assert made_of(422, json.dumps({"detail": detail})).code == "bad_request"


def test_nothing_that_a_body_says_is_told_on() -> None:
    error = made_of(400, snowflake(f"{REGION} MYORG-MYACCOUNT s3cr3t"))
    told = [str(error), repr(error), *(explain(error, language) for language in ("ko", "en"))]
    assert not any("MYORG" in text or "s3cr3t" in text for text in told)


def test_an_error_in_the_middle_of_a_stream_is_read_too() -> None:
    class MidStreamException(Exception):
        """As snowflake.cortex raises it."""

    said = "{'code': '400', 'message': 'all requests were throttled by remote service'}"
    assert from_exception(MidStreamException(said), text_came=True).code == "rate_limited"
    body = {"code": "390112", "message": ""}
    asked = httpx2.Request("POST", "https://account.example")
    event = openai.APIError("an error event", asked, body=body)
    assert from_exception(event, text_came=False).code == "unauthorised"


def test_a_refusal_in_a_stored_procedure_is_read_too() -> None:
    error = ValueError(f"Request failed: {REGION} (request id: x)")
    assert from_exception(error, text_came=False).code == "region"


@given(
    st.one_of(
        st.text(max_size=300),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(st.sampled_from(["error", "message", "code", "x"]), inner)
            ),
        ).map(json.dumps),
    )
)
def test_whatever_a_body_is_it_leads_to_a_known_code_or_none(body: str) -> None:
    assert reasons.find(body, 400) in {None, *messages()}

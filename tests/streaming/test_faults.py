"""Every fault that Local Cortex can play, and what a stream makes of it, with both live clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import openai
import pytest
from snowflake.snowpark import Session

from course.stream_errors import messages
from local_cortex import LocalCortex, faults
from streaming import (
    ChatCompletionsStrategy,
    DirectStrategy,
    Limits,
    Pace,
    Retry,
    Strategy,
    StreamInterrupted,
    StreamTimeout,
    StreamUnavailable,
    stream,
)
from streaming.deltas import Delta
from tests.streaming.asking import ask, wait_for

# By the code that is expected: a busy machine must not run into any other limit.
LIMITS = {
    "first_chunk": Limits(first_chunk=0.4, idle=30.0, total=60.0),
    "idle": Limits(first_chunk=30.0, idle=0.4, total=60.0),
    "total": Limits(first_chunk=30.0, idle=30.0, total=1.5),
}
PATIENT = Limits(first_chunk=30.0, idle=30.0, total=60.0)


@dataclass(frozen=True)
class Row:
    """What each client's stream ends with: an error's code, its HTTP status, and whether text came.

    ``None`` for the code: it ends without an error, with the status ``direct`` and
    ``chat`` have in ``ENDS``.
    """

    direct: str | None
    chat: str | None
    status: int | None = None
    text: bool = False
    chat_reason: str | None = "stop"


# The Snowflake client repeats a call that is refused with 300, 429, 503 or 504 by itself, until its
# own timeout: a stream sees its limit pass, not the status.
TABLE = {
    "fault-300": Row("first_chunk", "http", 300),
    "fault-400": Row("bad_request", "bad_request", 400),
    "fault-400-throttled": Row("rate_limited", "rate_limited", 400),
    "fault-401": Row("unauthorised", "unauthorised", 401),
    "fault-402": Row("budget", "budget", 402),
    "fault-403": Row("forbidden", "forbidden", 403),
    "fault-404": Row("not_found", "not_found", 404),
    "fault-429-then-ok": Row(None, None, text=True),
    "fault-429-date": Row(None, None, text=True),
    "fault-429-forever": Row("first_chunk", "first_chunk"),
    "fault-429-no-date": Row("first_chunk", "rate_limited", 429),
    "fault-500": Row("service", "service", 500),
    "fault-500-then-ok": Row(None, None, text=True),
    "fault-503": Row("first_chunk", "unavailable", 503),
    "fault-503-then-ok": Row(None, None, text=True),
    "fault-expired-token": Row(None, "unauthorised", text=True),
    "fault-stall-headers": Row("first_chunk", "first_chunk"),
    "fault-stall-first": Row("first_chunk", "first_chunk"),
    "fault-stall-mid": Row("idle", "idle", text=True),
    "fault-reset": Row("cut", "cut", text=True),
    "fault-truncated": Row("cut", "cut", text=True),
    # To the OpenAI client, a connection lost before the first event is none at all.
    "fault-truncated-first": Row("cut", "connection"),
    # The Snowflake client drops this event (_sse_client.py): nothing tells that the answer was cut.
    "fault-error-event": Row(None, "service", text=True),
    "fault-error-data": Row("service", "service", text=True),
    "fault-bad-json": Row("bad_answer", "bad_answer", text=True),
    "fault-bad-utf8": Row("bad_answer", "bad_answer", text=True),
    "fault-done": Row("bad_answer", None, text=True),
    "fault-no-end": Row(None, None, text=True, chat_reason=None),
    "fault-null-choices": Row("bad_answer", None, text=True, chat_reason=None),
    "fault-none-delta": Row(None, None, text=True),
    "fault-empty-delta": Row(None, None, text=True),
    "fault-split-emoji": Row(None, None, text=True),
    "fault-content-type-charset": Row("bad_answer", None, text=True),
    "fault-content-type-json": Row("bad_answer", "bad_answer"),
    "fault-trickle": Row("total", "total", text=True),
    "fault-burst": Row("total", "total", text=True),
    "fault-one-blob": Row(None, None, text=True),
    "fault-length": Row(None, None, text=True, chat_reason="length"),
    "fault-no-finish": Row(None, None, text=True, chat_reason=None),
    "fault-endless": Row("total", "total", text=True),
    # These change nothing without a tool or a schema: see test_chat_tools_on_local_cortex.py.
    "fault-tool-cut": Row(None, None, text=True),
    "fault-tool-index": Row(None, None, text=True),
    "fault-json-open": Row(None, None, text=True),
}


@pytest.fixture(scope="module")
def strategies(cortex: LocalCortex) -> Iterator[dict[str, Strategy]]:
    session: Session = cortex.session()
    chat = openai.OpenAI(api_key=cortex.secret, base_url=f"{cortex.url}/api/v2/cortex/v1")
    yield {"direct": DirectStrategy(session), "chat": ChatCompletionsStrategy(chat)}
    chat.close()
    session.close()


def test_the_table_has_every_fault_that_can_be_asked_for() -> None:
    assert set(TABLE) == set(faults.FAULTS)


# One of each kind: refused for good, refused for now, silent, broken off, wrong, odd, endless.
QUICK = {
    *("fault-402", "fault-503-then-ok", "fault-expired-token", "fault-stall-mid", "fault-reset"),
    *("fault-error-data", "fault-bad-utf8", "fault-null-choices", "fault-length", "fault-endless"),
}
FAULTS = [pytest.param(name, marks=() if name in QUICK else pytest.mark.thorough) for name in TABLE]


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("client", ["direct", "chat"])
def test_a_fault_has_its_code_and_status_and_keeps_the_text(
    cortex: LocalCortex, strategies: dict[str, Strategy], client: str, name: str
) -> None:
    row = TABLE[name]
    code = row.direct if client == "direct" else row.chat
    answer = stream(
        strategies[client],
        ask(f"Explain this to the {client} client.", model=name),
        pace=Pace.off(),
        limits=PATIENT if code is None else LIMITS.get(code, PATIENT),
        retry=Retry(attempts=2, backoff=0.01),
    )
    with answer:
        result = answer.result()
    if code is None:
        assert result.error is None
        assert result.text
        reason = row.chat_reason if client == "chat" else None
        assert result.finish_reason == reason
        assert result.status == ("complete" if reason else "unknown_end")
    else:
        error = result.error
        assert error is not None
        text = row.text and (name, client) not in {
            ("fault-expired-token", "chat"),
            ("fault-content-type-charset", "direct"),
        }
        assert (error.code, bool(result.text), error.partial) == (code, text, result.text)
        broken = StreamInterrupted if text else StreamUnavailable
        assert isinstance(error, StreamTimeout if code in LIMITS else broken)
        assert error.status == (None if code == "first_chunk" else row.status)
        assert code in messages()
    wait_for(lambda: cortex.open_streams == 0)


def test_an_emoji_in_two_halves_arrives_as_one(strategies: dict[str, Strategy]) -> None:
    for strategy in strategies.values():
        text = stream(strategy, ask(model="fault-split-emoji")).result().text
        assert "\N{GRINNING FACE}" in text
        assert text.encode("utf-8")


def test_a_refusal_has_the_request_id_and_when_to_come_back(
    strategies: dict[str, Strategy],
) -> None:
    once = Retry(attempts=1)
    result = stream(strategies["chat"], ask(model="fault-429-forever"), retry=once).result()
    assert result.error is not None
    assert (result.error.code, result.error.status) == ("rate_limited", 429)
    assert (result.error.retryable, result.error.retry_after) == (True, 1.0)
    assert result.error.request_id


def test_the_fallback_answers_where_the_first_model_is_broken(
    strategies: dict[str, Strategy],
) -> None:
    class Healthy:
        name, live = "healthy", True

        def open(self, request: object) -> Iterator[Delta]:
            return strategies["chat"].open(ask())

    result = stream(
        strategies["chat"], ask(model="fault-500"), retry=Retry(attempts=1), fallback=Healthy()
    ).result()
    assert (result.error, result.metrics.strategy) == (None, "healthy")

"""Which calls are admitted, and how one is answered, whatever the client."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from local_cortex import cortex as module
from local_cortex import models
from local_cortex.cortex import Completion, Cortex
from local_cortex.engines import EngineError, Event, Message
from local_cortex.faults import Refusal
from tests.local_cortex.cortex_engines import END, Playing, call

RETIRED = next(model for model in models.MODELS if model.eol_date is not None)
assert RETIRED.eol_date is not None
LAST_DAY = RETIRED.eol_date
DAY_AFTER = LAST_DAY + timedelta(days=1)


def cortex(*parts: Any, strict: bool = False, today: date = DAY_AFTER) -> Cortex:
    return Cortex(Playing(*parts), strict_models=strict, today=lambda: today)


def refusal(given: Any, *, strict: bool = False, today: date = DAY_AFTER) -> tuple[int, str]:
    with pytest.raises(Refusal) as refused:
        cortex(strict=strict, today=today).admit(given)
    return refused.value.status, str(refused.value)


async def events(on: Cortex) -> list[Event]:
    return [event async for event in on.stream(call())]


def test_an_unknown_model_is_refused_by_name() -> None:
    assert refusal(call(model="gpt-17")) == (400, 'unknown model "gpt-17"')


def test_of_a_wrong_name_only_the_beginning_is_repeated() -> None:
    assert len(refusal(call(model="fault-" * 100_000))[1]) < 200


def test_a_conversation_too_long_for_any_model_is_refused_as_snowflake_does() -> None:
    status, said = refusal(call("x" * 200_001))
    assert status == 400
    assert said.startswith("max tokens of count exceeded")


def test_an_answer_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.01)
    with pytest.raises(EngineError, match="inference timed out") as failed:
        asyncio.run(cortex("one", None).complete(call()))
    assert failed.value.status == 503


def test_a_retired_model_answers_unless_models_are_strict() -> None:
    given = call(model=RETIRED.name)
    cortex(today=DAY_AFTER).admit(given)
    cortex(strict=True, today=LAST_DAY).admit(given)
    assert refusal(given, strict=True) == (400, f'unknown model "{RETIRED.name}"')


def test_the_models_on_offer_are_those_of_the_day() -> None:
    on_offer = cortex(today=DAY_AFTER).models()
    assert RETIRED not in on_offer
    assert on_offer == models.available(DAY_AFTER)


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ((), "messages must not be empty"),
        ((Message("robot", "hi"),), 'unknown role "robot"'),
        ((Message("user", "hi"), Message("assistant", "ho")), "last message must have role user"),
        ((Message("user", " \n\t"),), "content must not be empty"),
    ],
)
def test_a_malformed_conversation_is_refused(messages: tuple[Message, ...], words: str) -> None:
    status, text = refusal(replace(call(), messages=messages))
    assert status == 400
    assert text.startswith("schema validation failed: ")
    assert words in text


def test_a_conversation_with_a_system_message_and_turns_is_admitted() -> None:
    turns = ("system", "user", "assistant", "user")
    messages = tuple(Message(role, "hi") for role in turns)
    cortex().admit(replace(call(), messages=messages))


@pytest.mark.parametrize("option", ["temperature", "top_p"])
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), float("inf"), 10**400])
def test_sampling_options_out_of_range_are_refused(option: str, value: float) -> None:
    status, text = refusal(replace(call(), **{option: value}))  # type: ignore[arg-type]
    assert (status, text) == (400, f"invalid options object: {option} must be from 0 to 1")
    cortex().admit(replace(call(), **{option: 1}))  # type: ignore[arg-type]


def test_max_tokens_is_from_one_to_what_the_model_can_write() -> None:
    most = next(model for model in models.MODELS if model.name == "llama3.1-8b").max_output_tokens
    cortex().admit(call(max_tokens=1))
    cortex().admit(call(max_tokens=most))
    assert refusal(call(max_tokens=0))[1].endswith("max_tokens must be at least 1")
    assert refusal(call(max_tokens=most + 1)) == (400, "max tokens of count exceeded")


def test_a_whole_answer_is_the_deltas_joined_with_the_engines_own_count() -> None:
    answer = asyncio.run(cortex("가", "나", END).complete(call()))
    assert answer == Completion("가나", END)
    assert answer.usage.total_tokens == 3


def test_a_call_that_is_not_admitted_never_reaches_the_engine() -> None:
    on = cortex("text", END)
    with pytest.raises(Refusal):
        asyncio.run(on.complete(call(model="none")))
    assert isinstance(on.engine, Playing)
    assert on.engine.calls == []


def test_closing_a_stream_stops_the_engine_at_once() -> None:
    engine = Playing("text", None)
    on = Cortex(engine)

    async def look_and_leave() -> None:
        async with aclosing(on.stream(call())) as stream:
            assert on.open_streams == 0
            await anext(stream)
            assert on.open_streams == 1
            assert not engine.stopped.is_set()
        assert engine.stopped.is_set()
        assert on.open_streams == 0

    asyncio.run(look_and_leave())


def test_an_engines_bug_is_reported_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(EngineError) as failed:
        asyncio.run(cortex("half", KeyError("a prompt")).complete(call()))
    assert (failed.value.status, str(failed.value)) == (500, "the playing engine failed (KeyError)")
    assert [record.getMessage() for record in caplog.records] == [
        "The playing engine failed: KeyError"
    ]
    assert "a prompt" not in caplog.text


def test_an_engines_bug_is_logged_whole_for_somebody_who_debugs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "local_cortex")
    with pytest.raises(EngineError):
        asyncio.run(cortex(KeyError("the detail")).complete(call()))
    assert "the detail" in caplog.text

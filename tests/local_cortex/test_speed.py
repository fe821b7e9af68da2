"""The speed that a model's name asks for, from any client."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from snowflake.cortex import complete
from snowflake.snowpark import Session

from local_cortex import speed
from local_cortex.cortex import Cortex
from local_cortex.engines import Delta
from local_cortex.engines.scripted import ScriptedEngine
from local_cortex.faults import Refusal
from tests.local_cortex.cortex_engines import Playing, call

PROMPT = "Explain a qubit in one sentence."


@pytest.mark.parametrize(
    ("name", "model", "tokens_per_second"),
    [
        ("llama3.1-8b@80", "llama3.1-8b", 80.0),
        ("llama3.1-8b@0.5", "llama3.1-8b", 0.5),
        ("fault-reset@200", "fault-reset", 200.0),
        ("llama3.1-8b", "llama3.1-8b", None),
        ("llama3.1-8b@fast", "llama3.1-8b@fast", None),
        ("llama3.1-8b@0", "llama3.1-8b@0", None),
        ("llama3.1-8b@-1", "llama3.1-8b@-1", None),
        ("llama3.1-8b@nan", "llama3.1-8b@nan", None),
        ("llama3.1-8b@100001", "llama3.1-8b@100001", None),
        ("llama3.1-8b@", "llama3.1-8b@", None),
    ],
)
def test_a_name_may_end_in_a_speed(name: str, model: str, tokens_per_second: float | None) -> None:
    assert speed.asked_for(name) == (model, tokens_per_second)


@pytest.mark.parametrize("tokens_per_second", [0.5, 8.0, 120.0, speed.FASTEST])
def test_a_name_that_was_given_a_speed_asks_for_it(tokens_per_second: float) -> None:
    name = speed.with_speed("llama3.1-8b", tokens_per_second)
    assert speed.asked_for(name) == ("llama3.1-8b", tokens_per_second)


def test_the_script_is_played_at_the_speed_that_was_asked_for() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    engine = ScriptedEngine(first_token=0, tokens_per_second=40, sleep=sleep, clock=lambda: 0.0)

    async def play() -> int:
        asked = replace(call(PROMPT), tokens_per_second=10.0)
        return len([event async for event in engine.stream(asked) if isinstance(event, Delta)])

    tokens = asyncio.run(play())
    assert slept == pytest.approx([number / 10 for number in range(tokens)])


def test_both_clients_and_sql_may_ask_for_a_speed(session: Session) -> None:
    whole = complete("llama3.1-8b", PROMPT, session=session)
    assert complete("llama3.1-8b@5000", PROMPT, session=session) == whole
    rows = session.sql(
        "SELECT SNOWFLAKE.CORTEX.COMPLETE(?, ?)", params=["llama3.1-8b@5000", PROMPT]
    ).collect()
    assert rows[0][0] == whole


def test_a_speed_that_is_none_is_an_unknown_model() -> None:
    with pytest.raises(Refusal, match=r'^unknown model "llama3\.1-8b@fast"$') as refused:
        Cortex(Playing()).admit(call(model="llama3.1-8b@fast"))
    assert refused.value.status == 400

"""What SQL asks of Cortex: the same admission and the same engine as REST."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from local_cortex import models
from local_cortex.ai.sql_cortex import SqlCortex
from local_cortex.cortex import DEFAULT_MAX_TOKENS, Cortex
from local_cortex.engines import Call, EngineError, Message
from local_cortex.environment import Settings
from tests.local_cortex.cortex_engines import END, Playing

HI = (Message("user", "hi"),)
TODAY = date(2026, 11, 20)


def test_a_question_of_sql_reaches_the_engine_with_its_options() -> None:
    engine = Playing("an ", "answer", END)
    options = {"max_tokens": 5, "temperature": 0.5, "top_p": 0.25, "guardrails": True}
    answer = asyncio.run(SqlCortex(Cortex(engine)).complete("llama3.1-8b", HI, options))
    assert answer == ("an answer", END.usage)
    assert engine.calls == [Call("llama3.1-8b", HI, 5, 0.5, 0.25)]


def test_without_options_the_documented_limit_holds() -> None:
    engine = Playing("answer", END)
    asyncio.run(SqlCortex(Cortex(engine)).complete("llama3.1-8b", HI, {}))
    assert engine.calls == [Call("llama3.1-8b", HI, DEFAULT_MAX_TOKENS)]


def test_a_refusal_is_the_engine_error_that_sql_knows() -> None:
    with pytest.raises(EngineError, match='unknown model "gpt-17"') as refused:
        asyncio.run(SqlCortex(Cortex(Playing())).complete("gpt-17", HI, {}))
    assert refused.value.status == 400


def test_the_model_table_is_that_of_the_day() -> None:
    shown = SqlCortex(Cortex(Playing(), today=lambda: TODAY)).base_models()
    assert shown == models.shown(TODAY)


def test_an_inactive_account_is_a_setting() -> None:
    settings = Settings.from_environment({"COURSE_INACTIVE_ACCOUNT": "true"})
    cortex = Cortex(Playing(), inactive_account=settings.inactive_account)
    assert SqlCortex(cortex).inactive_account
    assert not SqlCortex(Cortex(Playing())).inactive_account

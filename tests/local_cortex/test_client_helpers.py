"""What the clients build on top of the wire: parsed answers, stream helpers, async clients."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from pydantic import BaseModel
from snowflake.snowpark import Session

from local_cortex import LocalCortex

ASKED: Any = [{"role": "user", "content": "서울 날씨 알려 줘"}]
CLAUDE = "claude-sonnet-4-6"
FAMILIES = pytest.mark.parametrize("model", ["openai-gpt-5-mini", "claude-haiku-4-5"])


class Answer(BaseModel):
    title: str
    points: list[str]


class GetWeather(BaseModel):
    """Get the weather of a city."""

    city: str


TOOL = openai.pydantic_function_tool(GetWeather)


@pytest.fixture(scope="module")
def chat(cortex: LocalCortex) -> Iterator[openai.OpenAI]:
    url = f"{cortex.url}/api/v2/cortex/v1"
    with openai.OpenAI(api_key=cortex.secret, base_url=url, max_retries=0) as client:
        yield client


@FAMILIES
def test_openai_parses_an_answer_into_a_model(chat: openai.OpenAI, model: str) -> None:
    more: Any = {"model": model, "messages": ASKED, "response_format": Answer}
    whole = chat.chat.completions.parse(**more).choices[0].message.parsed
    assert isinstance(whole, Answer)
    with chat.chat.completions.stream(**more) as stream:
        kinds = [event.type for event in stream]
    assert stream.get_final_completion().choices[0].message.parsed == whole
    # Claude's models give no finish reason, by which the client knows the end of a text.
    assert ("content.done" in kinds) == (model == "openai-gpt-5-mini")


@FAMILIES
def test_openai_parses_a_call_s_arguments(chat: openai.OpenAI, model: str) -> None:
    more: Any = {"model": model, "messages": ASKED, "tools": [TOOL]}
    with chat.chat.completions.stream(**more) as stream:
        final = stream.get_final_completion()
    for answer in (final, chat.chat.completions.parse(**more)):
        calls = answer.choices[0].message.tool_calls or []
        assert [one.function.parsed_arguments for one in calls] == [GetWeather(city="서울")]


def test_anthropic_parses_an_answer_into_a_model(cortex: LocalCortex) -> None:
    # A second to import: not for every worker that collects this file.
    import anthropic

    more: Any = {"model": CLAUDE, "max_tokens": 4_000, "messages": ASKED, "output_format": Answer}
    url = f"{cortex.url}/api/v2/cortex"
    with anthropic.Anthropic(auth_token=cortex.secret, base_url=url, max_retries=0) as client:
        whole = client.messages.parse(**more).parsed_output
        assert isinstance(whole, Answer)
        with client.messages.stream(**more) as stream:
            assert stream.get_final_message().parsed_output == whole


def test_the_async_clients_stream_too(cortex: LocalCortex) -> None:
    # A second to import: not for every worker that collects this file.
    import anthropic

    async def run() -> tuple[str | None, str]:
        url = f"{cortex.url}/api/v2/cortex"
        async with openai.AsyncOpenAI(
            api_key=cortex.secret, base_url=f"{url}/v1", max_retries=0
        ) as chat:
            asked = chat.chat.completions.stream(model="claude-haiku-4-5", messages=ASKED)
            async with asked as stream:
                final = await stream.get_final_completion()
        async with anthropic.AsyncAnthropic(
            auth_token=cortex.secret, base_url=url, max_retries=0
        ) as messages:
            told = messages.messages.stream(model=CLAUDE, max_tokens=4_000, messages=ASKED)
            async with told as events:
                return final.choices[0].message.content, await events.get_final_text()

    first, second = asyncio.run(run())
    assert first == second


def test_snowflake_core_asks_in_the_background(session: Session) -> None:
    # A second to import: not for every worker that collects this file.
    from snowflake.core import Root
    from snowflake.core.cortex.inference_service import CompleteRequest
    from snowflake.core.cortex.lite_agent_service import AgentRunRequest

    root = Root(session)
    for statement in (
        "CREATE TABLE helper_pages (body TEXT)",
        "INSERT INTO helper_pages VALUES ('snow falls')",
        "CREATE CORTEX SEARCH SERVICE helper ON body WAREHOUSE = w TARGET_LAG = '1 day' "
        "AS SELECT * FROM helper_pages",
    ):
        session.sql(statement).collect()
    service = root.databases["COURSE"].schemas["PUBLIC"].cortex_search_services["HELPER"]
    found = service.search_async("snow", columns=["BODY"], limit=1).result()
    assert found.results[0]["BODY"] == "snow falls"
    assert len(root.cortex_embed_service.embed_async("e5-base-v2", ["a", "b"]).result().data) == 2
    asked = [{"role": "user", "content": "hi"}]
    request = CompleteRequest.from_dict({"model": "llama3.1-8b", "messages": asked})
    assert [*root.cortex_inference_service.complete_async(request).result().events()]
    parts = [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]
    run = root.cortex_agent_service.run_async(AgentRunRequest.from_dict({"messages": parts}))
    assert [*run.result().events()][-1].event == "response"

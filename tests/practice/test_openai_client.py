"""The sandbox's OpenAI client, where it can't be run beside the real one."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import httpx2
import openai
import pytest
from openai.resources.chat.completions import Completions

from streaming import CompletionRequest
from tests.practice.programs import printed, ran

CORTEX = "https://practice.snowflakecomputing.com/api/v2/cortex/v1"
PROGRAM = """\
import streamlit as st
from openai import OpenAI, OpenAIError
account = st.secrets["connections"]["snowflake"]
client = OpenAI({options})
messages = [{{"role": "user", "content": "Hi"}}]
try:
    answer = client.chat.completions.create(model="llama3.1-8b", messages=messages)
    print(answer.choices[0].message.content)
except OpenAIError as error:
    print(type(error).__name__, error)
"""


def test_each_argument_of_the_real_create_is_known(runtime: object) -> None:
    real = {*inspect.signature(Completions.create).parameters} - {"self", "messages", "model"}
    code = f"""\
from openai import OpenAI
client = OpenAI(api_key="x")
for name in {sorted(real)}:
    try:
        client.chat.completions.create(model="m", messages=[], **{{name: None}})
    except TypeError as error:
        print(error)
    except Exception:
        pass
"""
    assert printed(ran(code)) == ""


def test_the_type_of_a_stream_can_be_imported(runtime: object) -> None:
    assert printed(ran("from openai import Stream\nprint(Stream.__name__)")) == "Stream\n"


def test_an_answer_can_be_taken_as_plain_lists_and_dictionaries(runtime: object) -> None:
    program = PROGRAM.replace(
        "answer.choices[0].message.content",
        'answer.model_dump()["choices"][0]["message"]["content"]',
    )
    options = f"base_url='{CORTEX}', api_key=account['password']"
    assert printed(ran(program.format(options=options))).startswith("Streaming shows words.")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (f"base_url='{CORTEX}', api_key=account['password']", "Streaming shows words."),
        (f"base_url='{CORTEX}/', api_key=account['password']", "Streaming shows words."),
        (f"base_url='{CORTEX}', api_key='wrong'", "AuthenticationError"),
        ("api_key=account['password']", "AuthenticationError"),
        (f"base_url='{CORTEX}/chat', api_key=account['password']", "NotFoundError"),
        ("base_url='https://api.example.com/v1', api_key='x'", "APIConnectionError"),
        (f"base_url='{CORTEX[8:]}', api_key=account['password']", "APIConnectionError"),
    ],
)
def test_cortex_is_found_at_its_address_with_the_accounts_token(
    options: str, told: str, runtime: object
) -> None:
    assert printed(ran(PROGRAM.format(options=options))).startswith(told)


def test_a_refusal_that_names_something_of_the_account_is_told_in_documented_words(
    runtime: object,
) -> None:
    def refused(_: CompletionRequest) -> Iterator[str]:
        asked = httpx2.Request("POST", "https://secret.snowflakecomputing.com")
        answer = httpx2.Response(403, request=asked)
        body = {"message": "role SECRET of account SECRET may not"}
        raise openai.PermissionDeniedError("no", response=answer, body=body)

    options = f"base_url='{CORTEX}', api_key=account['password']"
    said = printed(ran(PROGRAM.format(options=options), chat=refused))
    assert said.strip() == "PermissionDeniedError Error code: 403 - not authorized"

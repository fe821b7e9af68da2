"""The Messages API, by hand and through Anthropic's own client."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import httpx2
import jsonschema
import pytest

from local_cortex import LocalCortex
from local_cortex.engines import End, ToolPiece
from local_cortex.routes import anthropic_api
from tests.local_cortex.cortex_engines import END, call

if TYPE_CHECKING:
    import anthropic

PATH = "/api/v2/cortex/v1/messages"
MODEL = "claude-sonnet-4-6"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
TOOLS: list[Any] = [
    {"name": "get_weather", "description": "Get the weather", "input_schema": SCHEMA}
]
ASKED: list[Any] = [{"role": "user", "content": "서울 날씨 알려 줘"}]
VERSION = {"anthropic-version": "2023-06-01"}
THINKING: Any = {"type": "enabled", "budget_tokens": 1_024}


def client_of(server: LocalCortex) -> anthropic.Anthropic:
    """Make a client as Snowflake documents it: a Bearer token instead of x-api-key."""
    # A second to import: not for every worker that collects this file.
    import anthropic

    return anthropic.Anthropic(
        auth_token=server.secret, base_url=f"{server.url}/api/v2/cortex", max_retries=0
    )


@pytest.fixture(scope="module")
def client(cortex: LocalCortex) -> Iterator[anthropic.Anthropic]:
    with client_of(cortex) as made:
        yield made


def ask(rest: httpx.Client, **more: Any) -> httpx.Response:
    body = {"model": MODEL, "max_tokens": 4_000, "messages": ASKED, **more}
    return rest.post(PATH, json=body, headers=VERSION)


def events(answer: httpx.Response) -> list[dict[str, Any]]:
    """Return each event's data, whose type is the event's name."""
    assert answer.headers["content-type"] == "text/event-stream"
    found = []
    for block in answer.text.removesuffix("\n\n").split("\n\n"):
        name, data = block.split("\n")
        found.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {found[-1]['type']}"
    return found


def test_an_answer_streams_its_blocks_one_after_another(rest: httpx.Client) -> None:
    found = events(ask(rest, stream=True, thinking=THINKING, tools=TOOLS))
    kinds = [
        one["delta"]["type"] if "index" in one and "delta" in one else one["type"] for one in found
    ]
    assert list(dict.fromkeys(kinds)) == [
        *("message_start", "ping", "content_block_start", "thinking_delta", "signature_delta"),
        *("content_block_stop", "input_json_delta", "message_delta", "message_stop"),
    ]  # fmt: skip
    assert kinds.count("content_block_start") == kinds.count("content_block_stop") == 2
    message = found[0]["message"]
    assert message["content"] == []
    assert message["stop_reason"] is None
    begun = [one["content_block"] for one in found if one["type"] == "content_block_start"]
    assert begun[0] == {"type": "thinking", "thinking": "", "signature": ""}
    identity = begun[1].pop("id")
    assert identity
    assert begun[1] == {"type": "tool_use", "name": "get_weather", "input": {}}
    assert {one["index"] for one in found if "index" in one} == {0, 1}
    assert found[-2]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert found[-2]["usage"]["output_tokens"] > 0


def test_two_calls_in_a_row_are_two_blocks() -> None:
    writer = anthropic_api._Writer(call())
    pieces: list[ToolPiece | End] = [
        ToolPiece(0, "", "a", "f"),
        ToolPiece(0, "{}"),
        ToolPiece(1, "[]", "b", "g"),
        END,
    ]
    written = b"\n\n".join(sent for piece in pieces for sent in writer.encode(piece)).decode()
    found = [json.loads(line[6:]) for line in written.splitlines() if line.startswith("data: ")]
    assert [(one["type"], one["index"]) for one in found if "index" in one] == [
        *(("content_block_start", 0), ("content_block_delta", 0), ("content_block_delta", 0)),
        *(("content_block_stop", 0), ("content_block_start", 1), ("content_block_delta", 1)),
        ("content_block_stop", 1),
    ]


def test_the_client_puts_a_stream_together(client: anthropic.Anthropic) -> None:
    with client.messages.stream(
        model=MODEL,
        max_tokens=4_000,
        messages=ASKED,
        tools=TOOLS,
        thinking=THINKING,
    ) as stream:
        message = stream.get_final_message()
    thought, call = message.content
    assert thought.type == "thinking"
    assert thought.thinking
    assert call.type == "tool_use"
    assert call.input == {"city": "서울"}
    turns = [
        *ASKED,
        {
            "role": "assistant",
            "content": [
                {"type": "redacted_thinking", "data": "x"},
                *[one.model_dump() for one in message.content],
            ],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "-3 °C"}],
        },
    ]
    answer = client.messages.create(model=MODEL, max_tokens=99, messages=turns, tools=TOOLS)
    (text,) = answer.content
    assert text.type == "text"
    assert "-3 °C" in text.text
    assert answer.stop_reason == "end_turn"


def test_a_format_makes_the_answer_json(client: anthropic.Anthropic) -> None:
    answer = client.messages.create(
        model=MODEL,
        max_tokens=4_000,
        system="Answer in English.",
        messages=ASKED,
        output_config={"format": {"type": "json_schema", "schema": SCHEMA}},
    )
    (text,) = answer.content
    assert text.type == "text"
    jsonschema.validate(json.loads(text.text), SCHEMA)


def test_a_limit_ends_an_answer(client: anthropic.Anthropic) -> None:
    answer = client.messages.create(model=MODEL, max_tokens=3, messages=ASKED)
    assert (answer.stop_reason, answer.usage.output_tokens) == ("max_tokens", 3)


def test_a_stop_sequence_ends_an_answer_and_is_named(client: anthropic.Anthropic) -> None:
    more: Any = {"model": MODEL, "max_tokens": 4_000, "messages": ASKED}
    (whole,) = client.messages.create(**more).content
    assert whole.type == "text"
    stop = whole.text[10:14]
    answer = client.messages.create(**more, stop_sequences=["nowhere", stop])
    (text,) = answer.content
    assert text.type == "text"
    assert text.text == whole.text[: whole.text.index(stop)]
    assert (answer.stop_reason, answer.stop_sequence) == ("stop_sequence", stop)
    with client.messages.stream(**more, stop_sequences=[stop]) as stream:
        final = stream.get_final_message()
    assert final.content[0].model_dump()["text"] == text.text
    assert (final.stop_reason, final.stop_sequence) == ("stop_sequence", stop)
    missed = client.messages.create(**more, stop_sequences=["nowhere"])
    assert (missed.stop_reason, missed.stop_sequence) == ("end_turn", None)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"model": "llama3.1-8b"}, "Claude models only"),
    ({"model": "claude-9"}, "unknown model"),
    ({"max_tokens": None}, "max_tokens: Field required"),
    ({"store": True}, "store: Extra inputs are not permitted"),
    ({"thinking": {"type": "enabled", "budget_tokens": 10}}, "thinking.budget_tokens"),
    ({"thinking": {"type": "enabled", "budget_tokens": 4_000}}, "below max_tokens"),
    ({"messages": [*ASKED, {"role": "assistant", "content": "So"}]}, "have role user"),
    ({"messages": [{"role": "system", "content": "x"}]}, "user or assistant"),
    ({"messages": [{"role": "user", "content": [{"type": "video"}]}]}, "this block can't be"),
    ({"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a"}]}]},
     'no tool call before it has the id "a"'),
    ({"tool_choice": {"type": "any"}}, "needs tools"),
    ({"stop_sequences": [""]}, "stop_sequences must be texts"),
    ({"stop_sequences": [3]}, "stop_sequences must be texts"),
    ({"top_k": "x"}, "top_k must be a number"),
    ({"output_config": {"format": {"type": "text"}}}, "output_config.format"),
]  # fmt: skip


def test_a_wrong_request_is_refused_in_anthropics_form(rest: httpx.Client) -> None:
    for more, words in REFUSED:
        answer = ask(rest, **more)
        error = answer.json()["error"]
        assert (answer.status_code, error["type"]) == (400, "invalid_request_error"), more
        assert words in error["message"], more


def test_the_version_header_is_required(rest: httpx.Client) -> None:
    answer = rest.post(PATH, json={"model": MODEL, "max_tokens": 9, "messages": ASKED})
    assert (answer.status_code, "anthropic-version" in answer.text) == (400, True)


def test_a_picture_is_answered_with_its_type_and_size(rest: httpx.Client) -> None:
    source = {"type": "base64", "media_type": "image/webp"}
    source["data"] = base64.b64encode(bytes(10)).decode()
    messages = [{"role": "user", "content": [{"type": "image", "source": source}]}]
    assert "image/webp, 10 bytes" in ask(rest, messages=messages).json()["content"][0]["text"]


@pytest.mark.parametrize(
    ("model", "status"),
    [("fault-402", 402), ("fault-403", 403), ("fault-429-no-date", 429), ("fault-503", 503)],
)
def test_a_refusal_has_its_status(client: anthropic.Anthropic, model: str, status: int) -> None:
    import anthropic

    with pytest.raises(anthropic.APIStatusError) as refused:
        client.messages.create(model=model, max_tokens=9, messages=ASKED)
    assert refused.value.status_code == status
    assert refused.value.response.headers["x-snowflake-request-id"]


def test_a_refusal_says_when_to_ask_again(rest: httpx.Client) -> None:
    assert ask(rest, model="fault-429-date").headers["retry-after"].endswith(" GMT")


@pytest.mark.parametrize("model", ["fault-reset", "fault-error-event", "fault-bad-utf8"])
def test_a_fault_in_the_stream_is_raised_by_the_client(
    client: anthropic.Anthropic, model: str
) -> None:
    import anthropic

    errors: dict[str, type[Exception]] = {
        # The client's own transport since version 2: not httpx.
        "fault-reset": httpx2.TransportError,
        "fault-error-event": anthropic.APIStatusError,
        "fault-bad-utf8": UnicodeDecodeError,
    }
    with client.messages.stream(model=model, max_tokens=99, messages=ASKED) as stream:
        with pytest.raises(errors[model]):
            list(stream)
        assert stream.current_message_snapshot.content


@pytest.mark.parametrize("model", ["fault-no-end", "fault-tool-cut"])
def test_only_the_missing_reason_tells_of_a_stream_that_just_stops(
    client: anthropic.Anthropic, model: str
) -> None:
    with client.messages.stream(model=model, max_tokens=99, messages=ASKED, tools=TOOLS) as stream:
        assert "message_stop" not in {event.type for event in stream}
        assert stream.current_message_snapshot.stop_reason is None

"""Which model each view of the lab asks: at a speed of its own only where a script answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from openai import OpenAI

from course import limits
from course.lab import breaking, conversation, protocols, streams
from course.lab.breaking import Experiment
from course.lab.conversation import Conversations
from course.lab.protocols import Both
from local_cortex import speed
from streaming import CompletionRequest

JOBS: dict[str, tuple[Callable[[Any], object], str, float]] = {
    "conversation": (
        lambda connection: Conversations(connection, ["a", "b"], 100),
        streams.MODEL,
        speed.FASTEST,
    ),
    "protocols": (lambda connection: Both(connection, "m", "q"), "m", protocols.TOKENS_PER_SECOND),
    "breaking": (
        lambda connection: Experiment(connection, "429_forever"),
        "fault-429-forever",
        breaking.TOKENS_PER_SECOND,
    ),
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[CompletionRequest]:
    """Return what was asked for, which nobody answers."""
    found: list[CompletionRequest] = []

    def ask(_: object, requests: Sequence[CompletionRequest]) -> limits.Admission:
        found.extend(requests)
        return limits.Admission(limits.open_policy(), requests)

    monkeypatch.setattr(limits, "ask", ask)
    return found


@pytest.mark.parametrize("name", JOBS)
def test_a_model_has_a_speed_on_local_cortex_only(
    name: str, asked: list[CompletionRequest]
) -> None:
    make, model, tokens = JOBS[name]
    client = partial(OpenAI, api_key="-")
    for kind in ("account", "local"):
        make(SimpleNamespace(kind=kind, session=object(), chat_client=client))
    quick = speed.with_speed(model, tokens)
    half = len(asked) // 2
    assert [each.model for each in asked] == [model] * half + [quick] * half


def test_a_conversation_may_be_as_long_as_its_answers_can_be(
    asked: list[CompletionRequest],
) -> None:
    JOBS["conversation"][0](SimpleNamespace(kind="account", session=object()))
    longest = conversation.CHARACTERS_A_TOKEN * conversation.MAX_TOKENS
    assert [len(each.messages or ()) for each in asked] == [1, 1, 3, 3]
    assert {each.max_tokens for each in asked} == {conversation.MAX_TOKENS}
    assert [len(each.content) for each in asked[-1].messages or ()] == [1, longest, 1]


def test_only_a_script_whose_models_nobody_restricts_has_a_speed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    local: Any = SimpleNamespace(kind="local")
    assert streams.can_set_speed(local)
    monkeypatch.setattr(streams, "relayed", lambda: True)
    assert not streams.can_set_speed(local)
    monkeypatch.setattr(streams, "relayed", lambda: False)
    monkeypatch.setattr(limits, "allowed_models", lambda: ("a", "b"))
    assert not streams.can_set_speed(local)
    assert streams.model_name() == "a"
    monkeypatch.setattr(limits, "allowed_models", lambda: ("a", streams.MODEL))
    assert streams.model_name() == streams.MODEL

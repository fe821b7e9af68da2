"""What the lab's conversations are made of: the budget, the server's count, and credits."""

from __future__ import annotations

import pytest

from course.lab.conversation import Rates, estimate, trim
from streaming.request import Message


def conversation(*texts: str) -> list[Message]:
    roles = ("user", "assistant") * len(texts)
    return [
        Message(role=role, content=text)  # type: ignore[arg-type]
        for role, text in zip(roles, texts, strict=False)
    ]


def test_three_bytes_are_estimated_to_be_a_token_in_either_language() -> None:
    assert estimate(conversation("한국어")) == 4
    assert estimate(conversation("six by", "nine here")) == 3 + 4


@pytest.mark.parametrize(
    ("budget", "first"), [(14, "one"), (13, "three"), (8, "three"), (7, "five"), (0, "five")]
)
def test_the_oldest_questions_are_left_out_with_their_answers(budget: int, first: str) -> None:
    said = conversation("one", "a reply...", "three", "a reply...", "five")
    kept = trim(said, budget)
    assert kept[0].content == first
    assert kept == tuple(said[-len(kept) :])
    assert len(kept) % 2 == 1


def test_sent_and_received_tokens_have_rates_of_their_own() -> None:
    assert Rates(sent=1.0, received=5.0).credits(1_000_000, 200_000) == pytest.approx(2.0)

"""How many tokens a conversation has, without keeping the event loop from its streams."""

from __future__ import annotations

from collections.abc import Sequence

from local_cortex import tokens
from local_cortex.engines import Message

__all__ = ["prompt_tokens"]

# Counted in a few milliseconds: some ten pages.
COUNTED = 20_000


def prompt_tokens(messages: Sequence[Message]) -> int:
    """Estimate the tokens of a conversation; of a long message, by its beginning."""
    return sum(_estimate(message.content) for message in messages)


def _estimate(text: str) -> int:
    if len(text) <= COUNTED:
        return tokens.count(text)
    return round(tokens.count(text[:COUNTED]) * len(text) / COUNTED)

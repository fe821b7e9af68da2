"""What the SQL evaluator asks of the server it lives in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from local_cortex.engines import Message, Usage

__all__ = ["Completion", "CortexFunctions"]


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer and the tokens it took."""

    text: str
    usage: Usage


class CortexFunctions(Protocol):
    """The models behind COMPLETE and AI_COMPLETE, and the table behind SHOW CORTEX BASE MODELS."""

    async def complete(
        self, model: str, messages: tuple[Message, ...], options: Mapping[str, object]
    ) -> Completion:
        """Answer a conversation.

        ``options`` holds what the statement set of ``temperature``, ``top_p`` (``float``),
        ``max_tokens`` (``int``), ``guardrails`` (``bool``) and ``response_format`` (``dict``).

        Raises:
            EngineError: the model is unknown, an option is out of range, or there is no answer.
        """
        ...

    def base_models(self) -> tuple[Sequence[tuple[str, str]], Sequence[tuple[object, ...]]]:
        """Return the columns of SHOW CORTEX BASE MODELS (name and type) and its rows by name."""
        ...

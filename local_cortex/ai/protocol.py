"""What SQL asks of the server it lives in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from local_cortex.engines import Message, Usage

__all__ = ["Completion", "CortexFunctions"]


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer and the tokens it took."""

    text: str
    usage: Usage


class CortexFunctions(Protocol):
    """The models behind the Cortex functions, and the table behind SHOW CORTEX BASE MODELS."""

    @property
    def inactive_account(self) -> bool:
        """Whether the legacy functions fail, as in an account that Snowflake marked inactive."""
        ...

    async def complete(
        self, model: str, messages: tuple[Message, ...], options: Mapping[str, object]
    ) -> Completion:
        """Answer a conversation; of a ``response_format`` among the options, with a JSON document.

        Raises:
            EngineError: the model is unknown, an option is out of range, or there is no answer.
        """
        ...

    async def task(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Do a task of :mod:`local_cortex.engines.tasks`, which names no model.

        Raises:
            EngineError: the engine gave no answer, or one that does not fit the task.
        """
        ...

    def base_models(self) -> tuple[Sequence[tuple[str, str]], Sequence[tuple[object, ...]]]:
        """Return the columns of SHOW CORTEX BASE MODELS (name and type) and its rows by name."""
        ...

"""The Cortex functions of SQL: how they are called, and how their rows ask the models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from local_cortex.engines import Message, Usage

__all__ = ["CortexFunctions"]


class CortexFunctions(Protocol):
    """What SQL asks of the server it lives in; ``EngineError`` where there is no answer.

    ``inactive_account``: the legacy functions fail, as in an account that Snowflake marked so.
    """

    @property
    def inactive_account(self) -> bool: ...

    async def complete(
        self, model: str, messages: tuple[Message, ...], options: Mapping[str, object]
    ) -> tuple[str, Usage]:
        """Answer a conversation; of a ``response_format`` among the options, with JSON."""
        ...

    async def task(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Do a task of :mod:`local_cortex.engines.tasks`, which names no model."""
        ...

    def base_models(self) -> Sequence[Mapping[str, object]]:
        """Return the rows of SHOW CORTEX BASE MODELS by name."""
        ...

    def streams(self) -> Sequence[tuple[object, ...]]:
        """Return the rows of SHOW LOCAL CORTEX STREAMS."""
        ...

"""What SQL asks of the server it lives in, and what a Cortex function asks of its statement."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from local_cortex.engines import Message, Usage

__all__ = ["Completion", "CortexFunctions", "Running"]


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


class Running(Protocol):
    """The part of an execution that a Cortex function uses, from any of DuckDB's threads."""

    failure: BaseException | None
    """What a Cortex function raised; DuckDB passes on only its text."""

    @property
    def stopped(self) -> bool:
        """Whether the statement was cancelled or has reached its deadline."""
        ...

    @property
    def loop(self) -> asyncio.AbstractEventLoop: ...

    @property
    def cortex(self) -> CortexFunctions: ...

    def charge_ai_calls(self, calls: int) -> None:
        """Count model calls; an SqlError if they are more than one statement may make."""
        ...

    def waiting(self) -> AbstractContextManager[None]:
        """Enter while waiting for a model: that time is not counted as computing."""
        ...

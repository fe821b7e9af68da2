"""What SQL asks of Cortex: the same admission and the same engine as the REST endpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from local_cortex import models, speed
from local_cortex.cortex import DEFAULT_MAX_TOKENS, Cortex, Refusal
from local_cortex.engines import Call, EngineError, Message
from local_cortex.sql import Completion

__all__ = ["SqlCortex"]


class SqlCortex:
    """Cortex as the SQL evaluator sees it."""

    def __init__(self, cortex: Cortex) -> None:
        self._cortex = cortex

    async def complete(
        self, model: str, messages: tuple[Message, ...], options: Mapping[str, object]
    ) -> Completion:
        """Answer a conversation; see ``CortexFunctions.complete``."""
        name, tokens_per_second = speed.asked_for(model)
        call = Call(
            model=name,
            messages=messages,
            max_tokens=cast("int", options.get("max_tokens", DEFAULT_MAX_TOKENS)),
            temperature=cast("float | None", options.get("temperature")),
            top_p=cast("float | None", options.get("top_p")),
            tokens_per_second=tokens_per_second,
        )
        try:
            answer = await self._cortex.complete(call)
        except Refusal as error:
            raise EngineError(error.status, str(error)) from error
        return Completion(answer.text, answer.usage)

    def base_models(self) -> tuple[Sequence[tuple[str, str]], Sequence[tuple[object, ...]]]:
        """Return the columns and rows of SHOW CORTEX BASE MODELS."""
        return models.show_columns(), models.show_rows(self._cortex.today())

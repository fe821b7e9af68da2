"""What SQL asks of Cortex: the same admission and the same engine as the REST endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

from local_cortex import models, speed
from local_cortex.cortex import DEFAULT_MAX_TOKENS, Cortex
from local_cortex.engines import Call, EngineError, Message, Usage, instructions
from local_cortex.engines.scripted import ScriptedEngine
from local_cortex.engines.tools import check_schemas


class SqlCortex:
    """Cortex as SQL sees it; see :class:`local_cortex.ai.CortexFunctions`."""

    def __init__(self, cortex: Cortex) -> None:
        self._cortex = cortex

    @property
    def inactive_account(self) -> bool:
        return self._cortex.inactive_account

    async def complete(
        self, model: str, messages: tuple[Message, ...], options: Mapping[str, object]
    ) -> tuple[str, Usage]:
        name, tokens_per_second = speed.asked_for(model)
        form: Any = options.get("response_format")
        schema = form.get("schema") if form and form.get("type") == "json" else None
        if form is not None and not isinstance(schema, dict):
            raise EngineError(
                400, "response_format: give it {'type': 'json', 'schema': a JSON schema}"
            )
        # In a thread: a schema can be large.
        await asyncio.to_thread(check_schemas, schema)
        call = Call(
            model=name,
            messages=messages,
            max_tokens=cast("int", options.get("max_tokens", DEFAULT_MAX_TOKENS)),
            temperature=cast("float | None", options.get("temperature")),
            top_p=cast("float | None", options.get("top_p")),
            tokens_per_second=tokens_per_second,
            schema=schema,
        )
        answer = await self._cortex.complete(call)
        text = answer.text if schema is None else instructions.document(answer.text)
        return text, answer.usage

    async def task(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Do a task by the engine's own rules, or ask its model."""
        engine = self._cortex.engine
        if isinstance(engine, ScriptedEngine):
            return await engine.task(name, arguments)
        prompt = Message("user", instructions.ask(name, arguments))
        text, _ = await self.complete(models.DEFAULTS[0], (prompt,), {"temperature": 0.0})
        return instructions.read(name, arguments, text)

    def base_models(self) -> Sequence[Mapping[str, object]]:
        return models.shown(self._cortex.today())

    def streams(self) -> Sequence[tuple[object, ...]]:
        return self._cortex.tally.rows()

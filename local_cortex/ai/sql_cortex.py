"""What SQL asks of Cortex: the same admission and the same engine as the REST endpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from local_cortex import models, speed, tokens
from local_cortex.ai import Completion
from local_cortex.cortex import DEFAULT_MAX_TOKENS, Cortex
from local_cortex.engines import Call, EngineError, Message, Usage, instructions, prompt_tokens
from local_cortex.engines.scripted import ScriptedEngine


class SqlCortex:
    """Cortex as SQL sees it; see :class:`local_cortex.ai.CortexFunctions`."""

    def __init__(self, cortex: Cortex) -> None:
        self._cortex = cortex

    @property
    def inactive_account(self) -> bool:
        return self._cortex.inactive_account

    async def complete(
        self, model: str, messages: tuple[Message, ...], options: Mapping[str, object]
    ) -> Completion:
        name, tokens_per_second = speed.asked_for(model)
        call = Call(
            model=name,
            messages=messages,
            max_tokens=cast("int", options.get("max_tokens", DEFAULT_MAX_TOKENS)),
            temperature=cast("float | None", options.get("temperature")),
            top_p=cast("float | None", options.get("top_p")),
            tokens_per_second=tokens_per_second,
        )
        if "response_format" in options:
            return await self._document(call, options["response_format"])
        answer = await self._cortex.complete(call)
        return Completion(answer.text, answer.usage)

    async def task(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Do a task by the engine's own rules, or ask its model."""
        engine = self._cortex.engine
        if isinstance(engine, ScriptedEngine):
            return await engine.task(name, arguments)
        prompt = Message("user", instructions.ask(name, arguments))
        answer = await self.complete(models.DEFAULTS[0], (prompt,), {"temperature": 0.0})
        return instructions.read(name, arguments, answer.text)

    async def _document(self, call: Call, form: Any) -> Completion:
        """Answer with the JSON document that ``response_format`` asks for."""
        schema = form.get("schema") if isinstance(form, dict) and form.get("type") == "json" else 0
        if not isinstance(schema, dict):
            raise EngineError(
                400, "response_format: give it {'type': 'json', 'schema': a JSON schema}"
            )
        self._cortex.admit(call)
        engine = self._cortex.engine
        asked = {"text": call.messages[-1].content, "schema": schema}
        if isinstance(engine, ScriptedEngine):
            text = json.dumps(await engine.task("structure", asked), ensure_ascii=False)
            return Completion(text, Usage(prompt_tokens(call.messages), tokens.count(text)))
        prompt = Message("user", instructions.ask("structure", asked))
        answer = await self._cortex.complete(replace(call, messages=(*call.messages[:-1], prompt)))
        document = instructions.read("structure", asked, answer.text)
        return Completion(json.dumps(document, ensure_ascii=False), answer.usage)

    def base_models(self) -> Sequence[Mapping[str, object]]:
        return models.shown(self._cortex.today())

    def streams(self) -> Sequence[tuple[object, ...]]:
        return self._cortex.tally.rows()

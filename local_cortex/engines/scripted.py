"""The default engine: answers written in advance, streamed at the pace of a model.

It is deterministic. The same call gives the same text, in the same pieces, on the same schedule.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from local_cortex import tokens
from local_cortex.engines import Begin, Call, Delta, End, Event, Usage, script, tasks
from local_cortex.engines.counting import prompt_tokens

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

__all__ = ["ScriptedEngine"]


class ScriptedEngine:
    """An engine that plays a script; see :mod:`local_cortex.engines.script` for the words.

    ``first_token`` is in seconds, from the first request for a delta. Token *i* (from 0) is due at
    ``first_token + i / tokens_per_second``; a call may ask for another speed. Each is timed against
    that schedule, not against the one before, so neither the clock's grain nor a slow consumer adds
    up; a consumer that comes late gets what is due at once. ``sleep`` and ``clock`` are there for
    tests.
    """

    name = "scripted"

    def __init__(
        self,
        first_token: float = 0.4,
        tokens_per_second: float = 40.0,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.first_token = first_token
        self.tokens_per_second = tokens_per_second
        self._sleep = sleep
        self._clock = clock

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        started = self._clock()
        yield Begin()
        pieces = tokens.split(script.answer(call.messages))
        cut = pieces[: call.max_tokens]
        tokens_per_second = call.tokens_per_second or self.tokens_per_second
        for number, piece in enumerate(cut):
            due = started + self.first_token + number / tokens_per_second
            # Also when nothing is left to wait for: other streams and a cancellation get a turn.
            await self._sleep(max(0.0, due - self._clock()))
            yield Delta(piece)
        yield End(
            "length" if len(cut) < len(pieces) else "stop",
            Usage(
                prompt_tokens=prompt_tokens(call.messages),
                completion_tokens=len(cut),
            ),
        )

    async def task(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Do a task of :mod:`local_cortex.engines.tasks`, no sooner than a model would begin."""
        await self._sleep(self.first_token)
        # In a thread: the rules may read long texts, and other streams go on.
        return await asyncio.to_thread(tasks.run, name, arguments)

"""Runs: an agent's script, played to its end whether or not somebody still reads it."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_cortex.agents.scripted_answer import Cut, Script
from local_cortex.engines import EngineError
from local_cortex.faults import Refusal

if TYPE_CHECKING:
    from local_cortex.agents.scripted_answer import HangUp

log = logging.getLogger(__name__)

# Below what routes/web.py allows a stream; an account documents 15 minutes.
LONGEST_SECONDS = 590.0
FAILED = "399504"  # "Error during execution", in the documentation of the event
MOST_RUNNING = 50  # of one user
MOST_BYTES = 8_000_000  # of one run's events


@dataclass(slots=True, eq=False)
class Run:
    """One run, and its server-sent events without the blank line, numbered from 1."""

    owner: str
    script: Script
    encode: Callable[[str, dict[str, Any]], bytes]
    final: dict[str, Any] | None = None
    """The ``response``, once there is one."""
    failure: tuple[int, str] = (500, "the run has ended without a response")
    """The status and words of its ``error``, for a client that reads no events."""
    hang_up: HangUp = lambda _: None
    """Closes the connection that reads it."""
    task: asyncio.Task[None] | None = None
    _events: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    _count: int = 0
    _size: int = 0

    def _add(self, name: str, data: dict[str, Any] | bytes) -> None:
        """Send an event, or bytes as they are."""
        self._count += 1
        if isinstance(data, dict):
            data = self.encode(name, {**data, "sequence_number": self._count})
        self._events.put_nowait(data)
        self._size += len(data)
        if self._size > MOST_BYTES:
            raise EngineError(500, f"the run has more than {MOST_BYTES:,} bytes")

    async def events(self) -> AsyncIterator[bytes]:
        """Yield the events to the end."""
        while (event := await self._events.get()) is not None:
            yield event

    async def play(self) -> None:
        """Run the script to its end, whatever that is."""
        script, status = self.script, "completed"
        try:
            try:
                async with asyncio.timeout(min(script.seconds or LONGEST_SECONDS, LONGEST_SECONDS)):
                    async with aclosing(script.events(self._cut)) as events:
                        async for name, data in events:
                            self._add(name, data)
            except TimeoutError:
                status = "timed_out"
            for name, data in script.end():
                self._add(name, data)
            self.final = script.response(status)
            self._add("response", self.final)
        except Cut:
            pass
        except Exception as error:  # whatever it is, the reader has to hear of it
            self._fail(error)

    def end(self) -> None:
        """Note that nothing more comes."""
        self._events.put_nowait(None)

    def _cut(self, reset: bool) -> None:
        # The reader's connection is known once the run has started.
        self.hang_up(reset)

    def _fail(self, error: Exception) -> None:
        if isinstance(error, EngineError):
            status, told = error.status, str(error)
        else:
            debugging = log.isEnabledFor(logging.DEBUG)
            log.error("a run failed: %s", type(error).__name__, exc_info=debugging or None)
            # A message of Python's own may hold what was asked.
            status, told = 500, f"Local Cortex failed ({type(error).__name__})"
        self.failure = (status, told)
        self._size = 0
        self._add("error", {"code": FAILED, "message": told, "request_id": str(uuid.uuid4())})


class Runs:
    """What runs on one server."""

    def __init__(self, encode: Callable[[str, dict[str, Any]], bytes]) -> None:
        self._encode = encode
        self._running: set[Run] = set()

    def start(self, owner: str, script: Script) -> Run:
        """Start a run; ``Refusal`` 429, the user has too many."""
        if sum(one.owner == owner for one in self._running) >= MOST_RUNNING:
            raise Refusal(429, f"Local Cortex plays {MOST_RUNNING} runs of a user at a time")
        run = Run(owner, script, self._encode)
        self._running.add(run)
        run.task = asyncio.create_task(run.play())

        def over(_: object) -> None:
            self._running.discard(run)
            run.end()

        # Not in play(): a task that is cancelled before it begins never gets there.
        run.task.add_done_callback(over)
        return run

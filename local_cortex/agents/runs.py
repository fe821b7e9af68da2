"""Runs: the events that an agent has sent, kept so that a client can read them again.

A run is a task of its own. A reader that loses its connection attaches again by the run's id, until
``KEPT_SECONDS`` after its end; an account documents the same five minutes.
"""

from __future__ import annotations

import asyncio
import logging
import time
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
KEPT_SECONDS = 300.0
KNOWN_SECONDS = 600.0  # until then a run that is over gets a 409, and an unknown one a 404
FAILED = "399504"  # "Error during execution", in the documentation of the event
MOST_RUNNING = 50  # of one user
MOST_BYTES = 8_000_000  # of one run's events
KEPT_BYTES = 64_000_000  # of all that are over


@dataclass(slots=True, eq=False)
class Run:
    """One run; ``events`` are its server-sent events without the blank line, numbered from 1."""

    id: str
    owner: str
    script: Script
    encode: Callable[[str, dict[str, Any]], bytes]
    events: list[bytes] = field(default_factory=list)
    size: int = 0
    final: dict[str, Any] | None = None
    """The ``response``, once there is one."""
    failure: tuple[int, str] = (500, "the run has ended without a response")
    """The status and words of its ``error``, for a client that reads no events."""
    ended: float | None = None
    cancelled: bool = False
    hang_up: HangUp = lambda _: None
    """Closes the connection that reads it."""
    task: asyncio.Task[None] | None = None
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, name: str, data: dict[str, Any] | bytes) -> None:
        """Send an event, or bytes as they are."""
        if isinstance(data, dict):
            data = self.encode(name, {**data, "sequence_number": len(self.events) + 1})
        self.events.append(data)
        self.size += len(data)
        if self.size > MOST_BYTES:
            raise EngineError(500, f"the run has more than {MOST_BYTES:,} bytes")
        self._wake()

    def end(self) -> None:
        """Note that nothing more comes."""
        self.ended = time.monotonic()
        self._wake()

    def _wake(self) -> None:
        self._more.set()
        self._more = asyncio.Event()

    async def follow(self, after: int = 0) -> AsyncIterator[bytes]:
        """Yield the events after this number, to the end."""
        while True:
            more = self._more
            while after < len(self.events):
                after += 1
                yield self.events[after - 1]
            if self.ended is not None:
                return
            await more.wait()

    async def play(self) -> None:
        """Run the script to its end, whatever that is."""
        script, status = self.script, "completed"
        try:
            async with asyncio.timeout(min(script.seconds or LONGEST_SECONDS, LONGEST_SECONDS)):
                async with aclosing(script.events(self._cut)) as events:
                    async for name, data in events:
                        self.add(name, data)
        except TimeoutError:
            status = "timed_out"
        except asyncio.CancelledError:
            if not self.cancelled:
                self.end()
                raise
            status = "cancelled"
        except Cut:
            self.end()
            return
        except Exception as error:  # whatever it is, the reader has to hear of it
            self._fail(error)
            return
        try:
            for name, data in script.end():
                self.add(name, data)
            self.final = script.response(status)
            self.add("response", self.final)
        except EngineError as error:
            self._fail(error)
        self.end()

    def _cut(self, reset: bool) -> None:
        # The connection that reads the run now, which may not be the first.
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
        self.size = 0
        said = {"code": FAILED, "message": told, "request_id": str(uuid.uuid4())}
        self.add("error", said)
        self.end()


class Runs:
    """The runs of one server."""

    def __init__(self, encode: Callable[[str, dict[str, Any]], bytes]) -> None:
        self._encode = encode
        self._runs: dict[str, Run] = {}

    def start(self, owner: str, run_id: str | None, script: Script) -> Run:
        """Start a run; without an id nobody can attach to it.

        Raises:
            Refusal: 429, the user has too many.
        """
        self._forget()
        running = [one for one in self._runs.values() if one.ended is None and one.owner == owner]
        if len(running) >= MOST_RUNNING:
            raise Refusal(429, f"Local Cortex plays {MOST_RUNNING} runs of a user at a time")
        run = Run(run_id or f"alone-{uuid.uuid4()}", owner, script, self._encode)
        self._runs[run.id] = run
        run.task = asyncio.create_task(run.play())
        # One that is cancelled before it begins never gets to its own end.
        run.task.add_done_callback(lambda _: run.end() if run.ended is None else None)
        return run

    def get(self, owner: str, run_id: str) -> Run:
        """Return a run; ``Refusal`` 404 for one that is not there, or another's."""
        self._forget()
        run = self._runs.get(run_id)
        if run is None or run.owner != owner:
            raise Refusal(404, f"Run {run_id[:100]} does not exist or not authorized.")
        if run.ended is not None and time.monotonic() - run.ended > KEPT_SECONDS:
            raise Refusal(409, f"Run {run_id[:100]} has been over for {KEPT_SECONDS:g} seconds.")
        return run

    async def cancel(self, run: Run) -> None:
        """End a run, and wait for its end; what it has said so far stays.

        Raises:
            Refusal: 409, it is over.
        """
        if run.ended is not None or run.task is None:
            raise Refusal(409, f"Run {run.id} is over.")
        run.cancelled = True
        run.task.cancel()
        await asyncio.wait({run.task})

    def _forget(self) -> None:
        """Drop the events of the oldest; their ids stay known a while, to be answered with 409."""
        over = [one for one in self._runs.values() if one.ended is not None]
        kept = sum(one.size for one in over)
        for one in over:
            late = time.monotonic() - (one.ended or 0) > KNOWN_SECONDS
            if late or kept > KEPT_BYTES or len(self._runs) > 20 * MOST_RUNNING:
                kept -= one.size
                del self._runs[one.id]

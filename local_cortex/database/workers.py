"""Threads on which statements are computed, each for no longer than its deadline.

The event loop streams answers to other learners, so no statement is computed on it. A thread cannot
be ended from outside: a statement that is over is answered at once, and its thread is free again
when DuckDB notices the interrupt.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any, TypeVar

from local_cortex.database.execution import Execution
from local_cortex.sql.sql_error import timed_out

T = TypeVar("T")

# Snowflake's default is two days; the course's statements take milliseconds.
STATEMENT_SECONDS = 10.0
# All of them share one interpreter: more would only make each wait for the others.
THREADS = 4
# Then the next statement gets its turn as well, so that short ones do not wait for long ones.
TURN_SECONDS = 0.25
# DuckDB ignores an interrupt that arrives between two of its calls, so it is repeated.
AGAIN_SECONDS = 0.1
# A stopped statement that is still computing after this long won't end by itself.
STUCK_SECONDS = 20.0


class Workers:
    """The threads of one server; statements beyond their number wait for their turn, in order.

    A statement may compute for ``seconds``, waiting for a turn or a model not counted.
    """

    def __init__(self, seconds: float = STATEMENT_SECONDS, threads: int = THREADS) -> None:
        self.seconds = seconds
        self._turns = asyncio.Semaphore(threads)
        self._ending: dict[asyncio.Future[Any], float] = {}

    @property
    def stuck(self) -> bool:
        """Whether a stopped statement is still computing after ``STUCK_SECONDS``."""
        now = asyncio.get_running_loop().time()
        return any(now - since > STUCK_SECONDS for since in self._ending.values())

    async def run(self, job: Callable[[], T], execution: Execution) -> T:
        """Run a statement, which cancelling ends; 000630 if it computes for longer than it may."""
        try:
            with execution.waiting():
                await self._turns.acquire()
        except asyncio.CancelledError:
            execution.close()
            raise
        seconds = execution.session.timeout(self.seconds)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        turn = ExitStack()
        turn.callback(self._turns.release)
        timer = loop.call_later(TURN_SECONDS, turn.close)

        def over(_: object) -> None:
            timer.cancel()
            turn.close()
            # Nobody waits for the result of a stopped statement, so its exception is read here.
            if not future.cancelled():
                future.exception()

        future.add_done_callback(over)
        # A daemon, so that one that computes on without end does not keep the interpreter.
        thread = threading.Thread(
            target=_compute, args=(job, loop, future), name="local-cortex-sql", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            # The interpreter is ending and starts no more threads, but sessions are still closed.
            _compute(job, loop, future)
        try:
            while not future.done():
                left = seconds - execution.computed
                if left <= 0:
                    raise timed_out(seconds)
                await asyncio.wait({future}, timeout=left)
        finally:
            if not future.done():
                self._ending[future] = loop.time()
                self._end(future, execution)
        return future.result()

    def _end(self, future: asyncio.Future[Any], execution: Execution) -> None:
        if future.done():
            del self._ending[future]
            return
        execution.stop()
        future.get_loop().call_later(AGAIN_SECONDS, self._end, future, execution)


def _compute(
    job: Callable[[], T], loop: asyncio.AbstractEventLoop, future: asyncio.Future[T]
) -> None:
    try:
        told: Callable[[], None] = partial(future.set_result, job())
    except BaseException as error:
        told = partial(future.set_exception, error)
    # The server may have been closed meanwhile, and its loop with it.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(told)

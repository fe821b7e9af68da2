"""Threads on which statements are computed, each for no longer than its deadline.

The event loop streams answers to other learners, so no statement is computed on it. A thread cannot
be ended from outside: a statement that is over is answered at once, and its thread is free again
when DuckDB notices the interrupt.
"""

from __future__ import annotations

import asyncio
import heapq
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any, TypeVar

from local_cortex.database.execution import Execution
from local_cortex.sql.errors import timed_out

__all__ = ["Workers"]

T = TypeVar("T")

# Snowflake's default is two days; the course's statements take milliseconds.
STATEMENT_SECONDS = 10.0
# All of them share one interpreter: more would only make each wait for the others.
THREADS = 4
# Then the next statement gets its turn as well, so that short ones do not wait for long ones.
TURN_SECONDS = 0.25
# So many long ones pass their turn on, or else only to a session that has nothing else running:
# threads without number would leave the event loop no processor.
MOST_LONG = 4
# DuckDB ignores an interrupt that arrives between two of its calls, so it is repeated.
AGAIN_SECONDS = 0.1
# A stopped statement that is still computing after this long won't end by itself.
STUCK_SECONDS = 20.0


class Workers:
    """The threads of one server; statements beyond their number wait for their turn.

    Args:
        seconds: how long one statement may compute, waiting for a turn or a model not counted.
        threads: how many statements begin to compute at the same time.
    """

    def __init__(self, seconds: float = STATEMENT_SECONDS, threads: int = THREADS) -> None:
        self.seconds = seconds
        self._long = 0
        self._turns = _Turns(threads)
        # By session: one with fewer goes before one with more.
        self._unfinished: Counter[int] = Counter()
        self._ending: dict[asyncio.Future[Any], float] = {}

    @property
    def stuck(self) -> bool:
        """Whether a stopped statement is still computing after ``STUCK_SECONDS``."""
        now = asyncio.get_running_loop().time()
        return any(now - since > STUCK_SECONDS for since in self._ending.values())

    async def run(self, job: Callable[[], T], execution: Execution) -> T:
        """Run a statement; cancelling the call ends it as well.

        Raises:
            SqlError: 000630, it has computed for as long as it may.
        """
        session = execution.session.session_id
        others = self._unfinished[session]
        self._unfinished[session] += 1
        try:
            try:
                with execution.waiting():
                    has_turn = await self._turns.take(others)
            except asyncio.CancelledError:
                execution.close()
                raise
            return await self._run(job, execution, has_turn)
        finally:
            self._unfinished -= Counter((session,))

    async def _run(self, job: Callable[[], T], execution: Execution, has_turn: bool) -> T:
        seconds = execution.session.timeout(self.seconds)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        holds = [self._turns.pass_on] if has_turn else []

        def pass_on(done: object = None) -> None:
            if not holds:
                return
            # One that waits for a model takes no processor.
            long = execution.computed > TURN_SECONDS / 2
            if not done and long and self._long >= MOST_LONG:
                self._turns.lend()
                loop.call_later(TURN_SECONDS, pass_on)
                return
            holds.pop()()
            if long and not done:
                self._long += 1
                future.add_done_callback(leave)

        def leave(_: object) -> None:
            self._long -= 1

        future.add_done_callback(pass_on)
        future.add_done_callback(_look_at)
        # A daemon, so that one that computes on without end does not keep the interpreter.
        thread = threading.Thread(
            target=_compute, args=(job, loop, future), name="local-cortex-sql", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            # The interpreter is ending and starts no more threads, but sessions are still closed.
            _compute(job, loop, future)
        timer = loop.call_later(TURN_SECONDS, pass_on)
        try:
            while not future.done():
                left = seconds - execution.computed
                if left <= 0:
                    raise timed_out(seconds)
                await asyncio.wait({future}, timeout=left)
        finally:
            timer.cancel()
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


class _Turns:
    """So many at a time; who waits with a lower rank goes first."""

    def __init__(self, free: int) -> None:
        self._free = free
        self._numbers = count()
        self._waiting: list[tuple[int, int, asyncio.Future[bool]]] = []

    async def take(self, rank: int) -> bool:
        """Wait; return whether the turn is to be passed on."""
        if self._free:
            self._free -= 1
            return True
        mine: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._numbers), mine))
        try:
            return await mine
        except asyncio.CancelledError:
            if not mine.cancelled() and mine.result():
                self.pass_on()
            raise

    def pass_on(self) -> None:
        """Give the turn to the next waiter."""
        self._forget_cancelled()
        if self._waiting:
            heapq.heappop(self._waiting)[-1].set_result(True)
        else:
            self._free += 1

    def lend(self) -> None:
        """Let those begin who have nothing else running."""
        self._forget_cancelled()
        while self._waiting and self._waiting[0][0] == 0:
            heapq.heappop(self._waiting)[-1].set_result(False)
            self._forget_cancelled()

    def _forget_cancelled(self) -> None:
        while self._waiting and self._waiting[0][-1].done():
            heapq.heappop(self._waiting)


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


def _look_at(future: asyncio.Future[Any]) -> None:
    # Nobody waits for the result of a stopped statement, so its exception is read here.
    if not future.cancelled():
        future.exception()

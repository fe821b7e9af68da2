"""Threads on which statements are computed, each for no longer than its deadline.

The event loop streams answers to other learners, so no statement is computed on it. A thread cannot
be ended from outside: a statement that is over is answered at once, and its thread is free again
when the statement notices.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context, copy_context
from functools import partial
from typing import Any, TypeVar, cast

from .allowance import Allowance, use
from .errors import timed_out

__all__ = ["Workers", "compute"]

T = TypeVar("T")

# Snowflake's default is two days; the course's statements take milliseconds.
STATEMENT_SECONDS = 10.0
# All of them share one interpreter: more would only make each wait for the others.
THREADS = 4
# Then the next statement gets its turn as well, so that short ones do not wait for long ones.
TURN_SECONDS = 0.5
# Of all threads, those included that compute on without a turn.
MOST_THREADS = 16


class Workers:
    """The threads of one server; statements beyond their number wait for their turn.

    Args:
        seconds: how long one statement may compute, waiting for a turn or a model not counted.
        threads: how many statements begin to compute at the same time.
        clock: monotonic, in seconds.
    """

    def __init__(
        self,
        seconds: float = STATEMENT_SECONDS,
        threads: int = THREADS,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds = seconds
        self._clock = clock
        self._pool = ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="local-cortex-sql")
        self._turns = asyncio.Semaphore(threads)

    async def run(self, step: Callable[[], T], allowance: Allowance) -> T:
        """Run one step of a statement; cancelling the call ends the step as well.

        Raises:
            TimeoutError: the statement has computed for as long as it may; the step was told to
                end.
        """
        await self._turns.acquire()
        started = self._clock()
        try:
            running = self._pool.submit(step)
        except RuntimeError:
            # The interpreter is ending and starts no more threads, but sessions are still closed.
            self._turns.release()
            return step()
        future = asyncio.wrap_future(running)
        turn = [self._turns.release]

        def pass_on(_: object = None) -> None:
            if turn:
                turn.pop()()

        timer = asyncio.get_running_loop().call_later(TURN_SECONDS, pass_on)
        future.add_done_callback(pass_on)
        future.add_done_callback(_look_at)
        over = False
        try:
            done, _ = await asyncio.wait({future}, timeout=allowance.seconds)
            over = bool(done)
        finally:
            timer.cancel()
            allowance.seconds -= self._clock() - started
            allowance.stopped = not over
        if not over or allowance.seconds < 0:
            raise TimeoutError
        return future.result()

    def close(self) -> None:
        """Let the threads end, once the statements on them have been told to."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _look_at(future: asyncio.Future[Any]) -> None:
    # Of a statement that was told to end nobody asks how it did.
    if not future.cancelled():
        future.exception()


async def compute(
    work: Coroutine[Any, Any, T],
    answer: Callable[[Any], Awaitable[Any]],
    workers: Workers | None,
    seconds: float = math.inf,
) -> T:
    """Compute a statement on a worker, or without workers on the caller's thread.

    What ``work`` awaits is given to ``answer`` on the event loop, and no thread waits for it. It
    may compute for ``seconds``, and for no longer than the workers allow. Cancelling the call ends
    both.

    Raises:
        SqlError: 000630, it computed for longer; and what ``work`` raises.
    """
    seconds = min(seconds, workers.seconds) if workers is not None else seconds
    allowance = Allowance(seconds)
    context = copy_context()
    context.run(use, allowance)
    step: Callable[[], Any] = partial(work.send, None)
    try:
        while True:
            advance = partial(_advance, context, step)
            over, value = await workers.run(advance, allowance) if workers else advance()
            if over:
                return cast("T", value)
            try:
                step = partial(work.send, await answer(value))
            except Exception as error:
                step = partial(work.throw, error)
    except TimeoutError:
        raise timed_out(seconds) from None
    finally:
        # Where a thread is still at it, it ends there.
        with suppress(ValueError):
            work.close()


def _advance(context: Context, step: Callable[[], Any]) -> tuple[bool, Any]:
    """Compute up to what the statement awaits next; tell whether it is over, and with what."""
    try:
        return False, context.run(step)
    except StopIteration as end:
        return True, end.value

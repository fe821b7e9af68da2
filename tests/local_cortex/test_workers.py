"""Where statements are computed: off the event loop, for so long, and no longer than wanted."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest

from local_cortex.database.execution import Execution
from local_cortex.sql import Database, SqlError, SqlServer, SqlSession, Workers
from tests.local_cortex.sql_support import EchoCortex, new_session

SOON = 60.0
# More pairs of rows than anybody waits for.
LONG = (
    "SELECT COUNT(*) FROM TABLE(GENERATOR(ROWCOUNT => 1000000)) a, "
    "TABLE(GENERATOR(ROWCOUNT => 1000000)) b"
)
DATABASE = Database()
CORTEX: Any = EchoCortex()


def in_a_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Run an asynchronous test in an event loop of its own."""

    def run() -> None:
        asyncio.run(asyncio.wait_for(test(), SOON))

    run.__name__ = test.__name__
    return run


def ask(sql: str, workers: Workers, session: SqlSession | None = None) -> Coroutine[Any, Any, Any]:
    return SqlServer(DATABASE, workers, CORTEX).execute(sql, session or new_session())


def execution(session_id: int = 7, **options: Any) -> Execution:
    session = new_session(session_id=session_id)
    loop = asyncio.get_running_loop()
    return Execution(session, DATABASE, CORTEX, loop, **options)


def until_stopped(one: Execution) -> None:
    """Compute until somebody stops the statement."""
    while True:
        one.check()
        time.sleep(0.001)


@in_a_loop
async def test_a_statement_is_computed_on_a_thread_that_does_not_keep_the_interpreter() -> None:
    thread = await Workers().run(threading.current_thread, execution())
    assert thread is not threading.current_thread()
    assert thread.daemon


@in_a_loop
async def test_the_loop_goes_on_while_a_statement_is_computed() -> None:
    one = execution()
    running = asyncio.create_task(Workers().run(partial(until_stopped, one), one))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not running.done()
    one.stop()
    await asyncio.wait({running})


class Clock:
    """A clock that moves only when the test moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@in_a_loop
async def test_waiting_for_a_model_is_no_time_of_the_statement() -> None:
    clock = Clock()
    one = execution(clock=clock)

    def slow() -> str:
        with one.waiting():
            clock.now += 1_000.0
        return "at last"

    assert await Workers(seconds=10).run(slow, one) == "at last"
    assert one.computed == 0


@in_a_loop
async def test_waiting_for_a_turn_is_no_time_of_the_statement() -> None:
    clock = Clock()
    workers, go_on = Workers(seconds=10, threads=1), threading.Event()
    first = asyncio.create_task(workers.run(go_on.wait, execution(1)))
    await asyncio.sleep(0)
    one = execution(2, clock=clock)
    second = asyncio.create_task(workers.run(lambda: "answered", one))
    await asyncio.sleep(0)
    clock.now += 1_000.0
    go_on.set()
    assert await second == "answered"
    await first


@pytest.mark.parametrize("how", ["deadline", "cancelled"])
def test_the_thread_of_a_statement_that_is_over_is_free_again(how: str) -> None:
    async def test() -> None:
        workers = Workers(seconds=0.1 if how == "deadline" else 100, threads=1)
        started, ended = threading.Event(), threading.Event()
        one = execution()

        def work() -> None:
            started.set()
            try:
                until_stopped(one)
            finally:
                ended.set()

        running = asyncio.create_task(workers.run(work, one))
        await asyncio.to_thread(started.wait, SOON)
        if how == "cancelled":
            running.cancel()
        await asyncio.wait({running})
        assert await asyncio.to_thread(ended.wait, SOON)
        assert not workers.stuck

    asyncio.run(asyncio.wait_for(test(), SOON))


@in_a_loop
async def test_a_statement_that_missed_its_interrupt_is_told_again() -> None:
    one, told = execution(), threading.Semaphore(0)
    one.stop = told.release  # type: ignore[method-assign]
    with pytest.raises(SqlError, match="timeout"):
        await Workers(seconds=0.05).run(lambda: [told.acquire() for _ in range(3)], one)
    assert await asyncio.to_thread(told.acquire, timeout=SOON)


@in_a_loop
async def test_a_short_statement_does_not_wait_for_the_end_of_long_ones() -> None:
    workers = Workers(threads=2)
    long = [execution(number) for number in range(3)]
    running = [asyncio.create_task(workers.run(partial(until_stopped, one), one)) for one in long]
    assert (await ask("SELECT 1", workers)).table.num_rows == 1
    assert not any(task.done() for task in running)
    for one in long:
        one.stop()
    await asyncio.wait(running)


@in_a_loop
async def test_statements_begin_in_the_order_in_which_they_came() -> None:
    workers, go_on, order = Workers(threads=1), threading.Event(), list[int]()
    first = asyncio.create_task(workers.run(go_on.wait, execution()))
    await asyncio.sleep(0)
    waiting = [
        asyncio.create_task(workers.run(partial(order.append, number), execution()))
        for number in range(3)
    ]
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(first, *waiting)
    assert order == [0, 1, 2]


@in_a_loop
async def test_a_statement_that_is_cancelled_in_the_queue_leaves_its_place() -> None:
    workers, go_on = Workers(threads=1), threading.Event()
    first = asyncio.create_task(workers.run(go_on.wait, execution(1)))
    await asyncio.sleep(0)
    second = asyncio.create_task(workers.run(lambda: None, execution(2)))
    await asyncio.sleep(0)
    second.cancel()
    go_on.set()
    await asyncio.wait({first, second})
    assert (await ask("SELECT 1", workers)).table.num_rows == 1


@pytest.mark.parametrize(
    ("asked", "seconds"), [("2", 2.0), ("0", 10.0), ("172800", 10.0), ("soon", 10.0)]
)
def test_a_session_can_shorten_the_deadline_and_not_lengthen_it(asked: str, seconds: float) -> None:
    session = new_session()
    session.parameters["STATEMENT_TIMEOUT_IN_SECONDS"] = asked
    assert session.timeout(10.0) == seconds

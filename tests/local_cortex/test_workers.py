"""Where statements are computed: off the event loop, for so long, and no longer than wanted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from local_cortex.sql.allowance import check

from local_cortex.database.workers import compute
from local_cortex.sql import SqlError, Workers, execute
from tests.local_cortex.sql_support import EchoCortex, new_session

SOON = 10.0
# A hundred thousand rows, each compared with a pattern that its text almost matches.
LONG = (
    "SELECT COUNT(*) FROM TABLE(GENERATOR(ROWCOUNT => 100000)) "
    "WHERE REPEAT('ab', 5000) LIKE '%' || SEQ4() || '%b%c'"
)


def in_a_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Run an asynchronous test in an event loop of its own."""

    def run() -> None:
        asyncio.run(asyncio.wait_for(test(), SOON))

    run.__name__ = test.__name__
    return run


@asynccontextmanager
async def some(**options: Any) -> AsyncIterator[Workers]:
    workers = Workers(**options)
    yield workers
    workers.close()


class Ask:
    """What a statement awaits."""

    def __await__(self) -> Generator[Ask, Any, Any]:
        return (yield self)


async def answer(_: object) -> str:
    return "answered"


@in_a_loop
async def test_a_statement_is_computed_on_another_thread_and_answered_on_the_loop() -> None:
    seen: list[threading.Thread] = []

    async def work() -> str:
        seen.append(threading.current_thread())
        said: str = await Ask()
        seen.append(threading.current_thread())
        return said

    async def here(_: object) -> str:
        seen.append(threading.current_thread())
        return "answered"

    async with some() as workers:
        assert await compute(work(), here, workers) == "answered"
    before, asked, after = seen
    assert asked is threading.current_thread()
    assert threading.current_thread() not in (before, after)


@in_a_loop
async def test_a_statement_past_its_deadline_fails_as_snowflakes_do() -> None:
    async with some(seconds=0.2) as workers:
        with pytest.raises(SqlError) as failed:
            await execute(LONG, session=new_session(), cortex=EchoCortex(), workers=workers)
    assert (failed.value.code, failed.value.sqlstate) == ("000630", "57014")
    assert str(failed.value) == (
        "Statement reached its statement or warehouse timeout of 0.2 second(s) and was canceled."
    )


@in_a_loop
async def test_the_loop_goes_on_while_a_statement_is_computed() -> None:
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with some(seconds=0.3) as workers:
        ticking = asyncio.create_task(tick())
        with pytest.raises(SqlError, match="timeout"):
            await execute(LONG, session=new_session(), cortex=EchoCortex(), workers=workers)
        ticking.cancel()
    assert turns > 5


class Clock:
    """A clock that only goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@in_a_loop
async def test_waiting_for_a_model_is_no_time_of_the_statement() -> None:
    clock = Clock()

    async def work() -> str:
        said: str = await Ask()
        return said

    async def slow(_: object) -> str:
        clock.now += 1_000.0
        return "at last"

    async with some(seconds=10, clock=clock) as workers:
        assert await compute(work(), slow, workers) == "at last"


@in_a_loop
async def test_computing_is_time_of_the_statement_before_and_after_it_asks() -> None:
    clock = Clock()

    async def work() -> None:
        for _ in range(3):
            clock.now += 4.0
            await Ask()

    async with some(seconds=10, clock=clock) as workers:
        with pytest.raises(SqlError, match="timeout of 10 second"):
            await compute(work(), answer, workers)


@pytest.mark.parametrize("how", ["deadline", "cancelled"])
def test_the_thread_of_a_statement_that_is_over_is_free_again(how: str) -> None:
    started, ended = threading.Event(), threading.Event()

    async def work() -> None:
        started.set()
        try:
            while True:
                check()
        finally:
            ended.set()

    async def test() -> None:
        async with some(seconds=0.1 if how == "deadline" else 100, threads=1) as workers:
            running = asyncio.create_task(compute(work(), answer, workers))
            await asyncio.to_thread(started.wait, SOON)
            if how == "cancelled":
                running.cancel()
            await asyncio.wait({running})
            result = await execute(
                "SELECT 1", session=new_session(), cortex=EchoCortex(), workers=workers
            )
            assert result.rows == [(1,)]
        assert ended.is_set()

    asyncio.run(asyncio.wait_for(test(), SOON))


@in_a_loop
async def test_a_short_statement_does_not_wait_for_the_end_of_long_ones() -> None:
    go_on = threading.Event()

    async def long() -> None:
        while not go_on.is_set():
            check()

    async with some(seconds=SOON, threads=2) as workers:
        running = [asyncio.create_task(compute(long(), answer, workers)) for _ in range(3)]
        result = await execute(
            "SELECT 1", session=new_session(), cortex=EchoCortex(), workers=workers
        )
        assert result.rows == [(1,)]
        assert not any(task.done() for task in running)
        go_on.set()
        await asyncio.gather(*running)


@in_a_loop
async def test_statements_are_answered_when_there_are_no_threads_any_more() -> None:
    async with some() as workers:
        workers.close()
        result = await execute(
            "SELECT 1", session=new_session(), cortex=EchoCortex(), workers=workers
        )
    assert result.rows == [(1,)]


@pytest.mark.parametrize(
    ("asked", "seconds"), [("2", 2.0), ("0", 10.0), ("172800", 10.0), ("soon", 10.0)]
)
def test_a_session_can_shorten_the_deadline_and_not_lengthen_it(asked: str, seconds: float) -> None:
    session = new_session()
    session.parameters["STATEMENT_TIMEOUT_IN_SECONDS"] = asked
    assert session.timeout(10.0) == seconds

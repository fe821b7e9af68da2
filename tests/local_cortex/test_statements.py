"""Statements that run once, in the background, and are forgotten in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from local_cortex.routes import query as module
from local_cortex.routes.query import Statement, Statements
from local_cortex.sql import SqlError, SqlResult

RESULT = SqlResult.of_rows((), [], 0x1000)
ME, YOU = 1, 2
SOON = 60.0


class Work:
    """A statement's work, done when ``done`` is set."""

    def __init__(self, *, done: bool = True, error: Exception | None = None) -> None:
        self.done = asyncio.Event()
        if done:
            self.done.set()
        self.error = error
        self.query_ids: list[str] = []

    async def __call__(self, query_id: str) -> SqlResult:
        self.query_ids.append(query_id)
        await self.done.wait()
        if self.error is not None:
            raise self.error
        return RESULT


def in_a_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Run an asynchronous test in an event loop of its own."""

    def run() -> None:
        asyncio.run(asyncio.wait_for(test(), SOON))

    run.__name__ = test.__name__
    return run


async def error_of(statement: Statement) -> SqlError:
    with pytest.raises(SqlError) as failed:
        await statement.wait(SOON)
    return failed.value


@in_a_loop
async def test_another_session_neither_finds_nor_aborts_a_statement() -> None:
    statements, work = Statements(), Work(done=False)
    statement = statements.start(ME, "r", work)
    assert statements.find(YOU, statement.query_id) is None
    assert not statements.abort(YOU, request_id="r")
    assert not statements.abort(YOU, query_id=statement.query_id)
    work.done.set()
    assert await statement.wait(SOON) is RESULT


@pytest.mark.parametrize(
    ("work", "status"),
    [
        (Work(done=False), "RUNNING"),
        (Work(), "SUCCESS"),
        (Work(error=SqlError("no", code="001003", sqlstate="42000")), "FAILED_WITH_ERROR"),
        (Work(error=KeyError("ours")), "FAILED_WITH_ERROR"),
    ],
)
def test_a_statement_has_the_status_that_the_connector_knows(work: Work, status: str) -> None:
    async def test() -> None:
        statement = Statements().start(ME, "r", work)
        await asyncio.wait({statement.task}, timeout=0.001 if status == "RUNNING" else SOON)
        assert statement.status == status
        assert (statement.error is None) == (status in {"RUNNING", "SUCCESS"})
        statement.task.cancel()

    asyncio.run(test())


@in_a_loop
async def test_a_statement_is_cancelled_by_its_id_from_any_thread_of_its_session() -> None:
    statements = Statements()
    statement = statements.start(ME, "r", Work(done=False))
    await asyncio.sleep(0)
    mine, yours = statements.canceller(ME), statements.canceller(YOU)
    assert not await asyncio.to_thread(yours, statement.query_id)
    assert await asyncio.to_thread(mine, statement.query_id)
    assert (await error_of(statement)).code == "000604"
    assert statement.status == "FAILED_WITH_ERROR"
    assert not mine(statement.query_id)
    assert not mine("unknown")


def test_any_other_error_is_an_internal_one_of_snowflakes_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def test() -> None:
        error = await error_of(Statements().start(ME, "r", Work(error=KeyError("a prompt"))))
        assert (error.code, error.sqlstate) == ("000603", "XX000")
        assert "KeyError" in str(error)
        assert "a prompt" not in str(error)

    asyncio.run(test())
    assert caplog.messages == ["A statement failed: KeyError"]
    assert "a prompt" not in caplog.text


def test_only_so_many_finished_statements_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_STATEMENTS", 2)

    async def test() -> None:
        statements = Statements()
        running = statements.start(ME, "running", Work(done=False))
        finished = [statements.start(ME, f"r{number}", Work()) for number in range(4)]
        await asyncio.gather(*(one.task for one in finished))
        statements.start(ME, "one more", Work())
        kept = [statements.find(ME, one.query_id) is one for one in finished]
        assert kept == [False, False, True, True]
        assert statements.start(ME, "r0", Work()) is not finished[0]
        assert statements.find(ME, running.query_id) is running
        running.task.cancel()

    asyncio.run(test())


@in_a_loop
async def test_the_statements_of_a_session_that_ends_are_cancelled_and_forgotten() -> None:
    statements = Statements()
    running = statements.start(ME, "running", Work(done=False))
    finished, yours = statements.start(ME, "done", Work()), statements.start(YOU, "r", Work())
    await finished.task
    statements.abort_all(ME)
    assert [statements.find(ME, one.query_id) for one in (running, finished)] == [None, None]
    assert statements.find(YOU, yours.query_id) is yours
    assert (await error_of(running)).sqlstate == "57014"


def test_of_large_results_only_the_latest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_BYTES", 25)
    monkeypatch.setattr(SqlResult, "weight", 10)

    async def test() -> None:
        statements = Statements()
        started = [statements.start(ME, "", Work()) for _ in range(3)]
        await asyncio.gather(*(one.task for one in started))
        statements.start(ME, "", Work(done=False))
        await asyncio.sleep(0)  # it begins
        kept = [statements.find(ME, one.query_id) is one for one in started]
        assert kept == [False, True, True]

    asyncio.run(test())

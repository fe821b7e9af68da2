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
async def test_a_statement_that_is_done_in_time_gives_its_result() -> None:
    work = Work()
    statement = Statements().start(ME, "r", work)
    assert await statement.wait(SOON) is RESULT
    assert work.query_ids == [statement.query_id]


@in_a_loop
async def test_a_statement_that_takes_longer_can_be_found_and_waited_for_again() -> None:
    statements, work = Statements(), Work(done=False)
    statement = statements.start(ME, "r", work)
    assert await statement.wait(0.001) is None
    work.done.set()
    found = statements.find(ME, statement.query_id)
    assert found is statement
    assert await found.wait(SOON) is RESULT


@in_a_loop
async def test_the_same_request_id_is_run_once_for_a_session_and_again_for_another() -> None:
    statements, work = Statements(), Work()
    first = statements.start(ME, "r", work)
    assert statements.start(ME, "r", work) is first
    assert await first.wait(SOON) is RESULT
    assert statements.start(ME, "r", work) is first, "also when it is done"
    assert statements.start(YOU, "r", work) is not first
    await asyncio.sleep(0)
    assert len(work.query_ids) == 2


@in_a_loop
async def test_without_a_request_id_every_statement_is_another() -> None:
    statements, work = Statements(), Work()
    assert statements.start(ME, "", work) is not statements.start(ME, "", work)


@in_a_loop
async def test_another_session_neither_finds_nor_aborts_a_statement() -> None:
    statements, work = Statements(), Work(done=False)
    statement = statements.start(ME, "r", work)
    assert statements.find(YOU, statement.query_id) is None
    assert not statements.abort(YOU, request_id="r")
    assert not statements.abort(YOU, query_id=statement.query_id)
    work.done.set()
    assert await statement.wait(SOON) is RESULT


@pytest.mark.parametrize("by", ["request_id", "query_id"])
def test_an_aborted_statement_fails_with_000604(by: str) -> None:
    async def test() -> None:
        statements = Statements()
        statement = statements.start(ME, "r", Work(done=False))
        await asyncio.sleep(0)
        assert statements.abort(ME, **{by: getattr(statement, by)})
        error = await error_of(statement)
        assert (error.code, error.sqlstate) == ("000604", "57014")

    asyncio.run(test())


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


@in_a_loop
async def test_there_is_nothing_to_abort_once_a_statement_is_done() -> None:
    statements = Statements()
    statement = statements.start(ME, "r", Work())
    await statement.wait(SOON)
    assert not statements.abort(ME, request_id="r")
    assert not statements.abort(ME, request_id="unknown")
    assert not statements.abort(ME)


@in_a_loop
async def test_an_sql_error_is_the_same_for_everybody_who_waits() -> None:
    error = SqlError("no", code="001003", sqlstate="42000")
    statement = Statements().start(ME, "r", Work(error=error))
    both = tuple(await asyncio.gather(error_of(statement), error_of(statement)))
    assert both == (error, error)


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


@in_a_loop
async def test_ending_a_session_cancels_and_forgets_its_statements_alone() -> None:
    statements, slow = Statements(), Work(done=False)
    mine = statements.start(ME, "r", slow)
    yours = statements.start(YOU, "r", slow)
    await asyncio.sleep(0)
    statements.abort_all(ME)
    assert (await error_of(mine)).code == "000604"
    assert statements.find(ME, mine.query_id) is None
    assert statements.find(YOU, yours.query_id) is yours
    assert not yours.task.cancelled()
    yours.task.cancel()


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


def test_of_large_results_only_the_latest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_BYTES", 25)
    monkeypatch.setattr(SqlResult, "weight", 10)

    async def test() -> None:
        statements = Statements()
        started = [statements.start(ME, "", Work()) for _ in range(3)]
        await asyncio.gather(*(one.task for one in started))
        statements.start(ME, "", Work(done=False)).task.cancel()
        kept = [statements.find(ME, one.query_id) is one for one in started]
        assert kept == [False, True, True]

    asyncio.run(test())


def test_a_failure_that_nobody_waits_for_is_logged_and_not_reported_as_forgotten(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def test() -> None:
        statement = Statements().start(ME, "r", Work(error=KeyError("nobody asks")))
        await asyncio.wait({statement.task})

    asyncio.run(test())
    assert caplog.messages == ["A statement failed: KeyError"]

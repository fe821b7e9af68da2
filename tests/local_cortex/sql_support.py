"""Running SQL in tests: a session, a Cortex that echoes, and one call to execute."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from local_cortex.engines import EngineError, Message, Usage
from local_cortex.sql import (
    Database,
    SqlError,
    SqlResult,
    SqlServer,
    SqlSession,
    Workers,
)

# Each with its session, so that no two sessions ever have the same id.
DATABASES: dict[int, tuple[SqlSession | None, Database]] = {}
NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


class EchoCortex:
    """Answers ``<model>: <last message>``; the model ``unknown`` is refused."""

    inactive_account = False

    def __init__(self, answer: str | None = None) -> None:
        self.answer = answer
        self.calls: list[tuple[str, tuple[Message, ...], Mapping[str, object]]] = []
        self.running = 0
        self.most_running = 0

    async def complete(
        self, model: str, messages: tuple[Message, ...], options: Mapping[str, object]
    ) -> tuple[str, Usage]:
        self.calls.append((model, messages, options))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        if model == "unknown":
            raise EngineError(400, 'unknown model "unknown"')
        text = f"{model}: {messages[-1].content}" if self.answer is None else self.answer
        return (text, Usage(prompt_tokens=3, completion_tokens=5))

    async def task(self, name: str, arguments: Mapping[str, Any]) -> Any:
        return f"{name}: {arguments}"

    def base_models(self) -> Sequence[Mapping[str, object]]:
        names = ["CLAUDE-HAIKU-4-5", "LLAMA3.1-8B", "LLAMA3.3-70B"]
        return [{"created_on": NOON, "name": name, "eol_date": None} for name in names]

    def streams(self) -> Sequence[tuple[object, ...]]:
        return [(1, "llama3.1-8b", 20, 18, "cut", 700)]


def new_session(**changes: Any) -> SqlSession:
    """Return a session that has a role, a warehouse, a database and a schema."""
    settings: dict[str, Any] = {
        "user": "LEARNER",
        "role": "STUDENT",
        "warehouse": "COURSE_WH",
        "database": "COURSE",
        "schema": "PUBLIC",
        "account": "LOCAL_CORTEX",
        "version": "0.1.0",
        "session_id": 7,
    }
    return SqlSession(**(settings | changes))


def run(
    sql: str,
    *,
    session: SqlSession | None = None,
    cortex: EchoCortex | None = None,
    **options: Any,
) -> SqlResult:
    """Run one statement."""
    where = session if session is not None else new_session()
    model = cortex if cortex is not None else EchoCortex()
    database = database_of(session)

    async def wait() -> SqlResult:
        result = await SqlServer(database, Workers(), model).execute(sql, where, **options)
        assert isinstance(result, SqlResult)
        return result

    return asyncio.run(wait())


def database_of(session: SqlSession | None) -> Database:
    """Return a session's own database; statements without a session share one."""
    _, database = DATABASES.setdefault(id(session), (session, Database()))
    database.catalog.ensure("COURSE", "PUBLIC")
    return database


def rows(sql: str, **options: Any) -> list[tuple[object, ...]]:
    """Return a statement's rows."""
    table = run(sql, **options).table
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def value(expression: str, **options: Any) -> object:
    """Return the value of one expression."""
    ((only,),) = rows(f"SELECT {expression}", **options)
    return only


def wrong(
    table: Iterable[tuple[str, object]], give: Callable[[str], object]
) -> dict[str, tuple[object, object]]:
    """Return what does not give what ``table`` says: what it gives, and what it should."""
    found: dict[str, tuple[object, object]] = {}
    for asked, expected in table:
        try:
            given = give(asked)
        except Exception as error:  # the other rows are to be seen, too
            given = error
        if given != expected:
            found[asked] = (given, expected)
    return found


def kind(expression: str) -> str:
    """Return the type of one expression, without running it."""
    (column,) = run(f"SELECT {expression}", describe_only=True).columns
    return str(column.type)


def names(sql: str) -> list[str]:
    """Return the names of a statement's columns."""
    return [column.name for column in run(sql, describe_only=True).columns]


def refusal(sql: str, **options: Any) -> SqlError:
    """Return the error of a statement that must fail."""
    try:
        run(sql, **options)
    except SqlError as error:
        return error
    raise AssertionError(f"{sql[:80]!r} was not refused")

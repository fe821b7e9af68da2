"""DuckDB's functions ``_cortex`` and ``_compute``: a chunk's rows, eight asked at a time."""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from local_cortex.ai.cortex_functions import FORMS, MAY_BE_OBJECT, SCHEMA, Form, remote_error
from local_cortex.ai.late import KEEP
from local_cortex.ai.work import WORK, Ask
from local_cortex.database.execution import Execution, Stopped
from local_cortex.engines import EngineError
from local_cortex.sql.bounds import AI_CONCURRENCY
from local_cortex.sql.sql_error import SqlError, not_run

if TYPE_CHECKING:
    import duckdb

# A stopped statement gives up what it waits for within this many seconds.
LOOK_SECONDS: Final = 0.1


def register(connection: duckdb.DuckDBPyConnection, find: Callable[[int], Execution]) -> None:
    """Create both functions in a database; ``find`` gives the execution of an id."""
    import pyarrow as pa
    from duckdb.func import FunctionNullHandling, PythonUDFType

    def cortex(ids: Any, functions: Any, arguments: Any) -> Any:
        if not len(ids):
            return pa.array([], pa.string())
        execution = find(ids[0].as_py())
        try:
            rows = _answers(execution, functions[0].as_py(), arguments.to_pylist())
        except BaseException as error:
            execution.failure = execution.failure or error
            raise
        return pa.array(rows, pa.string())

    for name in ("_cortex", "_compute"):
        connection.create_function(
            name,
            cortex,
            ["BIGINT", "VARCHAR", "VARCHAR"],
            "VARCHAR",
            type=PythonUDFType.ARROW,
            # A model is asked again for an equal call; a constant is embedded once.
            side_effects=name == "_cortex",
            # A call with NULL is the function's own to answer.
            null_handling=FunctionNullHandling.SPECIAL,
        )


def _answers(execution: Execution, function: str, rows: Sequence[str]) -> list[str | None]:
    """Answer a chunk of calls; ``rows`` are JSON objects of a call's arguments.

    A row whose required arguments are not all there is NULL, and nobody is asked. Where a query
    takes ``keep`` TRUE answers, the rows after them are NULL as well.
    """
    form = FORMS[function.removeprefix(SCHEMA)]
    if form.refused:
        raise not_run(function, form.refused)
    if form.instead and execution.cortex.inactive_account:
        # BCR-2432: the behaviour is documented, the wording is Local Cortex's own.
        raise SqlError(
            f"Function {SCHEMA}{function} is not available: this account is marked inactive for "
            f"the legacy Cortex functions. Use {form.instead} instead.",
            code="000002",
            sqlstate="0A000",
        )
    given: list[dict[str, Any]] = [json.loads(row) for row in rows]
    values = [_prepared(execution, form, one) for one in given]
    left = [index for index, value in enumerate(values) if callable(value)]
    keep, found = (given[0].get(KEEP) if given else None), 0
    while left and (keep is None or found < keep):
        count = len(left) if keep is None else max(AI_CONCURRENCY, keep - found)
        now, left = left[:count], left[count:]
        execution.charge_ai_calls(len(now))
        answers = _ask(execution, function, [values[one] for one in now])
        for index, answer in zip(now, answers, strict=True):
            values[index] = answer
            found += answer is True
    for index in left:
        values[index] = None
    return [_written(function, form, *row) for row in zip(given, values, strict=True)]


def _prepared(execution: Execution, form: Form, given: Mapping[str, Any]) -> Any:
    """Return a row's value, what to ask for it, or its failure."""
    if execution.stopped:
        raise Stopped
    if any(given.get(name, "") is None for name in (*form.required, "options")):
        return None
    try:
        return WORK[form.asks or form.computes](given)
    except EngineError as error:
        return error
    except (AttributeError, TypeError, ValueError):
        return EngineError(400, "an argument is not of the documented type")


def _ask(execution: Execution, function: str, asked: Sequence[Ask]) -> list[Any]:
    """Ask on the event loop, and look every tenth of a second whether the statement is to end."""
    with execution.waiting():
        running = asyncio.run_coroutine_threadsafe(
            _all(execution, FORMS[function], asked), execution.loop
        )
        while not concurrent.futures.wait([running], LOOK_SECONDS).done:
            if execution.stopped:
                running.cancel()
                raise Stopped
    try:
        return running.result()
    except EngineError as error:
        raise remote_error(function, error) from None


async def _all(execution: Execution, form: Form, asked: Sequence[Ask]) -> list[Any]:
    """Ask eight at a time; a failure that fails the statement cancels the others."""
    slots = asyncio.Semaphore(AI_CONCURRENCY)

    async def one(ask: Ask) -> Any:
        async with slots:
            if execution.stopped:
                raise Stopped
            try:
                return await ask(execution.cortex)
            except EngineError as error:
                if form.null:
                    return error
                raise

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(ask)) for ask in asked]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


def _written(function: str, form: Form, given: Mapping[str, Any], answer: Any) -> str | None:
    """Write an answer as ``_cortex`` returns it: text as it is, anything else as JSON."""
    error = answer if isinstance(answer, EngineError) else None
    if error and not form.null:
        raise remote_error(function, error)
    if error:
        answer = None
    if form.asks == "extract" and error:
        answer = {"error": str(error), "response": None}
    elif given.get("return_error_details"):
        answer = {"value": answer, "error": error and str(error)}
    elif answer is None or (isinstance(answer, str) and not {*MAY_BE_OBJECT} & set(given)):
        return answer
    return json.dumps(answer, ensure_ascii=False)

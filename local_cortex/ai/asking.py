"""How the rows of a chunk are answered: eight at a time, on the server's event loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from local_cortex.ai.forms import FORMS, MAY_BE_OBJECT, Form, remote_error
from local_cortex.ai.late import KEEP
from local_cortex.ai.work import WORK, Ask
from local_cortex.database.execution import Execution, Stopped
from local_cortex.engines import EngineError
from local_cortex.sql.limits import AI_CONCURRENCY

__all__ = ["answers"]

Given = Mapping[str, Any]

# A stopped statement gives up what it waits for within this many seconds.
LOOK_SECONDS: Final = 0.1


def answers(execution: Execution, function: str, rows: Sequence[str]) -> list[str | None]:
    """Answer a chunk of calls; ``rows`` are JSON objects of a call's arguments.

    A row whose required arguments are not all there is NULL, and nobody is asked. Where a query
    takes ``keep`` TRUE answers, the rows after them are NULL as well.

    Raises:
        SqlError: 100351, the model behind a strict function failed; 000002, too many calls.
        Stopped: the statement is to end; what was asked is cancelled.
    """
    form = FORMS[function]
    given: list[dict[str, Any]] = [json.loads(row) for row in rows]
    values = [_prepared(execution, form, one) for one in given]
    left = [index for index, value in enumerate(values) if callable(value)]
    keep, found = (given[0].get(KEEP) if given else None), 0
    while left and (keep is None or found < keep):
        count = len(left) if keep is None else max(AI_CONCURRENCY, keep - found)
        now, left = left[:count], left[count:]
        execution.charge_ai_calls(len(now))
        for index, answer in zip(
            now, _ask(execution, function, [values[one] for one in now]), strict=True
        ):
            values[index] = answer
            found += answer is True
    for index in left:
        values[index] = None
    return [_written(function, form, *row) for row in zip(given, values, strict=True)]


def _prepared(execution: Execution, form: Form, given: Given) -> Any:
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


def _written(function: str, form: Form, given: Given, answer: Any) -> str | None:
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

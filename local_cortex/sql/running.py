"""One statement from text to result; whatever goes wrong on the way is an :class:`SqlError`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .binds import decode_binds
from .context import Execution
from .errors import SqlError, too_large
from .limits import MAX_DEPTH, MAX_RESULT_CHARS
from .parse import parse
from .protocol import CortexFunctions
from .result import SqlResult
from .session import SqlSession
from .statements import run_statement
from .values import weigh

__all__ = ["run"]

# What Python needs for a value of a result and its text, whatever they are.
VALUE_BYTES = 100

logger = logging.getLogger(__name__)


async def run(
    sql: str,
    *,
    session: SqlSession,
    cortex: CortexFunctions,
    binds: Mapping[str, Any] | None,
    describe_only: bool,
    query_id: str,
) -> SqlResult:
    """Run one statement; see :func:`local_cortex.sql.execute`. It awaits models, nothing else."""
    try:
        parsed = parse(sql)
        execution = Execution(session, cortex, decode_binds(binds), parsed.sql, parsed.ordinals)
        result = await run_statement(execution, parsed, describe_only=describe_only)
        weight = _weight(result)
        # The texts that go over the wire take as long as all the rest.
        result = replace(result, weight=weight, texts=result.rowset())
        if query_id and not describe_only:
            session.keep(query_id, result)
    except RecursionError:
        # Everything that nests is counted; this is for what was not thought of.
        raise too_large("Nesting", MAX_DEPTH, "Nest the statement less deeply.") from None
    except MemoryError:
        raise too_large("What a statement holds", MAX_RESULT_CHARS, "Select less.") from None
    except SqlError:
        raise
    except Exception as error:
        # The connector repeats a request that failed with HTTP 500 for minutes; an error message
        # is what a learner can do something with.
        logger.exception("a statement failed inside Local Cortex")
        raise SqlError(
            "SQL execution internal error:\nLocal Cortex failed to run this statement "
            f"({type(error).__name__}). That is a fault of Local Cortex, not of the statement.",
            code="000603",
            sqlstate="XX000",
        ) from error
    return result


def _weight(result: SqlResult) -> int:
    """Return about how many bytes a result takes.

    Raises:
        SqlError: 000002, more than one result may have.
    """
    weight = 0
    for index in range(len(result.columns)):
        for row in result.rows:
            weight += weigh(row[index], MAX_RESULT_CHARS)
            if weight > MAX_RESULT_CHARS:
                raise too_large("The text of a result", MAX_RESULT_CHARS, "Select less.")
    return weight + VALUE_BYTES * len(result.columns) * len(result.rows)

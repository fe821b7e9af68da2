"""One statement from text to result; whatever goes wrong on the way is an :class:`SqlError`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
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
from .values import clean_text, weigh

__all__ = ["run"]

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
    """Run one statement; see :func:`local_cortex.sql.execute`."""
    try:
        parsed = await parse(clean_text(sql))
        execution = Execution(session, cortex, decode_binds(binds), parsed.sql, parsed.ordinals)
        result = await run_statement(execution, parsed, describe_only=describe_only)
    except RecursionError:
        # Everything that nests is counted; this is for what was not thought of.
        raise too_large("Nesting", MAX_DEPTH, "Nest the statement less deeply.") from None
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
    _check_size(result)
    if query_id and not describe_only:
        session.keep(query_id, result)
    return result


def _check_size(result: SqlResult) -> None:
    weight = 0
    for index, column in enumerate(result.columns):
        if not (column.type.name == "TEXT" or column.type.is_json):
            continue
        for row in result.rows:
            weight += weigh(row[index], MAX_RESULT_CHARS)
            if weight > MAX_RESULT_CHARS:
                raise too_large("The text of a result", MAX_RESULT_CHARS, "Select less.")

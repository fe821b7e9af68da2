"""What the Cortex functions answer: rows of a chunk, asked several at once on the event loop."""

from __future__ import annotations

from collections.abc import Sequence

from local_cortex.engines import EngineError

from .errors import SqlError
from .protocol import Running

__all__ = ["answers", "remote_error"]


def answers(execution: Running, function: str, rows: Sequence[str | None]) -> list[str | None]:
    """Answer a chunk of calls."""
    raise NotImplementedError


def remote_error(name: str, error: EngineError) -> SqlError:
    """Word an engine's refusal as Snowflake words that of the service behind the function."""
    return SqlError(
        f"Request failed for external function {name}$V2 with remote service error: "
        f"{error.status} '{error}'",
        code="100351",
        sqlstate="P0000",
    )

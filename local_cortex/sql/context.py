"""What belongs to the running of one statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .binds import Bind
from .errors import SqlError, too_large
from .limits import MAX_AI_CALLS, MAX_ALIASED, MAX_BUILT_CHARS
from .protocol import CortexFunctions
from .session import SqlSession

__all__ = ["Execution"]


@dataclass(slots=True)
class Execution:
    """One statement on its way: who runs it, with which values, and what it has used so far.

    ``array_rows`` is the number of rows of a bulk INSERT, 0 for any other statement; ``ordinals``
    gives each ``?`` its position by where it stands in the text.
    """

    session: SqlSession
    cortex: CortexFunctions
    binds: Mapping[str, Bind]
    sql: str
    ordinals: Mapping[int, int] = field(default_factory=dict)
    array_rows: int = 0
    now: dt.datetime = field(init=False)
    aliased: int = 0
    built_chars: int = 0
    ai_calls: int = 0

    def __post_init__(self) -> None:
        # One moment for the whole statement: CURRENT_TIMESTAMP() is the same in every row.
        self.now = self.session.now()

    def charge_alias(self) -> None:
        """Count an expression that was bound because an alias stands for it.

        Raises:
            SqlError: 000002, more than a statement may have.
        """
        self.aliased += 1
        if self.aliased > MAX_ALIASED:
            raise too_large("Expressions behind aliases", MAX_ALIASED, "Use subqueries instead.")

    def charge_text(self, chars: int) -> None:
        """Count text that was built; a thousand harmless REPEATs can fill the memory.

        Raises:
            SqlError: 000002, the statement built too much.
        """
        self.built_chars += chars
        if self.built_chars > MAX_BUILT_CHARS:
            raise too_large("The text this statement builds", MAX_BUILT_CHARS, "Build less of it.")

    def charge_ai_calls(self, calls: int) -> None:
        """Count answers.

        Raises:
            SqlError: 000002, more than one statement may ask for.
        """
        self.ai_calls += calls
        if self.ai_calls > MAX_AI_CALLS:
            raise too_large("AI function calls in one statement", MAX_AI_CALLS, "Use LIMIT.")

    def bind(self, position: str) -> Bind:
        """Return a bind variable.

        Raises:
            SqlError: 002049, the client sent no value for it.
        """
        try:
            return self.binds[position]
        except KeyError:
            message = f"SQL compilation error:\nBind variable {variable(position)} not set."
            raise SqlError(message, code="002049", sqlstate="42601") from None

    def variable(self, name: str) -> Any:
        """Return a session variable's value.

        Raises:
            SqlError: 002211, it was never set.
        """
        try:
            return self.session.variables[name]
        except KeyError:
            message = f"SQL compilation error:\nSession variable '${name}' does not exist"
            raise SqlError(message, code="002211", sqlstate="02000") from None


def variable(position: str) -> str:
    """Spell a bind variable as the statement does."""
    return f"?{position}" if position.isdigit() else f":{position}"

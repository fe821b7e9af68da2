"""Stages: where they keep their files, and the statements about them.

A stage is a folder inside the server's own temporary folder. PUT and GET tell the client which
folder that is, and the client copies the files itself: it always runs on the same machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sqlglot import exp

from .result import SqlResult
from .types import SqlType

__all__ = ["Host", "PutGet", "Stages", "run", "table", "template"]


class Host(Protocol):
    """What stages need of a statement on its way; ``Execution`` has it."""

    @property
    def session(self) -> Any:
        """Whose it is: ``user`` and ``session_id``."""

    @property
    def stages(self) -> Stages:
        """The stages of this server."""

    @property
    def cursor(self) -> Any:
        """DuckDB's connection for this statement."""

    def resolve(self, table: exp.Table) -> tuple[str, str, str]:
        """Return database, schema and name as Snowflake keeps them; nothing need exist."""

    def columns(self, name: tuple[str, str, str]) -> list[tuple[str, SqlType]]:
        """Return a table's columns.

        Raises:
            SqlError: 002003, there is no such table.
        """

    def quoted(self, database: str, schema: str, name: str) -> str:
        """Return DuckDB's name of a table."""

    def translate(self, query: exp.Expression) -> tuple[str, list[str]]:
        """Return DuckDB's SQL for a Snowflake query, and the names of its columns."""


@dataclass(frozen=True, slots=True)
class PutGet:
    """The answer to PUT or GET: ``data`` of the query response, from which the client works."""

    data: dict[str, Any]


class Stages:
    """The stages and file formats of one server, and their files under ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def forget(self, session: int) -> None:
        """Drop the temporary stages and file formats of a session that has ended."""


def run(execution: Host, tree: exp.Expression) -> SqlResult | PutGet | None:
    """Run a statement about stages or files; ``None`` if it is another kind of statement."""
    return None


def table(execution: Host, node: exp.Expression) -> exp.Expression | None:
    """Return DuckDB's source for ``@stage`` or ``TABLE(INFER_SCHEMA(...))`` in FROM.

    ``None`` if ``node`` is neither. Its columns are ``c1``, ``c2``, ... for ``$1``, ``$2``, and
    each ``METADATA$...`` that the query around it names.
    """
    return None


def template(execution: Host, tree: exp.Create) -> exp.Create:
    """Return CREATE TABLE ... USING TEMPLATE with the columns that the template's files have."""
    return tree

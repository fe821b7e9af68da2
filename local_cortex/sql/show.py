"""SHOW CORTEX BASE MODELS, SHOW PARAMETERS and SHOW TABLES.

Clauses as documented in docs.snowflake.com/en/sql-reference/sql/show-cortex-base-models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from . import types
from .context import Execution
from .errors import SqlError, not_run, syntax_error
from .matching import like
from .parse import Parsed
from .result import SqlColumn, SqlResult
from .types import TEXT, SqlType, number

__all__ = ["show"]

SHOW_STATEMENT = 0x4400  # statementTypeId of SHOW, from Snowflake's JDBC driver
HOME_OF_MODELS = ("SNOWFLAKE", "MODELS")
TABLE_COLUMNS = ("name", "database_name", "schema_name", "kind")
PARAMETER_COLUMNS = ("key", "value", "default", "level", "description", "type")


@dataclass(slots=True)
class _Clauses:
    """What follows the name of what is shown."""

    pattern: str | None = None
    prefix: str | None = None
    limit: int | None = None
    place: list[str] = field(default_factory=list)


def show(execution: Execution, parsed: Parsed) -> SqlResult:
    """Answer a SHOW statement.

    Raises:
        SqlError: 000002, another SHOW; 001003, a clause that SHOW has not got.
    """
    words = [str(token.text) for token in parsed.tokens[1:]]
    upper = [word.upper() for word in words]
    if upper[:3] == ["CORTEX", "BASE", "MODELS"]:
        clauses = _clauses(parsed, 4)
        return _models(execution, clauses)
    if upper[:1] == ["PARAMETERS"]:
        return _parameters(execution, _clauses(parsed, 2))
    if upper[:1] == ["TABLES"]:
        return _tables(execution, _clauses(parsed, 2))
    raise not_run(f"SHOW {' '.join(upper[:3])}".strip())


def _models(execution: Execution, clauses: _Clauses) -> SqlResult:
    names, rows = execution.cortex.base_models()
    columns = tuple(SqlColumn(name, _type(kind)) for name, kind in names)
    position = [column.name for column in columns].index("name")
    if not _in_reach(execution, clauses.place):
        rows = []
    return SqlResult(columns, _filtered(rows, position, clauses), SHOW_STATEMENT)


def _in_reach(execution: Execution, place: Sequence[str]) -> bool:
    # Documented: without IN the statement looks at the session's database, where no base model is.
    if place:
        return tuple(place) in {HOME_OF_MODELS, HOME_OF_MODELS[:1], ("ACCOUNT",)}
    session = execution.session
    return session.database is None or (session.database, session.schema) == HOME_OF_MODELS


def _type(name: str) -> SqlType:
    kind = getattr(types, name.upper(), TEXT)
    return kind if isinstance(kind, SqlType) else TEXT


def _filtered(
    rows: Sequence[tuple[Any, ...]], position: int, clauses: _Clauses
) -> list[tuple[Any, ...]]:
    matches = like(clauses.pattern, ignore_case=True) if clauses.pattern is not None else None
    kept = [
        row
        for row in rows
        if (matches is None or matches(str(row[position])))
        and str(row[position]).startswith(clauses.prefix or "")
    ]
    return kept[: clauses.limit]


def _parameters(execution: Execution, clauses: _Clauses) -> SqlResult:
    columns = tuple(SqlColumn(name, TEXT) for name in PARAMETER_COLUMNS)
    parameters = sorted(execution.session.parameters.items())
    rows = [(key, value, value, "SESSION", "", "STRING") for key, value in parameters]
    return SqlResult(columns, _filtered(rows, 0, clauses), SHOW_STATEMENT)


def _tables(execution: Execution, clauses: _Clauses) -> SqlResult:
    columns = (*(SqlColumn(name, TEXT) for name in TABLE_COLUMNS), SqlColumn("rows", number()))
    rows = [
        (name, database, schema, "TEMPORARY", table.batch.size)
        for (database, schema, name), table in sorted(execution.session.tables.items(), key=str)
    ]
    return SqlResult(columns, _filtered(rows, 0, clauses), SHOW_STATEMENT)


def _clauses(parsed: Parsed, start: int) -> _Clauses:
    tokens = list(parsed.tokens)
    clauses = _Clauses()
    at = start

    def text_at(index: int) -> str:
        if index >= len(tokens):
            raise syntax_error(parsed.sql, len(parsed.sql), "<EOF>")
        return str(tokens[index].text)

    while at < len(tokens):
        word = str(tokens[at].text).upper()
        if word == "LIKE":
            clauses.pattern, at = text_at(at + 1), at + 2
        elif word == "STARTS" and text_at(at + 1).upper() == "WITH":
            clauses.prefix, at = text_at(at + 2), at + 3
        elif word == "LIMIT":
            clauses.limit, at = _row_count(text_at(at + 1)), at + 2
        elif word == "IN":
            at = _place(tokens, at + 1, clauses)
        else:
            raise syntax_error(parsed.sql, tokens[at].start, str(tokens[at].text))
    return clauses


def _row_count(written: str) -> int:
    if not written.isdecimal():
        message = f"SQL compilation error:\nInvalid row count '{written}' in LIMIT clause"
        raise SqlError(message, code="001015", sqlstate="22023")
    return int(written[:9])


def _place(tokens: Sequence[Any], at: int, clauses: _Clauses) -> int:
    kinds = {"SCHEMA", "DATABASE", "SESSION"}
    while at < len(tokens):
        name = str(tokens[at].text)
        quoted = tokens[at].token_type.name == "IDENTIFIER"
        if name.upper() not in kinds or quoted:
            clauses.place.append(name if quoted else name.upper())
        at += 1
        if name.upper() in kinds:
            continue
        if at < len(tokens) and tokens[at].token_type.name == "DOT":
            at += 1
            continue
        break
    return at

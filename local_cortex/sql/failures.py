"""DuckDB's errors in Snowflake's words and numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb
from sqlglot import exp

from local_cortex.sql.errors import (
    SqlError,
    invalid_identifier,
    not_run,
    object_missing,
    out_of_memory,
)
from local_cortex.sql.names import decode_all, identifier

if TYPE_CHECKING:
    from local_cortex.sql.parse import Parsed

__all__ = ["as_sql_error", "is_conflict"]

# What a macro of ours raises: SF:<code>:<sqlstate>:<message>.
OWN = re.compile(r"SF:(\d{6}):(\w{5}):(.*)", re.DOTALL)

# (DuckDB's message, Snowflake's number, SQLSTATE, message), the first that matches.
WORDINGS: tuple[tuple[str, str, str, str], ...] = (
    (
        r"Could not convert string '(.*)' to BOOL",
        "100037",
        "22018",
        "Boolean value '{0}' is not recognized",
    ),
    (
        r"[Cc]ould not convert string ['\"](.*)['\"] to (?:U?INT|DECIMAL|DOUBLE|FLOAT|HUGEINT|UHUGEINT)",
        "100038",
        "22018",
        "Numeric value '{0}' is not recognized",
    ),
    (
        r"[Cc]ould not (?:convert|cast).*['\"](.*)['\"].* to (?:INT|DECIMAL|DOUBLE|HUGEINT)",
        "100038",
        "22018",
        "Numeric value '{0}' is not recognized",
    ),
    (
        r"date field value out of range: \"(.*?)\"",
        "100040",
        "22007",
        "Date '{0}' is not recognized",
    ),
    (r"invalid date field format: \"(.*?)\"", "100040", "22007", "Date '{0}' is not recognized"),
    (
        r"time field value out of range: \"(.*?)\"",
        "100108",
        "22007",
        "Time '{0}' is not recognized",
    ),
    (
        r"invalid time(?:stamp)? field format: \"(.*?)\"",
        "100035",
        "22007",
        "Timestamp '{0}' is not recognized",
    ),
    (
        r"timestamp field value out of range: \"(.*?)\"",
        "100035",
        "22007",
        "Timestamp '{0}' is not recognized",
    ),
    (
        r"Could not parse string \"(.*?)\" according to format",
        "100035",
        "22007",
        "Timestamp '{0}' is not recognized",
    ),
    (r"Malformed JSON", "100069", "22P02", "Error parsing JSON: {all}"),
    (r"[Dd]ivision by zero", "100051", "22012", "Division by zero"),
    (
        r"value (-?[\d.]+) (?:which|is) .*out of range",
        "100039",
        "22003",
        "Numeric value '{0}' is out of range",
    ),
    (
        r"Could not cast value (\S+) to DECIMAL",
        "100039",
        "22003",
        "Numeric value '{0}' is out of range",
    ),
    (r"[Oo]verflow|out of range|Out of Range", "100039", "22003", "Numeric value is out of range"),
    (
        r"NOT NULL constraint failed: .*?([^.]+)$",
        "100072",
        "22000",
        "NULL result in a non-nullable column",
    ),
    (
        r"CHECK constraint failed.*length",
        "100078",
        "22000",
        "String is too long and would be truncated",
    ),
    (
        r"Scalar expression needs to return a single row|More than one row returned",
        "090150",
        "22000",
        "Single-row subquery returns more than one row.",
    ),
    (
        r"Ambiguous reference to column name \"(.*?)\"|Ambiguous reference to .*?\"(.*?)\"",
        "002028",
        "42601",
        "SQL compilation error:\nambiguous column name '{0}'",
    ),
    (
        r"column \"(.*?)\" must appear in the GROUP BY clause",
        "000979",
        "42601",
        "SQL compilation error:\n'{0}' is not a valid group by expression",
    ),
    (
        r"(?:WHERE|GROUP BY|JOIN condition) (?:clause )?cannot contain (aggregates|window functions)",
        "002035",
        "42601",
        "SQL compilation error:\nInvalid use of {0} here",
    ),
    (
        r"has (\d+) columns? .*but (\d+) values?",
        "002020",
        "21S01",
        "SQL compilation error:\nInsert value list does not match column list expecting {0} but got {1}",
    ),
    (
        r"Set operations can only apply to expressions with the same number",
        "001789",
        "42601",
        "SQL compilation error:\ninvalid number of result columns for set operator input branches",
    ),
    (
        r"No function matches the given name and argument types '(.*?)\((.*?)\)'",
        "001044",
        "42P13",
        "SQL compilation error:\nInvalid argument types for function '{0}': ({1})",
    ),
    (
        r"Conflict on|write-write conflict|conflict",
        "000625",
        "57014",
        "Statement was aborted: another one changed the same rows at the same time.",
    ),
    (
        r"transaction is aborted",
        "000625",
        "57014",
        "The transaction has failed and nothing of it is kept; begin it again.",
    ),
)


def is_conflict(error: duckdb.Error) -> bool:
    """Tell whether two transactions changed the same thing at the same time."""
    return "onflict" in str(error)


def as_sql_error(text: str, kind: type[duckdb.Error], parsed: Parsed | None) -> SqlError:
    """Return the error that Snowflake would give for one of DuckDB's, by its text and type."""
    text = decode_all(text)
    if own := OWN.search(text):
        code, sqlstate, message = own.groups()
        return SqlError(message.partition("\n\nLINE ")[0].strip(), code=code, sqlstate=sqlstate)
    text = text.partition("\n\nLINE ")[0].partition("\n\nPossible solutions")[0]
    message = text.partition("Error: ")[2] or text
    if issubclass(kind, duckdb.OutOfMemoryException):
        return out_of_memory()
    missing = re.search(
        r"Referenced column \"(.*?)\" (?:not found|was not found)|Referenced table \"(.*?)\" not found|does not have a column named \"(.*?)\"|column named \"(.*?)\"",
        message,
    )
    if missing:
        name = next(filter(None, missing.groups()))
        return invalid_identifier(*_where(name, parsed))
    if found := re.search(r"(Table|View) with name (\S+) does not exist", message):
        return object_missing("Object", found[2].rstrip("!"))
    for pattern, code, sqlstate, wording in WORDINGS:
        if found := re.search(pattern, message, re.DOTALL):
            values = [value or "" for value in found.groups()]
            return SqlError(
                wording.format(*filter(None, values), *[""] * 2, all=message.splitlines()[0]),
                code=code,
                sqlstate=sqlstate,
            )
    first = message.splitlines()[0] if message else ""
    if issubclass(kind, duckdb.ParserException | duckdb.NotImplementedException):
        return not_run(first)
    compiling = issubclass(kind, duckdb.BinderException | duckdb.CatalogException)
    return SqlError(
        f"SQL {'compilation' if compiling else 'execution'} error:\n{first}",
        code="000904" if compiling else "100183",
        sqlstate="42000",
    )


def _where(name: str, parsed: Parsed | None) -> tuple[str, tuple[int, int] | None]:
    """Return a column's name as it is written in the statement, and its line and position."""
    if parsed is not None and parsed.tree is not None:
        for node in parsed.tree.find_all(exp.Column):
            parts = node.parts
            if name in {identifier(part) for part in parts}:
                meta = parts[0].meta
                dotted = ".".join(identifier(part) for part in parts)
                if "line" in meta:
                    start = meta["start"]
                    return dotted, (meta["line"], meta["col"] - (meta["end"] - start + 1))
                return dotted, None
    return name, None

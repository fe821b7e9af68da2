"""DuckDB's errors in Snowflake's words and numbers, by the table in ``failures.txt``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb
from sqlglot import exp

from local_cortex.dialect.date_formats import PARTS
from local_cortex.sql.names import decode_all, identifier, spelled
from local_cortex.sql.sql_error import (
    SqlError,
    invalid_identifier,
    not_run,
    object_missing,
    out_of_memory,
)

if TYPE_CHECKING:
    from local_cortex.sql.parse import Parsed

# What a macro of ours raises: SF:<code>:<sqlstate>:<message>.
OWN: Final = re.compile(r"SF:(\d{6}):(\w{5}):(.*)", re.DOTALL)
WORDINGS: Final = [
    (re.compile(pattern.strip(), re.DOTALL), code, sqlstate, message.replace(r"\n", "\n"))
    for code, sqlstate, message, patterns in re.findall(
        r"^(\d{6}) (\w{5}) (.*)\n((?:    .*\n)+)",
        Path(__file__).with_name("failures.txt").read_text("utf-8"),
        re.MULTILINE,
    )
    for pattern in patterns.splitlines()
]
# DuckDB's messages go on with a place in its own SQL, and with candidates.
REST: Final = re.compile(r"\n|LINE \d+:|Did you mean|Candidate|Possible solutions")
COLUMN: Final = re.compile(
    r'Referenced (?:column|table) "(.*?)" (?:was )?not found|column named "(.*?)"|'
    r'update column (\S+) not found|Column "(.*?)" (?:does not exist on|in \w+ list not found)'
)
# Dates are read as timestamps.
AS_DATE: Final = re.compile(r"::\s*date\b|\bas\s+date\b|\bto_date\b", re.IGNORECASE)
TABLE: Final = re.compile(r"(?:Table|View) with name (\S+) does not exist")
# The columns of table functions.
FLATTENED: Final = {"SEQ", "KEY", "PATH", "INDEX", "VALUE", "THIS", "*"}
# A sentence or a clause that advises what is DuckDB's alone, and a path on this machine.
ADVICE: Final = re.compile(
    r"(?:(?<=[.!?])|,|;| -)\s[^.,;]*(?:\b(?:Try|Use|Consider|PRAGMA|SET|TRY_CAST|extension|setting|"
    r"explicit (?:type )?casts?|WITH RECURSIVE|configuration)\b)[^;]*",
    re.IGNORECASE,
)
FILE: Final = re.compile(r"""["']?(?:[A-Za-z]:)?(?:[\\/][^\s"'\\/]+){2,}[\\/]?["']?""")


def as_sql_error(
    text: str, kind: type[duckdb.Error], parsed: Parsed | None, known: Iterable[str] | None = None
) -> SqlError:
    """Return the error that Snowflake would give for one of DuckDB's, by its text and type.

    ``known`` are the names of the columns of the tables that the statement reads.
    """
    text = decode_all(text)
    if own := OWN.search(text):
        code, sqlstate, message = own.groups()
        return SqlError(message.partition("\n\nLINE ")[0].strip(), code=code, sqlstate=sqlstate)
    # Arrow, which reads results, keeps of an error its text alone.
    if issubclass(kind, duckdb.OutOfMemoryException) or "Out of Memory Error" in text:
        return out_of_memory()
    message = text.partition("Error: ")[2] or text
    if missing := COLUMN.search(message):
        return invalid_identifier(*_where(next(filter(None, missing.groups())), parsed))
    if found := TABLE.search(message):
        return object_missing("Object", found[1].rstrip("!"))
    message = REST.split(message)[0].strip()
    # Of a column that it does not find DuckDB knows no type, and says only that.
    if "has multiple overloads" in message and (name := _unknown(parsed, known)):
        return invalid_identifier(*_where(name, parsed))
    for pattern, code, sqlstate, wording in WORDINGS:
        if found := pattern.search(message):
            values = [value or "" for value in found.groups()]
            told = wording.format(*values, all=message)
            if code == "100035" and parsed is not None and AS_DATE.search(parsed.sql):
                return SqlError(told.replace("Timestamp", "Date"), code="100040", sqlstate="22007")
            return SqlError(told, code=code, sqlstate=sqlstate)
    message = FILE.sub("a file", ADVICE.sub("", message)).replace("main.", "").replace("sf_", "")
    if issubclass(kind, duckdb.ParserException | duckdb.NotImplementedException):
        return not_run(message.replace("syntax error at or near", "what stands at"))
    compiling = issubclass(kind, duckdb.BinderException | duckdb.CatalogException)
    return SqlError(
        f"SQL {'compilation' if compiling else 'execution'} error:\n{message}",
        code="000904" if compiling else "100183",
        sqlstate="42000",
    )


def _unknown(parsed: Parsed | None, known: Iterable[str] | None) -> str:
    """Return a column of a statement that neither a table nor the statement itself names."""
    if parsed is None or known is None:
        return ""
    names = {*known} | FLATTENED
    for alias in parsed.tree.find_all(exp.Alias, exp.TableAlias):
        own = [alias.args["alias"]] if isinstance(alias, exp.Alias) else alias.iter_expressions()
        names |= {identifier(one) for one in own}
    for column in parsed.tree.find_all(exp.Column):
        # `day` of DATEADD(day, ...) is read as a column, too.
        unit = isinstance(column.parent, exp.Anonymous) and column.name.lower() in PARTS
        # So is `v` of SET v = ...
        variable = isinstance(column.find_ancestor(exp.Select, exp.SetItem), exp.SetItem)
        if not (unit or variable) and identifier(column.this) not in names:
            return identifier(column.this)
    return ""


def _where(name: str, parsed: Parsed | None) -> tuple[str, tuple[int, int] | None]:
    """Return a column's name as it is written in the statement, and its line and position."""
    for node in parsed.tree.find_all(exp.Column) if parsed and parsed.tree is not None else ():
        if name in {identifier(part) for part in node.parts}:
            meta = node.parts[0].meta
            place = (
                (meta["line"], meta["col"] - (meta["end"] - meta["start"] + 1)) if meta else None
            )
            return spelled(node), place
    return name, None

"""COPY INTO: files of a stage into a table."""

# Every part of these statements is made here: what a learner wrote is in quotes.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import sqlglot
from sqlglot import exp

from local_cortex.database.catalog import Table
from local_cortex.sql.names import encode, identifier, in_quotes
from local_cortex.sql.rows import translate
from local_cortex.sql.sql_error import SqlError, compile_error, invalid_identifier, not_run
from local_cortex.stages.file_formats import FileFormat, invalid_option, options_of, text
from local_cortex.stages.reading import EXTRA_FIELDS, columns_of
from local_cortex.stages.stage_files import File, file_format, location, target
from local_cortex.wire.result import SqlResult
from local_cortex.wire.types import SqlType

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

COPY = 0x3600  # statementTypeId, as in Snowflake's JDBC driver

Columns = Sequence[tuple[str, SqlType]]

_OPTIONS: Final[dict[str, Any]] = {
    "ON_ERROR": "ABORT_STATEMENT",
    "MATCH_BY_COLUMN_NAME": "NONE",
    **dict.fromkeys(("FILE_FORMAT", "FILES", "PATTERN", "PURGE", "FORCE")),
    # These change nothing here.
    **dict.fromkeys(("SIZE_LIMIT", "LOAD_UNCERTAIN_FILES", "RETURN_FAILED_ONLY", "ENFORCE_LENGTH")),
}
_ON_ERROR: Final = ("ABORT_STATEMENT", "CONTINUE", "SKIP_FILE")
# What Snowflake says to a text that is no value of a column's type: its code and words.
_UNRECOGNIZED: Final = {
    **dict.fromkeys(("FIXED", "REAL"), ("100038", "Numeric value '{}' is not recognized")),
    "BOOLEAN": ("100037", "Boolean value '{}' is not recognized"),
    "DATE": ("100040", "Date '{}' is not recognized"),
    "TIME": ("100108", "Time '{}' is not recognized"),
    "TEXT": ("100078", "String '{}' is too long and would be truncated"),
    "BINARY": ("100115", "The following string is not a legal hex-encoded value: '{}'"),
    **dict.fromkeys(("OBJECT", "ARRAY", "VARIANT"), ("100069", "Error parsing JSON: {}")),
    "": ("100035", "Timestamp '{}' is not recognized"),
}
_ADVICE: Final = (
    "\n  If you would like to continue loading when an error is encountered, use other values "
    "such as 'SKIP_FILE' or 'CONTINUE' for the ON_ERROR option."
)
# Each file's rows and bad rows, and the first bad one.
_COUNTED: Final = """
SELECT file, count(*), count(*) FILTER (bad <> 0), arg_min(bad, line) FILTER (bad <> 0),
min(line) FILTER (bad <> 0), arg_min(extra, line) FILTER (bad <> 0),
arg_min(reason, line) FILTER (bad > 0) FROM temp.copied GROUP BY file
"""
_RESULT: Final = (
    "file status rows_parsed:n rows_loaded:n error_limit:n errors_seen:n first_error "
    "first_error_line:n first_error_character:n first_error_column_name"
)


def run(execution: Execution, tree: exp.Copy) -> SqlResult:
    """Run COPY INTO: an ``SqlError`` if something is missing, or a file does not fit the table."""
    place = tree.this
    if isinstance(place, exp.Table) and isinstance(place.this, (exp.Var, exp.Literal)):
        raise not_run("COPY INTO @stage", "Files get into a stage by PUT.")
    options = _options(tree)
    on_error = str(options["ON_ERROR"]).upper()
    if on_error not in _ON_ERROR:
        raise not_run(f"ON_ERROR = {on_error}", f"Use one of {', '.join(_ON_ERROR)}.")
    name = target(execution, tree)
    table = execution.find(Table, "Table", name)
    columns = _columns(table, tree)
    source: Any = tree.args["files"][0]
    query = source.this if isinstance(source, exp.Subquery) else None
    place = location(execution, query.find(exp.Table) if query is not None else source)
    given = file_format(execution, options["FILE_FORMAT"], place.stage)
    loaded = execution.database.stages.loaded
    files = [
        file
        for file in place.files(execution, options["PATTERN"], options["FILES"])
        if options["FORCE"] or (table.duckdb, table.created, file) not in loaded
    ]
    if not files:
        return SqlResult.done(COPY, "Copy executed with 0 files processed.")
    if query is None:
        match = str(options["MATCH_BY_COLUMN_NAME"]).upper()
        query = _plain_query(execution, files, given, columns, match)
    query.find(exp.Table).meta.update(files=files, file_format=given)
    _read(execution, query, given, columns)
    counted = {file: counts for file, *counts in execution.cursor.execute(_COUNTED).fetchall()}
    rows, bad = [], []
    for file in files:
        parsed, errors, *first = counted.get(file.name, (0, 0))
        shown = place.stage.shown(file)
        code, message, line, column = _reason(first, columns, given) if errors else [None] * 4
        if errors and on_error == "ABORT_STATEMENT":
            at = f"\n  File '{shown}', line {line}, character 1"
            at += f'\n  Row {line}, column "{name.name}"["{column}"]' if column else ""
            raise SqlError(f"{message}{at}{_ADVICE}", code=str(code), sqlstate="22018")
        if errors and on_error == "SKIP_FILE":
            bad.append(file)
        good = 0 if file in bad else parsed - errors
        status = "LOADED" if not errors else "PARTIALLY_LOADED" if good else "LOAD_FAILED"
        limit = parsed if on_error == "CONTINUE" else 1
        character = 1 if errors else None
        rows.append((shown, status, parsed, good, limit, errors, message, line, character, column))
    listed = ", ".join(in_quotes(encode(column)) for column, _ in columns)
    skipped = ", ".join(text(file.name) for file in bad) or "''"
    execution.cursor.execute(
        f"INSERT INTO {table.duckdb} ({listed}) SELECT {_each(columns, 'd{0}')} FROM temp.copied "
        f"WHERE bad = 0 AND file NOT IN ({skipped})"
    )
    done = [file for file in files if file not in bad]
    if options["PURGE"]:
        for file in done:
            file.path.unlink(missing_ok=True)
    else:
        execution.database.stages.remember_loaded(table, done)
    return SqlResult.named(_RESULT, rows, COPY)


def _options(tree: exp.Copy) -> dict[str, Any]:
    given = options_of(tree.args.get("params"))
    for name in given.keys() - _OPTIONS.keys():
        if name == "VALIDATION_MODE":
            raise not_run(f"COPY INTO ... {name}", "Select from the stage instead.")
        raise invalid_option(name)
    return {**_OPTIONS, **given}


def _columns(table: Table, tree: exp.Copy) -> Columns:
    kinds = {column.name: column.type for column in table.columns}
    if not isinstance(tree.this, exp.Schema):
        return list(kinds.items())
    asked = [identifier(one) for one in tree.this.expressions]
    if missing := [one for one in asked if one not in kinds]:
        raise invalid_identifier(missing[0])
    return [(one, kinds[one]) for one in asked]


def _plain_query(
    execution: Execution, files: list[File], given: FileFormat, columns: Columns, match: str
) -> Any:
    """Return the query that COPY INTO without one means, in Snowflake's words."""
    if match != "NONE":
        fold: Callable[[str], str] = str if match == "CASE_SENSITIVE" else str.upper
        headers = [columns_of(execution, [file], given) for file in files]
        if given.type == "CSV" and any(one != headers[0] for one in headers):
            raise not_run("MATCH_BY_COLUMN_NAME of files with different headers", "Use FILES.")
        values = {}
        for at, (name, _) in (one for found in headers for one in enumerate(found, 1)):
            key = exp.Literal.string(name).sql("snowflake")
            values[fold(name)] = f"${at}" if given.type == "CSV" else f"$1[{key}]"
        listed = [values.get(fold(name), "NULL") for name, _ in columns]
    elif given.type == "CSV":
        listed = [f"${at + 1}" for at in range(len(columns))]
        if given["ERROR_ON_COLUMN_COUNT_MISMATCH"]:
            listed.append(EXTRA_FIELDS)
    elif len(columns) == 1 and columns[0][1].is_json:
        listed = ["$1"]
    else:
        raise _wrong(
            f"{given.type} file format can produce one and only one column of data type variant, "
            "object, or array. Load data into a separate column using the MATCH_BY_COLUMN_NAME "
            "copy option or copy with transformation."
        )
    return sqlglot.parse_one(f"SELECT {', '.join(listed)} FROM @file", dialect="snowflake")


def _each(columns: Sequence[Any], written: str) -> str:
    return ", ".join(written.format(at) for at in range(len(columns)))


def _read(execution: Execution, query: Any, given: FileFormat, columns: Columns) -> None:
    """Put the rows of files into a temporary table: ``d0``, ... as the columns' types, and ``bad``.

    ``bad`` is 0 for a good row, -1 for one with too few or too many fields, otherwise the number
    of the first column that its field does not fit, from 1; ``reason`` is that field.
    """
    counted = query.expressions[-1].name == EXTRA_FIELDS
    if not counted:
        query.select("0", copy=False)
    query.select("METADATA$FILENAME", "METADATA$FILE_ROW_NUMBER", copy=False, dialect="snowflake")
    sql = translate(execution, query)
    types = execution.cursor.sql(sql).types
    if len(types) - 3 != len(columns):
        raise _wrong(
            "Insert value list does not match column list expecting "
            f"{len(columns)} but got {len(types) - 3}",
            code="002020",
        )
    casts, tests, reasons = [], "", ""
    for at, ((_, kind), have) in enumerate(zip(columns, types, strict=False)):
        casts.append(f"{given.cast(f'v{at}', str(have), kind)} AS d{at}")
        tests += f" WHEN v{at} IS NOT NULL AND d{at} IS NULL THEN {at + 1}"
        reasons += f" WHEN {at + 1} THEN v{at}::VARCHAR"
    # Dropped with the connection, or by the next COPY INTO of the transaction.
    execution.cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE copied AS SELECT file, line, extra, "
        f"{_each(columns, 'd{0}')}, CASE WHEN extra <> 0 THEN -1{tests} ELSE 0 END AS bad, "
        f"CASE bad WHEN -1 THEN NULL{reasons} END AS reason FROM (SELECT *, {', '.join(casts)} "
        f"FROM ({sql}) AS read({_each(columns, 'v{0}')}, extra, file, line))"
    )


def _reason(first: Sequence[Any], columns: Columns, given: FileFormat) -> Sequence[Any]:
    """Return the code and message of the first error, its line and its column."""
    bad, line, extra, reason = first
    line += given.skipped if given.type == "CSV" else 0
    if bad > 0:
        name, kind = columns[bad - 1]
        code, words = _UNRECOGNIZED.get(kind.name, _UNRECOGNIZED[""])
        return code, words.format(reason), line, name
    message = (
        f"Number of columns in file ({len(columns) + extra}) does not match that of the "
        f"corresponding table ({len(columns)}), use file format option "
        "error_on_column_count_mismatch=false to ignore this error"
    )
    return "100080", message, line, None


def _wrong(message: str, code: str = "001411") -> SqlError:
    return compile_error(message, code, "42601")

"""COPY INTO: files of a stage into a table, and a table or query into files of a stage."""

# Every part of these statements is made here: what a learner wrote is in quotes.
# ruff: noqa: S608

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb
from sqlglot import exp

from local_cortex.sql.errors import SqlError, invalid_identifier, not_run, too_large
from local_cortex.sql.failures import as_sql_error
from local_cortex.sql.names import encode, identifier
from local_cortex.stages.files import MAX_STAGE_BYTES, File, checked, file_format, location, target
from local_cortex.stages.formats import FileFormat, given_format, invalid_option, text, value_of
from local_cortex.wire.result import SqlColumn, SqlResult
from local_cortex.wire.types import INTEGER, TEXT, SqlType, of_duckdb

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

__all__ = ["run"]

COPY, UNLOAD = 0x3600, 0x3700  # statement type ids
WRITTEN_AT_ONCE = 10_000  # lines of an unloaded file

_LOAD_OPTIONS: Final = {
    "ON_ERROR": "ABORT_STATEMENT",
    "MATCH_BY_COLUMN_NAME": "NONE",
    **dict.fromkeys(("FILE_FORMAT", "FILES", "PATTERN", "PURGE", "FORCE")),
    # These change nothing here.
    **dict.fromkeys(("SIZE_LIMIT", "LOAD_UNCERTAIN_FILES", "RETURN_FAILED_ONLY", "ENFORCE_LENGTH")),
}
_UNLOAD_OPTIONS: Final[dict[str, Any]] = dict.fromkeys(
    ("FILE_FORMAT", "OVERWRITE", "SINGLE", "HEADER", "MAX_FILE_SIZE")
)
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


def run(execution: Execution, tree: exp.Copy) -> SqlResult:
    """Run COPY INTO.

    Raises:
        SqlError: a stage, format or table is missing; a file does not fit the table.
    """
    place = tree.this
    into_stage = isinstance(place, exp.Table) and isinstance(place.this, (exp.Var, exp.Literal))
    return (_unload if into_stage else _load)(execution, tree)


def _options(tree: exp.Copy, known: dict[str, Any]) -> dict[str, Any]:
    options = dict(known)
    for one in tree.args.get("params") or ():
        name = one.name.upper()
        if name in ("VALIDATION_MODE", "PARTITION BY"):
            raise not_run(f"COPY INTO ... {name}", "")
        if name not in known:
            raise invalid_option(name)
        node = one.args.get("expression")
        options[name] = value_of(node)
        if name == "FILE_FORMAT":
            options[name] = given_format(one if one.expressions else node)
    return options


@dataclass(slots=True)
class _Load:
    """One file on its way into ``columns`` of a table, by way of a temporary ``table``."""

    file: File
    shown: str
    table: str
    columns: Sequence[tuple[str, SqlType]]
    parsed: int = 0
    errors: int = 0
    code: str = ""
    message: str | None = None
    line: int | None = None
    column: str | None = None
    skipped: bool = False

    @property
    def loaded(self) -> int:
        return 0 if self.skipped else self.parsed - self.errors

    def error(self, table: str) -> SqlError:
        """Return the first error as ON_ERROR = ABORT_STATEMENT raises it."""
        at = f"\n  File '{self.shown}', line {self.line}, character 1"
        if self.column:
            at += f'\n  Row {self.line}, column "{table}"["{self.column}"]'
        return SqlError(f"{self.message}{at}{_ADVICE}", code=self.code, sqlstate="22018")

    def row(self, limit: int) -> tuple[Any, ...]:
        status = "LOADED" if not self.errors else "PARTIALLY_LOADED"
        if self.skipped or (self.errors and not self.loaded):
            status = "LOAD_FAILED"
        return (
            *(self.shown, status, self.parsed, self.loaded, limit, self.errors),
            *(self.message, self.line, 1 if self.message else None, self.column),
        )


_FIRST_ERROR: Final = ("first_error", "first_error_line", "first_error_character")
_COUNTS: Final = ("rows_parsed", "rows_loaded", "error_limit", "errors_seen")
_RESULT: Final = [
    SqlColumn(name, INTEGER if name in (*_COUNTS, *_FIRST_ERROR[1:]) else TEXT)
    for name in ("file", "status", *_COUNTS, *_FIRST_ERROR, "first_error_column_name")
]


def _load(execution: Execution, tree: exp.Copy) -> SqlResult:
    options = _options(tree, _LOAD_OPTIONS)
    name = target(execution, tree)
    columns = _columns(execution, name, tree)
    source: Any = tree.args["files"][0]
    query = source.this if isinstance(source, exp.Subquery) else None
    place = location(execution, query.find(exp.Table) if query is not None else source)
    given = file_format(execution, options["FILE_FORMAT"], place.stage)
    table = execution.table(*name)
    stages = execution.stages
    files = [
        file
        for file in place.named(place.files(execution, options["PATTERN"]), options["FILES"])
        if options["FORCE"] or not stages.is_loaded(table, file)
    ]
    if not files:
        message = "Copy executed with 0 files processed."
        return SqlResult.of_rows([SqlColumn("status", TEXT)], [(message,)], COPY)
    on_error = str(options["ON_ERROR"]).upper()
    read = _Reading(execution, given, str(options["MATCH_BY_COLUMN_NAME"]).upper())
    with _scratch(execution) as made:
        loads = []
        for file in files:
            execution.check()
            fitting, sql = read.sources(file, columns, query)
            load = _Load(file, place.stage.shown(file), made(), fitting)
            _stage(execution, load, sql, given, on_error)
            if load.errors and on_error == "ABORT_STATEMENT":
                raise load.error(name[2])
            load.skipped = load.skipped or _too_many(on_error, load)
            loads.append(load)
        fit = [load for load in loads if not load.skipped]
        _insert(execution, table.duckdb, fit)
    for load in fit:
        if options["PURGE"]:
            load.file.path.unlink(missing_ok=True)
        else:
            stages.remember_loaded(table, load.file)
    rows = [load.row(load.parsed if on_error == "CONTINUE" else 1) for load in loads]
    return SqlResult.of_rows(_RESULT, rows, COPY)


def _columns(execution: Execution, name: Any, tree: exp.Copy) -> list[tuple[str, SqlType]]:
    columns = execution.columns(name)
    if not isinstance(tree.this, exp.Schema):
        return columns
    kinds = dict(columns)
    asked = [identifier(one) for one in tree.this.expressions]
    for one in asked:
        if one not in kinds:
            raise invalid_identifier(one)
    return [(one, kinds[one]) for one in asked]


def _insert(execution: Execution, into: str, loads: list[_Load]) -> None:
    """Insert the good rows of all files, or of none."""
    cursor, alone = execution.cursor, execution.session.cursor is None
    if alone:
        cursor.begin()
    try:
        for load in loads:
            names = ", ".join(_quoted(encode(column)) for column, _ in load.columns)
            values = ", ".join(f"d{at}" for at in range(len(load.columns)))
            if names:
                cursor.execute(
                    f"INSERT INTO {into} ({names}) SELECT {values} FROM {load.table} WHERE bad = 0"
                )
        if alone:
            cursor.commit()
    except BaseException:
        if alone:
            cursor.rollback()
        raise


def _too_many(on_error: str, load: _Load) -> bool:
    found = re.fullmatch(r"SKIP_FILE(?:_(\d{1,9})(%?))?", on_error)
    if found is None:
        return False
    limit = int(found[1] or 1)
    seen = load.errors * 100 / max(load.parsed, 1) if found[2] else load.errors
    return load.errors > 0 and seen >= limit


@contextmanager
def _scratch(execution: Execution) -> Iterator[Callable[[], str]]:
    """Names for temporary tables of DuckDB's, which are dropped at the end."""
    numbers, names = count(1), []

    def made() -> str:
        names.append(f"temp.copy_{next(numbers)}")
        return names[-1]

    try:
        yield made
    finally:
        # Where the transaction has failed, ROLLBACK drops them.
        with suppress(duckdb.Error):
            for name in names:
                execution.cursor.execute(f"DROP TABLE IF EXISTS {name}")


@dataclass(frozen=True, slots=True)
class _Reading:
    """How the rows of a file become those of a table."""

    execution: Execution
    format: FileFormat
    match: str

    def sources(
        self, file: File, columns: Sequence[tuple[str, SqlType]], query: exp.Expression | None
    ) -> tuple[list[tuple[str, SqlType]], str]:
        """Return which columns the file fills, and a query for them: ``v0``, ..., ``mismatch``."""
        path = self.execution.stages.readable(file, self.format)
        if query is not None:
            return list(columns), self._transformed(file, len(columns), query)
        if self.match == "NONE" and self.format.type == "CSV":
            return list(columns), self._csv(path, len(columns))
        if self.match == "NONE":
            if len(columns) != 1 or not columns[0][1].is_json:
                raise _wrong(
                    f"{self.format.type} file format can produce one and only one column of data "
                    "type variant, object, or array. Load data into a separate column using the "
                    "MATCH_BY_COLUMN_NAME copy option or copy with transformation.",
                )
            rows = self.format.source(path, 1)
            return list(columns), f"SELECT c1 AS v0, 0 AS mismatch FROM ({rows})"
        return self._by_name(file, path, columns)

    def _transformed(self, file: File, width: int, query: exp.Expression) -> str:
        copy = query.copy()
        node: Any = copy.find(exp.Table)
        node.meta.update(files=[file], file_format=self.format)
        sql, names = self.execution.translate(copy)
        if len(names) != width:
            raise _wrong(
                "Insert value list does not match column list expecting "
                f"{width} but got {len(names)}",
                code="002020",
            )
        listed = ", ".join(f"v{at}" for at in range(width))
        return f"SELECT {listed}, 0 AS mismatch FROM ({sql}) AS rows_of_file({listed})"

    def _csv(self, path: Path, width: int) -> str:
        fields = ", ".join(f"{self.format.field(f'c{at + 1}')} AS v{at}" for at in range(width))
        # One column more, to see rows that are too long.
        rows = self.format.csv_source(path, width + 1)
        if not self.format["ERROR_ON_COLUMN_COUNT_MISMATCH"]:
            return f"SELECT {fields}, 0 AS mismatch FROM {rows}"
        # Read twice, since a field that is missing and one that is empty are NULL alike.
        again = self.format.csv_source(path, width + 1, complete=True)
        mismatch = (
            f"CASE WHEN e{width} IS NULL THEN -1 WHEN e{width + 1} IS NOT NULL THEN 1 ELSE 0 END"
        )
        ends = f"SELECT c{width} AS e{width}, c{width + 1} AS e{width + 1} FROM {again}"
        return f"SELECT {fields}, {mismatch} AS mismatch FROM {rows} POSITIONAL JOIN ({ends})"

    def _by_name(
        self, file: File, path: Path, columns: Sequence[tuple[str, SqlType]]
    ) -> tuple[list[tuple[str, SqlType]], str]:
        cursor = self.execution.cursor
        if self.format.type == "CSV":
            names = self.format.header(file.path)
            rows = self.format.csv_source(path, max(len(names), 1))
            values = [self.format.field(f"c{at + 1}") for at in range(len(names))]
        elif self.format.type == "JSON":
            rows = self.format.json_source(path)
            found = cursor.execute(
                f"SELECT DISTINCT unnest(json_keys(json)) FROM {rows}"
            ).fetchall()
            names = sorted(name for (name,) in found)
            values = [f"variant_extract(json::VARIANT, {text(name)})" for name in names]
        else:
            rows = self.format.parquet_source(path)
            names = cursor.sql(f"SELECT * FROM {rows}").columns
            values = [_quoted(name) for name in names]
        fold: Callable[[str], str] = str if self.match == "CASE_SENSITIVE" else str.upper
        by_name = {fold(name): value for name, value in zip(names, values, strict=True)}
        fitting = [(name, kind) for name, kind in columns if fold(name) in by_name]
        listed = [f"{by_name[fold(name)]} AS v{at}" for at, (name, _) in enumerate(fitting)]
        return fitting, f"SELECT {', '.join([*listed, '0 AS mismatch'])} FROM {rows}"


def _stage(execution: Execution, load: _Load, sql: str, given: FileFormat, on_error: str) -> None:
    """Put a file's rows into a temporary table: ``d0``, ... as the columns' types, and ``bad``.

    ``bad`` is 0 for a good row, -1 for one with too few or too many fields, otherwise the number
    of the first column that its field does not fit, from 1.
    """
    cursor, columns = execution.cursor, load.columns
    try:
        types = cursor.sql(sql).types
        values = "".join(
            f", v{at}, {_converted(f'v{at}', kind, types[at], given)} AS d{at}"
            for at, (_, kind) in enumerate(columns)
        )
        tests = "".join(
            f" WHEN v{at} IS NOT NULL AND d{at} IS NULL THEN {at + 1}" for at in range(len(columns))
        )
        cursor.execute(
            f"CREATE TEMP TABLE {load.table} AS SELECT *, CASE WHEN mismatch <> 0 THEN -1{tests} "
            f"ELSE 0 END AS bad FROM (SELECT row_number() OVER () AS line, mismatch{values} "
            f"FROM ({sql}))"
        )
    except (duckdb.ConversionException, duckdb.InvalidInputException) as error:
        # A value that the query itself casts, or a file that is no such file.
        if on_error == "ABORT_STATEMENT":
            raise
        failure = as_sql_error(error, execution.sql, None)
        load.skipped, load.errors, load.message = True, 1, execution.stages.hide(str(failure))
        return
    load.parsed, load.errors = cursor.execute(
        f"SELECT count(*), count(*) FILTER (bad <> 0) FROM {load.table}"
    ).fetchall()[0]
    if load.errors:
        _first_error(cursor, load, given)


def _first_error(cursor: Any, load: _Load, given: FileFormat) -> None:
    columns = load.columns
    shown = "".join(f" WHEN {at + 1} THEN v{at}::VARCHAR" for at in range(len(columns)))
    row, bad, mismatch, value = cursor.execute(
        f"SELECT line, bad, mismatch, CASE bad WHEN 0 THEN NULL{shown} END FROM {load.table} "
        "WHERE bad <> 0 ORDER BY line LIMIT 1"
    ).fetchall()[0]
    load.line = row + (given.skipped if given.type == "CSV" else 0)
    if bad < 0:
        load.code = "100080"
        load.message = (
            f"Number of columns in file ({len(columns) + mismatch}) does not match that of the "
            f"corresponding table ({len(columns)}), use file format option "
            "error_on_column_count_mismatch=false to ignore this error"
        )
        return
    load.column, kind = columns[bad - 1]
    load.code, words = _UNRECOGNIZED.get(kind.name, _UNRECOGNIZED[""])
    load.message = words.format(value)


def _converted(value: str, to: SqlType, have: Any, given: FileFormat) -> str:
    """Return a value of DuckDB's type ``have`` as one of a column's type; NULL if it is none."""
    if to.name == "VARIANT":
        return f"{value}::VARIANT"
    if of_duckdb(have) == to and to.name not in ("TEXT", "OBJECT"):
        return value
    if str(have) == "VARIANT" and to.name == "ARRAY":
        # A value that is no list becomes a list of one.
        whole = f"coalesce(TRY_CAST({value} AS VARIANT[]), [{value}])"
        return f"CASE WHEN {value} IS NOT NULL THEN {whole} END"
    if str(have) == "VARIANT" and to.name == "OBJECT":
        return f"{value}::JSON"
    if str(have) in ("BLOB", "VARIANT") and to.name == "BINARY":
        return f"TRY_CAST({value} AS BLOB)"
    as_text = value if str(have) == "VARCHAR" else f"{value}::VARCHAR"
    return given.cast(as_text, to)


def _unload(execution: Execution, tree: exp.Copy) -> SqlResult:
    options = _options(tree, _UNLOAD_OPTIONS)
    place = location(execution, tree.this)
    given = file_format(execution, options["FILE_FORMAT"], place.stage)
    source: Any = tree.args["files"][0]
    query = source.this if isinstance(source, exp.Subquery) else exp.select("*").from_(source)
    sql, names = execution.translate(query)
    compression = _compression(given)
    parent, _, base = place.path.rpartition("/")
    if not options["SINGLE"]:
        dotted = f"{_SUFFIX[compression]}.parquet", f".{given.type.lower()}{_SUFFIX[compression]}"
        base = f"{base or 'data'}_0_0_0{dotted[given.type != 'PARQUET']}"
    execution.stages.check_room()
    path = place.stage.at(parent) / (checked(base) or "data")
    if path.exists() and not options["OVERWRITE"]:
        raise _wrong(
            f"Files already existing at the unload destination: @{place.stage.label}/{place.path}. "
            "Use overwrite option to force unloading.",
            code="001030",
        )
    part = path.with_name(".unfinished")
    try:
        if given.type == "PARQUET":
            rows, raw = _write_parquet(execution, part, sql, names, compression)
        else:
            rows, raw = _write_lines(execution, part, sql, names, given, options, compression)
        if rows:
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    size = path.stat().st_size if rows else 0
    columns = [SqlColumn(one, INTEGER) for one in ("rows_unloaded", "input_bytes", "output_bytes")]
    return SqlResult.of_rows(columns, [(rows, raw, size)], UNLOAD)


_SUFFIX: Final = {"gzip": ".gz", "none": "", "snappy": ".snappy"}


def _compression(given: FileFormat) -> str:
    name = str(given["COMPRESSION"] or "NONE").lower()
    if name == "auto":
        return "snappy" if given.type == "PARQUET" else "gzip"
    if name not in ("none", "snappy" if given.type == "PARQUET" else "gzip"):
        raise not_run(f"COMPRESSION = {name.upper()}", "")
    return name


def _write_parquet(
    execution: Execution, path: Path, sql: str, names: list[str], compression: str
) -> tuple[int, int]:
    types = execution.cursor.sql(sql).types
    listed = ", ".join(f"c{at}" for at in range(len(names)))
    values = []
    for at, (name, kind) in enumerate(zip(names, types, strict=True)):
        # Parquet has no integers of 128 bits.
        to = {"HUGEINT": "DECIMAL(38, 0)", "VARIANT": "JSON", "VARIANT[]": "JSON"}.get(str(kind))
        values.append(f"{f'CAST(c{at} AS {to})' if to else f'c{at}'} AS {_quoted(name)}")
    codec = {"none": "uncompressed"}.get(compression, compression)
    (rows,) = execution.cursor.execute(
        f"COPY (SELECT {', '.join(values)} FROM ({sql}) AS unloaded({listed})) "
        f"TO {text(str(path))} (FORMAT parquet, COMPRESSION {codec})"
    ).fetchall()[0]
    return rows, path.stat().st_size


def _write_lines(
    execution: Execution,
    path: Path,
    sql: str,
    names: list[str],
    given: FileFormat,
    options: dict[str, Any],
    compression: str,
) -> tuple[int, int]:
    types = [str(one) for one in execution.cursor.sql(sql).types]
    listed = ", ".join(f"c{at}" for at in range(len(names)))
    if given.type == "JSON":
        if len(names) != 1 or types[0] not in ("VARIANT", "JSON", "VARIANT[]"):
            raise _wrong(
                "JSON file format can only unload a single column of type variant, object, or "
                "array."
            )
        line = "c0::JSON::VARCHAR" if types[0] != "VARIANT[]" else "to_json(c0)::VARCHAR"
    else:
        fields = [_csv_field(f"c{at}", kind, given) for at, kind in enumerate(types)]
        line = f"concat_ws({text(given.delimiter)}, {', '.join(fields)})"
    cursor = execution.cursor.execute(f"SELECT {line} FROM ({sql}) AS unloaded({listed})")
    rows = raw = 0
    with gzip.open(path, "wb") if compression == "gzip" else path.open("wb") as file:
        if options["HEADER"] and given.type == "CSV":
            quote = given["FIELD_OPTIONALLY_ENCLOSED_BY"] or ""
            header = given.delimiter.join(f"{quote}{name}{quote}" for name in names)
            raw += file.write(f"{header}\n".encode())
        while part := cursor.fetchmany(WRITTEN_AT_ONCE):
            rows += len(part)
            raw += file.write("".join(f"{one}\n" for (one,) in part).encode())
            execution.check()
            if raw > MAX_STAGE_BYTES:
                raise too_large("Bytes of an unloaded file", MAX_STAGE_BYTES, "Select less.")
    return rows, raw


def _csv_field(column: str, kind: str, given: FileFormat) -> str:
    """Return a value as it stands in a CSV file."""
    null = text(str((given["NULL_IF"] or [""])[0]))
    if kind == "BLOB":
        value = f"hex({column})"
    elif kind.startswith("TIMESTAMP"):
        zone = " %z" if "ZONE" in kind else ""
        value = f"strftime({column}, '%Y-%m-%d %H:%M:%S.%g{zone}')"
    else:
        value = f"{column}::VARCHAR"
    quote = given["FIELD_OPTIONALLY_ENCLOSED_BY"]
    if kind in ("VARCHAR", "JSON", "VARIANT") and quote:
        value = (
            f"{text(quote)} || replace({value}, {text(quote)}, {text(quote * 2)}) || {text(quote)}"
        )
    elif kind in ("VARCHAR", "JSON", "VARIANT") and given["ESCAPE_UNENCLOSED_FIELD"]:
        escape = given["ESCAPE_UNENCLOSED_FIELD"]
        for special in (escape, given.delimiter, "\n"):
            value = f"replace({value}, {text(special)}, {text(escape + special)})"
    return f"coalesce({value}, {null})"


def _wrong(message: str, code: str = "001411") -> SqlError:
    return SqlError(f"SQL compilation error:\n{message}", code=code, sqlstate="42601")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

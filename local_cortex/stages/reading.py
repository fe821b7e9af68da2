"""Stages in a query: ``FROM @stage``, DIRECTORY, INFER_SCHEMA, USING TEMPLATE and files' URLs."""

# Every part of these statements is made here: what a learner wrote is in quotes.
# ruff: noqa: S608

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import sqlglot
from sqlglot import exp

from local_cortex.sql.names import encoded, in_quotes
from local_cortex.sql.sql_error import not_run, too_large
from local_cortex.stages.file_formats import (
    FileFormat,
    invalid_option,
    name_of,
    text,
    value_of,
)
from local_cortex.stages.stage_files import File, Location, bind, file_format, location
from local_cortex.wire.result import SELECT, SqlResult
from local_cortex.wire.types import of_duckdb

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

MAX_COLUMNS = 2_000  # of a CSV file
EXTRA_FIELDS = "METADATA$EXTRA_FIELDS"  # for COPY INTO: how many more fields a row has; -1 for less
URL_FUNCTIONS: Final = {"BUILD_SCOPED_FILE_URL", "BUILD_STAGE_FILE_URL", "GET_PRESIGNED_URL"}
_DIRECTORY: Final = "RELATIVE_PATH SIZE:n LAST_MODIFIED:t MD5 ETAG FILE_URL"
_INFERRED: Final = "COLUMN_NAME TYPE NULLABLE:BOOLEAN EXPRESSION FILENAMES ORDER_ID:n"
# The last two only save time.
_INFER_ARGUMENTS: Final = {
    *("LOCATION", "FILE_FORMAT", "FILES", "IGNORE_CASE"),
    *("MAX_FILE_COUNT", "MAX_RECORDS_PER_FILE"),
}


def table(execution: Execution, node: Any) -> exp.Expression | SqlResult | None:
    """Return DuckDB's source for ``@stage``, or the rows of DIRECTORY or INFER_SCHEMA in FROM.

    ``None`` if ``node`` is none of them. The columns of ``@stage`` are ``c1``, ``c2``, ... for
    ``$1``, ``$2``, ... and each ``METADATA$...`` that the query around it names, in capitals.
    """
    call = node.this
    if isinstance(call, exp.Anonymous) and call.name.upper() == "TABLE" and call.expressions:
        call = call.expressions[0]
    name = call.name.upper() if isinstance(call, exp.Anonymous) else ""
    if name == "INFER_SCHEMA":
        return SqlResult.named(_INFERRED, _infer_schema(execution, call), SELECT)
    if name == "DIRECTORY":
        return SqlResult.named(_DIRECTORY, _directory(_argument(execution, call)), SELECT)
    if isinstance(call, (exp.Var, exp.Literal)) and call.name.lstrip().startswith("@"):
        # As a name that stays as it is written: nothing of it is Snowflake's.
        return exp.Table(this=exp.Var(this=f"({_stage(execution, node)})"))
    return None


def _argument(execution: Execution, call: Any) -> Location:
    """Return the place that the first argument of a function names."""
    first = call.expressions[0] if call.expressions else exp.Literal.string("")
    bind(execution, call)
    if isinstance(first, exp.Literal):
        return location(execution, first)
    place = location(execution, f"@{first.sql('snowflake').lstrip('$@')}")
    for one in first.find_all(exp.Parameter):
        # It is no variable: nobody is to look for one of this name.
        one.set("this", exp.Literal.number(1))
    return place


def _directory(place: Location) -> Iterable[Sequence[object]]:
    for file in place.stage.files(place.path):
        md5 = file.md5()
        yield file.name, file.size, file.at, md5, md5, place.stage.url + quote(file.name)


def file_url(execution: Execution, call: Any) -> exp.Expression:
    """Return what BUILD_SCOPED_FILE_URL and its like give: a URL that only names the file."""
    if len(call.expressions) < 2:
        raise invalid_option(call.name.upper())
    blank, code = exp.Literal.string(" "), exp.Literal.string("%20")
    path = exp.Anonymous(this="REPLACE", expressions=[call.expressions[1], blank, code])
    stage = _argument(execution, call).stage
    return exp.DPipe(this=exp.Literal.string(stage.url), expression=path)


def _stage(execution: Execution, node: Any) -> str:
    given, files = node.meta.get("file_format"), node.meta.get("files")
    if files is None:
        place, pattern = location(execution, node), node.args.get("pattern")
        named_format = node.args.get("format")
        given = file_format(execution, named_format and name_of(named_format), place.stage)
        files = place.files(execution, pattern and name_of(pattern))
        if isinstance(named_format, exp.Table):
            # It is no table: nobody is to look for one of this name.
            named_format.set("this", exp.null())
    query = node.find_ancestor(exp.Select)
    used, wanted = _columns_used(query, node) if query else (0, [])
    if given.type == "CSV" and (not used or (query is not None and query.is_star)):
        used = max([used, *(len(columns_of(execution, [file], given)) for file in files)])
    if used > MAX_COLUMNS:
        raise too_large("Columns of a file", MAX_COLUMNS, "Read fewer.")
    used = max(used, 1)
    if not files:
        kind = "VARCHAR" if given.type == "CSV" else "VARIANT"
        columns = [f"NULL::{kind} AS c{at + 1}" for at in range(used)]
        columns += [f'NULL AS "{name}"' for name in wanted]
        return f"SELECT {', '.join(columns)} WHERE false"
    return " UNION ALL ".join(_file(file, given, used, wanted) for file in files)


def _columns_used(query: exp.Select, node: exp.Table) -> tuple[int, list[str]]:
    """Make each ``$n`` of ``node`` a column; return the highest n, and the METADATA$ columns."""
    alias, highest = node.alias.upper(), 0
    for one in list(query.find_all(exp.Parameter)):
        at = one.parent if isinstance(one.parent, exp.Column) else one
        qualifier = at.args.get("table") if at is not one else None
        if not one.name.isdecimal() or one.find_ancestor(exp.Select) is not query:
            continue
        if qualifier is not None and qualifier.name.upper() != alias:
            continue
        highest = max(highest, int(one.name))
        at.replace(exp.Column(this=encoded(f"c{one.name}"), table=qualifier))
    named = {column.name.upper() for column in query.find_all(exp.Column)}
    return highest, sorted(name for name in named if name.startswith("METADATA$"))


def _file(file: File, given: FileFormat, used: int, wanted: Iterable[str]) -> str:
    known = {
        "METADATA$FILENAME": text(file.name),
        "METADATA$FILE_ROW_NUMBER": "row_number() OVER ()",
        "METADATA$FILE_LAST_MODIFIED": f"{text(file.at.replace(tzinfo=None))}::TIMESTAMP",
        EXTRA_FIELDS: f"CASE WHEN e{used} IS NULL THEN -1 WHEN e{used + 1} IS NOT NULL THEN 1 "
        "ELSE 0 END",
    }
    for name in set(wanted) - known.keys():
        raise not_run(name, f"Local Cortex has {', '.join(list(known)[:3])}.")
    extra = [f'{known[name]} AS "{name}"' for name in wanted]
    if EXTRA_FIELDS not in wanted:
        return given.rows(file.path, used, extra)
    # Read twice, since a field that is missing and one that is empty are NULL alike.
    again = given.csv([file.path], used + 1, complete=True)
    ends = f"(SELECT c{used} AS e{used}, c{used + 1} AS e{used + 1} FROM {again})"
    return given.rows(file.path, used, extra, f" POSITIONAL JOIN {ends}")


def columns_of(
    execution: Execution, files: Sequence[File], read: FileFormat
) -> list[tuple[str, Any]]:
    """Return the names of files' columns, ``c1``, ... without a header, and DuckDB's types."""
    if not files:
        return []
    relation = execution.cursor.sql(f"SELECT * FROM {read.table([file.path for file in files])}")
    names = relation.columns
    if read.type == "CSV" and not read["PARSE_HEADER"]:
        names = [f"c{at + 1}" for at in range(len(names))]
    # Snowflake lists the keys of objects by name.
    found = list(zip(names, relation.types, strict=True))
    return sorted(found) if read.type == "JSON" else found


def _infer_schema(execution: Execution, call: exp.Anonymous) -> list[tuple[object, ...]]:
    bind(execution, call)
    given = {one.name.upper(): one.expression for one in call.find_all(exp.Kwarg)}
    for name in given.keys() - _INFER_ARGUMENTS:
        raise invalid_option(name)
    if not {"LOCATION", "FILE_FORMAT"} <= given.keys():
        raise invalid_option("INFER_SCHEMA needs LOCATION and FILE_FORMAT")
    place = location(execution, given["LOCATION"])
    read = file_format(execution, name_of(given["FILE_FORMAT"]), place.stage)
    files = place.files(execution, None, value_of(given["FILES"]) if "FILES" in given else None)
    fold = "IGNORE_CASE" in given and bool(value_of(given["IGNORE_CASE"]))
    found = columns_of(execution, files, read)
    kinds = [_shown(kind) for _, kind in found]
    if read.type == "CSV" and files:
        tests = ", ".join(_CSV_TYPE.format(read.field(f"c{at + 1}")) for at in range(len(found)))
        source = read.csv([file.path for file in files], len(found))
        kinds = execution.cursor.execute(f"SELECT {tests} FROM {source}").fetchall()[0]
    names = ", ".join(map(place.stage.shown, files))
    rows: list[tuple[object, ...]] = []
    for order, ((written, _), kind) in enumerate(zip(found, kinds, strict=True)):
        name = written.upper() if fold else written
        at = f"$1:{name}" if re.fullmatch(r"[^\W\d][\w$]*", name) else f"$1:{in_quotes(name)}"
        if read.type == "CSV":
            at = f"${order + 1}"
        elif fold:
            at = f"GET_IGNORE_CASE ($1, {text(name)})"
        rows.append((name, kind, True, f"{at}::{kind}", names, order))
    return rows


# The narrowest type that every field of a column has; numbers keep their digits.
_CSV_TYPE: Final = """CASE
WHEN count({0}) = 0 THEN 'TEXT'
WHEN bool_and(regexp_full_match({0}, '[+-]?\\d{{1,38}}(\\.\\d{{1,37}})?')) THEN 'NUMBER(' ||
 least(38, max(length(regexp_extract({0}, '^[+-]?(\\d+)', 1))) +
 max(length(regexp_extract({0}, '\\.(\\d+)$', 1)))) || ', ' ||
 max(length(regexp_extract({0}, '\\.(\\d+)$', 1))) || ')'
WHEN bool_and(TRY_CAST({0} AS DOUBLE) IS NOT NULL) THEN 'REAL'
WHEN bool_and(lower({0}) IN ('true', 'false')) THEN 'BOOLEAN'
WHEN bool_and(regexp_full_match({0}, '\\d{{4}}-\\d\\d?-\\d\\d?')) THEN 'DATE'
WHEN bool_and(TRY_CAST({0} AS TIME) IS NOT NULL AND {0} LIKE '%_:_%') THEN 'TIME'
WHEN bool_and(TRY_CAST({0} AS TIMESTAMP) IS NOT NULL) THEN 'TIMESTAMP_NTZ'
ELSE 'TEXT' END"""


def _shown(found: Any) -> str:
    kind = of_duckdb(found)
    return f"NUMBER({kind.precision}, {kind.scale})" if kind.name == "FIXED" else kind.name


def template(execution: Execution, tree: exp.Create) -> exp.Create:
    """Return CREATE TABLE ... USING TEMPLATE (...) with the columns that the files have."""
    result = tree.copy()
    found = result.args["properties"].find(exp.UsingTemplateProperty).pop()
    calls = [one for one in found.find_all(exp.Anonymous) if one.name.upper() == "INFER_SCHEMA"]
    if not calls:
        raise not_run("USING TEMPLATE", "The template has to be a query of INFER_SCHEMA.")
    rows = _infer_schema(execution, calls[0])
    columns = ", ".join(f"{in_quotes(str(name))} {kind}" for name, kind, *_ in rows)
    made = sqlglot.parse_one(f"CREATE TABLE t ({columns})", read="snowflake")
    result.set("this", exp.Schema(this=result.this, expressions=made.this.expressions))
    return result

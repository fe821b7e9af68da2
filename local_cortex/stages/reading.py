"""The rows of staged files in a query: ``FROM @stage``, INFER_SCHEMA and USING TEMPLATE."""

# Every part of these statements is made here: what a learner wrote is in quotes.
# ruff: noqa: S608

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlglot
from sqlglot import exp

from local_cortex.sql.errors import not_run, too_large
from local_cortex.stages.files import File, bind, file_format, location
from local_cortex.stages.formats import (
    MAX_CSV_COLUMNS,
    FileFormat,
    invalid_option,
    literal,
    name_of,
    text,
    value_of,
)
from local_cortex.wire.types import of_duckdb

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

__all__ = ["table", "template"]

METADATA: Final = {
    f"METADATA${name}"
    for name in (
        *("FILENAME", "FILE_ROW_NUMBER", "FILE_LAST_MODIFIED", "FILE_CONTENT_KEY"),
        "START_SCAN_TIME",
    )
}
# The last two only save time.
INFER_ARGUMENTS: Final = {
    *("LOCATION", "FILE_FORMAT", "FILES", "IGNORE_CASE"),
    *("MAX_FILE_COUNT", "MAX_RECORDS_PER_FILE"),
}


def table(execution: Execution, node: Any) -> exp.Expression | None:
    """Return DuckDB's source for ``@stage`` or ``TABLE(INFER_SCHEMA(...))`` in FROM.

    ``None`` if ``node`` is neither. Its columns are ``c1``, ``c2``, ... for ``$1``, ``$2``, ... and
    each ``METADATA$...`` that the query around it names, quoted in capitals.

    Raises:
        SqlError: 002003, there is no such stage or file format; 000002, it is DIRECTORY(@stage).
    """
    call = node.this
    name = call.name.upper() if isinstance(call, exp.Anonymous) else ""
    if name == "TABLE" and len(call.expressions) == 1:
        call = call.expressions[0]
        name = call.name.upper() if isinstance(call, exp.Anonymous) else ""
    if name == "INFER_SCHEMA":
        return _source(_infer_schema_sql(execution, call))
    if name == "DIRECTORY" or isinstance(call, exp.DirectoryStage):
        raise not_run("DIRECTORY(@stage)", "LIST @stage shows the files of a stage.")
    is_stage = isinstance(call, (exp.Var, exp.Literal)) and call.name.lstrip().startswith("@")
    return _source(_stage_sql(execution, node)) if is_stage else None


def _source(sql: str) -> exp.Expression:
    # As a name that is written as it is: nothing of it is Snowflake's, so nothing may change it.
    return exp.Table(this=exp.Var(this=f"({sql})"))


def _stage_sql(execution: Execution, node: Any) -> str:
    place = location(execution, node)
    named_format, pattern = node.args.get("format"), node.args.get("pattern")
    given = node.meta.get("file_format") or file_format(
        execution, name_of(named_format) if named_format else None, place.stage
    )
    if isinstance(named_format, exp.Table):
        # It is no table: nobody is to look for one of this name.
        named_format.set("this", exp.null())
    files = node.meta.get("files")
    if files is None:
        files = place.files(execution, name_of(pattern) if pattern else None)
    query = node.find_ancestor(exp.Select)
    used, wanted = _columns_used(query, node) if query is not None else (0, set())
    if given.type == "CSV" and (not used or (query is not None and query.is_star)):
        used = max([1, used, *(len(given.header(file.path)) for file in files)])
    if used > MAX_CSV_COLUMNS:
        raise too_large("Columns of a file", MAX_CSV_COLUMNS, "Read fewer.")
    parts = [_file_sql(execution, file, given, used, wanted) for file in files]
    if not parts:
        kind = "VARCHAR" if given.type == "CSV" else "VARIANT"
        columns = [f"NULL::{kind} AS c{at + 1}" for at in range(max(used, 1))]
        columns += [f'NULL AS "{name}"' for name in sorted(wanted)]
        return f"SELECT {', '.join(columns)} WHERE false"
    return " UNION ALL ".join(parts)


def _columns_used(query: exp.Select, node: exp.Table) -> tuple[int, set[str]]:
    """Turn each ``$n`` that means ``node`` into the column ``c<n>``.

    Return the highest n, and the METADATA$ columns that the query names.
    """
    alias, highest = node.alias.upper(), 0
    for one in list(query.find_all(exp.Parameter)):
        at = one.parent if isinstance(one.parent, exp.Column) else one
        qualifier = at.args.get("table") if at is not one else None
        if not one.name.isdecimal() or one.find_ancestor(exp.Select) is not query:
            continue
        if qualifier is not None and qualifier.name.upper() != alias:
            continue
        name = exp.to_identifier(f"c{one.name}", quoted=True)
        # It is DuckDB's name already.
        name.meta["encoded"] = True
        at.replace(exp.Column(this=name, table=qualifier))
        highest = max(highest, int(one.name))
    named = (column.name.upper() for column in query.find_all(exp.Column))
    return highest, METADATA & set(named)


def _file_sql(
    execution: Execution, file: File, given: FileFormat, used: int, wanted: set[str]
) -> str:
    path = execution.stages.readable(file, given)
    at = dt.datetime.fromtimestamp(file.modified, dt.UTC).replace(tzinfo=None)
    known = {
        "METADATA$FILENAME": text(file.name),
        "METADATA$FILE_ROW_NUMBER": "row_number() OVER ()",
        "METADATA$FILE_LAST_MODIFIED": f"{text(str(at))}::TIMESTAMP",
        "METADATA$FILE_CONTENT_KEY": text(f"{file.size:x}-{file.modified}"),
        "METADATA$START_SCAN_TIME": "now()",
    }
    extra = "".join(f', {known[name]} AS "{name}"' for name in sorted(wanted))
    return f"SELECT *{extra} FROM ({given.source(path, max(used, 1))})"


def _infer_schema_sql(execution: Execution, call: exp.Anonymous) -> str:
    bind(execution, call)
    columns = ("COLUMN_NAME", "TYPE", "NULLABLE", "EXPRESSION", "FILENAMES", "ORDER_ID")
    rows = [
        f"({text(one.name)}, {text(one.type)}, true, {text(one.expression)}, "
        f"{text(one.files)}, {order})"
        for order, one in enumerate(infer_schema(execution, call))
    ]
    if not rows:
        return f"SELECT {', '.join(f'NULL AS {name}' for name in columns)} WHERE false"
    return f"SELECT * FROM (VALUES {', '.join(rows)}) AS inferred({', '.join(columns)})"


@dataclass(frozen=True, slots=True)
class Inferred:
    """A row of INFER_SCHEMA's result."""

    name: str
    type: str
    expression: str
    files: str


def infer_schema(execution: Execution, call: exp.Anonymous) -> list[Inferred]:
    """Return the columns that the files of INFER_SCHEMA(LOCATION => ..., ...) have.

    Raises:
        SqlError: 001003, an argument is missing or unknown; 002003, as ``location``.
    """
    given = {one.name.upper(): one.expression for one in call.find_all(exp.Kwarg)}
    for name in given.keys() - INFER_ARGUMENTS:
        raise invalid_option(name)
    place = location(execution, given["LOCATION"]) if "LOCATION" in given else None
    if place is None or "FILE_FORMAT" not in given:
        raise invalid_option("INFER_SCHEMA needs LOCATION and FILE_FORMAT")
    read = file_format(execution, name_of(given["FILE_FORMAT"]), place.stage)
    listed = value_of(given["FILES"]) if "FILES" in given else None
    files = place.named(place.files(execution), listed)
    ignore_case = "IGNORE_CASE" in given and bool(value_of(given["IGNORE_CASE"]))
    merged: dict[str, tuple[str, list[str]]] = {}
    for file in files:
        for written, kind in _types(execution, file, read):
            name = written.upper() if ignore_case else written
            known = merged.setdefault(name, (kind, []))
            merged[name] = (kind if known[0] == kind else _wider(known[0], kind), known[1])
            known[1].append(place.stage.shown(file))
    rows = []
    for order, (name, (kind, names)) in enumerate(merged.items()):
        at = f"$1:{name}" if re.fullmatch(r"[^\W\d][\w$]*", name) else f'$1:"{name}"'
        if read.type == "CSV":
            at = f"${order + 1}"
        elif ignore_case:
            at = f"GET_IGNORE_CASE ($1, '{name}')"
        rows.append(Inferred(name, kind, f"{at}::{kind}", ", ".join(names)))
    return rows


def _wider(one: str, other: str) -> str:
    numbers = [re.fullmatch(r"NUMBER\((\d+), (\d+)\)", kind) for kind in (one, other)]
    if all(numbers):
        whole = max(int(found[1]) - int(found[2]) for found in numbers if found)
        scale = max(int(found[2]) for found in numbers if found)
        return f"NUMBER({min(whole + scale, 38)}, {scale})"
    return "REAL" if {one[:4], other[:4]} <= {"REAL", "NUMB"} else "TEXT"


def _types(execution: Execution, file: File, read: FileFormat) -> list[tuple[str, str]]:
    """Return the names and types of one file's columns."""
    cursor, path = execution.cursor, execution.stages.readable(file, read)
    if read.type == "CSV":
        names = read.header(file.path)
        if not names:
            return []
        fields = [read.field(f"c{at + 1}") for at in range(len(names))]
        tests = ", ".join(_CSV_TYPE.format(field) for field in fields)
        row = cursor.execute(f"SELECT {tests} FROM {read.csv_source(path, len(names))}").fetchall()[
            0
        ]
        return [(name, kind or "TEXT") for name, kind in zip(names, row, strict=True)]
    if read.type == "JSON":
        (structure,) = cursor.execute(
            f"SELECT json_group_structure(json) FROM {read.json_source(path)}"
        ).fetchall()[0]
        found = json.loads(structure or "null")
        if not isinstance(found, dict):
            return []
        # Snowflake lists the keys of objects by name.
        return [
            (key, _JSON_TYPES.get(_scalar(kind), "TEXT")) for key, kind in sorted(found.items())
        ]
    relation = cursor.sql(f"SELECT * FROM read_parquet({literal(path)})")
    return [
        (name, _shown_type(kind))
        for name, kind in zip(relation.columns, relation.types, strict=True)
    ]


_JSON_TYPES: Final = {
    **dict.fromkeys(("BIGINT", "UBIGINT", "HUGEINT"), "NUMBER(38, 0)"),
    "DOUBLE": "REAL",
    "BOOLEAN": "BOOLEAN",
    "[": "ARRAY",
    "{": "OBJECT",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP_NTZ",
}
# The narrowest type that every field of a column has; numbers keep their digits.
_CSV_TYPE: Final = """CASE
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


def _scalar(kind: Any) -> str:
    return "[" if isinstance(kind, list) else "{" if isinstance(kind, dict) else str(kind)


def _shown_type(found: Any) -> str:
    kind = of_duckdb(found)
    if kind.name == "FIXED":
        return f"NUMBER({kind.precision}, {kind.scale})"
    return "TIMESTAMP_LTZ" if found.id.startswith("timestamptz") else str(kind.name)


def template(execution: Execution, tree: exp.Create) -> exp.Create:
    """Return CREATE TABLE ... USING TEMPLATE (...) with the columns that the files have.

    Any other CREATE TABLE is returned as it is.

    Raises:
        SqlError: 000002, the template is no query of INFER_SCHEMA.
    """
    properties = tree.args.get("properties")
    found = properties.find(exp.UsingTemplateProperty) if properties else None
    if found is None:
        return tree
    calls = [one for one in found.find_all(exp.Anonymous) if one.name.upper() == "INFER_SCHEMA"]
    if not calls:
        raise not_run("USING TEMPLATE", "The template has to be a query of INFER_SCHEMA.")
    columns = [
        f'"{one.name.replace(chr(34), chr(34) * 2)}" {one.type}'
        for one in infer_schema(execution, calls[0])
    ]
    made = sqlglot.parse_one(f"CREATE TABLE t ({', '.join(columns)})", read="snowflake")
    result = tree.copy()
    result.set("this", exp.Schema(this=result.this, expressions=made.this.expressions))
    result.args["properties"].find(exp.UsingTemplateProperty).pop()
    return result

"""SHOW, DESCRIBE TABLE and INFORMATION_SCHEMA: what there is, as rows.

Columns are Snowflake's, as far as clients and people read them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_cortex.database.catalog import INFORMATION_SCHEMA, Column, Name, Table
from local_cortex.sql.errors import SqlError, not_run, object_missing, syntax_error
from local_cortex.sql.names import written
from local_cortex.sql.parse import Parsed
from local_cortex.wire import types
from local_cortex.wire.result import SqlColumn, SqlResult
from local_cortex.wire.types import TEXT, TIMESTAMP_LTZ, SqlType, number

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

__all__ = ["describe_table", "information_schema", "show"]

SHOW_STATEMENT = 0x4400  # statementTypeId of SHOW, from Snowflake's JDBC driver
HOME_OF_MODELS = ("SNOWFLAKE", "MODELS")

Rows = list[tuple[Any, ...]]


@dataclass(slots=True)
class _Clauses:
    """What follows the name of what is shown; ``place`` is None without IN."""

    pattern: str | None = None
    prefix: str | None = None
    limit: int | None = None
    kind: str = ""
    place: list[str] | None = None


@dataclass(frozen=True, slots=True)
class _Shown:
    """A SHOW: its columns in one text, ``name`` among them, and what fills them."""

    columns: str
    rows: Callable[[Execution, _Clauses], Rows]
    order: str = field(default="name")


def show(execution: Execution, parsed: Parsed) -> SqlResult:
    """Answer a SHOW statement.

    Raises:
        SqlError: 000002, another SHOW; 001003, a clause that SHOW has not got.
    """
    words = [str(token.text).upper() for token in parsed.tokens[1:]]
    start = 1
    if words[:1] == ["TERSE"]:
        words, start = words[1:], 2
    for length in (3, 2, 1):
        shown = _SHOWN.get(" ".join(words[:length]))
        if shown is not None:
            break
    else:
        raise not_run(f"SHOW {' '.join(words[:2])}".strip(), f"It runs SHOW {', '.join(_SHOWN)}.")
    clauses = _clauses(parsed, start + length)
    named = shown.columns.split() or [
        f"{name}:{kind}" for name, kind in execution.cortex.base_models()[0]
    ]
    columns = tuple(SqlColumn(*_typed(name)) for name in named)
    rows = shown.rows(execution, clauses)
    position = [column.name for column in columns].index(shown.order)
    kept = [row for row in rows if _matches(str(row[position]), clauses)]
    return SqlResult.of_rows(columns, kept[: clauses.limit], SHOW_STATEMENT)


def _typed(name: str) -> tuple[str, SqlType]:
    name, _, kind = name.partition(":")
    kinds = {"n": number(), "t": TIMESTAMP_LTZ, "": TEXT}
    return name, kinds[kind] if kind in kinds else getattr(types, kind, TEXT)


def _matches(name: str, clauses: _Clauses) -> bool:
    return (clauses.pattern is None or like(clauses.pattern, name)) and name.startswith(
        clauses.prefix or ""
    )


def like(pattern: str, text: str) -> bool:
    """Match a whole text with ``%`` and ``_``, in any case; linear in both lengths' product."""
    pattern, text = pattern.lower().replace("\\", ""), text.lower()
    reached = {0}
    for sign in pattern:
        if sign == "%":
            reached = set(range(min(reached, default=len(text) + 1), len(text) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(text) and sign in {"_", text[at]}}
    return len(text) in reached


def _place(execution: Execution, clauses: _Clauses) -> tuple[str | None, str | None]:
    """Return the database and schema to look in; None for any."""
    session = execution.session
    if clauses.kind == "ACCOUNT" or (clauses.place is None and session.database is None):
        return None, None
    if clauses.place is None:
        return session.database, session.schema
    parts = clauses.place
    catalog = execution.database.catalog
    if clauses.kind == "DATABASE" or (
        not clauses.kind and len(parts) == 1 and catalog.has(parts[0])
    ):
        database, schema = (parts[0] if parts else session.database), None
    else:
        database, schema = (*[session.database][: 2 - len(parts)], *(parts or [session.schema]))
    if not catalog.has(database, schema):
        raise object_missing(
            "Schema" if schema else "Database", written(*filter(None, (database, schema)))
        )
    return database, schema


def _objects(execution: Execution, clauses: _Clauses, *kinds: str) -> list[Table]:
    database, schema = _place(execution, clauses)
    found = execution.database.catalog.objects(execution.session.session_id, kinds)
    return [
        one
        for one in found
        if database in (None, one.name.database) and schema in (None, one.name.schema)
    ]


def _count(execution: Execution, table: Table) -> int | None:
    if table.kind != "TABLE":
        return None
    rows = execution.cursor.execute(f"SELECT COUNT(*) FROM {table.duckdb}").fetchall()
    return int(rows[0][0])


def _kind(table: Table) -> str:
    return "TABLE" if table.persistence == "PERMANENT" else table.persistence


def _tables(run: Execution, clauses: _Clauses) -> Rows:
    return [
        (one.created, one.name.name, one.name.database, one.name.schema, _kind(one), one.comment)
        + ("", _count(run, one), 0, run.session.role, "1", "ROLE")
        for one in _objects(run, clauses, "TABLE")
    ]


def _views(run: Execution, clauses: _Clauses) -> Rows:
    return [
        (one.created, one.name.name, "", one.name.database, one.name.schema, run.session.role)
        + (one.comment, f"CREATE VIEW {one.name} AS {one.text}", "false", "false")
        for one in _objects(run, clauses, "VIEW")
    ]


def _all_objects(run: Execution, clauses: _Clauses) -> Rows:
    return [
        (one.created, one.name.name, one.name.database, one.name.schema)
        + (_kind(one) if one.kind == "TABLE" else "VIEW", one.comment, "", _count(run, one), 0)
        + (run.session.role, "1", "ROLE")
        for one in _objects(run, clauses, "TABLE", "VIEW")
    ]


def _sequences(run: Execution, clauses: _Clauses) -> Rows:
    return [
        (
            one.name.name,
            one.name.database,
            one.name.schema,
            *map(int, one.text.split()),
            one.created,
        )
        + (run.session.role, one.comment)
        for one in _objects(run, clauses, "SEQUENCE")
    ]


def _databases(run: Execution, _: _Clauses) -> Rows:
    catalog, here = run.database.catalog, run.session.database
    return [
        (catalog.created[name], name, "N", "Y" if name == here else "N", "", run.session.role)
        + (catalog.comments[name], "", "1", "STANDARD")
        for name in catalog.databases()
    ]


def _schemas(run: Execution, clauses: _Clauses) -> Rows:
    parts, session = clauses.place or [], run.session
    database = None if clauses.kind == "ACCOUNT" else (parts[0] if parts else session.database)
    if database is not None and not run.database.catalog.has(database):
        raise object_missing("Database", written(database))
    return [
        (
            one.created,
            one.name,
            "N",
            "Y" if (one.database, one.name) == (session.database, session.schema) else "N",
        )
        + (one.database, session.role, one.comment, "", "1")
        for one in run.database.catalog.schemas(database)
    ]


def _columns(run: Execution, clauses: _Clauses) -> Rows:
    tables = _named_tables(run, clauses)
    return [
        (
            one.name.name,
            one.name.schema,
            column.name,
            str(column.type),
            "true" if column.nullable else "NOT_NULL",
        )
        + (column.default or "", "COLUMN", "", column.comment or "", one.name.database, "")
        for one in tables
        for column in one.columns
    ]


def _named_tables(run: Execution, clauses: _Clauses) -> list[Table]:
    if clauses.kind in {"TABLE", "VIEW"} and clauses.place:
        from local_cortex.sql.resolve import Resolver

        return [run.table(*_parts(Resolver(run).full(clauses.place)))]
    return _objects(run, clauses, "TABLE", "VIEW")


def _parts(name: Name) -> tuple[str, str, str]:
    return name.database, name.schema, name.name


def _primary_keys(run: Execution, clauses: _Clauses) -> Rows:
    return [
        (
            one.created,
            one.name.database,
            one.name.schema,
            one.name.name,
            column.name,
            at,
            f"PK_{one.name.name}",
        )
        for one in _named_tables(run, clauses)
        for at, column in enumerate((c for c in one.columns if c.primary_key), start=1)
    ]


def _parameters(run: Execution, _: _Clauses) -> Rows:
    return [
        (key, value, value, "SESSION", "", "STRING")
        for key, value in sorted(run.session.parameters.items())
    ]


def _variables(run: Execution, _: _Clauses) -> Rows:
    return [
        (run.session.session_id, name, value.name, "text" if value.is_string else "fixed")
        for name, value in sorted(run.session.variables.items())
    ]


def _models(run: Execution, clauses: _Clauses) -> Rows:
    # Documented: without IN the statement looks at the session's database, where no base model is.
    session, place = run.session, tuple(clauses.place or ())
    if place or clauses.kind:
        reached = clauses.kind == "ACCOUNT" or place in {HOME_OF_MODELS, HOME_OF_MODELS[:1]}
    else:
        reached = session.database is None or (session.database, session.schema) == HOME_OF_MODELS
    return [tuple(row) for row in run.cortex.base_models()[1]] if reached else []


def _stages(run: Execution, clauses: _Clauses) -> Rows:
    database, schema = _place(run, clauses)
    return [
        row
        for row in run.stages.shown(run)
        if database in (None, row[2]) and schema in (None, row[3])
    ]


_SHOWN: dict[str, _Shown] = {
    "TABLES": _Shown(
        "created_on:t name database_name schema_name kind comment cluster_by rows:n bytes:n owner "
        "retention_time owner_role_type",
        _tables,
    ),
    "VIEWS": _Shown(
        "created_on:t name reserved database_name schema_name owner comment text is_secure "
        "is_materialized",
        _views,
    ),
    "OBJECTS": _Shown(
        "created_on:t name database_name schema_name kind comment cluster_by rows:n bytes:n owner "
        "retention_time owner_role_type",
        _all_objects,
    ),
    "SEQUENCES": _Shown(
        "name database_name schema_name next_value:n interval:n created_on:t owner comment",
        _sequences,
    ),
    "DATABASES": _Shown(
        "created_on:t name is_default is_current origin owner comment options retention_time kind",
        _databases,
    ),
    "SCHEMAS": _Shown(
        "created_on:t name is_default is_current database_name owner comment options retention_time",
        _schemas,
    ),
    "COLUMNS": _Shown(
        "table_name schema_name column_name data_type null? default kind expression comment "
        "database_name autoincrement",
        _columns,
        "column_name",
    ),
    "PRIMARY KEYS": _Shown(
        "created_on:t database_name schema_name table_name column_name key_sequence:n "
        "constraint_name",
        _primary_keys,
        "column_name",
    ),
    "WAREHOUSES": _Shown(
        "name state type size is_default is_current auto_suspend:n auto_resume comment",
        lambda run, _: [
            (run.session.warehouse or "COURSE_WH", "STARTED", "STANDARD", "X-Small")
            + ("Y", "Y", 60, "true", "There is no warehouse here: statements run on DuckDB.")
        ],
    ),
    "ROLES": _Shown(
        "created_on:t name is_default is_current owner comment",
        lambda run, _: [(None, run.session.role, "Y", "Y", "", "")],
    ),
    "USERS": _Shown(
        "name login_name display_name default_role comment",
        lambda run, _: [
            (run.session.user, run.session.user, run.session.user, run.session.role, "")
        ],
    ),
    "GRANTS": _Shown(
        "created_on:t privilege granted_on name granted_to grantee_name", lambda *_: []
    ),
    "FUNCTIONS": _Shown("created_on:t name schema_name arguments description", lambda *_: []),
    "USER FUNCTIONS": _Shown("created_on:t name schema_name arguments description", lambda *_: []),
    "PROCEDURES": _Shown("created_on:t name schema_name arguments description", lambda *_: []),
    "STREAMLITS": _Shown(
        "created_on:t name database_name schema_name owner comment", lambda *_: []
    ),
    "PARAMETERS": _Shown("key value default level description type", _parameters, "key"),
    "VARIABLES": _Shown("session_id:n name value type", _variables),
    "CORTEX BASE MODELS": _Shown("", _models),
    "CORTEX SEARCH SERVICES": _Shown("created_on:t name database_name schema_name", lambda *_: []),
    "MODELS": _Shown("", _models),
    "STAGES": _Shown(
        "created_on:t name database_name schema_name url has_credentials has_encryption_key owner "
        "comment region type directory_enabled",
        _stages,
    ),
    "FILE FORMATS": _Shown(
        "created_on:t name database_name schema_name type owner comment format_options",
        lambda run, _: run.stages.shown_formats(run),
    ),
}


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
        if word == "HISTORY":
            at += 1
        elif word == "LIKE":
            clauses.pattern, at = text_at(at + 1), at + 2
        elif word == "STARTS" and text_at(at + 1).upper() == "WITH":
            clauses.prefix, at = text_at(at + 2), at + 3
        elif word == "LIMIT":
            clauses.limit, at = _row_count(text_at(at + 1)), at + 2
            if at < len(tokens) and text_at(at).upper() == "FROM":
                at += 2
        elif word in {"IN", "ON", "FOR", "TO"}:
            at = _in(tokens, at + 1, clauses)
        else:
            raise syntax_error(parsed.sql, tokens[at].start, str(tokens[at].text))
    return clauses


def _row_count(text: str) -> int:
    if not text.isdecimal():
        message = f"SQL compilation error:\nInvalid row count '{text}' in LIMIT clause"
        raise SqlError(message, code="001015", sqlstate="22023")
    return int(text[:9])


_KINDS = frozenset({"ACCOUNT", "DATABASE", "SCHEMA", "TABLE", "VIEW", "SESSION", "USER", "ROLE"})
_ENDS = frozenset({"LIKE", "STARTS", "LIMIT"})


def _in(tokens: Sequence[Any], at: int, clauses: _Clauses) -> int:
    place: list[str] = []
    while at < len(tokens):
        text, quoted = str(tokens[at].text), tokens[at].token_type.name == "IDENTIFIER"
        word = text.upper()
        if not quoted and not place and word in _KINDS and not clauses.kind:
            clauses.kind = word
        elif not quoted and word in _ENDS:
            break
        elif tokens[at].token_type.name != "DOT":
            if place and tokens[at - 1].token_type.name != "DOT":
                break
            place.append(text if quoted else word)
        at += 1
    if place or clauses.kind not in {"SESSION", "USER"}:
        clauses.place = place if place or clauses.kind in {"DATABASE", "SCHEMA"} else None
    return at


def describe_table(table: Table) -> SqlResult:
    """Answer DESCRIBE TABLE or VIEW."""
    names = (
        "name type kind null? default primary_key unique_key check expression comment policy_name"
    )
    columns = [
        SqlColumn(name.replace("_key", " key").replace("_name", " name"), TEXT)
        for name in names.split()
    ]
    rows = [_described(one) for one in table.columns]
    return SqlResult.of_rows(columns, rows, SHOW_STATEMENT)


def _described(one: Column) -> tuple[str | None, ...]:
    flags = ["Y" if flag else "N" for flag in (one.nullable, one.primary_key, one.unique_key)]
    return (
        one.name,
        str(one.type),
        "COLUMN",
        flags[0],
        one.default,
        *flags[1:],
        None,
        None,
        one.comment,
        None,
    )


def information_schema(execution: Execution, name: Name) -> SqlResult:
    """Return a view of INFORMATION_SCHEMA as rows.

    Raises:
        SqlError: 002003, there is none of this name here.
    """
    found = _INFORMATION.get(name.name)
    if found is None or not execution.database.catalog.has(name.database):
        raise object_missing("Object", str(name), f"There are {', '.join(_INFORMATION)}.")
    names, rows = found
    columns = [SqlColumn(one.upper(), kind) for one, kind in map(_typed, names.split())]
    clauses = _Clauses(kind="DATABASE", place=[name.database])
    return SqlResult.of_rows(columns, rows(execution, clauses), SHOW_STATEMENT)


def _information_tables(run: Execution, clauses: _Clauses) -> Rows:
    kinds = {"PERMANENT": "BASE TABLE", "TRANSIENT": "BASE TABLE", "TEMPORARY": "LOCAL TEMPORARY"}
    return [
        (
            *_parts(one.name),
            run.session.role,
            "VIEW" if one.kind == "VIEW" else kinds[one.persistence],
        )
        + ("YES" if one.persistence == "TRANSIENT" else "NO", _count(run, one), 0, one.created)
        + (one.created, one.comment or None)
        for one in _objects(run, clauses, "TABLE", "VIEW")
    ]


def _information_columns(run: Execution, clauses: _Clauses) -> Rows:
    return [
        (*_parts(one.name), column.name, at, column.default, "YES" if column.nullable else "NO")
        + (_plain_type(column.type), column.type.length, column.type.precision, column.type.scale)
        + (column.comment,)
        for one in _objects(run, clauses, "TABLE", "VIEW")
        for at, column in enumerate(one.columns, start=1)
    ]


def _plain_type(kind: SqlType) -> str:
    return str(kind).partition("(")[0].replace("VARCHAR", "TEXT")


def _information_schemata(run: Execution, clauses: _Clauses) -> Rows:
    database = (clauses.place or [None])[0]
    return [
        (one.database, one.name, run.session.role, one.created, one.comment or None)
        for one in run.database.catalog.schemas(database)
    ] + [(database, INFORMATION_SCHEMA, None, None, "Views of the database's objects")]


_INFORMATION: dict[str, tuple[str, Callable[[Execution, _Clauses], Rows]]] = {
    "TABLES": (
        "table_catalog table_schema table_name table_owner table_type is_transient row_count:n "
        "bytes:n created:t last_altered:t comment",
        _information_tables,
    ),
    "COLUMNS": (
        "table_catalog table_schema table_name column_name ordinal_position:n column_default "
        "is_nullable data_type character_maximum_length:n numeric_precision:n numeric_scale:n "
        "comment",
        _information_columns,
    ),
    "VIEWS": (
        "table_catalog table_schema table_name table_owner view_definition created:t comment",
        lambda run, clauses: [
            (*_parts(one.name), run.session.role, one.text, one.created, one.comment or None)
            for one in _objects(run, clauses, "VIEW")
        ],
    ),
    "SCHEMATA": (
        "catalog_name schema_name schema_owner created:t comment",
        _information_schemata,
    ),
    "DATABASES": (
        "database_name database_owner created:t comment",
        lambda run, _: [
            (name, run.session.role, run.database.catalog.created[name], None)
            for name in run.database.catalog.databases()
        ],
    ),
    "SEQUENCES": (
        "sequence_catalog sequence_schema sequence_name start_value increment",
        lambda run, clauses: [
            (*_parts(one.name), *one.text.split()) for one in _objects(run, clauses, "SEQUENCE")
        ],
    ),
    "STAGES": (
        "stage_catalog stage_schema stage_name stage_type",
        lambda run, _: [
            (row[2], row[3], row[1], "Internal Named") for row in run.stages.shown(run)
        ],
    ),
}

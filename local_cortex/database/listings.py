"""SHOW, DESCRIBE TABLE and INFORMATION_SCHEMA: the catalog as rows.

A row is made of the facts about one thing, by name; ``show.txt`` says which of them a statement
shows. A fact that nobody keeps here is an empty text. Columns are Snowflake's, as far as clients
and people read them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from local_cortex.database.catalog import (
    INFORMATION_SCHEMA,
    USAGE,
    Agent,
    Entry,
    Name,
    Place,
    Table,
)
from local_cortex.database.objects import KINDS
from local_cortex.search.service import SearchService
from local_cortex.sql.names import written
from local_cortex.sql.resolve import Resolver
from local_cortex.sql.sql_error import compile_error, not_run, object_missing
from local_cortex.sql.words import Words
from local_cortex.stages.file_formats import FileFormat
from local_cortex.stages.stage_files import NamedFormat, Stage
from local_cortex.wire.result import SHOW, SqlColumn, SqlResult, columns_named
from local_cortex.wire.types import TEXT

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution
    from local_cortex.sql.parse import Parsed

HOME_OF_MODELS = ("SNOWFLAKE", "MODELS")

Facts = Mapping[str, Any]
E = TypeVar("E", bound=Entry)


@dataclass(slots=True)
class Clauses:
    """What follows the name of what is shown; ``place`` is None without IN."""

    pattern: str | None = None
    prefix: str = ""
    limit: int | None = None
    kind: str = ""
    place: list[str] | None = None


Source = Callable[["Execution", Clauses], Iterable[Facts]]


def show(execution: Execution, parsed: Parsed) -> SqlResult:
    """Answer a SHOW statement; 000002, another SHOW; 001003, a clause that SHOW has not got."""
    words = Words(parsed.sql, parsed.tokens[1:])
    words.skip("TERSE")
    kind = next((one for one in SHOWN if words.skip(*one.split())), None)
    if kind is None:
        what = " ".join(parsed.words[:3])
        raise not_run(what, f"It runs SHOW {', '.join(SHOWN)}.")
    names, source = SHOWN[kind]
    clauses = _clauses(words)
    kept = [
        facts
        for facts in source(execution, clauses)
        if (clauses.pattern is None or like(clauses.pattern, str(facts["name"])))
        and str(facts["name"]).startswith(clauses.prefix)
    ]
    return _result(names, kept[: clauses.limit])


def _result(names: str, rows: Iterable[Facts]) -> SqlResult:
    columns = columns_named(re.sub(r"=\w+", "", names))
    facts = [one.partition(":")[0].rpartition("=")[2] for one in names.split()]
    values = [
        [
            row.get(fact, "" if column.type is TEXT else None)
            for fact, column in zip(facts, columns, strict=True)
        ]
        for row in rows
    ]
    return SqlResult.of_rows(columns, values, SHOW)


def like(pattern: str, text: str) -> bool:
    """Match a whole text with ``%`` and ``_``, in any case."""
    signs = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]", "\\": ""}
    return fnmatchcase(text.lower(), "".join(signs.get(one, one) for one in pattern.lower()))


# --- what there is --------------------------------------------------------------------------------


def _place(execution: Execution, clauses: Clauses) -> tuple[str | None, str | None]:
    """Return the database and schema to look in; None for any."""
    session, catalog, place = execution.session, execution.database.catalog, clauses.place
    if clauses.kind == "ACCOUNT" or (place is None and session.database is None):
        return None, None
    if place is None:
        return session.database, session.schema
    database: str | None
    schema: str | None = None
    alone = not clauses.kind and len(place) == 1
    if clauses.kind == "DATABASE" or (alone and catalog.has(place[0])):
        database = place[0] if place else session.database
    else:
        *before, schema = place or [session.schema or ""]
        database = before[0] if before else session.database
    if not catalog.has(database, schema):
        kind = "Schema" if schema else "Database"
        raise object_missing(kind, written(*filter(None, (database, schema))))
    return database, schema


def _found(run: Execution, clauses: Clauses, kind: type[E]) -> list[E]:
    database, schema = _place(run, clauses)
    return [
        one
        for one in run.database.catalog.seen(kind, run.session.session_id)
        if database in (None, one.name.database) and schema in (None, one.name.schema)
    ]


def _objects(kinds: str) -> Source:
    def source(run: Execution, clauses: Clauses) -> Iterator[Facts]:
        found = _found(run, clauses, KINDS[kinds.partition("|")[0]])
        return (_facts(run, one) for one in found if one.kind in kinds.split("|"))

    return source


def _facts(run: Execution, one: Entry) -> dict[str, Any]:
    """Return all that is known of an object."""
    name, session = one.name, run.session
    facts = {
        "created_on": one.created,
        "name": name.name or name.schema or name.database,
        "database_name": name.database,
        "schema_name": name.schema,
        "kind": one.kind,
        "comment": one.comment,
        "owner": session.role,
        "owner_role_type": "ROLE",
        "retention_time": "1",
    }
    if isinstance(one, Place):
        here = session.database, name.schema and (session.schema or "")
        current = "Y" if here == (name.database, name.schema) else "N"
        facts |= {"kind": "STANDARD", "is_default": "N", "is_current": current}
    elif isinstance(one, Stage):
        facts |= {
            "has_credentials": "N",
            "has_encryption_key": "N",
            "type": "INTERNAL" if one.owner is None else "INTERNAL TEMPORARY",
            "directory_enabled": "Y",
            "stage_type": "Internal Named",
        }
    elif isinstance(one, NamedFormat):
        read = FileFormat.of(one.options)
        options = json.dumps({**read.options, "TYPE": read.type})
        facts |= {"type": read.type, "format_options": options}
    elif isinstance(one, Agent):
        facts |= {"profile": one.profile, "agent_spec": json.dumps(one.given, ensure_ascii=False)}
    elif isinstance(one, SearchService):
        facts |= one.facts()
    elif isinstance(one, Table):
        facts |= _table_facts(run, one)
    return facts


def _table_facts(run: Execution, one: Table) -> dict[str, Any]:
    facts = {"is_transient": "YES" if one.transient else "NO"}
    if one.kind == "VIEW":
        return facts | {
            "text": f"CREATE VIEW {one.name} AS {one.text}",
            "view_definition": one.text,
            "table_type": "VIEW",
            "is_secure": "false",
            "is_materialized": "false",
        }
    count = f"SELECT COUNT(*) FROM {one.duckdb}"  # noqa: S608 - our own name
    temporary = one.owner is not None
    return facts | {
        "kind": "TEMPORARY" if temporary else "TRANSIENT" if one.transient else "TABLE",
        "table_type": "LOCAL TEMPORARY" if temporary else "BASE TABLE",
        "rows": int(run.cursor.execute(count).fetchall()[0][0]),
        "bytes": 0,
    }


def _columns(run: Execution, clauses: Clauses) -> Iterator[Facts]:
    name = Resolver(run).full(clauses.place) if clauses.place else None
    catalog, session = run.database.catalog, run.session.session_id
    if name and clauses.kind in {"TABLE", "VIEW"}:
        found = [run.find(Table, "Table", name)]
    elif name and not clauses.kind and (table := catalog.find(Table, name, session)):
        found = [table]
    else:
        found = _found(run, clauses, Table)
    for one in found:
        keys = 0
        for at, column in enumerate(one.columns, start=1):
            keys += column.primary_key
            yield {
                "created_on": one.created,
                "database_name": one.name.database,
                "schema_name": one.name.schema,
                "table_name": one.name.name,
                "name": column.name,
                "ordinal_position": at,
                "kind": "COLUMN",
                "null?": "true" if column.nullable else "NOT_NULL",
                "is_nullable": "YES" if column.nullable else "NO",
                "default": column.default,
                "data_type": str(column.type),
                "plain_type": str(column.type).partition("(")[0].replace("VARCHAR", "TEXT"),
                "length": column.type.length,
                "precision": column.type.precision,
                "scale": column.type.scale,
                "comment": column.comment,
                "is_key": column.primary_key,
                "key_sequence": keys,
                "constraint_name": f"PK_{one.name.name}",
            }


def _primary_keys(run: Execution, clauses: Clauses) -> Iterator[Facts]:
    return (facts for facts in _columns(run, clauses) if facts["is_key"])


def _databases(run: Execution, _: Clauses) -> Iterator[Facts]:
    places = run.database.catalog.seen(Place, run.session.session_id)
    return (_facts(run, one) for one in places if not one.name.schema)


def _schemas(run: Execution, clauses: Clauses) -> Iterator[Facts]:
    catalog = run.database.catalog
    database = clauses.place[0] if clauses.place else run.session.database
    if clauses.kind == "ACCOUNT":
        database = None
    elif database is not None and not catalog.has(database):
        raise object_missing("Database", written(database))
    for one in catalog.seen(Place, run.session.session_id):
        if one.name.schema and database in (None, one.name.database):
            yield _facts(run, one)
    if database is not None:
        told = "Views describing the contents of schemas in this database"
        own = {"name": INFORMATION_SCHEMA, "schema_name": INFORMATION_SCHEMA, "comment": told}
        yield own | {"database_name": database, "is_default": "N", "is_current": "N"}


def _parameters(run: Execution, _: Clauses) -> Iterator[Facts]:
    for name, value in sorted(run.session.parameters.items()):
        yield {"name": name, "value": value, "level": "SESSION", "type": "STRING"}


def _variables(run: Execution, _: Clauses) -> Iterator[Facts]:
    for name, value in sorted(run.session.variables.items()):
        kind = "text" if value.is_string else "fixed"
        told = {"name": name, "value": value.name, "type": kind}
        yield told | {"session_id": run.session.session_id}


def _models(run: Execution, clauses: Clauses) -> Iterator[Facts]:
    # Documented: without IN the statement looks at the session's database, where no base model is.
    session, place = run.session, tuple(clauses.place or ())
    if place or clauses.kind:
        reached = clauses.kind == "ACCOUNT" or place in {HOME_OF_MODELS, HOME_OF_MODELS[:1]}
    else:
        reached = session.database is None or (session.database, session.schema) == HOME_OF_MODELS
    return iter(run.cortex.base_models() if reached else ())


def _streams(run: Execution, _: Clauses) -> Iterator[Facts]:
    # Local Cortex's own: an account has no such statement.
    names = ("number", "name", "thought", "made", "sent", "state", "milliseconds")
    return (dict(zip(names, row, strict=True)) for row in run.cortex.streams())


def _here(name: str) -> Source:
    """Show the one warehouse, role or user of a session: nobody else is here."""

    def source(run: Execution, _: Clauses) -> Iterator[Facts]:
        yield {
            "name": getattr(run.session, name),
            "state": "STARTED",
            "type": "STANDARD",
            "size": "X-Small",
            "is_default": "Y",
            "is_current": "Y",
            "auto_suspend": 60,
            "auto_resume": "true",
            "login_name": run.session.user,
            "default_role": run.session.role,
            "comment": "There is one of it: statements run on DuckDB.",
        }

    return source


_SOURCES: dict[str, Source] = {
    "columns": _columns,
    "databases": _databases,
    "models": _models,
    "none": lambda *_: (),
    "parameters": _parameters,
    "primary_keys": _primary_keys,
    "schemas": _schemas,
    "streams": _streams,
    "variables": _variables,
}


def _kinds(title: str) -> dict[str, tuple[str, Source]]:
    """Read the columns of each kind, and where its facts come from."""
    text = Path(__file__).with_name("show.txt").read_text("utf-8")
    kinds = {}
    for line in text.partition(f"[{title}]\n")[2].partition("\n\n")[0].splitlines():
        kind, source, names = line.split(";")
        word, _, what = source.strip().partition(" ")
        made = {"objects": _objects, "here": _here}.get(word)
        kinds[kind] = names, made(what) if made else _SOURCES[word]
    return kinds


SHOWN, DESCRIBED, INFORMATION = map(_kinds, ("SHOW", "DESCRIBE", "INFORMATION_SCHEMA"))
#: Views that are empty: nothing is metered here.
ACCOUNT_USAGE = _kinds("ACCOUNT_USAGE")


def information_schema(execution: Execution, name: Name) -> SqlResult:
    """Return a view of INFORMATION_SCHEMA or ACCOUNT_USAGE; 002003, there is none."""
    usage = (name.database, name.schema) == ("SNOWFLAKE", USAGE)
    views = {**INFORMATION, **(ACCOUNT_USAGE if usage else {})}
    if name.name not in views or not execution.database.catalog.has(name.database):
        raise object_missing("Object", str(name), f"There are {', '.join(INFORMATION)}.")
    names, source = views[name.name]
    result = _result(names, source(execution, Clauses(kind="DATABASE", place=[name.database])))
    # A view's columns are in capitals, those of SHOW are not.
    columns = tuple(replace(one, name=one.name.upper()) for one in result.columns)
    return replace(result, columns=columns)


def describe(execution: Execution, kind: str, name: Name) -> SqlResult:
    """Answer DESCRIBE of one of ``DESCRIBED``; 002003, there is none of this name."""
    found = execution.find(KINDS[kind], kind.capitalize(), name)
    return _result(DESCRIBED[kind][0], [_facts(execution, found)])


def describe_table(table: Table) -> SqlResult:
    """Answer DESCRIBE TABLE or VIEW."""
    names = (
        "name,type,kind,null?,default,primary key,unique key,check,expression,comment,policy name"
    )
    columns = [SqlColumn(name, TEXT) for name in names.split(",")]
    rows = []
    for one in table.columns:
        flags = ["Y" if flag else "N" for flag in (one.nullable, one.primary_key, one.unique_key)]
        row = (one.name, str(one.type), "COLUMN", flags[0], one.default, *flags[1:])
        rows.append((*row, None, None, one.comment, None))
    return SqlResult.of_rows(columns, rows, SHOW)


# --- clauses --------------------------------------------------------------------------------------

_KINDS = frozenset({"ACCOUNT", "DATABASE", "SCHEMA", "TABLE", "VIEW", "SESSION", "USER", "ROLE"})
_ENDS = frozenset({"LIKE", "STARTS", "LIMIT"})


def _clauses(words: Words) -> Clauses:
    clauses = Clauses()
    while words:
        if words.skip("LIKE"):
            clauses.pattern = words.text()
        elif words.skip("STARTS", "WITH"):
            clauses.prefix = words.text()
        elif words.skip("LIMIT"):
            clauses.limit = _row_count(words.take())
        elif any(map(words.skip, ("IN", "ON", "FOR", "TO"))):
            clauses.kind = words.take() if words.next in _KINDS else ""
            if words and words.next not in _ENDS:
                clauses.place = words.name()
            elif clauses.kind in {"DATABASE", "SCHEMA"}:
                clauses.place = []
        else:
            words.expect("HISTORY")
    return clauses


def _row_count(text: str) -> int:
    if not text.isdecimal():
        raise compile_error(f"Invalid row count '{text}' in LIMIT clause", "001015", "22023")
    return int(text[:9])

"""CREATE, DROP, ALTER and COMMENT of databases, schemas and what is in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local_cortex.agents.asked import read_spec, read_yaml
from local_cortex.database import session_state, tables
from local_cortex.database.catalog import Agent, Entry, Name, Place, Table
from local_cortex.faults import Refusal
from local_cortex.search.service import SearchService, made
from local_cortex.sql.cortex_statements import CLAUSES
from local_cortex.sql.names import identifier
from local_cortex.sql.resolve import Resolver
from local_cortex.sql.sql_error import (
    WHAT_RUNS,
    compile_error,
    exists_already,
    not_run,
    object_missing,
)
from local_cortex.stages.file_formats import FileFormat, options_of
from local_cortex.stages.reading import template
from local_cortex.stages.stage_files import NamedFormat, Stage, stage_note, stage_options
from local_cortex.wire.result import DDL, SqlResult

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

# One of each exists, whatever a program calls it: accepted without effect.
PLACES = frozenset(
    {"WAREHOUSE", "ROLE", "USER", "TAG", "INTEGRATION", "ACCOUNT", "SHARE", "SECRET"}
)
KINDS: dict[str, type[Entry]] = {
    **dict.fromkeys(("DATABASE", "SCHEMA"), Place),
    **dict.fromkeys(("TABLE", "VIEW"), Table),
    "STAGE": Stage,
    "FILE FORMAT": NamedFormat,
    "AGENT": Agent,
    "CORTEX SEARCH SERVICE": SearchService,
}
_UNSUPPORTED: dict[type, str] = {
    exp.DynamicProperty: "DYNAMIC ",
    exp.ExternalProperty: "EXTERNAL ",
    exp.IcebergProperty: "ICEBERG ",
}


def _done(message: str = "Statement executed successfully.") -> SqlResult:
    return SqlResult.done(DDL, message)


def create(execution: Execution, node: Any) -> SqlResult:
    """Run CREATE; 002002, there is one of this name; 000002, it is of a kind that is not run."""
    kind = str(node.args.get("kind")).upper()
    if kind in PLACES:
        return _done(f"{kind.title()} {node.this.name.upper()} successfully created.")
    properties = node.args.get("properties")
    given: tables.Given = {type(one): one for one in (properties.expressions if properties else [])}
    special = next((word for one, word in _UNSUPPORTED.items() if one in given), "")
    if kind not in KINDS or special:
        instead = {"SEQUENCE": "Use a column with AUTOINCREMENT."}.get(kind, WHAT_RUNS)
        raise not_run(f"CREATE {special}{kind}", instead)
    if KINDS[kind] in {Table, Place, SearchService}:
        # write_pandas makes a stage and a file format in the transaction that it writes in.
        session_state.end(execution)
    if exp.UsingTemplateProperty in given:
        node = template(execution, node)
    name = _name(
        execution, kind, node.this.this if isinstance(node.this, exp.Schema) else node.this
    )
    if name.name:
        execution.database.catalog.check_schema(name)
    owner = execution.session.session_id if exp.TemporaryProperty in given else None
    # A temporary object only hides a permanent one.
    there = execution.database.catalog.at(KINDS[kind], name, owner)
    if there is not None and there.kind == kind and node.args.get("exists"):
        return _done(f"{name.short} already exists, statement succeeded.")
    if there is not None and (there.kind != kind or not node.args.get("replace")):
        raise exists_already(name.short)
    told = given.get(exp.SchemaCommentProperty)
    common = {"name": name, "owner": owner, "comment": str(told.this.name) if told else ""}
    if KINDS[kind] is Place:
        _create_place(execution, common, there)
    elif kind == "TABLE":
        tables.create_table(execution, node, given, common)
    else:
        execution.place(_MAKERS[kind](execution, node, common), there)
    note = stage_note(properties) if kind == "STAGE" else ""
    label = "Stage area" if kind == "STAGE" else kind.capitalize()
    return _done(f"{label} {name.short} successfully created.{note}")


def _name(execution: Execution, kind: str, node: Any) -> Name:
    resolver = Resolver(execution)
    if kind == "DATABASE":
        return Name(resolver.parts(node)[-1])
    if kind == "SCHEMA":
        return replace(resolver.full([*resolver.parts(node), "X"]), name="")
    return resolver.name(node)


def _create_place(execution: Execution, common: dict[str, Any], there: Entry | None) -> None:
    name = common["name"]
    if there is not None:
        execution.drop(there)
    execution.database.catalog.create(name, common["comment"])
    execution.session.database, execution.session.schema = name.database, name.schema or "PUBLIC"


def _stage(execution: Execution, node: Any, common: dict[str, Any]) -> Entry:
    options = stage_options(execution, node.args.get("properties"))
    return Stage(folder=execution.database.stages.new_folder(), options=options, **common)


def _format(_: Execution, node: Any, common: dict[str, Any]) -> Entry:
    properties = node.args.get("properties")
    options = options_of(properties.expressions if properties else ())
    FileFormat.of(options)
    return NamedFormat(options=options, **common)


def _agent(_: Execution, node: Any, common: dict[str, Any]) -> Entry:
    clauses = node.meta[CLAUSES]
    try:
        given = read_yaml(clauses["specification"])
        read_spec(given)
    except Refusal as error:
        raise compile_error(f"Invalid agent specification: {error}") from None
    return Agent(given=given, profile=clauses["profile"], **common)


def _search(execution: Execution, node: Any, common: dict[str, Any]) -> Entry:
    return made(execution, **node.meta[CLAUSES], **common)


_MAKERS: dict[str, Callable[[Execution, Any, dict[str, Any]], Entry]] = {
    "VIEW": tables.made_view,
    "STAGE": _stage,
    "FILE FORMAT": _format,
    "AGENT": _agent,
    "CORTEX SEARCH SERVICE": _search,
}


def drop(execution: Execution, node: Any) -> SqlResult:
    """Run DROP; 002003, there is no such thing."""
    kind = str(node.args.get("kind")).upper()
    target = node.args["tables"][0] if node.args.get("tables") else node.this
    if kind in PLACES:
        return _done(f"{target.name.upper()} successfully dropped.")
    if kind not in KINDS:
        raise not_run(f"DROP {kind}")
    if KINDS[kind] in {Table, Place}:
        session_state.end(execution)
    catalog, session = execution.database.catalog, execution.session
    name = _name(execution, kind, target)
    found = catalog.find(KINDS[kind], name, session.session_id)
    if found is None or found.kind != kind:
        if node.args.get("exists"):
            return _done(f"Drop statement executed successfully ({name.short} already dropped).")
        short = KINDS[kind] is Table and not target.args.get("db")
        raise object_missing(kind.capitalize(), name.short if short else str(name))
    execution.drop(found)
    if KINDS[kind] is Place and session.database == name.database:
        if name.schema in ("", session.schema):
            session.schema = None
        if not name.schema:
            session.database = None
    return _done(f"{name.short} successfully dropped.")


def comment(execution: Execution, node: Any) -> SqlResult:
    """Run COMMENT ON."""
    kind, text = str(node.args.get("kind")).upper(), node.expression.name
    if kind == "COLUMN":
        *parts, column = [identifier(part) for part in node.this.parts]
        table = execution.find(Table, "Table", Resolver(execution).full(parts))
        tables.change_column(execution, table, column, comment=text)
        return _done()
    if kind not in KINDS:
        raise not_run(f"COMMENT ON {kind}")
    name, catalog = _name(execution, kind, node.this), execution.database.catalog
    found = catalog.find(KINDS[kind], name, execution.session.session_id)
    if found is None or found.kind != kind:
        raise object_missing(kind.capitalize(), name.short)
    catalog.change(found, comment=text)
    return _done()


def alter(execution: Execution, node: Any) -> SqlResult:
    """Run ALTER TABLE, ALTER VIEW, or the REFRESH of a Cortex Search service."""
    kind = str(node.args.get("kind")).upper()
    if kind in PLACES:
        return _done()
    if kind == "CORTEX SEARCH SERVICE":
        name = Resolver(execution).name(node.this)
        execution.find(SearchService, kind.capitalize(), name).kept.clear()
        return _done()
    if kind not in {"TABLE", "VIEW"}:
        raise not_run(f"ALTER {kind}")
    session_state.end(execution)
    tables.alter_table(execution, kind, node)
    return _done()

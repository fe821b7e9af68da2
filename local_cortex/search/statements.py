"""CREATE, DESCRIBE, ALTER and DROP of Cortex Search services, read from their words.

sqlglot takes these statements for commands. Clauses and the columns of DESCRIBE are those of
Snowflake's documentation (November 2026).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_cortex.database import session_state
from local_cortex.database.catalog import Name
from local_cortex.engines.computed import DIMENSIONS
from local_cortex.search.service import KIND, SearchService, contents, selected
from local_cortex.sql.bounds import MAX_SEARCH_SERVICES
from local_cortex.sql.resolve import Resolver
from local_cortex.sql.sql_error import (
    compile_error,
    exists_already,
    invalid_identifier,
    not_run,
    object_missing,
    too_large,
)
from local_cortex.sql.words import Words
from local_cortex.wire.result import DDL, SHOW, SqlResult

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution
    from local_cortex.sql.parse import Parsed

DEFAULT_MODEL = "snowflake-arctic-embed-m-v1.5"
#: What DESCRIBE shows, and SHOW after ``created_on``.
COLUMNS = (
    "name database_name schema_name target_lag warehouse search_column attribute_columns columns "
    "definition comment service_query_url source_data_num_rows:n indexing_state indexing_error "
    "serving_state embedding_model"
)
# Clauses that set something: a service's field, or none where there is nothing to set.
OPTIONS = {
    "WAREHOUSE": "warehouse",
    "TARGET_LAG": "target_lag",
    "EMBEDDING_MODEL": "model",
    "COMMENT": "comment",
    "INITIALIZE": "",
    "REFRESH_MODE": "",
}


def run(execution: Execution, parsed: Parsed) -> SqlResult:
    """Run a statement about a Cortex Search service.

    Raises:
        SqlError: 002002, there is one of this name; 002003, there is none; 000904, a column that
            the query does not give; 000002, a clause or another statement that does not run here.
    """
    words = Words(parsed.sql, parsed.tokens)
    verb = words.take()
    replace = verb == "CREATE" and words.skip("OR", "REPLACE")
    words.expect(*KIND.split())
    if verb in {"DESCRIBE", "DESC"}:
        return _describe(execution, words)
    if execution.describe_only:
        return SqlResult.described()
    if verb == "CREATE":
        return _create(execution, words, replace)
    if verb == "DROP":
        return _drop(execution, words)
    if verb == "ALTER":
        service = _find(execution, words)
        if words.skip("REFRESH"):
            words.end()
            service.kept.clear()
            return SqlResult.done(DDL)
    raise not_run(f"this form of {verb} {KIND}", "It runs CREATE, DESCRIBE, DROP and REFRESH.")


def _create(execution: Execution, words: Words, replace: bool) -> SqlResult:
    unless = words.skip("IF", "NOT", "EXISTS")
    name = Resolver(execution).full(words.name())
    given, definition = _clauses(words), words.rest()
    session_state.end(execution)
    catalog, session = execution.database.catalog, execution.session
    there = catalog.at(SearchService, name, None)
    if there is not None and unless:
        return SqlResult.done(DDL, f"{name.short} already exists, statement succeeded.")
    if there is not None and not replace:
        raise exists_already(name.short)
    if there is None and len(catalog.seen(SearchService, 0)) >= MAX_SEARCH_SERVICES:
        raise too_large("Cortex Search services", MAX_SEARCH_SERVICES, "Drop some.")
    home = session.database, session.schema
    columns = selected(execution, definition, home).columns
    service = SearchService(name=name, definition=definition, home=home, columns=columns, **given)
    types = {one.name: one.type.name for one in columns}
    for one in (service.column, *service.attributes, *service.keys):
        if one not in types:
            raise invalid_identifier(one)
    if types[service.column] != "TEXT":
        message = f"The search column '{service.column}' must be of type TEXT."
        raise compile_error(message, "001044", "42P13")
    contents(execution, service)
    if there is not None:
        catalog.drop(there)
    catalog.place(service)
    return SqlResult.done(DDL, f"Cortex search service {name.short} successfully created.")


def _clauses(words: Words) -> dict[str, Any]:
    """Read what stands between a service's name and its query, in any order."""
    if not words.skip("ON"):
        raise not_run(f"this form of CREATE {KIND}", "Name one search column with ON.")
    given: dict[str, Any] = {"column": words.take(), "model": DEFAULT_MODEL}
    while not words.skip("AS"):
        if words.skip("ATTRIBUTES"):
            given["attributes"] = words.names()
        elif words.skip("PRIMARY KEY"):
            given["keys"] = words.names()
        else:
            option = words.next
            if option not in OPTIONS:
                words.wrong()
            words.expect(option, "=")
            value = words.take()
            if OPTIONS[option]:
                given[OPTIONS[option]] = value
    given["model"] = given["model"].lower()
    if given["model"] not in DIMENSIONS:
        message = f"invalid value '{given['model'][:100]}' for property 'EMBEDDING_MODEL'"
        raise compile_error(message, "001008", "22023")
    return given


def _find(execution: Execution, words: Words) -> SearchService:
    name = Resolver(execution).full(words.name())
    return _at(execution, name)


def _at(execution: Execution, name: Name) -> SearchService:
    found = execution.database.catalog.at(SearchService, name, None)
    if not isinstance(found, SearchService):
        raise object_missing("Cortex Search Service", str(name))
    return found


def _drop(execution: Execution, words: Words) -> SqlResult:
    unless = words.skip("IF", "EXISTS")
    name = Resolver(execution).full(words.name())
    words.end()
    catalog = execution.database.catalog
    if unless and catalog.at(SearchService, name, None) is None:
        done = f"Drop statement executed successfully ({name.short} already dropped)."
        return SqlResult.done(DDL, done)
    catalog.drop(_at(execution, name))
    return SqlResult.done(DDL, f"{name.short} successfully dropped.")


def _describe(execution: Execution, words: Words) -> SqlResult:
    service = _find(execution, words)
    words.end()
    told = {"comment": service.comment, **facts(service)}
    names = [one.partition(":")[0] for one in COLUMNS.split()]
    return SqlResult.named(COLUMNS, [[told[one] for one in names]], SHOW)


def facts(service: SearchService) -> dict[str, Any]:
    """Return what DESCRIBE and SHOW tell of a service; rows are counted as it last had them."""
    name = service.name
    return {
        "name": name.name,
        "database_name": name.database,
        "schema_name": name.schema,
        "target_lag": service.target_lag,
        "warehouse": service.warehouse,
        "search_column": service.column,
        "attribute_columns": ",".join(service.attributes),
        "columns": ",".join(one.name for one in service.columns),
        "definition": service.definition,
        "service_query_url": f"/api/v2/databases/{name.database}/schemas/{name.schema}"
        f"/cortex-search-services/{name.name}:query",
        "source_data_num_rows": len(service.kept[0].rows) if service.kept else 0,
        "indexing_state": "RUNNING",
        "indexing_error": "",
        "serving_state": "RUNNING",
        "embedding_model": service.model,
    }

"""A Cortex Search service: what it searches, how a request is read, and its rows and their index.

The request and the answer have the form of ``cortex-search-service.yaml`` in Snowflake's REST API
specifications (April 2026). Every search reads the rows again, and indexes them again only if they
differ: there is no target lag to wait for.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from local_cortex.ai.cortex_functions import remote_error
from local_cortex.database.catalog import Entry, Name
from local_cortex.database.sql_session import SqlSession
from local_cortex.engines import EngineError
from local_cortex.engines.computed import DIMENSIONS
from local_cortex.faults import Refusal
from local_cortex.search.filters import compiled
from local_cortex.sql.bounds import MAX_SEARCH_CHARS, MAX_SEARCH_ROWS, MAX_SEARCH_SERVICES
from local_cortex.sql.names import parts
from local_cortex.sql.sql_error import (
    SqlError,
    compile_error,
    invalid_identifier,
    not_run,
    too_large,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from local_cortex.database.execution import Execution
    from local_cortex.search.index import Index
    from local_cortex.wire.result import SqlColumn, SqlResult

KIND = "CORTEX SEARCH SERVICE"
DEFAULT_MODEL = "snowflake-arctic-embed-m-v1.5"
DEFAULT_LIMIT, MAX_LIMIT = 10, 1_000
# Documented: the answer of SEARCH_PREVIEW ends there.
PREVIEW_BYTES = 300_000
NOT_BUILT = ("multi_index_query", "scoring_config", "scoring_profile")


@dataclass(frozen=True, slots=True)
class Contents:
    """A service's rows and their index."""

    table: pa.Table
    rows: list[dict[str, Any]]
    index: Index


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchService(Entry):
    """A service; ``home`` are the database and schema in which ``definition`` names its tables."""

    kind: str = KIND
    column: str
    attributes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    columns: tuple[SqlColumn, ...] = ()
    definition: str
    home: tuple[str | None, str | None]
    warehouse: str = ""
    target_lag: str = ""
    model: str
    kept: list[Contents] = field(default_factory=list, compare=False, repr=False)

    def facts(self) -> dict[str, Any]:
        """Return what DESCRIBE and SHOW tell of it; rows are counted as it last had them."""
        name = self.name
        return {
            "target_lag": self.target_lag,
            "warehouse": self.warehouse,
            "search_column": self.column,
            "attribute_columns": ",".join(self.attributes),
            "columns": ",".join(one.name for one in self.columns),
            "definition": self.definition,
            "service_query_url": f"/api/v2/databases/{name.database}/schemas/{name.schema}"
            f"/cortex-search-services/{name.name}:query",
            "source_data_num_rows": len(self.kept[0].rows) if self.kept else 0,
            "indexing_state": "RUNNING",
            "serving_state": "RUNNING",
            "embedding_model": self.model,
        }


@dataclass(frozen=True, slots=True)
class Request:
    """What is searched for."""

    query: str
    columns: tuple[str, ...] = ()
    filter: Any = None
    limit: int = DEFAULT_LIMIT


def read(body: Mapping[str, Any]) -> Request:
    """Read a request's JSON; ``Refusal`` 400, it names the field that is wrong or not there."""
    given = {key: value for key, value in body.items() if value is not None}
    if given.get("scoring_config") == {"reranker": "none"}:
        # There is no reranker to leave out.
        del given["scoring_config"]
    for name in NOT_BUILT:
        if name in given:
            raise Refusal(400, f"{name}: Local Cortex searches one column by its own scores alone")
    query, columns = given.get("query"), given.get("columns", [])
    if not isinstance(query, str):
        raise Refusal(400, "Exactly one of 'query' or 'multi_index_query' must be specified.")
    if not isinstance(columns, list) or not all(isinstance(one, str) for one in columns):
        raise Refusal(400, "columns must be a list of column names")
    limit = given.get("limit", DEFAULT_LIMIT)
    if type(limit) is not int or not 1 <= limit <= MAX_LIMIT:
        raise Refusal(400, f"limit must be a whole number from 1 to {MAX_LIMIT}")
    return Request(query, tuple(columns), given.get("filter") or None, limit)


def made(execution: Execution, *, definition: str, **given: Any) -> SearchService:
    """Return a new service, whose rows have been indexed."""
    catalog, session = execution.database.catalog, execution.session
    others = [one for one in catalog.seen(SearchService, 0) if one.name != given["name"]]
    if len(others) >= MAX_SEARCH_SERVICES:
        raise too_large("Cortex Search services", MAX_SEARCH_SERVICES, "Drop some.")
    model = given.pop("model", DEFAULT_MODEL).lower()
    if model not in DIMENSIONS:
        message = f"invalid value '{model[:100]}' for property 'EMBEDDING_MODEL'"
        raise compile_error(message, "001008", "22023")
    home = session.database, session.schema
    columns = selected(execution, definition, home).columns
    service = SearchService(definition=definition, home=home, columns=columns, model=model, **given)
    types = {one.name: one.type.name for one in columns}
    for one in (service.column, *service.attributes, *service.keys):
        if one not in types:
            raise invalid_identifier(one)
    if types[service.column] != "TEXT":
        message = f"The search column '{service.column}' must be of type TEXT."
        raise compile_error(message, "001044", "42P13")
    contents(execution, service)
    return service


def service_named(execution: Execution, name: Name) -> SearchService:
    """Return a service; ``Refusal`` 404, there is none of this name."""
    found = execution.database.catalog.at(SearchService, name, None)
    if not isinstance(found, SearchService):
        raise Refusal(404, f"Cortex Search service '{name}' does not exist or not authorized.")
    return found


def results(
    execution: Execution, service: SearchService, request: Request, *, text_first: bool = False
) -> list[dict[str, Any]]:
    """Return the rows that fit best; see :func:`local_cortex.search.search`."""
    names = {one.name.upper(): one.name for one in service.columns}
    unknown = [one for one in request.columns if one.upper() not in names]
    if unknown:
        known = ", ".join(names.values())
        raise Refusal(400, f"columns: {unknown[0][:100]!r} is not a column of the service: {known}")
    # A result calls a column as the request does: `chunk` and `CHUNK` are one column.
    shown = {one: names[one.upper()] for one in request.columns}
    if text_first or not shown:
        shown = {service.column: service.column} | shown
    test = request.filter and compiled(request.filter, service.attributes, service.keys)
    contents_ = contents(execution, service)
    allowed = []
    for number, row in enumerate(contents_.rows):
        execution.check()
        if not test or test(row):
            allowed.append(number)
    return [
        {key: _json(contents_.rows[hit.row][name]) for key, name in shown.items()}
        | {
            "@scores": {
                "cosine_similarity": round(hit.cosine_similarity, 6),
                "text_match": round(hit.text_match, 6),
            }
        }
        for hit in contents_.index.best(request.query, allowed, request.limit)
    ]


def _json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value.hex().upper() if isinstance(value, bytes) else value


def contents(execution: Execution, service: SearchService) -> Contents:
    """Return a service's rows and index, as of now; ``SqlError`` if its query fails."""
    before = service.kept[0] if service.kept else None
    result = selected(execution, service.definition, service.home)
    table = result.table
    if before is not None and table.equals(before.table):
        return before
    # Imported where it is used: it needs numpy.
    from local_cortex.search.index import Index

    if table.num_rows > MAX_SEARCH_ROWS:
        raise too_large("Rows of a Cortex Search service", MAX_SEARCH_ROWS, "Select fewer.")
    rows = table.to_pylist()
    for one in result.columns:
        for row in rows if one.type.is_json else ():
            row[one.name] = json.loads(row[one.name] or "null")
    texts = [row[service.column] or "" for row in rows]
    if sum(map(len, texts)) > MAX_SEARCH_CHARS:
        what = f"Characters of {service.column} in a Cortex Search service"
        raise too_large(what, MAX_SEARCH_CHARS, "Select fewer rows.")
    index = Index(texts, DIMENSIONS[service.model], execution.check)
    now = Contents(table, rows, index)
    # What an open transaction sees may yet be undone.
    if not execution.in_transaction:
        service.kept[:] = [now]
    return now


def selected(execution: Execution, definition: str, home: Sequence[str | None]) -> SqlResult:
    """Run a service's query without the caller's variables and temporary tables."""
    import duckdb
    from sqlglot import exp

    from local_cortex.sql.failures import as_sql_error
    from local_cortex.sql.parse import parse
    from local_cortex.sql.rows import query

    tree = parse(definition, execution.check).tree
    if not isinstance(tree, exp.Select | exp.SetOperation | exp.Subquery):
        raise not_run(f"a {KIND} over anything but a query", "Write AS SELECT ...")
    if tree.find(exp.Placeholder):
        raise not_run(f"a bind in the query of a {KIND}", "Write the value into it.")
    owner = SqlSession(execution.session.user, database=home[0], schema=home[1])
    try:
        return query(execution, tree, definition, owner)
    except duckdb.Error as error:
        execution.check()
        if isinstance(execution.failure, SqlError):
            raise execution.failure from None
        text = execution.database.stages.hide(str(error))
        raise as_sql_error(text, type(error), parse(definition)) from error


def preview(
    execution: Execution, full: Callable[[list[str]], Name], service: str, text: str
) -> str:
    """Answer SEARCH_PREVIEW: JSON of as many results as fit into ``PREVIEW_BYTES``.

    ``full`` completes a service's name, as a session does. 100351 for what the service refuses.
    """
    try:
        body = json.loads(text)
        request = read(body if isinstance(body, dict) else {})
        found = results(execution, service_named(execution, full(parts(service))), request)
    except (ValueError, RecursionError):
        raise _refused(400, "give a service's name, and a JSON object") from None
    except Refusal as error:
        raise _refused(error.status, str(error)) from error
    answer: dict[str, Any] = {"results": [], "request_id": str(uuid.uuid4())}
    left = PREVIEW_BYTES - len(json.dumps(answer))
    for one in found:
        # Two more for what stands between.
        left -= len(json.dumps(one, ensure_ascii=False).encode("utf-8", "replace")) + 2
        if left < 0:
            break
        answer["results"].append(one)
    return json.dumps(answer, ensure_ascii=False)


def _refused(status: int, message: str) -> SqlError:
    return remote_error("SEARCH_PREVIEW", EngineError(status, message))

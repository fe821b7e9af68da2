"""Functions that tell who and where the session is, and those that clients call."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local_cortex.sql.names import written

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

_OF_SESSION = """
VERSION=version ACCOUNT=account ACCOUNT_NAME=account ORGANIZATION_NAME=organization REGION=region
USER=user ROLE=role PRIMARY_ROLE=role WAREHOUSE=warehouse DATABASE=database CATALOG=database
SCHEMA=schema SESSION=session_id CLIENT=client
"""


def _attribute(name: str) -> Callable[[Execution, list[Any]], str | None]:
    return lambda run, _: str(getattr(run.session, name) or "") or None


def _schemas(run: Execution, _: list[Any]) -> str:
    here = run.session.database, run.session.schema
    return json.dumps([written(*map(str, here))] if all(here) else [])


def _last_query(run: Execution, given: list[Any]) -> str | None:
    at = int(given[0].to_py()) if given else -1
    with run.session.lock:
        kept = dict(enumerate(run.session.results))
    return kept.get(at + len(kept) if at < 0 else at - 1)


def _cancel_query(run: Execution, given: list[Any]) -> str:
    query_id = given[0].name if given else ""
    if run.session.cancel(query_id):
        return f"query [{query_id}] terminated."
    return "Identified SQL statement is not currently executing."


#: A function's name -> its value, from the statement and its arguments.
SESSION_FUNCTIONS: dict[str, Callable[[Execution, list[Any]], str | None]] = {
    **{f"CURRENT_{a}": _attribute(b) for a, b in (x.split("=") for x in _OF_SESSION.split())},
    "CURRENT_ROLE_TYPE": lambda run, _: "ROLE" if run.session.role else None,
    "CURRENT_AVAILABLE_ROLES": lambda run, _: json.dumps([run.session.role or "PUBLIC"]),
    "CURRENT_SECONDARY_ROLES": lambda *_: json.dumps({"roles": "", "value": ""}),
    "CURRENT_SCHEMAS": _schemas,
    "CURRENT_STATEMENT": lambda run, _: run.sql,
    "CURRENT_TRANSACTION": lambda *_: None,
    "CURRENT_IP_ADDRESS": lambda *_: "127.0.0.1",
    "LAST_QUERY_ID": _last_query,
    "SYSTEM$CANCEL_QUERY": _cancel_query,
    "SYSTEM$CANCEL_ALL_QUERIES": lambda *_: "canceled 0 jobs",
    "SYSTEM$BOOTSTRAP_DATA_REQUEST": lambda *_: "{}",
    "SYSTEM$CLIENT_VERSION_INFO": lambda *_: "[]",
}


def answer(run: Execution, call: Any) -> Any:
    """Return the text that a call of such a function stands for; ``None`` for another call."""
    name = str(call.this).upper() if isinstance(call, exp.Anonymous) else call.sql_name()
    function = SESSION_FUNCTIONS.get(name)
    if function is None:
        return None
    value = function(run, call.expressions)
    literal = exp.null() if value is None else exp.Literal.string(value)
    return exp.cast(literal, "varchar")

"""Who and where the session is: ``CURRENT_...()``, and the ``SYSTEM$`` functions clients call."""

from __future__ import annotations

import json
from collections.abc import Callable

from local_cortex.sql.batch import Bound, constant
from local_cortex.sql.context import Execution
from local_cortex.sql.types import TEXT, text

from .registry import Call, builder

_ANSWERS: dict[str, Callable[[Execution], str | None]] = {
    "CURRENT_VERSION": lambda run: run.session.version,
    "CURRENT_ACCOUNT": lambda run: run.session.account,
    "CURRENT_ACCOUNT_NAME": lambda run: run.session.account,
    "CURRENT_ORGANIZATION_NAME": lambda run: run.session.organization,
    "CURRENT_REGION": lambda run: run.session.region,
    "CURRENT_USER": lambda run: run.session.user,
    "CURRENT_ROLE": lambda run: run.session.role,
    "CURRENT_PRIMARY_ROLE": lambda run: run.session.role,
    "CURRENT_ROLE_TYPE": lambda run: "ROLE" if run.session.role else None,
    "CURRENT_AVAILABLE_ROLES": lambda run: json.dumps(
        [run.session.role] if run.session.role else []
    ),
    "CURRENT_SECONDARY_ROLES": lambda _: json.dumps({"roles": "", "value": ""}),
    "CURRENT_WAREHOUSE": lambda run: run.session.warehouse,
    "CURRENT_DATABASE": lambda run: run.session.database,
    "CURRENT_SCHEMA": lambda run: run.session.schema,
    "CURRENT_SCHEMAS": lambda run: json.dumps(_schemas(run)),
    "CURRENT_SESSION": lambda run: str(run.session.session_id),
    "CURRENT_STATEMENT": lambda run: run.sql,
    "CURRENT_TRANSACTION": lambda _: None,
    "CURRENT_CLIENT": lambda run: run.session.client or None,
    "CURRENT_IP_ADDRESS": lambda _: "127.0.0.1",
}


def _schemas(run: Execution) -> list[str]:
    here = run.session
    return [f"{here.database}.{here.schema}"] if here.database and here.schema else []


def _register(name: str, answer: Callable[[Execution], str | None]) -> None:
    @builder(name, least=0)
    def build(call: Call) -> Bound:
        value = answer(call.execution)
        return constant(value, text(len(value)) if value else TEXT)


for _name, _answer in _ANSWERS.items():
    _register(_name, _answer)


@builder("LAST_QUERY_ID", least=0, most=1)
def last_query_id(call: Call) -> Bound:
    with call.execution.session.lock:
        kept = list(call.execution.session.results)
    return constant(kept[-1] if kept else None, TEXT)


@builder("SYSTEM$CANCEL_ALL_QUERIES", least=1)
def cancel_all_queries(_: Call) -> Bound:
    # Sent by Session.close(); the server that runs the statements cancels them at logout.
    return constant("canceled 0 jobs", TEXT)

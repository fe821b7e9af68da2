"""Function calls: which function a name means, and what is said when it means none."""

from __future__ import annotations

from typing import Any

from .batch import Bound
from .binder import Binder, handles
from .errors import SqlError, not_run, unknown_function
from .functions import FUNCTIONS, Call
from .parse import snowflake_has_function
from .scope import identifier

__all__ = ["AGGREGATES", "missing_function"]

# They stand for groups, and are handled where groups are made.
AGGREGATES = frozenset(
    {
        "ANY_VALUE",
        "ARRAY_AGG",
        "AVG",
        "COUNT",
        "COUNT_IF",
        "LISTAGG",
        "MAX",
        "MIN",
        "SUM",
    }
)
WINDOWED = frozenset({"ROW_NUMBER"})
CORTEX = ("SNOWFLAKE", "CORTEX")
OF_CORTEX = frozenset({"COMPLETE", "TRY_COMPLETE"})


def missing_function(name: str) -> SqlError:
    """Say that a function is not there: at all, or only not in Local Cortex."""
    known = sorted({*FUNCTIONS, *AGGREGATES, *WINDOWED})
    if snowflake_has_function(name) or name.startswith(("AI_", "SNOWFLAKE.", "SYSTEM$")):
        return not_run(f"function {name}", f"It runs these functions: {', '.join(known)}.")
    return unknown_function(name, known)


@handles("anonymous")
def _call(binder: Binder, node: Any) -> Bound:
    return _function(binder, (), node)


@handles("dot")
def _qualified(binder: Binder, node: Any) -> Bound:
    parts: list[Any] = []
    while node.key == "dot":
        parts.insert(0, node.expression)
        node = node.this
    parts.insert(0, node)
    if parts[-1].key != "anonymous":
        raise not_run("a name of this many parts")
    return _function(binder, tuple(_part(part) for part in parts[:-1]), parts[-1])


def _part(node: Any) -> str:
    return identifier(node.this if node.key == "column" else node)


def _function(binder: Binder, prefix: tuple[str, ...], node: Any) -> Bound:
    name = (node.this if isinstance(node.this, str) else str(node.this.name)).upper()
    function = FUNCTIONS.get(_full_name(binder, prefix, name))
    if function is None:
        if not prefix and (name in AGGREGATES or name in WINDOWED):
            raise _misplaced(name)
        raise missing_function(".".join((*prefix, name)))
    arguments, named = _arguments(binder, node)
    if named and not function.takes_names:
        raise not_run(f"named arguments in {name}", "Give the arguments by position.")
    return function.call(Call(binder.execution, function.name, arguments, named))


def _full_name(binder: Binder, prefix: tuple[str, ...], name: str) -> str:
    # As any function of a schema, COMPLETE is found without a prefix only where it lives.
    session = binder.execution.session
    if len(prefix) == 1:
        prefix = (session.database or "", *prefix)
    elif not prefix and (session.database, session.schema) == CORTEX and name in OF_CORTEX:
        prefix = CORTEX
    return ".".join((*prefix, name))


def _misplaced(name: str) -> SqlError:
    what = "window" if name in WINDOWED else "aggregate"
    message = f"SQL compilation error:\nInvalid {what} function in this context: [{name}]"
    return SqlError(message, code="002035", sqlstate="42601")


def _arguments(binder: Binder, node: Any) -> tuple[list[Bound], dict[str, Bound]]:
    arguments: list[Bound] = []
    named: dict[str, Bound] = {}
    for argument in node.expressions:
        if argument.key == "kwarg":
            named[str(argument.this.name)] = binder.bind(argument.expression)
        elif argument.key in {"star", "distinct"}:
            raise not_run(f"{argument.key.upper()} as an argument of {node.this}")
        else:
            arguments.append(binder.bind(argument))
    return arguments, named

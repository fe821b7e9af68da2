"""From syntax trees to expressions: the dispatch, and the leaves (columns, literals, binds).

Binding settles every name and type before a row is touched, so a statement can be described without
being run, and errors of spelling come before any model is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from . import types
from .allowance import check
from .batch import Batch, Bound, Column, Values, constant
from .context import Execution
from .errors import SqlError, not_run, too_large
from .functions import FUNCTIONS, Call
from .limits import MAX_DEPTH
from .scope import Scope, identifier
from .types import MAX_PRECISION, number, text

if TYPE_CHECKING:
    from .grouping import Grouping
    from .relations import Query

__all__ = ["Binder", "column_bound", "handles"]

Handler = Callable[["Binder", Any], Bound]

HANDLERS: dict[str, Handler] = {}

# Functions that Snowflake also takes without parentheses.
BARE_FUNCTIONS = {
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "LOCALTIME",
    "LOCALTIMESTAMP",
}


def handles(*keys: str) -> Callable[[Handler], Handler]:
    """Register the handler of some kinds of syntax nodes, by sqlglot's ``key``."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(keys, handler))
        return handler

    return register


@dataclass(slots=True)
class Binder:
    """Binds the expressions of one SELECT (or VALUES, or INSERT).

    ``subquery`` compiles a query inside an expression; ``grouping`` is set while the expressions
    stand for groups instead of rows.
    """

    execution: Execution
    scope: Scope
    subquery: Callable[[Any], Query]
    grouping: Grouping | None = None
    depth: int = field(default=0)

    def bind(self, node: Any) -> Bound:
        """Return the expression of a syntax tree.

        Raises:
            SqlError: 000904, 002140, 001044 and others that belong to compilation.
        """
        check()
        self.depth += 1
        if self.scope.expanding:
            self.execution.charge_alias()
        if self.depth > MAX_DEPTH:
            raise too_large("Operators within operators", MAX_DEPTH, "Split the expression.")
        try:
            while node.key == "paren":
                node = node.this
            if self.grouping is not None:
                grouped = self.grouping.substitute(node, self)
                if grouped is not None:
                    return grouped
            handler = HANDLERS.get(node.key)
            if handler is None:
                raise not_run(str(node.key).upper())
            return handler(self, node)
        finally:
            self.depth -= 1


def column_bound(index: int, column: Column) -> Bound:
    """Return the expression that reads a column of the batch."""

    async def evaluate(batch: Batch) -> Values:
        return batch.columns[index]

    return Bound(column.type, evaluate, nullable=column.nullable)


@handles("column")
def _column(binder: Binder, node: Any) -> Bound:
    index = binder.scope.find(node)
    if index is not None:
        return column_bound(index, binder.scope.columns[index])
    name = identifier(node.this)
    if node.args.get("table") is None:
        alias = binder.scope.aliases.pop(name, None)
        if alias is not None:
            binder.scope.expanding += 1
            try:
                return binder.bind(alias)
            finally:
                binder.scope.expanding -= 1
                binder.scope.aliases[name] = alias
        if name in BARE_FUNCTIONS and not node.this.args.get("quoted"):
            return FUNCTIONS[name].call(Call(binder.execution, name, []))
    raise binder.scope.unknown(node)


@handles("parameter")
def _parameter(binder: Binder, node: Any) -> Bound:
    name = str(node.this.name)
    if name.isdecimal():
        index = binder.scope.position(int(name[:9]))
        return column_bound(index, binder.scope.columns[index])
    value = binder.execution.variable(name.upper())
    return constant(value[0], value[1])


@handles("placeholder")
def _placeholder(binder: Binder, node: Any) -> Bound:
    start = node.args.get("start")
    execution = binder.execution
    position = str(execution.ordinals.get(start, 0)) if start is not None else str(node.name)
    bind = execution.bind(position)
    if not bind.array:
        return constant(bind.values[0], bind.type)
    if len(bind.values) != execution.array_rows:
        message = "Array bind currently not supported for this query type"
        raise SqlError(message, code="002099", sqlstate="42601")

    async def evaluate(_: Batch) -> Values:
        return bind.values

    return Bound(bind.type, evaluate)


@handles("literal")
def _literal(_: Binder, node: Any) -> Bound:
    written = str(node.this)
    if node.is_string:
        return constant(written, text(len(written)))
    if written.isdecimal() and len(written) <= MAX_PRECISION:
        return constant(int(written), number(len(written)))
    exact = Decimal(written)
    places = -int(exact.as_tuple().exponent)
    if "e" in written.lower() or len(exact.as_tuple().digits) > MAX_PRECISION or places < 0:
        return constant(float(written), types.REAL)
    digits = max(len(exact.as_tuple().digits), places)
    return constant(exact if places else int(exact), number(digits, places))


@handles("rawstring", "national")
def _raw(_: Binder, node: Any) -> Bound:
    return constant(str(node.this), text(len(str(node.this))))


@handles("hexstring")
def _hexadecimal(_: Binder, node: Any) -> Bound:
    return constant(bytes.fromhex(str(node.this)), types.BINARY)


@handles("boolean")
def _boolean(_: Binder, node: Any) -> Bound:
    return constant(bool(node.this), types.BOOLEAN)


@handles("null")
def _null(_: Binder, __: Any) -> Bound:
    return constant(None, types.NULL)


@handles("alias")
def _alias(binder: Binder, node: Any) -> Bound:
    return binder.bind(node.this)

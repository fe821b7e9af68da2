"""The table of functions: their names, what they take, how a call becomes an expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local_cortex.sql.batch import Bound
from local_cortex.sql.context import Execution
from local_cortex.sql.errors import wrong_argument_count
from local_cortex.sql.mapping import coerce, mapped
from local_cortex.sql.types import SqlType

__all__ = ["ANY", "FUNCTIONS", "Call", "Function", "builder", "scalar"]

ANY = SqlType("ANY")  # a parameter that takes a value of any type, as it is
UNLIMITED = 10_000  # arguments of a variadic function


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a function in a statement; ``named`` are its ``name => value`` arguments."""

    execution: Execution
    name: str
    arguments: Sequence[Bound]
    named: Mapping[str, Bound] = field(default_factory=dict)

    def coerced(self, index: int, kind: SqlType) -> Bound:
        """Return an argument, implicitly converted."""
        return coerce(self.execution, self.arguments[index], kind, self.name)

    def mapped(self, compute: Callable[..., Any], kind: SqlType, **options: bool) -> Bound:
        """Return the result of a function of single values, with the arguments as they are."""
        return mapped(self.execution, compute, self.arguments, kind, **options)


@dataclass(frozen=True, slots=True)
class Function:
    """A function; ``build`` turns a call with enough arguments into an expression."""

    name: str
    least: int
    most: int
    build: Callable[[Call], Bound]
    takes_names: bool = False

    def call(self, call: Call) -> Bound:
        """Check the number of arguments and build the expression.

        Raises:
            SqlError: 000938, 001044 and what the function itself raises.
        """
        got = len(call.arguments)
        if not self.takes_names and not self.least <= got <= self.most:
            expected = str(self.least)
            if self.most >= UNLIMITED:
                expected += " or more"
            elif self.most > self.least:
                expected += f" to {self.most}"
            raise wrong_argument_count(self.name, got, expected)
        return self.build(call)


FUNCTIONS: dict[str, Function] = {}


def builder(
    *names: str, least: int, most: int | None = None, takes_names: bool = False
) -> Callable[[Callable[[Call], Bound]], Callable[[Call], Bound]]:
    """Register a function that builds its own expression, under one or several names."""

    def register(build: Callable[[Call], Bound]) -> Callable[[Call], Bound]:
        for name in names:
            most_ = least if most is None else most
            FUNCTIONS[name] = Function(name, least, most_, build, takes_names)
        return build

    return register


def scalar(
    *names: str,
    takes: Sequence[SqlType],
    gives: SqlType | Callable[[Sequence[Bound]], SqlType],
    optional: int = 0,
    variadic: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function of single values; NULL in any argument gives NULL.

    ``takes`` are the parameters' types, the last ``optional`` of them may be left out; with
    ``variadic`` the last one repeats. ``gives`` is the result's type, or computes it.
    """

    def register(compute: Callable[..., Any]) -> Callable[..., Any]:
        def build(call: Call) -> Bound:
            kinds = [takes[min(index, len(takes) - 1)] for index in range(len(call.arguments))]
            arguments = [
                argument if kind is ANY else coerce(call.execution, argument, kind, call.name)
                for argument, kind in zip(call.arguments, kinds, strict=True)
            ]
            kind = gives if isinstance(gives, SqlType) else gives(arguments)
            return mapped(call.execution, compute, arguments, kind)

        most = UNLIMITED if variadic else len(takes)
        for name in names:
            FUNCTIONS[name] = Function(name, len(takes) - optional, most, build)
        return compute

    return register

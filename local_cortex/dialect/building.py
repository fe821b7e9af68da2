"""Expressions of DuckDB's that stand for Snowflake's values, and what kind of value each is.

A value's kind is one of :data:`local_cortex.dialect.macros.KINDS`. Where it is known, calls need no
overloaded macro: each that stands in another doubles the time in which DuckDB binds both. Ten
conversions to text within one another take half a second, twelve take two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, partial
from itertools import count
from typing import Any, Final

from sqlglot import exp, parse_one

from local_cortex.dialect.macros import ANSWERS, INLINE, KINDS, KNOWN, OPAQUE, PREFIX, TAKES

Arguments = list[Any]
#: Returns a node of Snowflake's in DuckDB's terms.
Rewrite = Callable[[Any], Any]
#: A function's name -> how DuckDB writes it; its parameters say how many arguments it takes.
Writers = dict[str, Callable[..., Any]]

KIND: Final = "kind"  # in a node's meta: what syntax or the catalog tells of a value
ALIAS: Final = "alias"  # in the meta of a column that another projection may have named
AGGREGATE: Final = "aggregate"  # in a node's meta: OVER, FILTER and WITHIN GROUP belong to it
NUMBERS: Final = frozenset({"int", "dec", "real", "num"})
_ASKED: Final = count()


@cache
def _parsed(sql: str) -> Any:
    return parse_one(re.sub(r"@(\d)", r"__\1", sql), dialect="duckdb")


def duck(sql: str, *arguments: Any, kind: str | None = None) -> Any:
    """Return DuckDB's expression ``sql``, in which ``@0``, ``@1``... are the arguments."""
    tree = _parsed(sql).copy()
    for column in list(tree.find_all(exp.Column)):
        if re.fullmatch(r"__\d", column.name):
            value = arguments[int(column.name[2:])].copy()
            if column is tree:
                return value
            column.replace(exp.paren(value) if isinstance(value, exp.Binary) else value)
    return marked(tree, kind)


def marked(node: Any, kind: str | None) -> Any:
    """Note in a node what kind of value it is."""
    if kind:
        node.meta[KIND] = kind
    return node


def call(name: str, *arguments: Any) -> Any:
    """Return a call of one of DuckDB's own functions."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def cast(value: Any, kind: str) -> Any:
    return exp.Cast(this=value, to=exp.DataType.build(kind, dialect="duckdb"))


def call_name(node: Any) -> str:
    """Return the name of the function that a statement calls, as Snowflake keeps it."""
    quoted = isinstance(node.this, exp.Identifier) and node.this.args.get("quoted")
    return str(node.name) if quoted else str(node.name).upper()


def change_parts(node: Any, change: Rewrite, but: str = "") -> None:
    """Put what ``change`` returns in the place of each part of a node ``but`` one."""
    for key, value in list(node.args.items()):
        if key == but:
            continue
        if isinstance(value, list):
            changed = [change(one) if isinstance(one, exp.Expression) else one for one in value]
            node.set(key, changed)
        elif isinstance(value, exp.Expression):
            node.set(key, change(value))


def asks(value: Any) -> bool:
    """Whether a value costs an answer of a model."""
    return any(one.name == "_CORTEX" for one in value.find_all(exp.Anonymous))


def once(build: Callable[[Arguments], Any], given: Arguments) -> Any:
    """Return ``build(given)`` so that a model is asked once, however often a value stands in it."""
    for at, one in enumerate(given):
        if asks(one):
            name = f"asked{next(_ASKED)}"
            body = once(build, [*given[:at], exp.column(name), *given[at + 1 :]])
            return duck(f"LIST_TRANSFORM([@0], lambda {name}: @1)[1]", one, body)
    return build(given)


def helper(name: str, *arguments: Any) -> Any:
    """Return a call of a line of ``macros.sql``, its arguments made the kinds that it takes."""
    first: Any = arguments[0] if arguments else None
    variant = isinstance(first, exp.Cast) and first.to.is_type("variant")
    if name in KINDS and variant and first.this.name == "_CORTEX":
        arguments = (marked(first.this, "text"),)
    kinds = [kind_of(one) for one in arguments]
    if name in KINDS and (name == kinds[0] or (name == "num" and kinds[0] in NUMBERS)):
        return arguments[0]
    for wanted, body, answer in KNOWN.get(name, ()):
        if all(one in {"any", kind} for one, kind in zip(wanted, kinds, strict=True)):
            return duck(body, *arguments, kind=answer or kinds[-1])
    if name in OPAQUE and any(opaque(one) for one in arguments):
        return duck(OPAQUE[name], *arguments)
    if name == "divide" and any(opaque(one) for one in arguments):
        name = "ratio"
    if name in ONCE:
        return _written(name, list(arguments))
    return once(partial(_written, name), list(arguments))


def _written(name: str, given: Arguments) -> Any:
    for at, kind in enumerate(TAKES[name].get(len(given), ())):
        if kind:
            given[at] = helper(kind, given[at])
    answer = ANSWERS.get(name)
    answer = kind_of(given[0]) if answer == "same" else answer
    inline = INLINE.get((name, len(given)))
    if inline is not None:
        parameters, body = inline
        for at, one in enumerate(parameters):
            body = re.sub(rf"\b{one}\b", f"@{at}", body)
        return duck(body, *given, kind=answer)
    # Of an untyped NULL DuckDB cannot tell which macro is meant.
    given = [cast(one, "VARCHAR") if isinstance(one, exp.Null) else one for one in given]
    return marked(call(PREFIX + name, *given), answer)


# The lines that use an argument once for whatever type it has.
ONCE: Final = frozenset(
    {
        *("text", "num", "exact"),
        *("VECTOR_L2_DISTANCE", "VECTOR_INNER_PRODUCT", "VECTOR_COSINE_SIMILARITY"),
    }
)


def opaque(node: Any) -> bool:
    """Whether DuckDB does not know a value's type yet when it chooses between macros."""
    return any(
        isinstance(one, (exp.Subquery, exp.Select)) or AGGREGATE in one.meta or ALIAS in one.meta
        for one in node.walk()
    )


_TYPES: Final = {type_: kind for kind, type_ in KINDS.items() if kind not in {"num", "moment"}}
_TYPES["INT128"] = "int"  # as sqlglot writes HUGEINT


def kind_of_type(duckdb: str) -> str | None:
    """Return the kind of the values of one of DuckDB's types."""
    return "dec" if duckdb.startswith("DECIMAL") else _TYPES.get(duckdb)


def kind_of(node: Any) -> str | None:
    """Return the kind of a value where syntax or the catalog tells it: ``text``, ``int``..."""
    found = node.meta.get(KIND)
    if found:
        return str(found)
    if isinstance(node, exp.Literal):
        return "text" if node.is_string else "int" if node.this.isdecimal() else "dec"
    if isinstance(node, (exp.Paren, exp.Window, exp.Filter, exp.IgnoreNulls, exp.Alias, exp.Neg)):
        return kind_of(node.this)
    if isinstance(node, exp.DPipe):
        return "text"
    if isinstance(node, exp.Cast):
        return kind_of_type(node.to.sql("duckdb"))
    if isinstance(node, exp.Subquery):
        selects = getattr(node.this, "selects", [])
        return kind_of(selects[0]) if len(selects) == 1 else None
    if isinstance(node, exp.Case):
        return common([one.args["true"] for one in node.args["ifs"]] + [node.args.get("default")])
    if isinstance(node, exp.Coalesce):
        return common([node.this, *node.expressions])
    return None


def common(nodes: Iterable[Any]) -> str | None:
    """Return the one kind of several values, if they have one."""
    kinds = {kind_of(one) for one in nodes if one is not None and not isinstance(one, exp.Null)}
    if kinds == {"int", "dec"}:
        return "dec"
    return kinds.pop() if len(kinds) == 1 else None


def text(value: Any) -> str | None:
    """Return the text of a literal, also of a unit that is written as a name; else ``None``."""
    if isinstance(value, exp.Literal) and value.is_string:
        return str(value.this)
    if isinstance(value, (exp.Var, exp.Identifier)) or (
        isinstance(value, exp.Column) and not value.table
    ):
        return str(value.name)
    return None


def integer(value: Any) -> int | None:
    if isinstance(value, exp.Literal) and not value.is_string and value.this.isdecimal():
        return int(value.this)
    return None


def is_null(value: Any) -> Any:
    return exp.Is(this=value.copy(), expression=exp.Null())

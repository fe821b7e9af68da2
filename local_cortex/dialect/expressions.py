"""Snowflake's expressions and relations in DuckDB's terms.

Only what Snowflake has gets through: a node must be of a class listed here, a function must have a
name that :mod:`local_cortex.dialect.functions` lists. So nothing of DuckDB's own, which reads files
and settings, can be called by SQL.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Final

from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.parsers.snowflake import SnowflakeParser

from local_cortex.dialect import aggregates, documents, functions, operators, relations
from local_cortex.dialect.building import (
    Rewrite,
    call,
    call_name,
    cast,
    change_parts,
    duck,
    helper,
    kind_of_type,
    marked,
)
from local_cortex.sql.names import encode
from local_cortex.sql.sql_error import not_run, wrong_argument_types
from local_cortex.wire.types import declared

if TYPE_CHECKING:
    from local_cortex.database.catalog import Table

NODES: Final = """
Select From Where Group Having Order Ordered Limit LimitOptions Fetch Offset Distinct Qualify
With CTE Subquery Union Except Intersect Join Table TableAlias Lateral TableFromRows Values
Tuple Column Identifier Star Alias Literal Boolean Null Paren Cast TryCast DataType
DataTypeParam Case If Anonymous Kwarg Window WindowSpec WithinGroup IgnoreNulls RespectNulls
And Or Not EQ NEQ LT LTE GT GTE NullSafeEQ NullSafeNEQ Is In Between Like ILike Escape Any All
Exists Add Sub Mul Div Mod Neg DPipe Bracket JSONExtract JSONPath JSONPathRoot JSONPathKey
JSONPathSubscript Struct PropertyEQ Array RegexpLike Interval Var Extract StrPosition
CurrentDate CurrentTime CurrentTimestamp Localtime Parameter Dot Rollup Cube
GroupingSets Pivot TableSample Insert Update Delete Merge When Whens Schema Coalesce RawString
HexString
"""
ALLOWED: Final = frozenset(getattr(exp, name) for name in NODES.split())
# What a table can have; not, for one, ORDINALITY or a time to travel to.
TABLE_PARTS: Final = frozenset(
    {"this", "db", "catalog", "alias", "joins", "pivots", "sample", "laterals"}
)

UNREAD: Final = "unread"  # in the meta of a call as the statement has it

#: Parsers of functions whose arguments are no plain list.
PARSERS: Final = {
    name: SnowflakeParser.FUNCTION_PARSERS[name]
    for name in ("CAST", "TRY_CAST", "EXTRACT", "POSITION")
}


class _CallParser(SnowflakeParser):  # type: ignore[misc]
    FUNCTIONS: ClassVar = {"TABLE": SnowflakeParser.FUNCTIONS["TABLE"]}
    FUNCTION_PARSERS: ClassVar = PARSERS
    NO_PAREN_FUNCTION_PARSERS: ClassVar = {
        name: SnowflakeParser.NO_PAREN_FUNCTION_PARSERS[name] for name in ("CASE", "ANY")
    }


class Calls(Snowflake):  # type: ignore[misc]
    """Snowflake's SQL with every function call as it is written, a name and its arguments."""

    Parser = _CallParser


def rewrite(tree: Any, tables: Iterable[Table] = ()) -> Any:
    """Return a tree whose ``.sql("duckdb")`` means in DuckDB what ``tree`` means in Snowflake.

    ``tree`` is parsed as :class:`Calls`, and may be changed. ``tables`` are those that it reads:
    their columns' types spare conversions. 000002 for what does not run here.
    """
    nodes = list(tree.walk())
    for node in nodes:
        _check(node)
        if isinstance(node, exp.Anonymous):
            node.meta[UNREAD] = True
    _mark_columns(nodes, tables)
    written = _rewrite(tree)
    # Every call has been replaced by what its table says; this is the second lock of the door.
    for one in written.find_all(exp.Anonymous):
        if UNREAD in one.meta:
            raise not_run(f"{call_name(one)} here", "Use the function in an expression.")
    return written


def _mark_columns(nodes: list[Any], tables: Iterable[Table]) -> None:
    """Mark the kind of each column whose name means columns of one type only."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for column in (column for table in tables for column in table.columns):
        kinds[encode(column.name)].add(kind_of_type(column.type.duckdb) or "")
    if not kinds:
        return
    for node in nodes:
        if isinstance(node, (exp.Lateral, exp.TableFromRows, exp.Values, exp.Pivot)) or (
            isinstance(node, exp.Subquery) and isinstance(node.this, exp.Column)
        ):
            return  # columns of other names than the tables'
        if isinstance(node, exp.Alias) and node.this.name != node.alias:
            kinds[node.alias].add("")
        elif isinstance(node, exp.TableAlias):
            for one in node.columns:
                kinds[one.name].add("")
    for node in nodes:
        if isinstance(node, exp.Column) and len(kinds.get(node.name, ())) == 1:
            marked(node, next(iter(kinds[node.name])))


def _check(node: Any) -> None:
    if type(node) not in ALLOWED:
        raise not_run(node.key.replace("_", " ").upper())
    if isinstance(node, exp.Table):
        more = {key for key, value in node.args.items() if value} - TABLE_PARTS
        if more or not isinstance(node.this, (exp.Identifier, exp.Anonymous)):
            raise not_run(f"FROM {node.sql('snowflake')[:60]}")
        if isinstance(node.this, exp.Anonymous):
            functions.write(call_name(node.this), [])  # an unknown name is reported as such
            raise not_run(
                f"FROM {call_name(node.this)}(...)", "Write TABLE(...) around the function."
            )


def _rewrite(node: Any) -> Any:
    before = BEFORE.get(type(node))
    if before is not None:
        return before(node, _rewrite)
    change_parts(node, _rewrite)
    after = AFTER.get(type(node))
    return after(node) if after is not None else node


# --- functions ---


def _call(node: Any, rewrite: Rewrite) -> Any:
    return _function(call_name(node), node, rewrite)


def _function(name: str, node: Any, rewrite: Rewrite) -> Any:
    from local_cortex.ai import cortex_functions as cortex

    given = [one for one in node.expressions if not isinstance(one, exp.Kwarg)]
    if any(isinstance(one, (exp.Alias, exp.PropertyEQ)) for one in given):
        raise not_run(f"an alias among the arguments of {name}", "Write the arguments alone.")
    if name == "COUNT" and isinstance(given[0] if given else None, exp.Star):
        return aggregates.aggregate("COUNT", exp.Star())
    if name.startswith("OBJECT_CONSTRUCT") and any(isinstance(one, exp.Star) for one in given):
        return _whole_row(node, name)
    first = given[0] if given else None
    if isinstance(first, exp.Distinct) and name != "COUNT":
        # As in LISTAGG(DISTINCT a, ','): only the first is a value.
        value, *more = first.expressions
        given = [exp.Distinct(expressions=[value]), *more, *given[1:]]
    given = [rewrite(one) for one in given]
    if name in cortex.FUNCTIONS:
        named = {
            one.name.lower(): rewrite(one.expression)
            for one in node.expressions
            if isinstance(one, exp.Kwarg)
        }
        return cortex.call(name, given, named)
    if len(given) < len(node.expressions):
        raise not_run(f"named arguments of {name}", "Give the arguments by position.")
    return functions.write(name, given)


def _whole_row(node: Any, name: str) -> Any:
    select = node.find_ancestor(exp.Select)
    source = select.args.get("from_") if select else None
    if source is None or select.args.get("joins") or select.args.get("laterals"):
        raise not_run(f"{name}(*) of several tables", "Name the keys and values.")
    if not source.this.alias:
        source.this.set("alias", exp.TableAlias(this=exp.to_identifier("_ROW", quoted=True)))
    row = exp.column(source.this.args["alias"].this.copy())
    # DuckDB's names say after a mark which letters are small.
    plain = r"REGEXP_REPLACE(TO_JSON(@0)::VARCHAR, '\\u001[fF][0-9a-f]*', '', 'g')::JSON"
    entries = helper("entries", duck(plain, row))
    return helper("object_with_nulls" if name.endswith("NULL") else "object", entries)


def _dot(node: Any, rewrite: Rewrite) -> Any:
    *path, last = node.flatten()
    if isinstance(last, exp.Anonymous):
        schema = ".".join(part.name.upper() for part in path)
        return _function(f"{schema}.{call_name(last)}", last, rewrite)
    key = exp.Literal.string(node.expression.name)
    return documents.get(rewrite(node.this), key)


# Operators and syntax: the function that does the same, and its arguments.
FUNCTIONS: Final[dict[type, tuple[str, ...]]] = {
    exp.RegexpLike: ("REGEXP_LIKE", "this", "expression", "flag"),
    exp.Extract: ("DATE_PART", "this", "expression"),
    exp.StrPosition: ("POSITION", "substr", "this", "position"),
    exp.CurrentDate: ("CURRENT_DATE",),
    exp.CurrentTime: ("CURRENT_TIME",),
    exp.Localtime: ("CURRENT_TIME",),
}


def _as_function(node: Any) -> Any:
    name, *keys = FUNCTIONS[type(node)]
    given = [node.args.get(key) for key in keys]
    return functions.write(name, [one for one in given if one is not None])


def _interval(node: Any) -> Any:
    unit = node.args.get("unit")
    written = f"{node.this.name} {unit.name if unit else ''}".replace(",", " ").strip()
    return duck(f"INTERVAL '{re.sub('[^0-9A-Za-z. +-]', '', written)}'")


# --- conversions ---


def _cast(node: Any) -> Any:
    kind = declared(node.args["to"])
    value = node.this
    safe = isinstance(node, exp.TryCast)
    if isinstance(value, exp.Null):
        return cast(value, kind.duckdb)
    if kind.name == "FIXED":
        return functions.number(value, kind.precision or 38, kind.scale or 0, safe)
    if kind.name == "TEXT":
        sized = node.args["to"].expressions or kind.length == 1
        text = helper("text", value)
        return call("LEFT", text, exp.Literal.number(kind.length)) if sized else text
    if kind.name == "REAL":
        return helper("TRY_TO_DOUBLE", value) if safe else cast(helper("num", value), "DOUBLE")
    if kind.name == "VECTOR":
        return cast(cast(value, f"{kind.duckdb.partition('[')[0]}[]"), kind.duckdb)
    if kind.name == "VARIANT":
        return cast(value, "VARIANT")
    if safe and kind.name in {"ARRAY", "OBJECT"}:
        raise wrong_argument_types("TRY_CAST", [kind.name])
    if safe:
        zoned = kind.name in {"TIMESTAMP_LTZ", "TIMESTAMP_TZ"}
        return helper(f"TRY_TO_{kind.name.partition('_')[0]}{'_TZ' if zoned else ''}", value)
    own = f"TO_{kind.name}" if kind.name in {"ARRAY", "BINARY"} else kind_of_type(kind.duckdb)
    return helper(str(own), value)


def _path(node: Any) -> Any:
    value = node.this
    for step in node.expression.expressions:
        if isinstance(step, exp.JSONPathKey):
            value = documents.get(value, exp.Literal.string(step.this))
        elif isinstance(step, exp.JSONPathSubscript):
            value = documents.get(value, exp.Literal.number(step.this))
    return value


def _struct(node: Any) -> Any:
    if any(isinstance(one, exp.Star) for one in node.expressions):
        return _whole_row(node, "OBJECT_CONSTRUCT")
    pairs = []
    for one in node.expressions:
        pairs += [exp.Literal.string(one.this.name), one.expression]
    return documents.object_(*pairs)


def _select(node: Any, rewrite: Rewrite) -> Any:
    relations.prepare(node)
    change_parts(node, rewrite)
    return node


def _parameter(node: Any, _: Rewrite) -> Any:
    if not (isinstance(node.this, exp.Literal) and node.this.name.isdecimal()):
        raise not_run(f"${node.name}", "Set a session variable first.")
    return exp.Column(this=exp.Identifier(this=f"#{node.this.name}", quoted=False))


def _timestamp(node: Any) -> Any:
    return functions.write("SYSDATE" if node.args.get("sysdate") else "CURRENT_TIMESTAMP", [])


# What becomes of a node, before or after its parts are rewritten.
BEFORE: Final[dict[type, Callable[[Any, Rewrite], Any]]] = {
    exp.Anonymous: _call,
    exp.Dot: _dot,
    exp.Window: aggregates.window,
    exp.WithinGroup: aggregates.within_group,
    exp.IgnoreNulls: aggregates.ignore_nulls,
    exp.RespectNulls: lambda node, rewrite: rewrite(node.this),
    exp.DataType: lambda node, _: node,
    exp.Parameter: _parameter,
    exp.Select: _select,
    **dict.fromkeys((exp.Lateral, exp.TableFromRows), relations.table_function),
    **operators.BEFORE,
}
AFTER: Final[dict[type, Callable[[Any], Any]]] = {
    **dict.fromkeys(FUNCTIONS, _as_function),
    **dict.fromkeys((exp.Cast, exp.TryCast), _cast),
    **operators.AFTER,
    exp.Interval: _interval,
    exp.JSONExtract: _path,
    exp.Struct: _struct,
    exp.Values: relations.values,
    exp.CurrentTimestamp: _timestamp,
    exp.RawString: lambda node: exp.Literal.string(node.this),
    exp.HexString: lambda node: duck(f"UNHEX('{re.sub('[^0-9A-Fa-f]', '', node.this)}')"),
    exp.Bracket: lambda node: documents.get(node.this, node.expressions[0]),
    exp.Array: lambda node: documents.array(*node.expressions),
}

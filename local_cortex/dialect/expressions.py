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

from local_cortex.dialect import functions, relations
from local_cortex.dialect.functions import AGGREGATE, cast, duck, helper
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
    for call in written.find_all(exp.Anonymous):
        if UNREAD in call.meta:
            raise not_run(f"{_name(call)} here", "Use the function in an expression.")
    return written


# The kinds of values, by what the wire calls their type.
KINDS: Final = {
    "REAL": "real",
    "TEXT": "text",
    "BOOLEAN": "bool",
    "DATE": "date",
    "TIMESTAMP_NTZ": "ntz",
    "TIMESTAMP_LTZ": "ltz",
    "TIMESTAMP_TZ": "ltz",
    "ARRAY": "arr",
    "OBJECT": "obj",
}


def _mark_columns(nodes: list[Any], tables: Iterable[Table]) -> None:
    """Mark the kind of each column whose name means columns of one type only."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for column in (column for table in tables for column in table.columns):
        number = "dec" if column.type.scale else "int"
        kind = number if column.type.name == "FIXED" else KINDS.get(column.type.name, "")
        kinds[encode(column.name)].add(kind)
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
            functions.marked(node, next(iter(kinds[node.name])))


def _check(node: Any) -> None:
    if type(node) not in ALLOWED:
        raise not_run(node.key.replace("_", " ").upper())
    if isinstance(node, exp.Table):
        more = {key for key, value in node.args.items() if value} - TABLE_PARTS
        if more or not isinstance(node.this, (exp.Identifier, exp.Anonymous)):
            raise not_run(f"FROM {node.sql('snowflake')[:60]}")
        if isinstance(node.this, exp.Anonymous):
            functions.write(_name(node.this), [])  # an unknown name is reported as such
            raise not_run(f"FROM {_name(node.this)}(...)", "Write TABLE(...) around the function.")


def _name(call: Any) -> str:
    quoted = isinstance(call.this, exp.Identifier) and call.this.args.get("quoted")
    return str(call.name) if quoted else str(call.name).upper()


def _rewrite(node: Any) -> Any:
    before = BEFORE.get(type(node))
    if before is not None:
        return before(node)
    _rewrite_parts(node)
    after = AFTER.get(type(node))
    return after(node) if after is not None else node


def _rewrite_parts(node: Any, but: str = "") -> None:
    for key, value in list(node.args.items()):
        if key == but:
            continue
        if isinstance(value, list):
            node.set(
                key, [_rewrite(one) if isinstance(one, exp.Expression) else one for one in value]
            )
        elif isinstance(value, exp.Expression):
            node.set(key, _rewrite(value))


# --- functions ---


def _call(node: Any) -> Any:
    return _function(_name(node), node)


def _function(name: str, node: Any) -> Any:
    from local_cortex.ai import cortex_functions as cortex

    given = [one for one in node.expressions if not isinstance(one, exp.Kwarg)]
    if any(isinstance(one, (exp.Alias, exp.PropertyEQ)) for one in given):
        raise not_run(f"an alias among the arguments of {name}", "Write the arguments alone.")
    if name == "COUNT" and isinstance(given[0] if given else None, exp.Star):
        return functions.aggregate("COUNT", exp.Star())
    if name.startswith("OBJECT_CONSTRUCT") and any(isinstance(one, exp.Star) for one in given):
        return _whole_row(node, name)
    first = given[0] if given else None
    if isinstance(first, exp.Distinct) and name != "COUNT":
        # As in LISTAGG(DISTINCT a, ','): only the first is a value.
        value, *more = first.expressions
        given = [exp.Distinct(expressions=[value]), *more, *given[1:]]
    given = [_rewrite(one) for one in given]
    if name in cortex.FUNCTIONS:
        named = {
            one.name.lower(): _rewrite(one.expression)
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


def _dot(node: Any) -> Any:
    *path, last = node.flatten()
    if isinstance(last, exp.Anonymous):
        schema = ".".join(part.name.upper() for part in path)
        return _function(f"{schema}.{_name(last)}", last)
    key = exp.Literal.string(node.expression.name)
    return functions.get(_rewrite(node.this), key)


def _each_aggregate(value: Any, change: Callable[[Any], Any]) -> Any:
    """Change the outermost aggregates and window functions of an expression."""
    return value.transform(lambda one: change(one) if AGGREGATE in one.meta else one, copy=False)


def _window(node: Any) -> Any:
    _rewrite_parts(node, but="this")
    inner = node.this
    name = _name(inner.find(exp.Anonymous)) if inner.find(exp.Anonymous) else ""
    if name == "AVG" and isinstance(inner, exp.Anonymous):
        value = functions.average([_rewrite(one) for one in inner.expressions], window=True)
    else:
        value = _rewrite(inner)
    if node.args.get("spec") is None and name in {"FIRST_VALUE", "LAST_VALUE", "NTH_VALUE"}:
        sides = {"start_side": "PRECEDING", "end_side": "FOLLOWING"}
        rows = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", end="UNBOUNDED", **sides)
        node.set("spec", rows)

    def over(one: Any) -> Any:
        window = node.copy()
        window.set("this", one)
        return window

    return _each_aggregate(value, over)


def _within_group(node: Any) -> Any:
    order = _rewrite(node.expression)

    def ordered(one: Any) -> Any:
        if one.name.startswith("PERCENTILE"):
            by, share = order.expressions[0], one.expressions[0]
            if by.args.get("desc"):
                share = exp.Sub(this=exp.Literal.number(1), expression=share)
            name = one.name.replace("PERCENTILE", "QUANTILE")
            return functions.aggregate(name, helper("num", by.this), share)
        *others, last = one.expressions
        last = exp.Order(this=last, expressions=order.copy().expressions)
        return functions.aggregate(one.name, *others, last)

    return _each_aggregate(_rewrite(node.this), ordered)


# sqlglot writes IGNORE NULLS with classes of its own alone.
IGNORING: Final = {
    "LAG": exp.Lag,
    "LEAD": exp.Lead,
    "FIRST_VALUE": exp.FirstValue,
    "LAST_VALUE": exp.LastValue,
    "NTH_VALUE": exp.NthValue,
}


def _ignore_nulls(node: Any) -> Any:
    def ignoring(one: Any) -> Any:
        if one.name not in IGNORING:
            raise not_run(f"{one.name} IGNORE NULLS", "Use it with LAG, LEAD and FIRST_VALUE.")
        found = exp.IgnoreNulls(this=IGNORING[one.name].from_arg_list(one.expressions))
        found.meta[AGGREGATE] = True
        return found

    return _each_aggregate(_rewrite(node.this), ignoring)


# --- operators ---

NUMERIC: Final = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg)


def _is_number(node: Any) -> bool:
    if isinstance(node, exp.Paren):
        return _is_number(node.this)
    if isinstance(node, exp.Literal):
        return not node.is_string
    return isinstance(node, NUMERIC) and not node.find(exp.Interval)


def _operand(node: Any) -> Any:
    """Return an operand of arithmetic: a number, or what becomes one."""
    if isinstance(node, exp.Paren) and isinstance(node.this, (exp.Literal, exp.Neg)):
        return exp.paren(_operand(node.this), copy=False)
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
        return exp.Neg(this=_operand(node.this))
    if isinstance(node, exp.Literal):
        if node.is_string and re.fullmatch(r"\s*[+-]?(\d+\.?\d*|\.\d+)\s*", node.this):
            node = exp.Literal.number(node.this.strip().removeprefix("+"))
        # An integer of DuckDB's ends at 2**31.
        if node.is_string or not node.this.isdecimal():
            return node
        node = cast(node, "HUGEINT")
    return node


def _arithmetic(node: Any) -> Any:
    left, right = node.this, node.expression
    for moment, interval in ((left, right), (right, left)):
        if isinstance(interval, exp.Interval):
            negated = exp.Neg(this=exp.paren(interval.copy()))
            span = negated if isinstance(node, exp.Sub) else interval
            whole = re.search("DAY|WEEK|MONTH|YEAR|QUARTER", interval.sql("duckdb").upper())
            parts = re.search("HOUR|MIN|SEC", interval.sql("duckdb").upper())
            return helper("add_days" if whole and not parts else "add_time", span, moment)
    if isinstance(node, (exp.Div, exp.Mod)):
        name = "MOD" if isinstance(node, exp.Mod) else "divide"
        # Each choice within another doubles the time that DuckDB needs to bind them.
        if name == "divide" and sum(_overloads(one, "divide") for one in (left, right)) > 2:
            name = "ratio"
        return helper(name, *[helper("num", _operand(one)) for one in (left, right)])
    kinds = {functions.kind_of(left), functions.kind_of(right)}
    if isinstance(node, exp.Mul) or kinds <= functions.NUMBERS:
        return _numeric(node, left, right)
    if any(_overloads(one, "plus", "minus") for one in (left, right)):
        return _numeric(node, left, right)
    return helper("plus" if isinstance(node, exp.Add) else "minus", _operand(left), _operand(right))


def _overloads(node: Any, *names: str) -> int:
    calls = [one.name.lower().rpartition("sf_")[2] for one in node.find_all(exp.Anonymous)]
    return sum(call in names for call in calls)


def _numeric(node: Any, left: Any, right: Any) -> Any:
    kinds = {functions.kind_of(left), functions.kind_of(right)}
    exact = isinstance(node, exp.Mul) or kinds <= functions.NUMBERS
    # A date plus one needs an integer that is not cast.
    left, right = [helper("num", _operand(one) if exact else one) for one in (left, right)]
    known = "int" if kinds == {"int"} else "dec" if kinds <= {"int", "dec"} else "num"
    return functions.marked(type(node)(this=left, expression=right), known)


def _and(node: Any) -> Any:
    # DuckDB computes both sides for all rows: a division would fail where the left guards it.
    if not _overloads(node.expression, "divide", "ratio", "quotient", "quotient_dec", "mod"):
        return node
    guard = exp.not_(exp.paren(node.this.copy()))
    return exp.paren(exp.Case().when(guard, exp.false()).else_(node))


def _negated(node: Any) -> Any:
    if isinstance(node.this, exp.Literal):
        return node
    value = helper("num", _operand(node.this))
    return functions.marked(exp.Neg(this=value), functions.kind_of(value) or "num")


def _compare(node: Any) -> Any:
    if isinstance(node.parent, exp.Update) and node.arg_key == "expressions":
        node.set("expression", _rewrite(node.expression))
        return node
    args = [node.args.get(key) for key in ("low", "high", "expression")]
    others = [_is_number(one) for one in (*args, *node.expressions) if one is not None]
    is_number = _is_number(node.this)
    _rewrite_parts(node)
    # Text and VARIANT become numbers where they are compared with one.
    if others and (all if isinstance(node, exp.In) else any)(others) and not is_number:
        _set_number(node, "this")
    elif is_number and not any(others) and node.args.get("expression"):
        _set_number(node, "expression")
    return node


def _set_number(node: Any, key: str) -> None:
    if not isinstance(node.args[key], (exp.Subquery, exp.Any, exp.All)):
        node.set(key, helper("num", node.args[key]))


def _joined(node: Any) -> Any:
    return exp.DPipe(this=helper("text", node.this), expression=helper("text", node.expression))


def _like(node: Any) -> Any:
    escape = None
    if isinstance(node, exp.Escape):
        escape, node = _rewrite(node.expression), node.this
    several = isinstance(node.expression, (exp.Any, exp.All))
    patterns = node.expression.this if several else node.expression
    if several and isinstance(patterns, (exp.Tuple, exp.Paren)):
        patterns = patterns.expressions or [patterns.this]
    patterns = [_rewrite(one) for one in (patterns if isinstance(patterns, list) else [patterns])]
    join = exp.and_ if isinstance(node.expression, exp.All) else exp.or_

    def build(value: list[Any]) -> Any:
        found = [type(node)(this=value[0].copy(), expression=one) for one in patterns]
        if escape:
            found = [exp.Escape(this=one, expression=escape.copy()) for one in found]
        return exp.paren(join(*found)) if several else found[0]

    value = [helper("text", _rewrite(node.this))]
    return functions.once(build, value) if several else build(value)


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

CASTS: Final = {**KINDS, "TIME": "time", "ARRAY": "TO_ARRAY", "BINARY": "TO_BINARY"}


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
        return functions.call("LEFT", text, exp.Literal.number(kind.length)) if sized else text
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
    return helper(CASTS[kind.name], value)


def _path(node: Any) -> Any:
    value = node.this
    for step in node.expression.expressions:
        if isinstance(step, exp.JSONPathKey):
            value = functions.get(value, exp.Literal.string(step.this))
        elif isinstance(step, exp.JSONPathSubscript):
            value = functions.get(value, exp.Literal.number(step.this))
    return value


def _struct(node: Any) -> Any:
    if any(isinstance(one, exp.Star) for one in node.expressions):
        return _whole_row(node, "OBJECT_CONSTRUCT")
    pairs = []
    for one in node.expressions:
        pairs += [exp.Literal.string(one.this.name), one.expression]
    return functions.object_("OBJECT_CONSTRUCT", pairs)


def _select(node: Any) -> Any:
    relations.prepare(node)
    _rewrite_parts(node)
    return node


def _parameter(node: Any) -> Any:
    if not (isinstance(node.this, exp.Literal) and node.this.name.isdecimal()):
        raise not_run(f"${node.name}", "Set a session variable first.")
    return exp.Column(this=exp.Identifier(this=f"#{node.this.name}", quoted=False))


def _timestamp(node: Any) -> Any:
    return functions.write("SYSDATE" if node.args.get("sysdate") else "CURRENT_TIMESTAMP", [])


COMPARISONS: Final = (
    *(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE),
    *(exp.NullSafeEQ, exp.NullSafeNEQ, exp.In, exp.Between),
)
# What becomes of a node, before or after its parts are rewritten.
BEFORE: Final[dict[type, Callable[[Any], Any]]] = {
    exp.Anonymous: _call,
    exp.Dot: _dot,
    exp.Window: _window,
    exp.WithinGroup: _within_group,
    exp.IgnoreNulls: _ignore_nulls,
    exp.RespectNulls: lambda node: _rewrite(node.this),
    exp.DataType: lambda node: node,
    exp.Parameter: _parameter,
    exp.Select: _select,
    **dict.fromkeys((exp.Escape, exp.Like, exp.ILike), _like),
    **dict.fromkeys(
        (exp.Lateral, exp.TableFromRows), lambda node: relations.table_function(node, _rewrite)
    ),
    **dict.fromkeys(COMPARISONS, _compare),
}
AFTER: Final[dict[type, Callable[[Any], Any]]] = {
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), _arithmetic),
    **dict.fromkeys(FUNCTIONS, _as_function),
    **dict.fromkeys((exp.Cast, exp.TryCast), _cast),
    exp.And: _and,
    exp.Neg: _negated,
    exp.DPipe: _joined,
    exp.Interval: _interval,
    exp.JSONExtract: _path,
    exp.Struct: _struct,
    exp.Values: relations.values,
    exp.CurrentTimestamp: _timestamp,
    exp.RawString: lambda node: exp.Literal.string(node.this),
    exp.HexString: lambda node: duck(f"UNHEX('{re.sub('[^0-9A-Fa-f]', '', node.this)}')"),
    exp.Bracket: lambda node: functions.get(node.this, node.expressions[0]),
    exp.Array: lambda node: functions.array(node.expressions),
}

"""The functions that run: how many arguments each takes, and how DuckDB writes it.

Most are lines of ``macros.sql``. Here are those that no macro can be: any number of arguments,
formats and units that are read beforehand, aggregates and window functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, partial
from itertools import count
from typing import Any, Final

from sqlglot import exp, parse_one

from local_cortex.dialect import date_formats
from local_cortex.dialect.macros import (
    ANSWERS,
    INLINE,
    KINDS,
    KNOWN,
    OPAQUE,
    PREFIX,
    SYNONYMS,
    TAKES,
)
from local_cortex.sql.sql_error import not_run, unknown_function, wrong_argument_count

Arguments = list[Any]
Writer = Callable[[str, Arguments], Any]

KIND: Final = "kind"  # in a node's meta: what syntax or the catalog tells of a value
ALIAS: Final = "alias"  # in the meta of a column that another projection may have named
AGGREGATE: Final = "aggregate"  # in a node's meta: OVER, FILTER and WITHIN GROUP belong to it
NUMBERS: Final = frozenset({"int", "dec", "real", "num"})
WRITERS: Final[dict[str, tuple[range, Writer]]] = {}
ANY: Final = range(1, 100_000)
_ASKED: Final = count()

_NOT_RUN: Final = """
COLLATE SOUNDEX XMLGET PARSE_XML TO_XML CHECK_XML ST_POINT ST_DISTANCE TO_GEOGRAPHY ENCRYPT DECRYPT
COMPRESS DECOMPRESS_STRING CONDITIONAL_CHANGE_EVENT MINHASH HLL_ACCUMULATE GET_DDL IDENTIFIER
PARSE_IP GETVARIABLE BITAND BIT_AND BITOR BIT_OR BITXOR BIT_XOR BITNOT BIT_NOT BITSHIFTLEFT
BIT_SHIFTLEFT BITSHIFTRIGHT BIT_SHIFTRIGHT BITAND_AGG BIT_AND_AGG BITOR_AGG BIT_OR_AGG BITXOR_AGG
BIT_XOR_AGG TIME_SLICE RATIO_TO_REPORT CONDITIONAL_TRUE_EVENT HASH_AGG HASH_COMBINE
APPROX_PERCENTILE ARRAY_UNIQUE_AGG OBJECT_PICK REGR_SLOPE REGR_INTERCEPT REGR_R2 REGR_COUNT
REGR_AVGX REGR_AVGY REGR_SXX REGR_SXY REGR_SYY REGR_VALX REGR_VALY WIDTH_BUCKET NORMAL RANDSTR
PARSE_URL HAVERSINE REGEXP_INSTR FACTORIAL GREATEST_IGNORE_NULLS LEAST_IGNORE_NULLS
"""
#: Snowflake's functions that do not run here.
NOT_RUN: Final = frozenset(_NOT_RUN.split())


# --- building expressions ---


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
    {"text", "num", "exact", "VECTOR_L2_DISTANCE", "VECTOR_INNER_PRODUCT"}
    | {"VECTOR_COSINE_SIMILARITY"}
)


def opaque(node: Any) -> bool:
    """Whether DuckDB does not know a value's type yet when it chooses between macros."""
    return any(
        isinstance(one, (exp.Subquery, exp.Select)) or AGGREGATE in one.meta or ALIAS in one.meta
        for one in node.walk()
    )


_TYPES: Final = {type_: kind for kind, type_ in KINDS.items() if kind not in {"num", "moment"}}
_TYPES["INT128"] = "int"  # as sqlglot writes HUGEINT


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
        written = node.to.sql("duckdb")
        return "dec" if written.startswith("DECIMAL") else _TYPES.get(written)
    if isinstance(node, exp.Subquery):
        selects = getattr(node.this, "selects", [])
        return kind_of(selects[0]) if len(selects) == 1 else None
    if isinstance(node, exp.Case):
        return _common([one.args["true"] for one in node.args["ifs"]] + [node.args.get("default")])
    if isinstance(node, exp.Coalesce):
        return _common([node.this, *node.expressions])
    return None


def _common(nodes: Iterable[Any]) -> str | None:
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


def writer(*names: str, takes: range) -> Callable[[Writer], Writer]:
    """Register how functions are written; ``takes`` are the numbers of arguments they can have."""

    def register(write: Writer) -> Writer:
        WRITERS.update(dict.fromkeys(names, (takes, write)))
        return write

    return register


# --- values ---


@writer("CONCAT", takes=ANY)
def _concat(_: str, given: Arguments) -> Any:
    joined, *more = [helper("text", one) for one in given]
    for one in more:
        joined = exp.DPipe(this=joined, expression=one)
    return exp.paren(joined)


def _unless_null(given: Arguments, value: Any) -> Any:
    return exp.Case().when(exp.or_(*map(is_null, given)), exp.Null()).else_(value)


@writer("CONCAT_WS", takes=ANY)
def _concat_ws(_: str, given: Arguments) -> Any:
    def build(given: Arguments) -> Any:
        by, *pieces = [helper("text", one) for one in given]
        joined = call("ARRAY_TO_STRING", exp.Array(expressions=pieces), by)
        return _unless_null(given, joined)

    return once(build, given)


@writer("GREATEST", "LEAST", takes=ANY)
def _extreme(name: str, given: Arguments) -> Any:
    def build(given: Arguments) -> Any:
        return _unless_null(given, marked(call(name, *given), _common(given)))

    return once(build, given)


@writer("DECODE", takes=range(3, 999))
def _decode(_: str, given: Arguments) -> Any:
    def build(value: Arguments) -> Any:
        case = exp.Case()
        for when, then in zip(given[1::2], given[2::2], strict=False):
            case = case.when(exp.NullSafeEQ(this=value[0].copy(), expression=when), then)
        return case.else_(given[-1]) if len(given) % 2 == 0 else case

    return once(build, given[:1])


# --- dates ---


def _unit(value: Any) -> str:
    return date_formats.unit(text(value))


def _date_trunc(unit: Any, value: Any) -> Any:
    return helper("DATE_TRUNC", exp.Literal.string(_unit(unit)), value)


def _date_diff(unit: Any, *moments: Any) -> Any:
    found = [helper("moment", one) for one in moments]
    return duck(f"DATE_DIFF('{_unit(unit)}', @0, @1)", *found, kind="int")


@writer("TRUNC", takes=range(1, 3))
def _trunc(name: str, given: Arguments) -> Any:
    by_unit = len(given) == 2 and isinstance(given[1], (exp.Literal, exp.Var)) and text(given[1])
    return _date_trunc(given[1], given[0]) if by_unit else helper(name, *given)


def _span(amount: Any, unit: str) -> Any:
    several, unit = date_formats.MULTIPLES.get(unit, (1, unit))
    number_of = cast(helper("num", amount), "BIGINT")
    if several != 1:
        number_of = exp.Mul(this=number_of, expression=exp.Literal.number(several))
    if unit == "month":
        number_of = cast(number_of, "INTEGER")
    return call(f"TO_{unit.upper()}S", number_of)


@writer("DATEADD", takes=range(3, 4))
def _dateadd(_: str, given: Arguments) -> Any:
    unit = _unit(given[0])
    whole = unit in {"day", "month", *date_formats.MULTIPLES}
    return helper("add_days" if whole else "add_time", _span(given[1], unit), given[2])


@writer("LAST_DAY", takes=range(1, 3))
def _last_day(_: str, given: Arguments) -> Any:
    if len(given) == 1:
        return helper("LAST_DAY", given[0])
    unit = _unit(given[1])
    end = f"(DATE_TRUNC('{unit}', @0) + INTERVAL 1 {unit} - INTERVAL 1 DAY)::DATE"
    return duck(end, helper("date", given[0]), kind="date")


def date_part(part: str, given: Arguments) -> Any:
    unit = date_formats.part(part)
    shape = f"DATE_PART('{unit}', @0)"
    if unit.startswith("epoch"):
        shape = f"{unit}(@0)::BIGINT"
    elif unit == "nanosecond":
        shape = "(DATE_PART('microsecond', @0) % 1000000) * 1000"
    return duck(shape, helper("moment", given[0]), kind="int")


_MOMENTS: Final = {
    **{
        f"{prefix}TO_{one}": one for prefix in ("", "TRY_") for one in ("DATE", "TIME", "TIMESTAMP")
    },
    **dict.fromkeys(("TO_TIMESTAMP_TZ", "TO_TIMESTAMP_LTZ", "TRY_TO_TIMESTAMP_TZ"), "TIMESTAMPTZ"),
}


@writer(*_MOMENTS, takes=range(1, 3))
def _to_moment(name: str, given: Arguments) -> Any:
    scale, written = (integer(given[1]), text(given[1])) if len(given) == 2 else (None, "auto")
    if scale is not None:
        micros = duck(f"MAKE_TIMESTAMP((@0 * 1000000 / {10**scale})::BIGINT)", given[0])
        return cast(micros, _MOMENTS[name])
    if written is None or written.lower() == "auto":
        return helper(name, given[0])
    parse = "TRY_STRPTIME" if name.startswith("TRY_") else "STRPTIME"
    found = call(parse, helper("text", given[0]), exp.Literal.string(date_formats.moment(written)))
    return cast(found, _MOMENTS[name])


# --- conversions ---


@writer("TO_CHAR", takes=range(1, 3))
def _to_char(_: str, given: Arguments) -> Any:
    if len(given) == 1:
        return helper("text", given[0])
    written = text(given[1])
    if written is None:
        raise not_run("TO_CHAR with a format that is not a literal", "Write the format as text.")
    if date_formats.is_moment(written):
        shape = exp.Literal.string(date_formats.moment(written))
        return marked(call("STRFTIME", helper("moment", given[0]), shape), "text")
    return duck(date_formats.number(written), given[0], kind="text")


@writer("TO_NUMBER", "TRY_TO_NUMBER", takes=range(1, 5))
def _to_number(name: str, given: Arguments) -> Any:
    value, *more = given
    if more and (shape := text(more[0])) is not None:
        value = duck("REGEXP_REPLACE(@0, '[$, ]', '', 'g')", helper("text", value))
        places = len(re.sub(r"[^09]", "", shape.partition(".")[2]))
        more = more[1:] or [exp.Literal.number(38), exp.Literal.number(places)]
    precision, scale = [integer(one) for one in [*more, None, None][:2]]
    return number(value, precision or 38, scale or 0, name.startswith("TRY_"))


def number(value: Any, precision: int, scale: int, safe: bool = False) -> Any:
    """Return a conversion to NUMBER(precision, scale)."""
    kind = f"DECIMAL({precision}, {scale})" if scale or precision < 38 else "HUGEINT"
    if safe:
        found = exp.TryCast(this=helper("text", value), to=cast(value, kind).to)
    elif scale:
        return cast(helper("exact", value), kind)
    else:
        found = helper("int", value) if kind == "HUGEINT" else cast(helper("int", value), kind)
    return found if scale or kind == "HUGEINT" else cast(found, "HUGEINT")


# --- semi-structured values ---


def array(given: Arguments) -> Any:
    return cast(exp.Array(expressions=[cast(one, "VARIANT") for one in given]), "VARIANT[]")


@writer("ARRAY_CONSTRUCT", "ARRAY_CONSTRUCT_COMPACT", takes=range(99_999))
def _array(name: str, given: Arguments) -> Any:
    return helper("ARRAY_COMPACT", array(given)) if name.endswith("COMPACT") else array(given)


def _entry(key: Any, value: Any) -> Any:
    return duck("{k: @0::VARCHAR, v: @1::VARIANT}", key, value)


@writer("OBJECT_CONSTRUCT", "OBJECT_CONSTRUCT_KEEP_NULL", takes=range(0, 99_999, 2))
def object_(name: str, given: Arguments) -> Any:
    if not given:
        return duck("'{}'::JSON")
    entries = exp.Array(expressions=list(map(_entry, given[::2], given[1::2])))
    return helper("object_with_nulls" if name.endswith("NULL") else "object", entries)


@writer("OBJECT_DELETE", takes=range(2, 999))
def _object_delete(_: str, given: Arguments) -> Any:
    keys = exp.Array(expressions=given[1:])
    if len(given) == 2 and text(given[1]) is None:
        keys = duck("@0::VARCHAR[]", helper("arr", given[1]))
    return helper("object_without", given[0], keys)


def get(value: Any, key: Any) -> Any:
    """Return one element of an array or object; a constant key costs no detour over JSON."""
    if isinstance(key, exp.Literal) and key.is_string:
        return call("VARIANT_EXTRACT", cast(value, "VARIANT"), key)
    index = integer(key)
    if index is not None:
        return duck(f"VARIANT_EXTRACT(@0::VARIANT, {index + 1})", value)
    return helper("get", value, key)


@writer("GET_PATH", takes=range(2, 3))
def get_path(_: str, given: Arguments) -> Any:
    value, path = given[0], text(given[1])
    if path is None:
        raise not_run("GET_PATH with a path that is not a literal", "Use GET for computed keys.")
    for name, quoted, index in re.findall(r"""([^.\[\]"']+)|["']([^"']*)["']|\[(\d+)\]""", path):
        key = exp.Literal.number(index) if index else exp.Literal.string(name or quoted)
        value = get(value, key)
    return value


# --- aggregates and windows ---

# Snowflake's name, DuckDB's where it is another, and the kind that the arguments are made.
AGGREGATES: Final = {
    name.partition(":")[0]: (name.rpartition(":")[2], kind)
    for kind, names in {
        "": "MIN MAX MODE ANY_VALUE GROUPING APPROX_COUNT_DISTINCT MIN_BY:ARG_MIN MAX_BY:ARG_MAX "
        "PERCENTILE_CONT PERCENTILE_DISC",
        "num": "SUM MEDIAN STDDEV STDDEV_POP VARIANCE VAR_POP CORR COVAR_POP COVAR_SAMP KURTOSIS "
        "SKEW:SKEWNESS",
        "bool": "BOOLAND_AGG:BOOL_AND BOOLOR_AGG:BOOL_OR",
    }.items()
    for name in names.split()
}
# Window functions: how many arguments they take, and which of these DuckDB wants as BIGINT.
WINDOWS: Final[dict[str, tuple[range, int | None]]] = {
    **dict.fromkeys(
        ("ROW_NUMBER", "RANK", "DENSE_RANK", "PERCENT_RANK", "CUME_DIST"), (range(1), None)
    ),
    **dict.fromkeys(("FIRST_VALUE", "LAST_VALUE"), (range(1, 2), None)),
    **dict.fromkeys(("LAG", "LEAD"), (range(1, 4), 1)),
    "NTILE": (range(1, 2), 0),
    "NTH_VALUE": (range(2, 3), 1),
}


def aggregate(name: str, *arguments: Any) -> Any:
    node = call(name, *arguments)
    node.meta[AGGREGATE] = True
    first = arguments[0] if arguments else None
    if isinstance(first, exp.Distinct):
        first = first.expressions[0]
    if name in {"MIN", "MAX", "SUM", "ANY_VALUE", "LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE"}:
        return marked(node, kind_of(first))
    return marked(node, "int" if name in {"COUNT", "ROW_NUMBER", "RANK", "DENSE_RANK"} else None)


def over_values(value: Any, change: Callable[[Any], Any]) -> Any:
    """Change an aggregate's argument, below DISTINCT if that stands there."""
    if isinstance(value, exp.Distinct):
        return exp.Distinct(expressions=[change(one) for one in value.expressions])
    return change(value)


@writer(*AGGREGATES, takes=ANY)
def _plain_aggregate(name: str, given: Arguments) -> Any:
    written, kind = AGGREGATES[name]
    if kind:
        given = [over_values(one, partial(helper, kind)) for one in given]
    return aggregate(written, *given)


def _window_function(name: str, given: Arguments) -> Any:
    at = WINDOWS[name][1]
    return aggregate(
        name, *[cast(one, "BIGINT") if n == at else one for n, one in enumerate(given)]
    )


@writer("COUNT", takes=ANY)
def _count(_: str, given: Arguments) -> Any:
    first = given[0]
    distinct = isinstance(first, exp.Distinct)
    values = first.expressions if distinct else given
    if len(values) == 1:
        return aggregate("COUNT", first)
    none = exp.not_(exp.or_(*map(is_null, values)))
    value = exp.Case().when(none, exp.Tuple(expressions=values))
    return aggregate("COUNT", exp.Distinct(expressions=[value]) if distinct else value)


def average(given: Arguments, window: bool = False) -> Any:
    """Return AVG, exact for exact numbers; of a macro DuckDB makes no window function."""
    distinct = isinstance(given[0], exp.Distinct)
    value = helper("num", given[0].expressions[0] if distinct else given[0])
    wrapped = exp.Distinct(expressions=[value]) if distinct else value
    if kind_of(value) in {"int", "dec"} and not asks(value):
        return helper("divide", aggregate("SUM", wrapped), aggregate("COUNT", wrapped.copy()))
    if opaque(value) or asks(value) or kind_of(value) == "real":
        return aggregate("AVG", wrapped)
    if window:
        return helper("averaged", value.copy(), aggregate("AVG", wrapped))
    found = helper("average_distinct" if distinct else "average", value)
    found.meta[ALIAS] = True  # an aggregate is inside
    return found


def _listagg(value: Any, delimiter: Any = None) -> Any:
    texts = over_values(value, partial(helper, "text"))
    joined = aggregate("STRING_AGG", texts, delimiter or exp.Literal.string(""))
    return duck("COALESCE(@0, '')", joined, kind="text")


def _array_agg(value: Any) -> Any:
    kept = "LIST_FILTER(@0, lambda e: e IS NOT NULL)"
    return duck(f"COALESCE({kept}::VARIANT[], []::VARIANT[])", aggregate("LIST", value), kind="arr")


def _object_agg(key: Any, value: Any) -> Any:
    return helper("object", duck("COALESCE(@0, [])", aggregate("LIST", _entry(key, value))))


# --- every function ---

HASH: Final = "HASH(@0)::HUGEINT - 9223372036854775808"
WRITERS.update(
    {
        **dict.fromkeys(date_formats.FUNCTIONS, (range(1, 2), date_part)),
        **{name: (takes, _window_function) for name, (takes, _) in WINDOWS.items()},
        "COALESCE": (ANY, lambda _, given: exp.Coalesce(this=given[0], expressions=given[1:])),
        "DATE_PART": (range(2, 3), lambda _, given: date_part(text(given[0]) or "", given[1:])),
        "DATE_TRUNC": (range(2, 3), lambda _, given: _date_trunc(*given)),
        "DATEDIFF": (range(3, 4), lambda _, given: _date_diff(*given)),
        "GET": (range(2, 3), lambda _, given: get(*given)),
        "HASH": (ANY, lambda _, given: duck(HASH, exp.Tuple(expressions=given))),
        "AVG": (range(1, 2), lambda _, given: average(given)),
        "LISTAGG": (range(1, 3), lambda _, given: _listagg(*given)),
        "ARRAY_AGG": (range(1, 2), lambda _, given: _array_agg(given[0])),
        "OBJECT_AGG": (range(2, 3), lambda _, given: _object_agg(*given)),
        "COUNT_IF": (
            range(1, 2),
            lambda _, given: aggregate("COUNT", exp.Case().when(given[0], exp.Literal.number(1))),
        ),
    }
)


def names_run() -> list[str]:
    """Return the names of all functions that run, sorted."""
    from local_cortex.ai.cortex_functions import FUNCTIONS

    return sorted(NAMES | FUNCTIONS)


def write(name: str, given: Arguments) -> Any:
    """Return a function's call in DuckDB's terms; its arguments are in them already."""
    known = SYNONYMS.get(name, name)
    if known in NOT_RUN:
        raise not_run(f"function {name}", "local_cortex/README.md lists those that it runs.")
    if known not in NAMES:
        raise unknown_function(name, names_run())
    takes, writing = WRITERS.get(known, (sorted(TAKES.get(known, ())), None))
    if len(given) not in takes:
        least, most = takes[0], takes[-1]
        expected = str(least) if least == most else f"{least} to {most}"
        raise wrong_argument_count(name, len(given), expected)
    return writing(known, given) if writing else helper(known, *given)


NAMES: Final = frozenset({*WRITERS, *SYNONYMS, *filter(str.isupper, TAKES)})

"""The functions that run: how many arguments each takes, and how DuckDB writes it.

Most are macros (:mod:`local_cortex.sql.macros`). Here are those that no macro can be: any number of
arguments, formats and units that are read beforehand, aggregates and window functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any, Final

from sqlglot import exp, parse_one

from local_cortex.sql import formats
from local_cortex.sql.errors import not_run, unknown_function, wrong_argument_count
from local_cortex.sql.macros import KINDS, MACROS, PREFIX, TAKES

__all__ = ["MACROS", "NAMES", "duck", "helper", "names_run", "write"]

Arguments = list[Any]
Writer = Callable[[Arguments], Any]

ANY: Final = frozenset(range(1, 100_000))
WRITERS: Final[dict[str, tuple[frozenset[int], Writer]]] = {}
KIND: Final = "kind"  # in a node's meta
ALIAS: Final = "alias"  # of a column that another projection may have named
AGGREGATE: Final = "aggregate"  # in a node's meta: OVER, FILTER and WITHIN GROUP belong to it

# What macros answer, where it spares a conversion.
ANSWERS: Final = {
    name: kind
    for kind, names in {
        "text": "UPPER LOWER INITCAP TRIM LTRIM RTRIM LPAD RPAD LEFT RIGHT SUBSTR REPLACE "
        "TRANSLATE REPEAT REVERSE SPACE INSERT SPLIT_PART STRTOK CHR MD5 SHA1 SHA2 REGEXP_REPLACE "
        "REGEXP_SUBSTR TO_JSON ARRAY_TO_STRING TYPEOF DAYNAME MONTHNAME BASE64_ENCODE "
        "UUID_STRING RANDSTR",
        "num": "average average_distinct averaged divide ratio int DIV0 DIV0NULL MOD ABS "
        "SIGN CEIL FLOOR ROUND TRUNC SQRT SQUARE EXP LN LOG "
        "POWER LENGTH POSITION ASCII EDITDISTANCE ZEROIFNULL WIDTH_BUCKET ARRAY_SIZE REGEXP_COUNT "
        "UNIFORM TO_DOUBLE MONTHS_BETWEEN",
        "arr": "SPLIT ARRAY_APPEND ARRAY_PREPEND ARRAY_CAT ARRAY_COMPACT ARRAY_SLICE "
        "ARRAY_DISTINCT ARRAY_SORT TO_ARRAY OBJECT_KEYS STRTOK_TO_ARRAY",
        "date": "TO_DATE LAST_DAY ADD_MONTHS NEXT_DAY PREVIOUS_DAY DATE_FROM_PARTS",
        "obj": "object object_with_nulls OBJECT_INSERT",
        "bool": "CONTAINS STARTSWITH ENDSWITH REGEXP_LIKE",
    }.items()
    for name in names.split()
}
SYNONYMS: Final = {
    name: target
    for line in """
CEIL CEILING|POWER POW|TRUNC TRUNCATE|LENGTH LEN|SUBSTR SUBSTRING MID|POSITION CHARINDEX|CHR CHAR
REGEXP_LIKE RLIKE|REGEXP_SUBSTR REGEXP_EXTRACT|REGEXP_SUBSTR_ALL REGEXP_EXTRACT_ALL|MD5 MD5_HEX
SHA1 SHA1_HEX|SHA2 SHA2_HEX|NVL IFNULL|DATEADD TIMEADD TIMESTAMPADD|DATEDIFF TIMEDIFF TIMESTAMPDIFF
DATE_FROM_PARTS DATEFROMPARTS|TIME_FROM_PARTS TIMEFROMPARTS|TIMESTAMP_FROM_PARTS TIMESTAMPFROMPARTS
TIMESTAMP_FROM_PARTS TIMESTAMP_NTZ_FROM_PARTS TIMESTAMPNTZFROMPARTS|TO_CHAR TO_VARCHAR|TO_DATE DATE
TO_TIMESTAMP TO_TIMESTAMP_NTZ|TO_NUMBER TO_DECIMAL TO_NUMERIC|TO_TIME TIME|AS_VARCHAR AS_CHAR
TRY_TO_NUMBER TRY_TO_DECIMAL TRY_TO_NUMERIC|TRY_TO_TIMESTAMP TRY_TO_TIMESTAMP_NTZ|IS_VARCHAR IS_CHAR
TRY_TO_TIMESTAMP_TZ TRY_TO_TIMESTAMP_LTZ|IS_DOUBLE IS_REAL|AS_DOUBLE AS_REAL
CURRENT_TIMESTAMP GETDATE|CURRENT_TIMESTAMP SYSTIMESTAMP LOCALTIMESTAMP|CURRENT_TIME LOCALTIME
STDDEV STDDEV_SAMP|ARRAY_AGG ARRAYAGG
VARIANCE VAR_SAMP VARIANCE_SAMP|VAR_POP VARIANCE_POP|APPROX_COUNT_DISTINCT HLL|COUNT_IF COUNTIF
GROUPING GROUPING_ID|DAYOFWEEKISO DAYOFWEEK_ISO|DAY DAYOFMONTH|WEEK WEEKOFYEAR|BITAND BIT_AND
BITOR BIT_OR|BITXOR BIT_XOR|BITNOT BIT_NOT|BITSHIFTLEFT BIT_SHIFTLEFT|BITSHIFTRIGHT BIT_SHIFTRIGHT
BITAND_AGG BIT_AND_AGG|BITOR_AGG BIT_OR_AGG|BITXOR_AGG BIT_XOR_AGG|LISTAGG STRING_AGG
SQUARE SQUARED|SEQ8 SEQ1 SEQ2 SEQ4
""".replace("|", "\n").split("\n")
    if line
    for target, *others in [line.split()]
    for name in others
}
# Snowflake's functions that do not run here, with what to use instead.
NOT_RUN: Final = {
    "SOUNDEX": "Use EDITDISTANCE or JAROWINKLER_SIMILARITY.",
    **dict.fromkeys(
        ("XMLGET", "PARSE_XML", "TO_XML", "CHECK_XML"), "Use PARSE_JSON and JSON values."
    ),
    **dict.fromkeys(("ST_POINT", "ST_DISTANCE", "TO_GEOGRAPHY"), "Use HAVERSINE for distances."),
    **dict.fromkeys(("ENCRYPT", "DECRYPT", "COMPRESS", "DECOMPRESS_STRING"), "Use BASE64_ENCODE."),
    **dict.fromkeys(("CONDITIONAL_CHANGE_EVENT", "MINHASH", "HLL_ACCUMULATE"), "Use a subquery."),
    **dict.fromkeys(("GET_DDL", "IDENTIFIER", "PARSE_IP"), "Use literal names and values."),
}


@cache
def _parsed(sql: str) -> Any:
    return parse_one(re.sub(r"@(\d)", r"__\1", sql), dialect="duckdb")


def duck(sql: str, *arguments: Any) -> Any:
    """Return DuckDB's expression ``sql``, in which ``@0``, ``@1``... are the arguments."""
    tree = _parsed(sql).copy()
    for column in list(tree.find_all(exp.Column)):
        if re.fullmatch(r"__\d", column.name):
            value = arguments[int(column.name[2:])].copy()
            if column is tree:
                return value
            column.replace(value)
    return tree


def call(name: str, *arguments: Any) -> Any:
    """Return a call of one of DuckDB's own functions."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def once(value: Any, build: Callable[[Any], Any]) -> Any:
    """Return ``build(value)`` so that a model is asked once, wherever the value stands in it."""
    if not any(one.name == "_CORTEX" for one in value.find_all(exp.Anonymous)):
        return build(value)
    return duck("LIST_TRANSFORM([@0], lambda asked: @1)[1]", value, build(exp.column("asked")))


def helper(name: str, *arguments: Any) -> Any:
    """Return a call of a macro, its arguments made the kind that it takes."""
    if name not in {"text", "num", "exact"}:  # which use a text once
        for at, one in enumerate(arguments):
            if any(call.name == "_CORTEX" for call in one.find_all(exp.Anonymous)):
                rest = [arguments[:at], arguments[at + 1 :]]
                return once(one, partial(_around, name, *rest))
    if name in KINDS and (name == kind_of(arguments[0])):
        return arguments[0]
    if name in OPAQUE and any(opaque(one) for one in arguments):
        return OPAQUE[name](*arguments)
    given = list(arguments)
    for at, kind in enumerate(TAKES[name].get(len(arguments), ())):
        if kind:
            given[at] = helper(kind, given[at])
    # Of an untyped NULL DuckDB cannot tell which macro is meant.
    given = [cast(one, "VARCHAR") if isinstance(one, exp.Null) else one for one in given]
    node = exp.Anonymous(this=PREFIX + name, expressions=given)
    node.meta[KIND] = name if name in KINDS else ANSWERS.get(name)
    return node


def _around(name: str, before: Any, after: Any, value: Any) -> Any:
    return helper(name, *before, value, *after)


def opaque(node: Any) -> bool:
    """Whether DuckDB does not know a value's type yet when it chooses between macros."""
    return any(
        isinstance(one, (exp.Subquery, exp.Select)) or AGGREGATE in one.meta or ALIAS in one.meta
        for one in node.walk()
    )


def _as(kind: str) -> Writer:
    return lambda value: cast(value, kind)


OPAQUE: Final[dict[str, Callable[..., Any]]] = {
    "text": _as("VARCHAR"),
    "num": lambda value: value,
    "moment": lambda value: value,
    "exact": lambda value: value,
    "int": _as("HUGEINT"),
    "bool": _as("BOOLEAN"),
    "arr": _as("VARIANT[]"),
    "obj": _as("JSON"),
    "date": _as("DATE"),
    "time": _as("TIME"),
    "ntz": _as("TIMESTAMP"),
    "ltz": _as("TIMESTAMPTZ"),
    "TO_ARRAY": _as("VARIANT[]"),
    "LENGTH": lambda value: call("LENGTH", cast(value, "VARCHAR")),
    "DATE_TRUNC": lambda unit, value: call("DATE_TRUNC", unit, value),
    "plus": lambda left, right: exp.Add(this=left, expression=right),
    "minus": lambda left, right: exp.Sub(this=left, expression=right),
    "divide": lambda left, right: helper("ratio", left, right),
    "add_days": lambda interval, moment: exp.Add(this=moment, expression=interval),
    "add_time": lambda interval, moment: exp.Add(this=moment, expression=interval),
    "get": lambda value, key: helper("get", cast(value, "VARIANT"), cast(key, "VARCHAR")),
}


def kind_of(node: Any) -> str | None:
    """Return the kind of a value where syntax tells it: ``text``, ``num``, ``arr``..."""
    if isinstance(node, exp.Literal):
        return "text" if node.is_string else "num"
    if isinstance(node, exp.Paren):
        return kind_of(node.this)
    if isinstance(node, exp.DPipe):
        return "text"
    found = node.meta.get(KIND)
    return str(found) if found else None


def aggregate(name: str, *arguments: Any) -> Any:
    node = call(name, *arguments)
    node.meta[AGGREGATE] = True
    node.meta[KIND] = "num" if name in {"COUNT", "SUM"} else None
    return node


def cast(value: Any, kind: str) -> Any:
    return exp.Cast(this=value, to=exp.DataType.build(kind, dialect="duckdb"))


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


def writer(*names: str, takes: range | frozenset[int]) -> Callable[[Writer], Writer]:
    """Register how functions are written; ``takes`` are the numbers of arguments they can have."""

    def register(write: Writer) -> Writer:
        for name in names:
            WRITERS[name] = (frozenset(takes), write)
        return write

    return register


def named_writer(*names: str, takes: range) -> Callable[[Callable[[str, Arguments], Any]], Any]:
    """Like :func:`writer`, for a writer that is told the name."""

    def register(write: Callable[[str, Arguments], Any]) -> Any:
        for name in names:
            WRITERS[name] = (frozenset(takes), partial(write, name))
        return write

    return register


def _filled(sql: str, given: Arguments) -> Any:
    return duck(sql, *given)


def _helped(name: str, given: Arguments) -> Any:
    return helper(name, *given)


def _part(name: str, given: Arguments) -> Any:
    return _date_part([exp.Literal.string(name), *given])


def _templates(table: str) -> None:
    for line in table.strip().splitlines():
        head, sql = line.split(" = ", 1)
        name, counts = head.split()
        takes = frozenset(int(one) for one in counts.split(","))
        WRITERS[name] = (takes, partial(_filled, sql))


_templates("""
IFF 3 = CASE WHEN main.sf_bool(@0) THEN @1 ELSE @2 END
NVL2 3 = CASE WHEN @0 IS NOT NULL THEN @1 ELSE @2 END
NULLIF 2 = NULLIF(@0, @1)
NVL 2 = COALESCE(@0, @1)
CURRENT_DATE 0 = CURRENT_DATE
CURRENT_TIME 0,1 = LOCALTIME
CURRENT_TIMESTAMP 0,1 = NOW()
SYSDATE 0 = NOW()::TIMESTAMP
HASH_COMBINE 2 = HASH(@0, @1)
ARRAY_CONTAINS_ANY 2 = main.sf_ARRAYS_OVERLAP(@0, @1)
SEQ8 0,1 = ROW_NUMBER() OVER () - 1
""")


@writer("COALESCE", takes=ANY)
def _coalesce(given: Arguments) -> Any:
    return exp.Coalesce(this=given[0], expressions=given[1:])


@writer("CONCAT", takes=ANY)
def _concat(given: Arguments) -> Any:
    joined = helper("text", given[0])
    for one in given[1:]:
        joined = exp.DPipe(this=joined, expression=helper("text", one))
    return exp.paren(joined)


@writer("CONCAT_WS", takes=ANY)
def _concat_ws(given: Arguments) -> Any:
    pieces = exp.Array(expressions=[helper("text", one) for one in given[1:]])
    anything = [exp.Is(this=one.copy(), expression=exp.Null()) for one in given]
    joined = call("ARRAY_TO_STRING", pieces, helper("text", given[0]))
    return exp.Case().when(exp.or_(*anything), exp.Null()).else_(joined)


@named_writer(
    "GREATEST", "LEAST", "GREATEST_IGNORE_NULLS", "LEAST_IGNORE_NULLS", takes=range(1, 999)
)
def _extreme(name: str, given: Arguments) -> Any:
    found = call(name.partition("_")[0], *given)
    if name.endswith("NULLS"):
        return found
    nulls = [exp.Is(this=one.copy(), expression=exp.Null()) for one in given]
    return exp.Case().when(exp.or_(*nulls), exp.Null()).else_(found)


@writer("DECODE", takes=range(3, 999))
def _decode(given: Arguments) -> Any:
    value, *pairs = given
    return once(value, lambda asked: _decoded(asked, pairs))


def _decoded(value: Any, pairs: Arguments) -> Any:
    case = exp.Case()
    for when, then in zip(pairs[::2], pairs[1::2], strict=False):
        case = case.when(exp.NullSafeEQ(this=value.copy(), expression=when), then)
    return case.else_(pairs[-1]) if len(pairs) % 2 else case


@writer("HASH", takes=ANY)
def _hash(given: Arguments) -> Any:
    return duck("HASH(@0)::HUGEINT - 9223372036854775808", exp.Tuple(expressions=given))


@named_writer("TRUNC", takes=range(1, 3))
def _trunc(name: str, given: Arguments) -> Any:
    unit = text(given[1]) if len(given) == 2 else None
    if unit is not None and not isinstance(given[1], exp.Column):
        return helper("DATE_TRUNC", exp.Literal.string(formats.unit(unit)), given[0])
    return helper(name, *given)


# --- dates ---


@writer("DATEADD", takes=range(3, 4))
def _dateadd(given: Arguments) -> Any:
    unit = formats.unit(text(given[0]))
    amount, moment = given[1:]
    several, unit = formats.MULTIPLES.get(unit, (1, unit))
    count = cast(helper("num", amount), "BIGINT")
    if several != 1:
        count = exp.Mul(this=count, expression=exp.Literal.number(several))
    interval = call(f"TO_{unit.upper()}S", cast(count, "INTEGER") if unit == "month" else count)
    return helper("add_days" if unit in {"month", "day"} else "add_time", interval, moment)


@writer("DATEDIFF", takes=range(3, 4))
def _datediff(given: Arguments) -> Any:
    unit = exp.Literal.string(formats.unit(text(given[0])))
    return call("DATE_DIFF", unit, helper("moment", given[1]), helper("moment", given[2]))


@writer("DATE_TRUNC", takes=range(2, 3))
def _date_trunc(given: Arguments) -> Any:
    return helper("DATE_TRUNC", exp.Literal.string(formats.unit(text(given[0]))), given[1])


@writer("LAST_DAY", takes=range(1, 3))
def _last_day(given: Arguments) -> Any:
    if len(given) == 1:
        return helper("LAST_DAY", given[0])
    unit = formats.unit(text(given[1]))
    first = duck(f"DATE_TRUNC('{unit}', main.sf_date(@0))", given[0])
    return duck(f"(@0 + INTERVAL 1 {unit} - INTERVAL 1 DAY)::DATE", first)


@writer("DATE_PART", takes=range(2, 3))
def _date_part(given: Arguments) -> Any:
    unit = formats.part(text(given[0]))
    if unit.startswith("epoch"):
        return duck(f"{unit}(@0)::BIGINT", helper("moment", given[1]))
    if unit == "nanosecond":
        return duck("(DATE_PART('microsecond', @0) % 1000000) * 1000", helper("moment", given[1]))
    return call("DATE_PART", exp.Literal.string(unit), helper("moment", given[1]))


for _name in formats.PARTS:
    if _name.upper() in formats.FUNCTIONS:
        WRITERS[_name.upper()] = (
            frozenset({1}),
            partial(_part, _name),
        )


@writer("TIME_SLICE", takes=range(3, 5))
def _time_slice(given: Arguments) -> Any:
    moment, length, unit = given[:3]
    width = call(f"TO_{formats.unit(text(unit)).upper()}S", cast(length, "INTEGER"))
    start = duck("TIME_BUCKET(@0, @1, TIMESTAMP '1970-01-01')", width, helper("ntz", moment))
    if len(given) == 4 and (text(given[3]) or "").upper() == "END":
        return exp.Add(this=start, expression=width.copy())
    return start


def _moment_writer(name: str, kind: str, macro: str) -> None:
    def write(given: Arguments) -> Any:
        if len(given) == 1:
            return helper(macro, given[0])
        scale = integer(given[1])
        if scale is not None:
            micros = f"(@0 * 1000000 / {10**scale})::BIGINT"
            return cast(duck(f"MAKE_TIMESTAMP({micros})", given[0]), kind)
        written = text(given[1])
        if written is None or written.lower() == "auto":
            return helper(macro, given[0])
        parse = "TRY_STRPTIME" if name.startswith("TRY_") else "STRPTIME"
        found = call(parse, helper("text", given[0]), exp.Literal.string(formats.moment(written)))
        return cast(found, kind)

    WRITERS[name] = (frozenset({1, 2}), write)


for _prefix in ("", "TRY_"):
    _moment_writer(f"{_prefix}TO_DATE", "DATE", f"{_prefix}TO_DATE")
    _moment_writer(f"{_prefix}TO_TIME", "TIME", f"{_prefix}TO_TIME")
    _moment_writer(f"{_prefix}TO_TIMESTAMP", "TIMESTAMP", f"{_prefix}TO_TIMESTAMP")
    _moment_writer(f"{_prefix}TO_TIMESTAMP_TZ", "TIMESTAMPTZ", f"{_prefix}TO_TIMESTAMP_TZ")
_moment_writer("TO_TIMESTAMP_LTZ", "TIMESTAMPTZ", "TO_TIMESTAMP_LTZ")


# --- conversions ---


@writer("TO_CHAR", takes=range(1, 3))
def _to_char(given: Arguments) -> Any:
    if len(given) == 1:
        return helper("text", given[0])
    written = text(given[1])
    if written is None:
        raise not_run("TO_CHAR with a format that is not a literal", "Write the format as text.")
    if formats.is_moment(written):
        shape = exp.Literal.string(formats.moment(written))
        return call("STRFTIME", helper("moment", given[0]), shape)
    if written.upper() in {"HEX", "BASE64", "UTF-8", "UTF8"}:
        encode = {"HEX": "HEX", "BASE64": "TO_BASE64"}.get(written.upper(), "DECODE")
        return call(encode, given[0])
    return duck(formats.number(written), given[0])


@named_writer("TO_NUMBER", "TRY_TO_NUMBER", takes=range(1, 5))
def _to_number(name: str, given: Arguments) -> Any:
    value, *more = given
    safe = name.startswith("TRY_")
    if more and (shape := text(more[0])) is not None:
        value = duck("REGEXP_REPLACE(main.sf_text(@0), '[$, ]', '', 'g')", value)
        places = len(re.sub(r"[^09]", "", shape.partition(".")[2]))
        more = more[1:] or [exp.Literal.number(38), exp.Literal.number(places)]
    scale = integer(more[1]) if len(more) > 1 else 0
    precision = integer(more[0]) if more else 38
    return number(value, precision or 38, scale or 0, safe)


def number(value: Any, precision: int, scale: int, safe: bool = False) -> Any:
    """Return a conversion to NUMBER(precision, scale)."""
    kind = f"DECIMAL({precision}, {scale})" if scale else "HUGEINT"
    if safe:
        return exp.TryCast(
            this=helper("text", value), to=exp.DataType.build(kind, dialect="duckdb")
        )
    if not scale:
        return helper("int", value)
    return cast(helper("exact", value), kind)


# --- semi-structured values ---


@writer("ARRAY_CONSTRUCT", takes=range(99_999))
def array(given: Arguments) -> Any:
    return cast(exp.Array(expressions=[cast(one, "VARIANT") for one in given]), "VARIANT[]")


@writer("ARRAY_CONSTRUCT_COMPACT", takes=range(99_999))
def _array_compact(given: Arguments) -> Any:
    return helper("ARRAY_COMPACT", array(given))


def entries(given: Arguments) -> Any:
    pairs = [
        duck("{k: @0::VARCHAR, v: @1::VARIANT}", key, value)
        for key, value in zip(given[::2], given[1::2], strict=False)
    ]
    return exp.Array(expressions=pairs)


@named_writer("OBJECT_CONSTRUCT", "OBJECT_CONSTRUCT_KEEP_NULL", takes=range(0, 99_999, 2))
def object_(name: str, given: Arguments) -> Any:
    if not given:
        return duck("'{}'::JSON")
    return helper("object_with_nulls" if name.endswith("NULL") else "object", entries(given))


@named_writer("OBJECT_DELETE", "OBJECT_PICK", takes=range(2, 999))
def _object_part(name: str, given: Arguments) -> Any:
    keys = exp.Array(expressions=given[1:])
    if len(given) == 2 and text(given[1]) is None:
        keys = duck("main.sf_arr(@0)::VARCHAR[]", given[1])
    return helper("object_without" if name == "OBJECT_DELETE" else "object_only", given[0], keys)


@writer("GET", takes=range(2, 3))
def get(given: Arguments) -> Any:
    """Return one element of an array or object; a constant key costs no detour over JSON."""
    value, key = given
    if isinstance(key, exp.Literal) and key.is_string:
        return call("VARIANT_EXTRACT", cast(value, "VARIANT"), key)
    index = integer(key)
    if index is not None:
        return duck(f"VARIANT_EXTRACT(@0::VARIANT, {index + 1})", value)
    return helper("get", value, key)


@writer("GET_PATH", takes=range(2, 3))
def _get_path(given: Arguments) -> Any:
    value, path = given[0], text(given[1])
    if path is None:
        raise not_run("GET_PATH with a path that is not a literal", "Use GET for computed keys.")
    for name, quoted, index in re.findall(r"""([^.\[\]"']+)|["']([^"']*)["']|\[(\d+)\]""", path):
        key = exp.Literal.number(index) if index else exp.Literal.string(name or quoted)
        value = get([value, key])
    return value


# --- aggregates and windows ---

# DuckDB's name, and whether VARIANT and text become numbers first.
AGGREGATES: Final = {
    **{name: (name, False) for name in ("MIN", "MAX", "MODE", "ANY_VALUE", "GROUPING")},
    **{
        name: (name, True)
        for name in ("SUM", "MEDIAN", "STDDEV", "STDDEV_POP", "VARIANCE", "KURTOSIS")
    },
    **{name: (name, True) for name in ("VAR_POP", "CORR", "COVAR_POP", "COVAR_SAMP", "REGR_SLOPE")},
    **{name: (name, True) for name in ("REGR_INTERCEPT", "REGR_R2", "REGR_COUNT", "REGR_AVGX")},
    **{name: (name, True) for name in ("REGR_AVGY", "REGR_SXX", "REGR_SXY", "REGR_SYY")},
    "APPROX_COUNT_DISTINCT": ("APPROX_COUNT_DISTINCT", False),
    "SKEW": ("SKEWNESS", True),
    "MIN_BY": ("ARG_MIN", False),
    "MAX_BY": ("ARG_MAX", False),
    "BOOLAND_AGG": ("BOOL_AND", False),
    "BOOLOR_AGG": ("BOOL_OR", False),
    "BITAND_AGG": ("BIT_AND", False),
    "BITOR_AGG": ("BIT_OR", False),
    "BITXOR_AGG": ("BIT_XOR", False),
    "PERCENTILE_CONT": ("PERCENTILE_CONT", False),
    "PERCENTILE_DISC": ("PERCENTILE_DISC", False),
}
WINDOW_FUNCTIONS: Final = {
    **dict.fromkeys(("ROW_NUMBER", "RANK", "DENSE_RANK", "PERCENT_RANK", "CUME_DIST"), range(1)),
    "NTILE": range(1, 2),
    **dict.fromkeys(("LAG", "LEAD"), range(1, 4)),
    **dict.fromkeys(("FIRST_VALUE", "LAST_VALUE"), range(1, 2)),
    "NTH_VALUE": range(2, 3),
}


def over_values(value: Any, change: Callable[[Any], Any]) -> Any:
    """Change an aggregate's argument, below DISTINCT if that stands there."""
    if isinstance(value, exp.Distinct):
        return exp.Distinct(expressions=[change(one) for one in value.expressions])
    return change(value)


@named_writer(*AGGREGATES, takes=range(1, 99))
def _plain_aggregate(name: str, given: Arguments) -> Any:
    written, numeric = AGGREGATES[name]
    if numeric:
        given = [over_values(one, lambda value: helper("num", value)) for one in given]
    elif name.startswith("BOOL"):
        given = [helper("bool", one) for one in given]
    return aggregate(written, *given)


@named_writer(*WINDOW_FUNCTIONS, takes=range(4))
def _window_function(name: str, given: Arguments) -> Any:
    if len(given) not in WINDOW_FUNCTIONS[name]:
        raise wrong_argument_count(name, len(given), str(WINDOW_FUNCTIONS[name].start))
    if name in {"NTILE", "LAG", "LEAD", "NTH_VALUE"}:
        at = 0 if name == "NTILE" else 1
        given = [cast(one, "BIGINT") if n == at else one for n, one in enumerate(given)]
    return aggregate(name, *given)


@writer("COUNT", takes=range(1, 999))
def _count(given: Arguments) -> Any:
    (first, *more) = given
    values = first.expressions if isinstance(first, exp.Distinct) else [first, *more]
    if len(values) == 1:
        return aggregate("COUNT", first)
    none = exp.or_(*[exp.Is(this=one.copy(), expression=exp.Null()) for one in values])
    value = exp.Case().when(exp.not_(none), exp.Tuple(expressions=values))
    distinct = isinstance(first, exp.Distinct)
    return aggregate("COUNT", exp.Distinct(expressions=[value]) if distinct else value)


@writer("COUNT_IF", takes=range(1, 2))
def _count_if(given: Arguments) -> Any:
    return aggregate("COUNT", exp.Case().when(given[0], exp.Literal.number(1)))


@writer("AVG", takes=range(1, 2))
def _avg(given: Arguments) -> Any:
    distinct = isinstance(given[0], exp.Distinct)
    value = helper("num", given[0].expressions[0] if distinct else given[0])
    if opaque(value):
        return aggregate("AVG", given[0])
    found = helper("average_distinct" if distinct else "average", value)
    found.meta[ALIAS] = True  # an aggregate is inside
    return found


def averaged_over(given: Arguments) -> Any:
    """Return AVG as a window function; of a macro DuckDB makes none."""
    value = helper("num", given[0])
    found = aggregate("AVG", value)
    return found if opaque(value) else helper("averaged", value.copy(), found)


@writer("LISTAGG", takes=range(1, 3))
def _listagg(given: Arguments) -> Any:
    value = over_values(given[0], lambda one: helper("text", one))
    delimiter = given[1] if len(given) > 1 else exp.Literal.string("")
    return duck("COALESCE(@0, '')", aggregate("STRING_AGG", value, delimiter))


@writer("ARRAY_AGG", takes=range(1, 2))
def _array_agg(given: Arguments) -> Any:
    (value,) = given[0].expressions if isinstance(given[0], exp.Distinct) else given
    kept = exp.Filter(
        this=aggregate("LIST", given[0]),
        expression=exp.Where(this=exp.not_(exp.Is(this=value.copy(), expression=exp.Null()))),
    )
    return duck("COALESCE(@0::VARIANT[], []::VARIANT[])", kept)


@writer("ARRAY_UNIQUE_AGG", takes=range(1, 2))
def _array_unique_agg(given: Arguments) -> Any:
    return _array_agg([exp.Distinct(expressions=given)])


@writer("OBJECT_AGG", takes=range(2, 3))
def _object_agg(given: Arguments) -> Any:
    listed = aggregate("LIST", duck("{k: @0::VARCHAR, v: @1::VARIANT}", *given))
    return helper("object", duck("COALESCE(@0, [])", listed))


@writer("APPROX_PERCENTILE", takes=range(2, 3))
def _approx_percentile(given: Arguments) -> Any:
    return aggregate("QUANTILE_CONT", cast(helper("num", given[0]), "DOUBLE"), given[1])


@writer("HASH_AGG", takes=ANY)
def _hash_agg(given: Arguments) -> Any:
    return aggregate("BIT_XOR", _hash(given))


@writer("RATIO_TO_REPORT", takes=range(1, 2))
def _ratio(given: Arguments) -> Any:
    value = helper("num", given[0])
    return helper("ratio", value, duck("NULLIF(@0, 0)", aggregate("SUM", value.copy())))


@writer("CONDITIONAL_TRUE_EVENT", takes=range(1, 2))
def _true_event(given: Arguments) -> Any:
    return aggregate("COUNT", exp.Case().when(given[0], exp.Literal.number(1)))


# --- every function ---

for _name, _forms in TAKES.items():
    if _name not in WRITERS and _name.isupper():
        WRITERS[_name] = (
            frozenset(_forms),
            partial(_helped, _name),
        )
NAMES: Final = frozenset({*WRITERS, *SYNONYMS})


def names_run() -> list[str]:
    """Return the names of all functions that run, sorted."""
    from local_cortex.ai.functions import FUNCTIONS

    return sorted(NAMES | FUNCTIONS)


def write(name: str, given: Arguments) -> Any:
    """Return a function's call in DuckDB's terms; its arguments are in them already.

    Raises:
        SqlError: 002140 for a name that Snowflake lacks, 000002 for one that does not run here,
            000938 for too few or too many arguments.
    """
    known = SYNONYMS.get(name, name)
    if known not in WRITERS:
        if known in NOT_RUN:
            raise not_run(f"function {name}", NOT_RUN[known])
        raise unknown_function(name, names_run())
    takes, writing = WRITERS[known]
    if len(given) not in takes:
        raise wrong_argument_count(name, len(given), _expected(takes))
    return writing(given)


def _expected(takes: frozenset[int]) -> str:
    return str(min(takes)) if len(takes) == 1 else f"{min(takes)} to {max(takes)}"

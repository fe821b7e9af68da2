"""The functions that run: how many arguments each takes, and how DuckDB writes it.

Most are lines of ``macros.sql``. Python writes those that no macro can be: here the ones of any
number of arguments and conversions by a format, and those of three more modules.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from inspect import Parameter, signature
from typing import Any, Final

from sqlglot import exp

from local_cortex.dialect import aggregates, date_formats, dates, documents
from local_cortex.dialect.building import (
    Arguments,
    Writers,
    call,
    cast,
    common,
    duck,
    helper,
    integer,
    is_null,
    marked,
    once,
    text,
)
from local_cortex.dialect.macros import SYNONYMS, TAKES
from local_cortex.sql.sql_error import not_run, unknown_function, wrong_argument_count

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


def _concat(first: Any, *more: Any) -> Any:
    joined = helper("text", first)
    for one in more:
        joined = exp.DPipe(this=joined, expression=helper("text", one))
    return exp.paren(joined)


def _unless_null(given: Arguments, value: Any) -> Any:
    return exp.Case().when(exp.or_(*map(is_null, given)), exp.Null()).else_(value)


def _concat_ws(between: Any, *pieces: Any) -> Any:
    def build(given: Arguments) -> Any:
        by, *texts = [helper("text", one) for one in given]
        joined = call("ARRAY_TO_STRING", exp.Array(expressions=texts), by)
        return _unless_null(given, joined)

    return once(build, [between, *pieces])


def _extreme(name: str, first: Any, *more: Any) -> Any:
    def build(given: Arguments) -> Any:
        return _unless_null(given, marked(call(name, *given), common(given)))

    return once(build, [first, *more])


def _decode(value: Any, when: Any, then: Any, *more: Any) -> Any:
    def build(value: Arguments) -> Any:
        case = exp.Case()
        for known, answer in zip([when, *more[::2]], [then, *more[1::2]], strict=False):
            case = case.when(exp.NullSafeEQ(this=value[0].copy(), expression=known), answer)
        return case.else_(more[-1]) if len(more) % 2 else case

    return once(build, [value])


def _to_char(value: Any, shape: Any = None) -> Any:
    if shape is None:
        return helper("text", value)
    written = text(shape)
    if written is None:
        raise not_run("TO_CHAR with a format that is not a literal", "Write the format as text.")
    if date_formats.is_moment(written):
        shape = exp.Literal.string(date_formats.moment(written))
        return marked(call("STRFTIME", helper("moment", value), shape), "text")
    return duck(date_formats.number(written), value, kind="text")


def _to_number(
    value: Any, first: Any = None, second: Any = None, third: Any = None, *, safe: bool = False
) -> Any:
    """Return TO_NUMBER(value, format, precision, scale), whose format may be left out."""
    sizes, shape = [first, second], text(first)
    if shape is not None:
        value = duck("REGEXP_REPLACE(@0, '[$, ]', '', 'g')", helper("text", value))
        places = len(re.sub(r"[^09]", "", shape.partition(".")[2]))
        sizes = [second, third] if second is not None else [None, exp.Literal.number(places)]
    precision, scale = map(integer, sizes)
    return number(value, precision or 38, scale or 0, safe)


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


MANY: Final = 99_999  # arguments
HASH: Final = "HASH(@0)::HUGEINT - 9223372036854775808"
WRITERS: Final[Writers] = {
    "COALESCE": lambda first, *more: exp.Coalesce(this=first, expressions=list(more)),
    "CONCAT": _concat,
    "CONCAT_WS": _concat_ws,
    "DECODE": _decode,
    "GREATEST": partial(_extreme, "GREATEST"),
    "HASH": lambda first, *more: duck(HASH, exp.Tuple(expressions=[first, *more])),
    "LEAST": partial(_extreme, "LEAST"),
    "TO_CHAR": _to_char,
    "TO_NUMBER": _to_number,
    "TRY_TO_NUMBER": partial(_to_number, safe=True),
    **aggregates.FUNCTIONS,
    **dates.FUNCTIONS,
    **documents.FUNCTIONS,
}
NAMES: Final = frozenset({*WRITERS, *SYNONYMS, *filter(str.isupper, TAKES)})


def names_run() -> list[str]:
    """Return the names of all functions that run, sorted."""
    from local_cortex.ai.cortex_functions import FUNCTIONS

    return sorted(NAMES | FUNCTIONS)


def _taken(write: Callable[..., Any]) -> range:
    """Return how many arguments a function's writer takes."""
    kinds = [(one.kind, one.default is one.empty) for one in signature(write).parameters.values()]
    given = [needed for kind, needed in kinds if kind is Parameter.POSITIONAL_OR_KEYWORD]
    most = MANY if any(kind is Parameter.VAR_POSITIONAL for kind, _ in kinds) else len(given)
    return range(sum(given), most + 1)


def write(name: str, given: Arguments) -> Any:
    """Return a function's call in DuckDB's terms; its arguments are in them already."""
    known = SYNONYMS.get(name, name)
    if known in NOT_RUN:
        raise not_run(f"function {name}", "local_cortex/README.md lists those that it runs.")
    if known not in NAMES:
        raise unknown_function(name, names_run())
    writer = WRITERS.get(known)
    takes = _taken(writer) if writer else sorted(TAKES[known])
    if len(given) not in takes:
        least, most = takes[0], takes[-1]
        expected = str(least) if least == most else f"{least} to {most}"
        raise wrong_argument_count(name, len(given), expected)
    return writer(*given) if writer else helper(known, *given)

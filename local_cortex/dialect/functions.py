"""The functions that run: how many arguments each takes, and how DuckDB writes it.

Most are lines of ``macros.sql``. Python writes those that no macro can be: here the ones of any
number of arguments and conversions by a format, and those of three more modules.
"""

from __future__ import annotations

import re
from typing import Any, Final

from sqlglot import exp

from local_cortex.dialect import aggregates, date_formats, dates, documents
from local_cortex.dialect.building import (
    ANY,
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


def _concat(_: str, given: Arguments) -> Any:
    joined, *more = [helper("text", one) for one in given]
    for one in more:
        joined = exp.DPipe(this=joined, expression=one)
    return exp.paren(joined)


def _unless_null(given: Arguments, value: Any) -> Any:
    return exp.Case().when(exp.or_(*map(is_null, given)), exp.Null()).else_(value)


def _concat_ws(_: str, given: Arguments) -> Any:
    def build(given: Arguments) -> Any:
        by, *pieces = [helper("text", one) for one in given]
        joined = call("ARRAY_TO_STRING", exp.Array(expressions=pieces), by)
        return _unless_null(given, joined)

    return once(build, given)


def _extreme(name: str, given: Arguments) -> Any:
    def build(given: Arguments) -> Any:
        return _unless_null(given, marked(call(name, *given), common(given)))

    return once(build, given)


def _decode(_: str, given: Arguments) -> Any:
    def build(value: Arguments) -> Any:
        case = exp.Case()
        for when, then in zip(given[1::2], given[2::2], strict=False):
            case = case.when(exp.NullSafeEQ(this=value[0].copy(), expression=when), then)
        return case.else_(given[-1]) if len(given) % 2 == 0 else case

    return once(build, given[:1])


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


HASH: Final = "HASH(@0)::HUGEINT - 9223372036854775808"
WRITERS: Final[Writers] = {
    "CONCAT": (ANY, _concat),
    "CONCAT_WS": (ANY, _concat_ws),
    "COALESCE": (ANY, lambda _, given: exp.Coalesce(this=given[0], expressions=given[1:])),
    "DECODE": (range(3, 999), _decode),
    "HASH": (ANY, lambda _, given: duck(HASH, exp.Tuple(expressions=given))),
    **dict.fromkeys(("GREATEST", "LEAST"), (ANY, _extreme)),
    "TO_CHAR": (range(1, 3), _to_char),
    **dict.fromkeys(("TO_NUMBER", "TRY_TO_NUMBER"), (range(1, 5), _to_number)),
    **aggregates.FUNCTIONS,
    **dates.FUNCTIONS,
    **documents.FUNCTIONS,
}
NAMES: Final = frozenset({*WRITERS, *SYNONYMS, *filter(str.isupper, TAKES)})


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

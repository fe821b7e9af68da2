"""Snowflake's date parts, and its formats of moments and numbers, in DuckDB's terms."""

from __future__ import annotations

import re
from typing import Final

from sqlglot.dialects.snowflake import Snowflake

from local_cortex.sql.sql_error import compile_error

# DuckDB's names of Snowflake's parts, where they are others.
_DUCKDB: Final = {
    "DAYOFWEEK": "dow",
    "DAYOFWEEKISO": "isodow",
    "DAYOFYEAR": "doy",
    "WEEKISO": "week",
    "YEAROFWEEK": "isoyear",
    "YEAROFWEEKISO": "isoyear",
    "EPOCH_SECOND": "epoch",
    "EPOCH_MILLISECOND": "epoch_ms",
    "EPOCH_MICROSECOND": "epoch_us",
    "EPOCH_NANOSECOND": "epoch_ns",
}
# sqlglot's own; docs.snowflake.com/en/sql-reference/functions-date-time has none of them.
_OTHERS: Final = {"CENTURY", "DECADE", "MILLENNIUM"}
_SPELLINGS: Final = {
    **{one: one for one in (*Snowflake.DATE_PART_MAPPING.values(), *_DUCKDB)},
    **Snowflake.DATE_PART_MAPPING,
    "WEEKS": "WEEK",
    "NANOSECONDS": "NANOSECOND",
    "EPOCH": "EPOCH_SECOND",
    "YEARDAY": "DAYOFYEAR",
}
#: DuckDB's name of a date part, by each of Snowflake's spellings in small letters.
PARTS: Final[dict[str, str]] = {
    spelling.lower(): _DUCKDB.get(part, part.lower())
    for spelling, part in _SPELLINGS.items()
    if part not in _OTHERS and " " not in spelling
}
# The parts that are functions of their own, such as YEAR(d).
FUNCTIONS: Final = {
    *("YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"),
    *(part for part in _DUCKDB if not part.startswith("EPOCH")),
}
# Units that DuckDB makes no interval of.
MULTIPLES: Final = {"year": (12, "month"), "quarter": (3, "month"), "week": (7, "day")}

_SIGNS: Final = """
YYYY=%Y UUUU=%Y YY=%y MMMM=%B MON=%b MM=%m DD=%d DY=%a HH24=%H HH12=%I HH=%H AM=%p PM=%p MI=%M SS=%S
FF9=%n FF6=%f FF3=%g FF0= FF=%f TZH:TZM=%z TZHTZM=%z TZH=%z
"""
_MOMENT: Final = dict(pair.split("=") for pair in _SIGNS.split())
_TOKEN: Final = re.compile(f'"[^"]*"|{"|".join(_MOMENT)}|.', re.IGNORECASE | re.DOTALL)


def part(spelling: str | None) -> str:
    """Return DuckDB's name of a date part; 001003 for a part that there is not."""
    found = PARTS.get((spelling or "").lower())
    if found is None:
        raise compile_error(f"'{spelling}' is not a valid date/time component.")
    return found


def unit(spelling: str | None) -> str:
    """Return DuckDB's name of a part that a span of time can have, such as ``day``."""
    found = part(spelling)
    return {"dow": "day", "isodow": "day", "doy": "day", "isoyear": "year"}.get(found, found)


def is_moment(written: str) -> bool:
    """Whether a format is one of dates or times, not of numbers."""
    return re.search(r"YY|DD|MON|MM|HH|SS|DY|FF", written, re.IGNORECASE) is not None


def moment(written: str) -> str:
    """Return a date or time format as ``strftime`` and ``strptime`` write it."""
    tokens = _TOKEN.findall(written)
    return "".join(
        token[1:-1] if len(token) > 1 and token[0] == '"' else _MOMENT.get(token.upper(), token)
        for token in tokens
    )


def number(written: str) -> str:
    """Return DuckDB's SQL that writes ``@0`` in a number format such as ``$999,990.00``."""
    shape = written.upper()
    plain = shape.replace("FM", "")
    whole, _, fraction = re.sub(r"[^09.]", "", plain).partition(".")
    comma = "," if re.search("[,G]", plain) else ""
    zeros = len(whole) - whole.index("0") if "0" in whole else 0
    commas = len(re.findall("[,G]", plain)) if comma else 0
    places = len(fraction)
    rounded = f"abs(round(main.sf_num(@0)::DOUBLE, {places}))"
    body = f"format('{{:{comma}.{places}f}}', {rounded})"
    if not zeros and whole:
        body = f"regexp_replace({body}, '^0(\\.|$)', '\\1')"
    elif zeros > 1:
        body = f"lpad({body}, {zeros + places + bool(fraction) + commas}, '0')"
    sign = "CASE WHEN @0 < 0 THEN '-' ELSE '' END"
    dollar = "'$' || " if "$" in plain else ""
    if shape.startswith("FM"):
        return f"{sign} || {dollar}{body}"
    width = 1 + len(plain.replace("MI", "").replace("S", ""))
    return f"lpad({sign} || {dollar}{body}, {width}, ' ')"

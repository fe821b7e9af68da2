"""Functions of dates and times that take a part or a format of Snowflake's as a literal."""

from __future__ import annotations

from typing import Any, Final

from sqlglot import exp

from local_cortex.dialect import date_formats
from local_cortex.dialect.building import (
    Arguments,
    Writers,
    call,
    cast,
    duck,
    helper,
    integer,
    text,
)


def _unit(value: Any) -> str:
    return date_formats.unit(text(value))


def _date_trunc(unit: Any, value: Any) -> Any:
    return helper("DATE_TRUNC", exp.Literal.string(_unit(unit)), value)


def _date_diff(unit: Any, *moments: Any) -> Any:
    found = [helper("moment", one) for one in moments]
    return duck(f"DATE_DIFF('{_unit(unit)}', @0, @1)", *found, kind="int")


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


def _dateadd(_: str, given: Arguments) -> Any:
    unit = _unit(given[0])
    whole = unit in {"day", "month", *date_formats.MULTIPLES}
    return helper("add_days" if whole else "add_time", _span(given[1], unit), given[2])


def _last_day(_: str, given: Arguments) -> Any:
    if len(given) == 1:
        return helper("LAST_DAY", given[0])
    unit = _unit(given[1])
    end = f"(DATE_TRUNC('{unit}', @0) + INTERVAL 1 {unit} - INTERVAL 1 DAY)::DATE"
    return duck(end, helper("date", given[0]), kind="date")


def _date_part(part: str, given: Arguments) -> Any:
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


FUNCTIONS: Final[Writers] = {
    "DATEADD": (range(3, 4), _dateadd),
    "DATEDIFF": (range(3, 4), lambda _, given: _date_diff(*given)),
    "DATE_PART": (range(2, 3), lambda _, given: _date_part(text(given[0]) or "", given[1:])),
    "DATE_TRUNC": (range(2, 3), lambda _, given: _date_trunc(*given)),
    "LAST_DAY": (range(1, 3), _last_day),
    "TRUNC": (range(1, 3), _trunc),
    **dict.fromkeys(date_formats.FUNCTIONS, (range(1, 2), _date_part)),
    **dict.fromkeys(_MOMENTS, (range(1, 3), _to_moment)),
}

"""Functions of dates and times that take a part or a format of Snowflake's as a literal."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from sqlglot import exp

from local_cortex.dialect import date_formats
from local_cortex.dialect.building import Writers, call, cast, duck, helper, integer, text


def _unit(value: Any) -> str:
    return date_formats.unit(text(value))


def _date_trunc(unit: Any, value: Any) -> Any:
    return helper("DATE_TRUNC", exp.Literal.string(_unit(unit)), value)


def _date_diff(unit: Any, start: Any, end: Any) -> Any:
    found = [helper("moment", one) for one in (start, end)]
    return duck(f"DATE_DIFF('{_unit(unit)}', @0, @1)", *found, kind="int")


def _trunc(value: Any, to: Any = None) -> Any:
    if isinstance(to, (exp.Literal, exp.Var)) and text(to):
        return _date_trunc(to, value)
    return helper("TRUNC", value) if to is None else helper("TRUNC", value, to)


def _span(amount: Any, unit: str) -> Any:
    several, unit = date_formats.MULTIPLES.get(unit, (1, unit))
    number_of = cast(helper("num", amount), "BIGINT")
    if several != 1:
        number_of = exp.Mul(this=number_of, expression=exp.Literal.number(several))
    if unit == "month":
        number_of = cast(number_of, "INTEGER")
    return call(f"TO_{unit.upper()}S", number_of)


def _dateadd(part: Any, amount: Any, moment: Any) -> Any:
    unit = _unit(part)
    whole = unit in {"day", "month", *date_formats.MULTIPLES}
    return helper("add_days" if whole else "add_time", _span(amount, unit), moment)


def _last_day(value: Any, part: Any = None) -> Any:
    if part is None:
        return helper("LAST_DAY", value)
    unit = _unit(part)
    end = f"(DATE_TRUNC('{unit}', @0) + INTERVAL 1 {unit} - INTERVAL 1 DAY)::DATE"
    return duck(end, helper("date", value), kind="date")


def _date_part(part: str, value: Any) -> Any:
    unit = date_formats.part(part)
    shape = f"DATE_PART('{unit}', @0)"
    if unit.startswith("epoch"):
        shape = f"{unit}(@0)::BIGINT"
    elif unit == "nanosecond":
        shape = "(DATE_PART('microsecond', @0) % 1000000) * 1000"
    return duck(shape, helper("moment", value), kind="int")


_MOMENTS: Final = {
    **{
        f"{prefix}TO_{one}": one for prefix in ("", "TRY_") for one in ("DATE", "TIME", "TIMESTAMP")
    },
    **dict.fromkeys(("TO_TIMESTAMP_TZ", "TO_TIMESTAMP_LTZ", "TRY_TO_TIMESTAMP_TZ"), "TIMESTAMPTZ"),
}


def _to_moment(name: str, value: Any, shape: Any = None) -> Any:
    if (scale := integer(shape)) is not None:
        micros = duck(f"MAKE_TIMESTAMP((@0 * 1000000 / {10**scale})::BIGINT)", value)
        return cast(micros, _MOMENTS[name])
    written = text(shape)
    if written is None or written.lower() == "auto":
        return helper(name, value)
    parse = "TRY_STRPTIME" if name.startswith("TRY_") else "STRPTIME"
    found = call(parse, helper("text", value), exp.Literal.string(date_formats.moment(written)))
    return cast(found, _MOMENTS[name])


FUNCTIONS: Final[Writers] = {
    "DATEADD": _dateadd,
    "DATEDIFF": _date_diff,
    "DATE_PART": lambda part, value: _date_part(text(part) or "", value),
    "DATE_TRUNC": _date_trunc,
    "LAST_DAY": _last_day,
    "TRUNC": _trunc,
    **{name: partial(_date_part, name) for name in date_formats.FUNCTIONS},
    **{name: partial(_to_moment, name) for name in _MOMENTS},
}

"""The current time, and the parts of dates and timestamps."""

from __future__ import annotations

import datetime as dt
from typing import Any

from local_cortex.sql.batch import Bound, constant
from local_cortex.sql.errors import wrong_argument_types
from local_cortex.sql.mapping import cast, mapped
from local_cortex.sql.types import DATE, TIME, TIMESTAMP_LTZ, TIMESTAMP_NTZ, number

from .registry import Call, builder


@builder("CURRENT_TIMESTAMP", "LOCALTIMESTAMP", "GETDATE", "SYSTIMESTAMP", least=0, most=1)
def current_timestamp(call: Call) -> Bound:
    return constant(call.execution.now, TIMESTAMP_LTZ)


@builder("SYSDATE", least=0)
def sysdate(call: Call) -> Bound:
    return constant(call.execution.now.replace(tzinfo=None), TIMESTAMP_NTZ)


@builder("CURRENT_DATE", least=0)
def current_date(call: Call) -> Bound:
    return constant(call.execution.now.date(), DATE)


@builder("CURRENT_TIME", "LOCALTIME", least=0, most=1)
def current_time(call: Call) -> Bound:
    return constant(call.execution.now.time(), TIME)


def _part(call: Call) -> Bound:
    source = call.arguments[0]
    if source.type.name in {"TEXT", "VARIANT", "NULL"}:
        source = cast(call.execution, source, TIMESTAMP_NTZ)
    if not (source.type.is_timestamp or source.type.name in {"DATE", "TIME"}):
        raise wrong_argument_types(call.name, [str(source.type)])
    part = "day" if call.name == "DAYOFMONTH" else call.name.lower()

    def compute(value: dt.date | dt.time) -> Any:
        return getattr(value, part, 0)

    return mapped(call.execution, compute, [source], number(4))


builder("YEAR", "MONTH", "DAY", "DAYOFMONTH", "HOUR", "MINUTE", "SECOND", least=1)(_part)

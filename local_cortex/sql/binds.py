"""The ``bindings`` of a query request: ``{"1": {"type": "TEXT", "value": "..."}, ...}``.

Read from ``to_snowflake_bindings`` in ``snowflake/connector/converter.py`` 4.8: values are text
or null; DATE is milliseconds, TIME and TIMESTAMP nanoseconds since 1970-01-01 (TIMESTAMP_TZ
followed by the offset in minutes plus 1440), BINARY hexadecimal. ``executemany`` sends a list of
values, one for each row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from . import types
from .errors import SqlError
from .result import EPOCH, EPOCH_UTC, TZ_BIAS
from .types import SqlType, number, text
from .values import clean_text

__all__ = ["Bind", "decode_binds"]


@dataclass(frozen=True, slots=True)
class Bind:
    """A bound value: one, or (``array``) one for each row of a bulk INSERT."""

    type: SqlType
    values: tuple[Any, ...]
    array: bool


def decode_binds(wire: Mapping[str, Any] | None) -> dict[str, Bind]:
    """Decode the ``bindings`` of a query request, by position (``"1"``, ...).

    Raises:
        SqlError: a value does not have the form that its type needs.
    """
    return {str(position): _decode(position, entry) for position, entry in (wire or {}).items()}


def _decode(position: str, entry: Any) -> Bind:
    try:
        name = str(entry["type"]).upper()
        value = entry.get("value")
        array = isinstance(value, list)
        decode: Callable[[Any], Any] = _DECODERS.get(name, _text)
        values = tuple(
            None if one is None else decode(one) for one in (value if array else [value])
        )
    except (KeyError, TypeError, AttributeError, ValueError, InvalidOperation, OverflowError):
        raise SqlError(
            f"Bind variable {position} cannot be read", code="002128", sqlstate="42601"
        ) from None
    return Bind(_type_of(name, values), values, array)


def _type_of(name: str, values: tuple[Any, ...]) -> SqlType:
    if name == "FIXED":
        scales = [-int(one.as_tuple().exponent) for one in values if isinstance(one, Decimal)]
        return number(scale=max(scales, default=0))
    if name == "TEXT":
        return text(max((len(one) for one in values if one is not None), default=1))
    return _TYPES.get(name, types.NULL if set(values) == {None} else types.TEXT)


def _text(value: Any) -> str:
    return clean_text(str(value))


def _fixed(value: Any) -> int | Decimal:
    exact = Decimal(value)
    if not exact.is_finite() or exact.adjusted() >= types.MAX_PRECISION:
        raise ValueError
    return int(exact) if exact == exact.to_integral_value() else exact


def _nanoseconds(value: Any) -> dt.timedelta:
    return dt.timedelta(microseconds=int(value) // 1000)


def _zoned(value: str) -> dt.datetime:
    nanoseconds, _, offset = value.partition(" ")
    zone = dt.timezone(dt.timedelta(minutes=int(offset or TZ_BIAS) - TZ_BIAS))
    return (EPOCH_UTC + _nanoseconds(nanoseconds)).astimezone(zone)


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "FIXED": _fixed,
    "REAL": float,
    "BOOLEAN": lambda value: str(value).lower() in {"true", "1"},
    "BINARY": bytes.fromhex,
    "DATE": lambda value: (EPOCH + dt.timedelta(milliseconds=int(value))).date(),
    "TIME": lambda value: (EPOCH + _nanoseconds(value)).time(),
    "TIMESTAMP_NTZ": lambda value: EPOCH + _nanoseconds(value),
    "TIMESTAMP_LTZ": lambda value: EPOCH_UTC + _nanoseconds(value),
    "TIMESTAMP_TZ": _zoned,
}
_TYPES: dict[str, SqlType] = {
    "REAL": types.REAL,
    "BOOLEAN": types.BOOLEAN,
    "BINARY": types.BINARY,
    "DATE": types.DATE,
    "TIME": types.TIME,
    "TIMESTAMP_NTZ": types.TIMESTAMP_NTZ,
    "TIMESTAMP_LTZ": types.TIMESTAMP_LTZ,
    "TIMESTAMP_TZ": types.TIMESTAMP_TZ,
}

"""Conversions between types: ``CAST``, ``::``, ``TRY_CAST``, ``TO_...`` and implicit ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

from .errors import SqlError, out_of_range
from .result import EPOCH_UTC
from .types import JSON_NULL, SqlType
from .values import as_json, as_text

__all__ = ["DECIMAL", "can_cast", "caster", "fit_number"]

Cast = Callable[[Any], Any]

DECIMAL = Context(prec=80, rounding=ROUND_HALF_UP)  # two NUMBER(38) multiplied have up to 76 digits
TRUTHS = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}


def fit_number(value: Decimal | int, precision: int, scale: int) -> Decimal | int:
    """Round half away from zero to ``scale`` decimals.

    Raises:
        SqlError: 100039, more digits than ``precision`` remain.
    """
    if isinstance(value, Decimal):
        if not value.is_finite() or value.adjusted() > precision:
            raise out_of_range(value)
        value = value.quantize(Decimal(1).scaleb(-scale), context=DECIMAL)
        value = value if scale else int(value)
    elif scale:
        value = Decimal(value).quantize(Decimal(1).scaleb(-scale), context=DECIMAL)
    if abs(value) >= 10 ** (precision - scale):
        raise out_of_range(value)
    return value


def unrecognized(what: str, value: object) -> SqlError:
    """Text that does not spell a value of the type."""
    code, sqlstate = {
        "Numeric value": ("100038", "22018"),
        "Boolean value": ("100037", "22018"),
        "Date": ("100040", "22007"),
        "Time": ("100108", "22007"),
        "Timestamp": ("100035", "22007"),
    }[what]
    return SqlError(f"{what} '{str(value)[:80]}' is not recognized", code=code, sqlstate=sqlstate)


def _to_fixed(value: Any, kind: SqlType) -> Any:
    if isinstance(value, bool):
        value = int(value)
    try:
        # Decimal reads `1_000` and digits of every script; Snowflake does not.
        if isinstance(value, str) and ("_" in value or not value.isascii()):
            raise unrecognized("Numeric value", value)
        exact = value if isinstance(value, int | Decimal) else Decimal(str(value).strip())
    except InvalidOperation:
        raise unrecognized("Numeric value", value) from None
    return fit_number(exact, kind.precision or 38, kind.scale or 0)


def _to_real(value: Any, _: SqlType) -> float:
    try:
        if isinstance(value, str) and "_" in value:
            raise unrecognized("Numeric value", value)
        return float(value)
    except (ValueError, OverflowError):
        raise unrecognized("Numeric value", value) from None


def _to_boolean(value: Any, _: SqlType) -> bool:
    if isinstance(value, str):
        try:
            return TRUTHS[value.strip().lower()]
        except KeyError:
            raise unrecognized("Boolean value", value) from None
    return bool(value)


def _to_date(value: Any, _: SqlType) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.datetime.fromisoformat(str(value).strip()).date()
    except ValueError:
        raise unrecognized("Date", value) from None


def _to_time(value: Any, _: SqlType) -> dt.time:
    if isinstance(value, dt.datetime):
        return value.time()
    try:
        return value if isinstance(value, dt.time) else dt.time.fromisoformat(str(value).strip())
    except ValueError:
        raise unrecognized("Time", value) from None


def _to_timestamp(value: Any, kind: SqlType) -> dt.datetime:
    try:
        if isinstance(value, dt.datetime):
            moment = value
        elif isinstance(value, dt.date):
            moment = dt.datetime(value.year, value.month, value.day)
        elif isinstance(value, str) and not value.strip().lstrip("-").isdigit():
            moment = dt.datetime.fromisoformat(value.strip())
        else:
            moment = EPOCH_UTC + dt.timedelta(seconds=float(value))
    except (ValueError, OverflowError):
        raise unrecognized("Timestamp", value) from None
    if kind.name == "TIMESTAMP_NTZ":
        return moment.replace(tzinfo=None)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return moment.astimezone(dt.UTC) if kind.name == "TIMESTAMP_LTZ" else moment


def _to_binary(value: Any, _: SqlType) -> bytes:
    try:
        return value if isinstance(value, bytes) else bytes.fromhex(str(value))
    except ValueError:
        message = f"The following string is not a legal hex-encoded value: '{str(value)[:80]}'"
        raise SqlError(message, code="100115", sqlstate="22000") from None


def _to_array(value: Any, _: SqlType) -> Any:
    return value if isinstance(value, list) else [value]


def _to_object(value: Any, _: SqlType) -> Any:
    if isinstance(value, dict):
        return value
    shown = as_text(value, SqlType("VARIANT"))[:80]
    message = f"Failed to cast variant value {shown} to OBJECT"
    raise SqlError(message, code="100071", sqlstate="22000")


_TARGETS: dict[str, Callable[[Any, SqlType], Any]] = {
    "FIXED": _to_fixed,
    "REAL": _to_real,
    "BOOLEAN": _to_boolean,
    "DATE": _to_date,
    "TIME": _to_time,
    "TIMESTAMP_NTZ": _to_timestamp,
    "TIMESTAMP_LTZ": _to_timestamp,
    "TIMESTAMP_TZ": _to_timestamp,
    "BINARY": _to_binary,
    "ARRAY": _to_array,
    "OBJECT": _to_object,
}
_FROM_NUMBER = {"FIXED", "REAL", "BOOLEAN", "TEXT", "VARIANT", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ"}
_FROM_MOMENT = {"DATE", "TIME", "TEXT", "VARIANT"}
_ALLOWED: dict[str, set[str]] = {
    "FIXED": _FROM_NUMBER,
    "REAL": _FROM_NUMBER - {"TIMESTAMP_NTZ", "TIMESTAMP_LTZ"},
    "BOOLEAN": {"FIXED", "REAL", "BOOLEAN", "TEXT", "VARIANT"},
    "DATE": _FROM_MOMENT - {"TIME"} | {"TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ"},
    "TIME": {"TIME", "TEXT", "VARIANT"},
    "BINARY": {"BINARY", "TEXT", "VARIANT"},
    "TEXT": {*_TARGETS, "TEXT", "VARIANT"} - {"ARRAY", "OBJECT"},
    "OBJECT": {"OBJECT", "VARIANT", "TEXT", "ARRAY"},
    "ARRAY": {"ARRAY", "VARIANT", "TEXT"},
}


def can_cast(source: SqlType, target: SqlType) -> bool:
    """Tell whether Snowflake converts between these types at all."""
    if source.is_timestamp:
        return target.is_timestamp or target.name in _FROM_MOMENT
    return source.name in {"NULL", "VARIANT"} or target.name in _ALLOWED[source.name]


def caster(source: SqlType, target: SqlType) -> Cast | None:
    """Return the conversion of one value that is not NULL; ``None`` if nothing is to be done.

    The conversion raises :class:`SqlError` for values that do not convert.
    """
    if source.name == "NULL" or source == target:
        return None
    if source.name == target.name == "FIXED" and _only_wider(source, target):
        return None
    if target.name == "TEXT":
        return _text_caster(source, target.length or 1)
    if target.name == "VARIANT":
        return None if source.is_json else lambda value: as_json(value, source)
    convert = _TARGETS[target.name]
    if source.is_json and not target.is_json:
        return lambda value: None if value is JSON_NULL else convert(_scalar(value, target), target)
    return lambda value: None if value is JSON_NULL else convert(value, target)


def _only_wider(source: SqlType, target: SqlType) -> bool:
    return source.scale == target.scale and (source.precision or 0) <= (target.precision or 0)


def _scalar(value: Any, target: SqlType) -> Any:
    if isinstance(value, dict | list):
        shown = as_text(value, SqlType("VARIANT"))[:80]
        message = f"Failed to cast variant value {shown} to {target.name}"
        raise SqlError(message, code="100071", sqlstate="22000")
    return value


def _text_caster(source: SqlType, length: int) -> Cast | None:
    if source.name == "TEXT":
        return (lambda value: value[:length]) if length < (source.length or 0) else None
    if source.is_json:
        return lambda value: None if value is JSON_NULL else as_text(value, source)[:length]
    return lambda value: as_text(value, source)[:length]

"""The ``bindings`` of a query request: ``{"1": {"type": "TEXT", "value": "..."}, ...}``.

Read from ``to_snowflake_bindings`` in ``snowflake/connector/converter.py`` 4.8: values are text
or null; DATE is milliseconds, TIME and TIMESTAMP nanoseconds since 1970-01-01 (TIMESTAMP_TZ
followed by the offset in minutes plus 1440), BINARY hexadecimal. ``executemany`` sends a list of
values, one for each row; where some rows are NULL and others are not, it calls all of them TEXT.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from local_cortex.sql.sql_error import SqlError
from local_cortex.wire import types
from local_cortex.wire.types import MAX_PRECISION, SqlType, number

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

EPOCH: Final = dt.datetime(1970, 1, 1)
EPOCH_UTC: Final = EPOCH.replace(tzinfo=dt.UTC)
TZ_BIAS = 1440  # added to the offset of a TIMESTAMP_TZ, in minutes, so that it is never negative


@dataclass(frozen=True, slots=True)
class Bind:
    """A bound value: one, or (``array``) one for each row of a bulk INSERT.

    ``values`` are ``None``, ``Decimal`` (FIXED), ``float``, ``str``, ``bool``, ``bytes``, ``date``,
    ``time`` and ``datetime``; the ``datetime`` of TIMESTAMP_LTZ and TIMESTAMP_TZ has a time zone.
    """

    type: SqlType
    values: tuple[Any, ...]
    array: bool = False

    def literal(self) -> exp.Expression:
        """Return the first value as a literal of Snowflake's SQL."""
        from sqlglot import exp

        name, value = self.type.name, self.values[0]
        if name == "BOOLEAN" and value is not None:
            return exp.Boolean(this=value)
        if name == "BINARY" and value is not None:
            return exp.HexString(this=value.hex().upper())
        if name == "FIXED" and value is not None:
            return exp.Literal.number(f"{value:f}")
        if value is None:
            literal: exp.Expression = exp.Null()
        elif name == "REAL" and math.isfinite(value):
            literal = exp.Literal.number(repr(value))
        else:
            literal = exp.Literal.string(str(value))
        if name == "TEXT":
            return literal
        declared = str(self.type) if name in {"FIXED", "REAL"} else name
        return exp.cast(literal, exp.DataType.build(declared, dialect="snowflake"))


def decode_binds(wire: Mapping[str, Any] | None) -> dict[str, Bind]:
    """Decode the ``bindings`` of a query request, by position; 002128 for one that is no value."""
    return {str(position): _decode(position, entry) for position, entry in (wire or {}).items()}


def arrow_table(binds: Mapping[str, Bind], into: Sequence[SqlType | None] = ()) -> pa.Table:
    """Return the binds of a bulk INSERT as a table with the columns ``"1"``, ``"2"``, ...

    ``into`` names the types of the columns that the values go to, by position. A column that the
    connector calls TEXT for its NULLs is read as that type, so that dates stay dates. 002128 for
    binds of different lengths.
    """
    import pyarrow as pa

    if len({len(bind.values) for bind in binds.values()}) > 1:
        raise _unreadable(min(binds))
    columns = {}
    for (position, bind), target in zip_longest(binds.items(), into[: len(binds)]):
        read = _read_as(position, bind, target)
        columns[position] = pa.array(read.values, read.type.arrow)
    return pa.table(columns)


def _read_as(position: str, bind: Bind, target: SqlType | None) -> Bind:
    if bind.type.name != "TEXT" or target is None or target.name not in _NUMBERED:
        return bind
    if not all(value is None or _NUMBERED[target.name](value) for value in bind.values):
        return bind  # text as people write it, which a cast reads
    return _decode(position, {"type": target.name, "value": list(bind.values)})


def _decode(position: str, entry: Any) -> Bind:
    try:
        name, value = str(entry["type"]).upper(), entry.get("value")
        decode: Callable[[Any], Any] = _DECODERS.get(name, _text)
        listed = value if isinstance(value, list) else [value]
        values = tuple(None if one is None else decode(one) for one in listed)
        kind = types.TEXT
        if name in _DECODERS:
            kind = _fixed_type(values) if name == "FIXED" else getattr(types, name)
        return Bind(kind, values, listed is value)
    except (KeyError, TypeError, AttributeError, ValueError, InvalidOperation, OverflowError):
        raise _unreadable(position) from None


def _unreadable(position: str) -> SqlError:
    return SqlError(f"Bind variable {position} cannot be read", code="002128", sqlstate="42601")


def _fixed_type(values: tuple[Any, ...]) -> SqlType:
    sizes = [value.as_tuple() for value in values if value is not None]
    scale = max((-int(size.exponent) for size in sizes), default=0)
    whole = max((len(size.digits) + int(size.exponent) for size in sizes), default=0)
    if whole + scale > MAX_PRECISION or scale > types.MAX_SCALE:
        raise ValueError
    return number(scale=scale)


def _text(value: Any) -> str:
    # Lone surrogates can't be sent as UTF-8.
    return re.sub("[\ud800-\udfff]", "�", str(value))


def _fixed(value: Any) -> Decimal:
    exact = Decimal(value)
    if not exact.is_finite() or exact.adjusted() >= MAX_PRECISION:
        raise ValueError
    return exact if int(exact.as_tuple().exponent) <= 0 else exact.quantize(Decimal(1))


def _nanoseconds(value: Any) -> dt.timedelta:
    return dt.timedelta(microseconds=int(value) // 1000)


def _zoned(value: str) -> dt.datetime:
    nanoseconds, _, offset = value.partition(" ")
    zone = dt.timezone(dt.timedelta(minutes=int(offset or TZ_BIAS) - TZ_BIAS))
    return (EPOCH_UTC + _nanoseconds(nanoseconds)).astimezone(zone)


_DECODERS: Final[dict[str, Callable[[Any], Any]]] = {
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

# Whether a text is the wire's number of such a value, and not a date as people write it.
_NUMBERED: Final[dict[str, Callable[[str], Any]]] = {
    "BINARY": re.compile(r"(?:[0-9a-fA-F]{2})*").fullmatch,
    **dict.fromkeys(
        ("DATE", "TIME", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ"),
        re.compile(r"-?\d+(?: \d{4})?").fullmatch,
    ),
}

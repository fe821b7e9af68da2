"""What a statement gives back, and how the connector's JSON result path wants it on the wire.

Read from ``SnowflakeConverter`` in ``snowflake/connector/converter.py`` 4.8: every value is text
or null; FIXED and REAL in decimal notation, BOOLEAN ``"1"``/``"0"``, DATE days since 1970-01-01,
TIME and TIMESTAMP seconds with exactly ``scale`` decimals (TIMESTAMP_TZ followed by a blank and the
offset in minutes plus 1440), BINARY hexadecimal, VARIANT, OBJECT and ARRAY JSON text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .limits import MAX_VALUE_CHARS
from .types import SqlType
from .values import json_text

__all__ = ["SqlColumn", "SqlResult"]

EPOCH = dt.datetime(1970, 1, 1)
EPOCH_UTC = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
BYTES_PER_CHAR = 4  # of UTF-8, at most
TZ_BIAS = 1440  # added to the offset of a TIMESTAMP_TZ, in minutes, so that it is never negative


@dataclass(frozen=True, slots=True)
class SqlColumn:
    """A column of a result."""

    name: str
    type: SqlType
    nullable: bool = True

    def wire(self) -> dict[str, Any]:
        """Return the entry of ``rowtype``."""
        kind = self.type
        length = byte_length = None
        if kind.name in {"TEXT", "NULL"}:
            length = kind.length or MAX_VALUE_CHARS
            byte_length = min(length * BYTES_PER_CHAR, MAX_VALUE_CHARS)
        elif kind.name == "BINARY":
            length = byte_length = kind.length
        return {
            "name": self.name,
            "type": "text" if kind.name == "NULL" else kind.name.lower(),
            "nullable": self.nullable,
            "length": length,
            "byteLength": byte_length,
            "precision": kind.precision if kind.name == "FIXED" else None,
            "scale": kind.scale,
            "database": "",
            "schema": "",
            "table": "",
            "collation": None,
        }


@dataclass(frozen=True, slots=True)
class SqlResult:
    """A statement's rows; ``rows`` is empty when the statement was only described.

    ``statement_type_id`` is Snowflake's number of the kind of statement; the connector counts
    affected rows by it. ``weight`` is about how many bytes the rows take;
    ``texts`` are the rows as :meth:`rowset` gives them, where they are made already.
    """

    columns: tuple[SqlColumn, ...]
    rows: list[tuple[object, ...]]
    statement_type_id: int
    weight: int = 0
    texts: list[list[str | None]] | None = None

    def rowtype(self) -> list[dict[str, Any]]:
        """Return the column descriptions as the query response carries them."""
        return [column.wire() for column in self.columns]

    def rowset(self) -> list[list[str | None]]:
        """Return the values as the query response carries them."""
        if self.texts is not None:
            return self.texts
        if not self.columns:
            return [[] for _ in self.rows]
        encoded = []
        for index, column in enumerate(self.columns):
            encode = _ENCODERS.get(column.type.name, str)
            values = (row[index] for row in self.rows)
            encoded.append([None if value is None else encode(value) for value in values])
        return [list(row) for row in zip(*encoded, strict=True)]


def _boolean(value: Any) -> str:
    return "1" if value else "0"


def _date(value: Any) -> str:
    return str((value - EPOCH.date()).days)


def _time(value: Any) -> str:
    whole = value.hour * 3600 + value.minute * 60 + value.second
    return f"{whole}.{value.microsecond:06d}000"


def _seconds(delta: dt.timedelta) -> str:
    micros = delta // dt.timedelta(microseconds=1)
    whole, fraction = divmod(abs(micros), 1_000_000)
    return f"{'-' if micros < 0 else ''}{whole}.{fraction:06d}000"


def _zoned(value: Any) -> str:
    offset = value.utcoffset() // dt.timedelta(minutes=1)
    return f"{_seconds(value - EPOCH_UTC)} {offset + TZ_BIAS}"


_ENCODERS: dict[str, Callable[[Any], str]] = {
    "FIXED": lambda value: str(value) if isinstance(value, int) else f"{value:f}",
    "REAL": repr,
    "BOOLEAN": _boolean,
    "DATE": _date,
    "TIME": _time,
    "TIMESTAMP_NTZ": lambda value: _seconds(value - EPOCH),
    "TIMESTAMP_LTZ": lambda value: _seconds(value - EPOCH_UTC),
    "TIMESTAMP_TZ": _zoned,
    "BINARY": lambda value: value.hex().upper(),
    "VARIANT": lambda value: json_text(value, pretty=True),
    "OBJECT": lambda value: json_text(value, pretty=True),
    "ARRAY": lambda value: json_text(value, pretty=True),
}

"""Snowflake's data types, as far as Local Cortex tells them apart.

In memory a value is ``None`` (NULL) or: FIXED ``int`` when the scale is 0, else ``Decimal``; REAL
``float``; TEXT ``str``; BOOLEAN ``bool``; BINARY ``bytes``; DATE, TIME ``date``, ``time``;
TIMESTAMP_NTZ a naive ``datetime``; TIMESTAMP_LTZ and TIMESTAMP_TZ an aware one; VARIANT, OBJECT and
ARRAY the JSON value, where :data:`JSON_NULL` is the JSON ``null`` that is not a NULL.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from .limits import MAX_VALUE_CHARS

__all__ = [
    "ARRAY",
    "BINARY",
    "BOOLEAN",
    "DATE",
    "INTEGER",
    "JSON_NULL",
    "NULL",
    "OBJECT",
    "REAL",
    "TEXT",
    "TIME",
    "TIMESTAMP_LTZ",
    "TIMESTAMP_NTZ",
    "TIMESTAMP_TZ",
    "VARIANT",
    "SqlType",
    "common_type",
    "number",
    "text",
]

MAX_PRECISION = 38  # digits of a NUMBER


class _JsonNull:
    """The JSON value ``null`` at the top of a VARIANT."""

    def __repr__(self) -> str:
        return "JSON_NULL"


JSON_NULL: Final = _JsonNull()


@dataclass(frozen=True, slots=True)
class SqlType:
    """A type: ``name`` as the wire spells it, in capitals; the rest where the type has it.

    ``json_text`` marks the TEXT of COMPLETE with options, whose fields the documentation reads with
    a path (``:choices[0]:messages``) although it calls the result a string.
    """

    name: str
    precision: int | None = None
    scale: int | None = None
    length: int | None = None
    json_text: bool = False

    @property
    def is_number(self) -> bool:
        return self.name in {"FIXED", "REAL"}

    @property
    def is_json(self) -> bool:
        return self.name in {"VARIANT", "OBJECT", "ARRAY"}

    @property
    def is_timestamp(self) -> bool:
        return self.name.startswith("TIMESTAMP")

    def __str__(self) -> str:
        if self.name == "FIXED":
            return f"NUMBER({self.precision},{self.scale})"
        if self.name == "TEXT":
            return f"VARCHAR({self.length})"
        return {"REAL": "FLOAT", "NULL": "VARCHAR"}.get(self.name, self.name)


def number(precision: int = MAX_PRECISION, scale: int = 0) -> SqlType:
    """Return NUMBER(precision, scale), both cut to what Snowflake allows."""
    scale = min(scale, MAX_PRECISION - 1)
    return SqlType("FIXED", max(1, min(precision, MAX_PRECISION), scale), scale)


def text(length: int = MAX_VALUE_CHARS) -> SqlType:
    """Return VARCHAR(length); ``length`` counts characters."""
    return SqlType("TEXT", length=max(length, 1))


NULL: Final = SqlType("NULL")  # the type of a bare NULL, which any other type absorbs
INTEGER: Final = number()
REAL: Final = SqlType("REAL")
TEXT: Final = text()
BOOLEAN: Final = SqlType("BOOLEAN")
BINARY: Final = SqlType("BINARY", length=8_388_608)  # Snowflake's default length, in bytes
DATE: Final = SqlType("DATE")
TIME: Final = SqlType("TIME", scale=9)
TIMESTAMP_NTZ: Final = SqlType("TIMESTAMP_NTZ", scale=9)
TIMESTAMP_LTZ: Final = SqlType("TIMESTAMP_LTZ", scale=9)
TIMESTAMP_TZ: Final = SqlType("TIMESTAMP_TZ", scale=9)
VARIANT: Final = SqlType("VARIANT")
OBJECT: Final = SqlType("OBJECT")
ARRAY: Final = SqlType("ARRAY")

_NAMED: Final[dict[str, SqlType]] = {
    **dict.fromkeys(("INT", "BIGINT", "SMALLINT", "TINYINT", "INT128", "UINT", "DECIMAL"), INTEGER),
    **dict.fromkeys(("FLOAT", "DOUBLE"), REAL),
    **dict.fromkeys(("TEXT", "VARCHAR", "NVARCHAR"), TEXT),
    **dict.fromkeys(("CHAR", "NCHAR"), text(1)),
    **dict.fromkeys(("BINARY", "VARBINARY"), BINARY),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMPNTZ", "DATETIME", "DATETIME2"), TIMESTAMP_NTZ),
    "BOOLEAN": BOOLEAN,
    "DATE": DATE,
    "TIME": TIME,
    "TIMESTAMPLTZ": TIMESTAMP_LTZ,
    "TIMESTAMPTZ": TIMESTAMP_TZ,
    "VARIANT": VARIANT,
    "OBJECT": OBJECT,
    "ARRAY": ARRAY,
}


def from_parsed(node: Any) -> SqlType | None:
    """Translate a parsed data type (``NUMBER(38, 18)``); ``None`` if it is not one of these."""
    base = _NAMED.get(node.this.name) if hasattr(node.this, "name") else None
    if base is None:
        return None
    try:
        sizes = [int(parameter.this.name) for parameter in node.expressions]
    except (AttributeError, TypeError, ValueError):
        return None if not base.is_json else base
    if base.name == "FIXED" and sizes and node.this.name == "DECIMAL":
        return number(sizes[0], sizes[1] if len(sizes) > 1 else 0)
    if base.name == "TEXT" and sizes:
        return text(min(sizes[0], MAX_VALUE_CHARS))
    return base


def common_type(left: SqlType, right: SqlType) -> SqlType | None:
    """Return the type that both convert to, as in CASE and UNION; ``None`` if there is none."""
    if left.name == "NULL" or left == right:
        return right
    if right.name == "NULL":
        return left
    names = {left.name, right.name}
    if len(names) == 1:
        return _wider(left, right)
    if names == {"FIXED", "REAL"}:
        return REAL
    if any(kind.is_json for kind in (left, right)):
        return VARIANT
    if "TEXT" in names:
        other = right if left.name == "TEXT" else left
        return number(MAX_PRECISION, other.scale or 0) if other.name == "FIXED" else other
    if left.is_timestamp and right.is_timestamp:
        return TIMESTAMP_LTZ if "TIMESTAMP_LTZ" in names else TIMESTAMP_TZ
    if "DATE" in names and (left.is_timestamp or right.is_timestamp):
        return right if left.name == "DATE" else left
    return None


def _wider(left: SqlType, right: SqlType) -> SqlType:
    if left.name == "FIXED":
        scale = max(left.scale or 0, right.scale or 0)
        whole = max((kind.precision or 0) - (kind.scale or 0) for kind in (left, right))
        return number(whole + scale, scale)
    if left.name == "TEXT":
        return replace(left, length=max(left.length or 1, right.length or 1))
    return left

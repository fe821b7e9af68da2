"""JSON text of semi-structured values, and plain text of all others, as Snowflake prints them."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from decimal import Decimal
from typing import Any, NoReturn

from .allowance import check
from .errors import SqlError, too_large
from .limits import MAX_RESULT_CHARS
from .types import JSON_NULL, SqlType

__all__ = ["as_json", "as_text", "clean_text", "from_json", "json_text", "sort_key", "weigh"]

EXPONENT_FROM = 1e15  # larger floats are written with an exponent

_SURROGATE = re.compile("[\ud800-\udfff]")


def clean_text(value: str) -> str:
    """Replace lone surrogates by U+FFFD; they cannot be sent as UTF-8."""
    return _SURROGATE.sub("�", value) if not value.isascii() else value


def json_text(value: Any, *, pretty: bool = False) -> str:
    """Write a semi-structured value as JSON: compact as TO_VARCHAR does, or as results show it."""
    check()
    value = None if value is JSON_NULL else value
    separators = (",", ": ") if pretty else (",", ":")
    encoder = json.JSONEncoder(
        ensure_ascii=False,
        indent=2 if pretty else None,
        separators=separators,
        sort_keys=True,  # an OBJECT has no order of its own; Snowflake prints it by key
    )
    try:
        if not pretty:
            return encoder.encode(value)
        pieces, length = [], 0
        for piece in encoder.iterencode(value):
            check()
            # Deep in a value the indentation is most of the text.
            length += len(piece)
            if length > MAX_RESULT_CHARS:
                raise too_large("The text of a value", MAX_RESULT_CHARS, "Nest it less deeply.")
            pieces.append(piece)
        return "".join(pieces)
    except RecursionError:
        raise _bad_json("the value is nested too deeply") from None


def from_json(source: str) -> Any:
    """Read JSON text.

    Raises:
        SqlError: 100069, the text is not JSON.
    """
    if not source.strip():
        return JSON_NULL
    try:
        value = json.loads(source, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise _bad_json(f"{error.msg}, line {error.lineno}, pos {error.pos}") from None
    except (ValueError, RecursionError):
        raise _bad_json("a number or the nesting is too big") from None
    if "\\u" in source:
        value = _cleaned(value)
    return JSON_NULL if value is None else value


def _bad_json(why: str) -> SqlError:
    return SqlError(f"Error parsing JSON: {why}", code="100069", sqlstate="22P02")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {clean_text(key): _cleaned(item) for key, item in value.items()}
    return value


def weigh(value: Any, limit: int) -> int:
    """Return about how many characters a value takes as text, or some number beyond ``limit``."""
    weight, pending = 0, [value]
    while pending and weight <= limit:
        check()
        one = pending.pop()
        if isinstance(one, str):
            weight += len(one)
        elif isinstance(one, list):
            pending.extend(one)
        elif isinstance(one, dict):
            pending.extend(one)
            pending.extend(one.values())
        weight += 4
    return weight


def as_json(value: Any, kind: SqlType) -> Any:
    """Return the JSON value that a value of any type has inside a VARIANT; NULL stays ``None``."""
    if value is None or kind.is_json or kind.name in {"TEXT", "BOOLEAN", "REAL"}:
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value if isinstance(value, int) else as_text(value, kind)


def as_text(value: Any, kind: SqlType) -> str:
    """Write a value that is not NULL as TO_VARCHAR does with Snowflake's default formats."""
    if kind.is_json:
        return value if isinstance(value, str) else json_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _show_float(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bytes):
        return value.hex().upper()
    if isinstance(value, dt.datetime):
        zone = value.strftime(" %z") if value.tzinfo else ""
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}{zone}"
    if isinstance(value, dt.time):
        return f"{value:%H:%M:%S}"
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _show_float(value: float) -> str:
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if math.isnan(value):
        return "NaN"
    if value.is_integer() and abs(value) < EXPONENT_FROM:
        return str(int(value))
    return repr(value)


def sort_key(value: Any, kind: SqlType) -> Any:
    """Return what a value is compared, grouped and made distinct by; hashable and ordered."""
    if not kind.is_json:
        return value
    if isinstance(value, bool):
        return 0, value
    if isinstance(value, int | float):
        return 1, value
    return (2, value) if isinstance(value, str) else (3, json_text(value))

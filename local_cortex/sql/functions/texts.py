"""Functions of text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from local_cortex.sql.batch import Bound
from local_cortex.sql.errors import SqlError, too_large
from local_cortex.sql.limits import MAX_TRIMMED, MAX_VALUE_CHARS
from local_cortex.sql.mapping import check_length
from local_cortex.sql.types import ARRAY, BOOLEAN, INTEGER, TEXT, SqlType, number, text

from .registry import scalar

BLANK = " "  # what TRIM removes unless told otherwise: blanks, not tabs or line ends


def _same(arguments: Sequence[Bound]) -> SqlType:
    return arguments[0].type


def _joined(arguments: Sequence[Bound]) -> SqlType:
    total = sum(argument.type.length or MAX_VALUE_CHARS for argument in arguments)
    return text(min(total, MAX_VALUE_CHARS))


scalar("UPPER", takes=[TEXT], gives=_same)(str.upper)
scalar("LOWER", takes=[TEXT], gives=_same)(str.lower)
scalar("INITCAP", takes=[TEXT], gives=_same)(str.title)
scalar("LENGTH", "LEN", takes=[TEXT], gives=number(18))(len)
scalar("REVERSE", takes=[TEXT], gives=_same)(lambda value: value[::-1])
scalar("ASCII", takes=[TEXT], gives=number(18))(lambda value: ord(value[0]) if value else 0)
scalar("STARTSWITH", takes=[TEXT, TEXT], gives=BOOLEAN)(str.startswith)
scalar("ENDSWITH", takes=[TEXT, TEXT], gives=BOOLEAN)(str.endswith)
scalar("CONTAINS", takes=[TEXT, TEXT], gives=BOOLEAN)(lambda value, part: part in value)
scalar("MD5", takes=[TEXT], gives=text(32))(
    lambda value: hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()
)


@scalar("SPLIT", takes=[TEXT, TEXT], gives=ARRAY)
def split(value: str, separator: str) -> list[str]:
    if not separator:
        return [value]
    check_length(value.count(separator))
    return value.split(separator)


@scalar("CONCAT", takes=[TEXT], gives=_joined, variadic=True)
def concat(*parts: str) -> str:
    check_length(sum(map(len, parts)))
    return "".join(parts)


@scalar("CONCAT_WS", takes=[TEXT, TEXT], gives=TEXT, variadic=True)
def concat_ws(separator: str, *parts: str) -> str:
    check_length(len(separator) * len(parts) + sum(map(len, parts)))
    return separator.join(parts)


@scalar("TRIM", takes=[TEXT, TEXT], gives=_same, optional=1)
def trim(value: str, characters: str = BLANK) -> str:
    return value.strip(_removed(characters))


@scalar("LTRIM", takes=[TEXT, TEXT], gives=_same, optional=1)
def ltrim(value: str, characters: str = BLANK) -> str:
    return value.lstrip(_removed(characters))


@scalar("RTRIM", takes=[TEXT, TEXT], gives=_same, optional=1)
def rtrim(value: str, characters: str = BLANK) -> str:
    return value.rstrip(_removed(characters))


@scalar("SUBSTR", "SUBSTRING", takes=[TEXT, INTEGER, INTEGER], gives=_same, optional=1)
def substr(value: str, start: int, length: int = MAX_VALUE_CHARS) -> str:
    # Positions count from 1, negative ones from the end; 0 is taken for 1.
    begin = start - 1 if start > 0 else len(value) + start if start < 0 else 0
    return value[begin : begin + max(length, 0)] if begin >= 0 else ""


@scalar("LEFT", takes=[TEXT, INTEGER], gives=_same)
def left(value: str, length: int) -> str:
    return value[: max(length, 0)]


@scalar("RIGHT", takes=[TEXT, INTEGER], gives=_same)
def right(value: str, length: int) -> str:
    return value[-length:] if length > 0 else ""


@scalar("REPLACE", takes=[TEXT, TEXT, TEXT], gives=TEXT, optional=1)
def replace(value: str, old: str, new: str = "") -> str:
    if not old:
        return value
    check_length(len(value) + value.count(old) * (len(new) - len(old)))
    return value.replace(old, new)


@scalar("REPEAT", takes=[TEXT, INTEGER], gives=TEXT)
def repeat(value: str, times: int) -> str:
    check_length(len(value) * max(times, 0))
    return value * max(times, 0)


@scalar("LPAD", takes=[TEXT, INTEGER, TEXT], gives=TEXT, optional=1)
def lpad(value: str, length: int, padding: str = BLANK) -> str:
    return _padding(value, length, padding) + value[: max(length, 0)]


@scalar("RPAD", takes=[TEXT, INTEGER, TEXT], gives=TEXT, optional=1)
def rpad(value: str, length: int, padding: str = BLANK) -> str:
    return value[: max(length, 0)] + _padding(value, length, padding)


@scalar("SPLIT_PART", takes=[TEXT, TEXT, INTEGER], gives=_same)
def split_part(value: str, separator: str, part: int) -> str:
    parts = split(value, separator)
    index = part - 1 if part > 0 else part
    return parts[index] if -len(parts) <= index < len(parts) else ""


@scalar("CHARINDEX", "POSITION", takes=[TEXT, TEXT, INTEGER], gives=number(18), optional=1)
def charindex(part: str, value: str, start: int = 1) -> int:
    return value.find(part, max(start, 1) - 1) + 1


@scalar("CHR", "CHAR", takes=[INTEGER], gives=text(1))
def character(code: int) -> Any:
    try:
        return chr(code).encode().decode()
    except (ValueError, OverflowError):
        message = f"Invalid character code {code} in the CHR input"
        raise SqlError(message, code="100065", sqlstate="22000") from None


def _padding(value: str, length: int, padding: str) -> str:
    missing = length - len(value)
    if missing <= 0 or not padding:
        return ""
    check_length(length)
    return (padding * (missing // len(padding) + 1))[:missing]


def _removed(characters: str) -> str:
    # Each character of a text is looked up in all of them.
    different = "".join(set(characters))
    if len(different) > MAX_TRIMMED:
        raise too_large("The different characters of a TRIM", MAX_TRIMMED, "Give it fewer.")
    return different

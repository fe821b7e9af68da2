"""Functions of VARIANT, OBJECT and ARRAY."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from local_cortex.sql.batch import Bound
from local_cortex.sql.errors import wrong_argument_types
from local_cortex.sql.mapping import cast, check_length, coerce, mapped
from local_cortex.sql.paths import element
from local_cortex.sql.types import (
    ARRAY,
    BOOLEAN,
    JSON_NULL,
    OBJECT,
    TEXT,
    VARIANT,
    number,
)
from local_cortex.sql.values import as_text

from .registry import UNLIMITED, Call, builder, scalar

COUNT = number(9)


def _plain(value: Any) -> Any:
    return None if value is JSON_NULL else value


def _variants(call: Call, arguments: Sequence[Bound]) -> list[Bound]:
    return [cast(call.execution, argument, VARIANT) for argument in arguments]


@builder("ARRAY_CONSTRUCT", least=0, most=UNLIMITED)
def array_construct(call: Call) -> Bound:
    return build_array(call, call.arguments)


def build_array(call: Call, items: Sequence[Bound]) -> Bound:
    """Return the ARRAY of some expressions."""
    return mapped(
        call.execution,
        lambda *values: [_plain(value) for value in values],
        _variants(call, items),
        ARRAY,
        nulls=True,
    )


@builder("OBJECT_CONSTRUCT", "OBJECT_CONSTRUCT_KEEP_NULL", least=0, most=UNLIMITED)
def object_construct(call: Call) -> Bound:
    if len(call.arguments) % 2:
        raise wrong_argument_types(call.name, [str(one.type) for one in call.arguments])
    keys = [coerce(call.execution, argument, TEXT, call.name) for argument in call.arguments[0::2]]
    return build_object(call, keys, call.arguments[1::2])


def build_object(call: Call, keys: Sequence[Bound], items: Sequence[Bound]) -> Bound:
    """Return the OBJECT of some keys and expressions; pairs with a NULL are left out."""
    keep = call.name == "OBJECT_CONSTRUCT_KEEP_NULL"
    half = len(keys)

    def compute(*values: Any) -> dict[str, Any]:
        pairs = zip(values[:half], values[half:], strict=True)
        return {
            key: _plain(value)
            for key, value in pairs
            if key is not None and (keep or value is not None)
        }

    arguments = [*keys, *_variants(call, items)]
    return mapped(call.execution, compute, arguments, OBJECT, nulls=True)


@builder("GET", least=2)
def get(call: Call) -> Bound:
    source = call.arguments[0]
    if not source.type.is_json:
        raise wrong_argument_types(call.name, [str(one.type) for one in call.arguments])
    return mapped(call.execution, element, [source, call.arguments[1]], VARIANT)


@scalar("ARRAY_SIZE", takes=[VARIANT], gives=COUNT)
def array_size(value: Any) -> int | None:
    return len(value) if isinstance(value, list) else None


@scalar("OBJECT_KEYS", takes=[OBJECT], gives=ARRAY)
def object_keys(value: Any) -> list[str]:
    return sorted(value)


@scalar("ARRAY_TO_STRING", takes=[ARRAY, TEXT], gives=TEXT)
def array_to_string(value: Any, separator: str) -> str:
    check_length(len(value) * len(separator))
    return separator.join("" if item is None else as_text(item, VARIANT) for item in value)


@scalar("IS_NULL_VALUE", takes=[VARIANT], gives=BOOLEAN)
def is_null_value(value: Any) -> bool:
    return value is JSON_NULL


@scalar("TYPEOF", takes=[VARIANT], gives=TEXT)
def type_of(value: Any) -> str:
    if value is JSON_NULL:
        return "NULL_VALUE"
    if isinstance(value, bool):
        return "BOOLEAN"
    names = {int: "INTEGER", float: "DOUBLE", str: "VARCHAR", list: "ARRAY", dict: "OBJECT"}
    return names.get(type(value), "VARCHAR")

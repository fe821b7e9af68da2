"""Semi-structured values: arrays and objects are made, and their parts are read."""

from __future__ import annotations

import re
from typing import Any, Final

from sqlglot import exp

from local_cortex.dialect.building import (
    Arguments,
    Writers,
    call,
    cast,
    duck,
    helper,
    integer,
    text,
)
from local_cortex.sql.sql_error import not_run


def array(given: Arguments) -> Any:
    """Return an ARRAY of these values."""
    return cast(exp.Array(expressions=[cast(one, "VARIANT") for one in given]), "VARIANT[]")


def entry(key: Any, value: Any) -> Any:
    """Return a key and its value, from lists of which macros make objects."""
    return duck("{k: @0::VARCHAR, v: @1::VARIANT}", key, value)


def object_(name: str, given: Arguments) -> Any:
    """Return an OBJECT of keys, each followed by its value."""
    if not given:
        return duck("'{}'::JSON")
    entries = exp.Array(expressions=list(map(entry, given[::2], given[1::2])))
    return helper("object_with_nulls" if name.endswith("NULL") else "object", entries)


def _object_delete(_: str, given: Arguments) -> Any:
    keys = exp.Array(expressions=given[1:])
    if len(given) == 2 and text(given[1]) is None:
        keys = duck("@0::VARCHAR[]", helper("arr", given[1]))
    return helper("object_without", given[0], keys)


def get(value: Any, key: Any) -> Any:
    """Return one element of an array or object; a constant key costs no detour over JSON."""
    if isinstance(key, exp.Literal) and key.is_string:
        return call("VARIANT_EXTRACT", cast(value, "VARIANT"), key)
    index = integer(key)
    if index is not None:
        return duck(f"VARIANT_EXTRACT(@0::VARIANT, {index + 1})", value)
    return helper("get", value, key)


def _get_path(_: str, given: Arguments) -> Any:
    value, path = given[0], text(given[1])
    if path is None:
        raise not_run("GET_PATH with a path that is not a literal", "Use GET for computed keys.")
    for name, quoted, index in re.findall(r"""([^.\[\]"']+)|["']([^"']*)["']|\[(\d+)\]""", path):
        key = exp.Literal.number(index) if index else exp.Literal.string(name or quoted)
        value = get(value, key)
    return value


MANY: Final = 99_999
FUNCTIONS: Final[Writers] = {
    "ARRAY_CONSTRUCT": (range(MANY), lambda _, given: array(given)),
    "ARRAY_CONSTRUCT_COMPACT": (
        range(MANY),
        lambda _, given: helper("ARRAY_COMPACT", array(given)),
    ),
    "GET": (range(2, 3), lambda _, given: get(*given)),
    "GET_PATH": (range(2, 3), _get_path),
    **dict.fromkeys(
        ("OBJECT_CONSTRUCT", "OBJECT_CONSTRUCT_KEEP_NULL"), (range(0, MANY, 2), object_)
    ),
    "OBJECT_DELETE": (range(2, 999), _object_delete),
}

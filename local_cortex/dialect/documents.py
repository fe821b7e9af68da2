"""Semi-structured values: arrays and objects are made, and their parts are read."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final

from sqlglot import exp

from local_cortex.dialect.building import Writers, call, cast, duck, helper, integer, text
from local_cortex.sql.sql_error import not_run, wrong_argument_count


def array(*values: Any) -> Any:
    """Return an ARRAY of these values."""
    return cast(exp.Array(expressions=[cast(one, "VARIANT") for one in values]), "VARIANT[]")


def entry(key: Any, value: Any) -> Any:
    """Return a key and its value, from lists of which macros make objects."""
    return duck("{k: @0::VARCHAR, v: @1::VARIANT}", key, value)


def object_(*given: Any, made: str = "object") -> Any:
    """Return an OBJECT of keys, each followed by its value."""
    if len(given) % 2:
        raise wrong_argument_count("OBJECT_CONSTRUCT", len(given), "an even number")
    if not given:
        return duck("'{}'::JSON")
    return helper(made, exp.Array(expressions=list(map(entry, given[::2], given[1::2]))))


def _object_delete(value: Any, key: Any, *more: Any) -> Any:
    keys = exp.Array(expressions=[key, *more])
    if not more and text(key) is None:
        keys = duck("@0::VARCHAR[]", helper("arr", key))
    return helper("object_without", value, keys)


def get(value: Any, key: Any) -> Any:
    """Return one element of an array or object; a constant key costs no detour over JSON."""
    if isinstance(key, exp.Literal) and key.is_string:
        return call("VARIANT_EXTRACT", cast(value, "VARIANT"), key)
    index = integer(key)
    if index is not None:
        return duck(f"VARIANT_EXTRACT(@0::VARIANT, {index + 1})", value)
    return helper("get", value, key)


def _get_path(value: Any, at: Any) -> Any:
    path = text(at)
    if path is None:
        raise not_run("GET_PATH with a path that is not a literal", "Use GET for computed keys.")
    for name, quoted, index in re.findall(r"""([^.\[\]"']+)|["']([^"']*)["']|\[(\d+)\]""", path):
        key = exp.Literal.number(index) if index else exp.Literal.string(name or quoted)
        value = get(value, key)
    return value


FUNCTIONS: Final[Writers] = {
    "ARRAY_CONSTRUCT": array,
    "ARRAY_CONSTRUCT_COMPACT": lambda *values: helper("ARRAY_COMPACT", array(*values)),
    "GET": get,
    "GET_PATH": _get_path,
    "OBJECT_CONSTRUCT": object_,
    "OBJECT_CONSTRUCT_KEEP_NULL": partial(object_, made="object_with_nulls"),
    "OBJECT_DELETE": _object_delete,
}

"""``TO_...`` and ``TRY_TO_...`` functions."""

from __future__ import annotations

from local_cortex.sql import types
from local_cortex.sql.batch import NOT_CONSTANT, Bound
from local_cortex.sql.errors import SqlError, not_run, wrong_argument_types
from local_cortex.sql.mapping import cast, mapped
from local_cortex.sql.types import MAX_PRECISION, TEXT, SqlType, number
from local_cortex.sql.values import from_json, json_text

from .registry import Call, builder

_PLAIN: dict[str, SqlType] = {
    "DATE": types.DATE,
    "TIME": types.TIME,
    "TIMESTAMP": types.TIMESTAMP_NTZ,
    "TIMESTAMP_NTZ": types.TIMESTAMP_NTZ,
    "TIMESTAMP_LTZ": types.TIMESTAMP_LTZ,
    "TIMESTAMP_TZ": types.TIMESTAMP_TZ,
    "BOOLEAN": types.BOOLEAN,
    "DOUBLE": types.REAL,
    "BINARY": types.BINARY,
    "VARCHAR": TEXT,
    "CHAR": TEXT,
}


def _register(name: str, kind: SqlType) -> None:
    @builder(f"TO_{name}", f"TRY_TO_{name}", least=1, most=2)
    def build(call: Call) -> Bound:
        if len(call.arguments) > 1:
            raise not_run(f"{call.name} with a format", "Leave the format out.")
        lenient = call.name.startswith("TRY_")
        return cast(call.execution, call.arguments[0], kind, lenient=lenient)


for _name, _kind in _PLAIN.items():
    _register(_name, _kind)


@builder(
    "TO_NUMBER", "TO_DECIMAL", "TO_NUMERIC", "TRY_TO_NUMBER", "TRY_TO_DECIMAL", least=1, most=3
)
def to_number(call: Call) -> Bound:
    digits = [argument.constant for argument in call.arguments[1:]]
    if any(digit is NOT_CONSTANT or not isinstance(digit, int) for digit in digits):
        raise wrong_argument_types(call.name, [str(one.type) for one in call.arguments])
    precision = digits[0] if digits else MAX_PRECISION
    scale = digits[1] if len(digits) > 1 else 0
    lenient = call.name.startswith("TRY_")
    return cast(call.execution, call.arguments[0], number(precision, scale), lenient=lenient)


@builder("PARSE_JSON", "TRY_PARSE_JSON", least=1)
def parse_json(call: Call) -> Bound:
    if call.arguments[0].type.is_json:
        return call.arguments[0]
    lenient = call.name.startswith("TRY_")
    source = call.coerced(0, TEXT)
    parsed = mapped(call.execution, from_json, [source], types.VARIANT)
    if not lenient:
        return parsed

    def attempt(text: str) -> object:
        try:
            return from_json(text)
        except SqlError:
            return None

    return mapped(call.execution, attempt, [source], types.VARIANT)


@builder("TO_JSON", least=1)
def to_json(call: Call) -> Bound:
    return mapped(
        call.execution, json_text, [cast(call.execution, call.arguments[0], types.VARIANT)], TEXT
    )


for _name, _kind in {
    "VARIANT": types.VARIANT,
    "ARRAY": types.ARRAY,
    "OBJECT": types.OBJECT,
}.items():
    _register(_name, _kind)

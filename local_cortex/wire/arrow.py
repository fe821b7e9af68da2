"""Results as Arrow, the way Snowflake sends them to clients that can read it.

Read from ``nanoarrow_cpp/ArrowIterator`` in snowflake-connector-python 4.8: the type is in the
field's metadata, not in its Arrow type. FIXED is the unscaled number in the narrowest integer that
holds the column, or a decimal; TIME and TIMESTAMP count units of their scale, and above
microseconds a TIMESTAMP is a struct of seconds and nanoseconds; TIMESTAMP_TZ always is one, with
the offset in minutes plus 1440; VARIANT, OBJECT and ARRAY are JSON text.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from local_cortex.wire.binds import TZ_BIAS
from local_cortex.wire.result import MICROS, SqlColumn, SqlResult
from local_cortex.wire.types import MAX_PRECISION

__all__ = ["encode"]

MICRO_SCALE = 6  # decimals of what DuckDB stores
SHORT_SCALE = 3  # decimals up to which a TIMESTAMP_TZ counts units instead of nanoseconds
INTEGERS = (pa.int8(), pa.int16(), pa.int32(), pa.int64())


def encode(result: SqlResult) -> bytes:
    """Return a result as an Arrow IPC stream, or nothing for no rows.

    The connector can't read a stream without rows; it takes an empty table's columns from
    ``rowtype``.
    """
    if not result.row_count:
        return b""
    arrays = [
        _array(column, result.table.column(index).combine_chunks())
        for index, column in enumerate(result.columns)
    ]
    schema = pa.schema(
        [
            pa.field(column.name, array.type, column.nullable, _metadata(column))
            for column, array in zip(result.columns, arrays, strict=True)
        ]
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.record_batch(arrays, schema=schema))
    stream: bytes = sink.getvalue().to_pybytes()
    return stream


def _metadata(column: SqlColumn) -> dict[str, str]:
    wire = column.wire()
    byte_length = wire["byteLength"]
    if column.type.name == "TIMESTAMP_TZ":
        # Tells the connector whether the struct has two fields or three.
        byte_length = 8 if (column.type.scale or 0) <= SHORT_SCALE else 16
    return {
        "logicalType": column.type.name,
        "precision": str(wire["precision"] or MAX_PRECISION),
        "scale": str(wire["scale"] or 0),
        "charLength": str(wire["length"] or 0),
        "byteLength": str(byte_length or 0),
        "finalType": "T",
    }


def _array(column: SqlColumn, values: pa.Array) -> pa.Array:
    kind, scale = column.type, column.type.scale or 0
    if kind.name == "FIXED":
        return _fixed(values, scale)
    if kind.name == "TIMESTAMP_TZ":
        fields = _units(values, scale) if scale <= SHORT_SCALE else _seconds(values)
        offset = pa.array([TZ_BIAS] * len(values), pa.int32())
        return _struct(values, {**fields, "timezone": offset})
    if kind.is_timestamp and scale > MICRO_SCALE:
        return _struct(values, _seconds(values))
    if kind.name == "TIME" or kind.is_timestamp:
        return _units(values, scale)["epoch"]
    return values.cast(kind.arrow)


def _fixed(values: pa.Array, scale: int) -> pa.Array:
    if pa.types.is_decimal(values.type):
        unscaled = values
        if scale:
            unscaled = pa.Array.from_buffers(
                pa.decimal128(MAX_PRECISION, 0),
                len(values),
                values.cast(pa.decimal128(MAX_PRECISION, scale)).buffers(),
            )
        try:
            values = unscaled.cast(pa.int64())
        except pa.ArrowInvalid:
            return values.cast(pa.decimal128(MAX_PRECISION, scale))
    ends = pc.min_max(values)
    for narrow in INTEGERS:
        try:
            ends.cast(pa.struct([("min", narrow), ("max", narrow)]))
        except pa.ArrowInvalid:
            continue
        return values.cast(narrow)
    return values


def _units(values: pa.Array, scale: int) -> dict[str, pa.Array]:
    micros = values.cast(pa.int64())
    if scale >= MICRO_SCALE:
        return {"epoch": pc.multiply(micros, 10 ** (scale - MICRO_SCALE))}
    return {"epoch": _floor(micros, 10 ** (MICRO_SCALE - scale))}


def _seconds(values: pa.Array) -> dict[str, pa.Array]:
    micros = values.cast(pa.int64())
    epoch = _floor(micros, MICROS)
    nanos = pc.multiply(pc.subtract(micros, pc.multiply(epoch, MICROS)), 1000)
    return {"epoch": epoch, "fraction": nanos.cast(pa.int32())}


def _floor(values: pa.Array, divisor: int) -> pa.Array:
    towards_zero = pc.divide(values, divisor)
    below = pc.less(values, pc.multiply(towards_zero, divisor))
    return pc.subtract(towards_zero, below.cast(pa.int64()))


def _struct(values: pa.Array, fields: dict[str, pa.Array]) -> pa.Array:
    return pa.StructArray.from_arrays(list(fields.values()), list(fields), mask=values.is_null())

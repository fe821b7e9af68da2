"""Results as Arrow, the way Snowflake sends them to clients that can read it.

Read from ``nanoarrow_cpp/ArrowIterator`` in snowflake-connector-python 4.8: the type is in the
field's metadata, not in its Arrow type. FIXED is the unscaled number in the narrowest integer that
holds the column, or a decimal; TIME and TIMESTAMP count units of their scale, and above
microseconds a TIMESTAMP is a struct of seconds and nanoseconds; TIMESTAMP_TZ always is one, with
the offset in minutes plus 1440; VARIANT, OBJECT and ARRAY are JSON text.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_cortex.wire.binds import TZ_BIAS
from local_cortex.wire.result import MICROS, SqlColumn, SqlResult
from local_cortex.wire.types import MAX_PRECISION

MICRO_SCALE = 6  # decimals of what DuckDB stores
SHORT_SCALE = 3  # decimals up to which a TIMESTAMP_TZ counts units instead of nanoseconds
INTEGERS = {8: pa.int8(), 16: pa.int16(), 32: pa.int32(), 64: pa.int64()}


def encode(result: SqlResult) -> bytes:
    """Return a result as an Arrow IPC stream; the connector can't read one without rows."""
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
    kind = column.type
    if kind.name == "FIXED":
        return _fixed(values, kind.scale or 0)
    if kind.name == "TIME" or kind.is_timestamp:
        return _moments(values, kind.name, kind.scale or 0)
    return values.cast(kind.arrow)


def _fixed(values: pa.Array, scale: int) -> pa.Array:
    whole = values
    if pa.types.is_decimal(values.type):
        values = values.cast(pa.decimal128(MAX_PRECISION, scale))
        unscaled = pa.decimal128(MAX_PRECISION, 0)
        whole = pa.Array.from_buffers(unscaled, len(values), values.buffers())
    ends = pc.min_max(whole).as_py()
    for bits, narrow in INTEGERS.items():
        if -(2 ** (bits - 1)) <= (ends["min"] or 0) and (ends["max"] or 0) < 2 ** (bits - 1):
            return whole.cast(narrow)
    return values


def _moments(values: pa.Array, name: str, scale: int) -> pa.Array:
    micros = values.cast(pa.int64()).fill_null(0).to_numpy()
    missing = values.is_null().to_numpy(zero_copy_only=False)
    zoned = name == "TIMESTAMP_TZ"
    if name != "TIME" and scale > (SHORT_SCALE if zoned else MICRO_SCALE):
        epoch, rest = np.divmod(micros, MICROS)
        fields = {"epoch": epoch, "fraction": (rest * 1000).astype(np.int32)}
    else:
        more, less = 10 ** max(scale - MICRO_SCALE, 0), 10 ** max(MICRO_SCALE - scale, 0)
        fields = {"epoch": micros * more // less}
    if zoned:
        fields["timezone"] = np.full(len(micros), TZ_BIAS, np.int32)
    elif len(fields) == 1:
        return pa.array(fields["epoch"], mask=missing)
    arrays = [pa.array(one) for one in fields.values()]
    return pa.StructArray.from_arrays(arrays, list(fields), mask=pa.array(missing))

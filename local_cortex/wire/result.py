"""What a statement gives back, and how the connector's JSON result path wants it on the wire.

Read from ``SnowflakeConverter`` in ``snowflake/connector/converter.py`` 4.8: every value is text
or null; FIXED and REAL in decimal notation, BOOLEAN ``"1"``/``"0"``, DATE days since 1970-01-01,
TIME and TIMESTAMP seconds with exactly ``scale`` decimals (TIMESTAMP_TZ followed by a blank and the
offset in minutes plus 1440), BINARY hexadecimal, VECTOR a JSON list, VARIANT, OBJECT and ARRAY
JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from local_cortex.sql.errors import too_large
from local_cortex.sql.limits import MAX_RESULT_BYTES
from local_cortex.wire import types
from local_cortex.wire.binds import TZ_BIAS
from local_cortex.wire.types import INTEGER, MAX_TEXT, TEXT, TIMESTAMP_LTZ, SqlType, of_duckdb

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SqlColumn", "SqlResult", "columns_named"]

DONE = "Statement executed successfully."
BYTES_PER_CHAR = 4  # of UTF-8, at most
MICROS = 1_000_000  # in a second
BATCH_ROWS = 2_048  # DuckDB's own; larger ones hold more of a result before it is measured
PLAIN_SCALE = 6  # decimals up to which Arrow writes no exponent

# DuckDB's integers whose values an int64 holds; all others go through a decimal of 38 digits.
_SMALL: Final = frozenset(
    ("tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger")
)


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
        if kind.name == "TEXT":
            length = kind.length or MAX_TEXT
            byte_length = min(length * BYTES_PER_CHAR, max(length, MAX_TEXT))
        elif kind.name == "BINARY":
            length = byte_length = kind.length
        entry = {
            "name": self.name,
            "type": kind.name.lower(),
            "nullable": self.nullable,
            "length": length,
            "byteLength": byte_length,
            "precision": 0 if kind.scale is not None and kind.name != "FIXED" else kind.precision,
            "scale": kind.scale,
            "database": "",
            "schema": "",
            "table": "",
            "collation": None,
        }
        if kind.name == "VECTOR":
            element = SqlType(kind.element or "REAL", 38, 0)
            entry["vectorDimension"] = kind.dimension
            entry["fields"] = [SqlColumn("", element, nullable=False).wire()]
        return entry


@dataclass(frozen=True, slots=True)
class SqlResult:
    """A statement's rows; none when the statement was only described.

    ``table`` has a column for each of ``columns``, of the Arrow type ``SqlType.arrow`` (whole
    numbers may be of any integer type); VARIANT, OBJECT and ARRAY are JSON text as Snowflake shows
    it. ``statement_type_id`` is Snowflake's number of the kind of statement; the connector counts
    affected rows by it. ``weight`` is about how many bytes the rows take.
    """

    columns: tuple[SqlColumn, ...]
    table: pa.Table
    statement_type_id: int
    weight: int = 0

    @classmethod
    def of_rows(
        cls,
        columns: Iterable[SqlColumn],
        rows: Iterable[Sequence[Any]],
        statement_type_id: int,
    ) -> SqlResult:
        """Return rows of Python values; text of a VARIANT, OBJECT or ARRAY is JSON already."""
        import pyarrow as pa

        columns, rows = tuple(columns), list(rows)
        arrays = [
            pa.array([row[index] for row in rows], column.type.arrow)
            for index, column in enumerate(columns)
        ]
        table = pa.table(arrays, names=[column.name for column in columns])
        return cls(columns, table, statement_type_id, table.nbytes)

    @classmethod
    def named(cls, names: str, rows: Iterable[Sequence[Any]], statement_type_id: int) -> SqlResult:
        """Return rows whose columns are named in one text; see :func:`columns_named`."""
        return cls.of_rows(columns_named(names), rows, statement_type_id)

    @classmethod
    def done(cls, statement_type_id: int, message: str = DONE) -> SqlResult:
        """Return the result of a statement that has nothing to show."""
        return cls.of_rows([SqlColumn("status", TEXT)], [(message,)], statement_type_id)

    @classmethod
    def of_relation(
        cls,
        relation: Any,
        names: Sequence[str],
        kinds: Sequence[SqlType | None],
        statement_type_id: int,
        *,
        rows: bool = True,
    ) -> SqlResult:
        """Run a DuckDB relation (``cursor.sql(select)``), or only describe it.

        ``kinds`` are the Snowflake types where they are known; ``None`` takes DuckDB's own. A
        relation and not an executed cursor, because DuckDB can't give a VARIANT that holds a
        HUGEINT to Arrow: values are converted in a last projection.
        """
        known = [
            kind or of_duckdb(found) for kind, found in zip(kinds, relation.types, strict=True)
        ]
        columns = tuple(map(SqlColumn, names, known))
        last = ", ".join(
            f'{_projected(index, kind, found)} AS "{index}"'
            for index, (kind, found) in enumerate(zip(known, relation.types, strict=True), 1)
        )
        projected = relation.project(last)
        table = _read(projected if rows else projected.limit(0))
        for index, column in enumerate(columns):
            if column.type.is_json:
                table = table.set_column(index, str(index), _indented(table.column(index)))
        table = table.rename_columns(list(names))
        return cls(columns, table, statement_type_id, table.nbytes)

    @property
    def row_count(self) -> int:
        return int(self.table.num_rows)

    def rowtype(self) -> list[dict[str, Any]]:
        """Return the column descriptions as the query response carries them."""
        return [column.wire() for column in self.columns]

    def rowset(self) -> list[list[str | None]]:
        """Return the values as the query response carries them."""
        if not self.columns:
            return []
        texts = [_texts(each.type, self.table.column(i)) for i, each in enumerate(self.columns)]
        return [list(row) for row in zip(*texts, strict=True)]


def columns_named(names: str) -> list[SqlColumn]:
    """Return the columns of a list: ``name``, ``name:n`` for a number, ``name:t`` for a time.

    Any other type is called as in :mod:`local_cortex.wire.types`.
    """
    short = {"": TEXT, "n": INTEGER, "t": TIMESTAMP_LTZ}
    pairs = [name.partition(":")[::2] for name in names.split()]
    return [SqlColumn(name, short.get(kind) or getattr(types, kind)) for name, kind in pairs]


def _read(relation: Any) -> pa.Table:
    """Run a relation, for as long as its result can be sent.

    Raises:
        SqlError: 000002, it is larger.
    """
    import pyarrow as pa

    reader, batches, size = relation.to_arrow_reader(BATCH_ROWS), [], 0
    for batch in reader:
        size += batch.nbytes
        if size > MAX_RESULT_BYTES:
            raise too_large("The bytes of a result", MAX_RESULT_BYTES, "Select less.")
        batches.append(batch)
    return pa.Table.from_batches(batches, reader.schema)


def _projected(index: int, kind: SqlType, found: Any) -> str:
    if kind.is_json:
        # Through VARIANT, which sorts the keys of objects as Snowflake does.
        return f"json_pretty(#{index}::VARIANT::JSON)"
    if kind.name == "FIXED" and not kind.scale:
        return f"#{index}::{'BIGINT' if found.id in _SMALL else 'DECIMAL(38, 0)'}"
    return f"#{index}::{kind.duckdb}"


def _indented(column: pa.ChunkedArray) -> pa.Array:
    """Indent DuckDB's pretty JSON by two, all rows in one text: JSON has no raw control characters.

    Line by line, four leading blanks at a time become a tab, and each tab two blanks.
    """
    import pyarrow as pa

    values = column.to_pylist()
    text = "\x1f".join(value or "" for value in values).replace("\n    ", "\n\t")
    while "\t    " in text:
        text = text.replace("\t    ", "\t\t")
    pretty = text.replace("\t", "  ").split("\x1f")
    return pa.array(
        [None if value is None else new for value, new in zip(values, pretty, strict=True)]
        if values
        else [],
        pa.string(),
    )


def _texts(kind: SqlType, column: pa.ChunkedArray) -> list[str | None]:
    """Write a column's values as text, in Arrow as far as Arrow can: rows may be many."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if kind.name == "BOOLEAN":
        column = pc.if_else(column, "1", "0")
    elif kind.name == "TIME" or kind.is_timestamp:
        column = _seconds(column, kind.scale or 0)
        if kind.name == "TIMESTAMP_TZ":
            column = pc.binary_join_element_wise(column, str(TZ_BIAS), " ")
    elif kind.name == "DATE":
        column = column.cast(pa.int32())
    encode = _ENCODERS.get(kind.name)
    if kind.name == "FIXED" and (kind.scale or 0) > PLAIN_SCALE:
        encode = "{:f}".format
    if encode is not None:
        return [None if value is None else encode(value) for value in column.to_pylist()]
    # A list of texts comes several times faster out of NumPy.
    texts: list[str | None] = column.cast(pa.string()).to_numpy().tolist()
    return texts


def _seconds(column: pa.ChunkedArray, scale: int) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    micros = column.cast(pa.int64())
    size = pc.abs(micros)
    whole = pc.divide(size, MICROS)
    fraction = pc.subtract(size, pc.multiply(whole, MICROS)).cast(pa.string())
    decimals = pc.utf8_slice_codeunits(pc.utf8_lpad(fraction, 6, "0"), 0, scale)
    decimals = pc.utf8_rpad(decimals, scale, "0")
    sign = pc.if_else(pc.less(micros, 0), "-", "")
    point = "." if scale else ""
    return pc.binary_join_element_wise(sign, whole.cast(pa.string()), point, decimals, "")


_ENCODERS: Final[dict[str, Callable[[Any], str]]] = {
    "BINARY": lambda value: value.hex().upper(),
    "VECTOR": json.dumps,
}

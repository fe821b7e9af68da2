"""What a statement gives back, and how the connector's JSON result path wants it on the wire.

Read from ``SnowflakeConverter`` in ``snowflake/connector/converter.py`` 4.8: every value is text
or null; FIXED and REAL in decimal notation, BOOLEAN ``"1"``/``"0"``, DATE days since 1970-01-01,
TIME and TIMESTAMP seconds with exactly ``scale`` decimals (TIMESTAMP_TZ followed by a blank and the
offset in minutes plus 1440), BINARY hexadecimal, VECTOR a JSON list, VARIANT, OBJECT and ARRAY
JSON text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from local_cortex.sql.bounds import MAX_RESULT_BYTES
from local_cortex.sql.sql_error import too_large
from local_cortex.wire import types
from local_cortex.wire.binds import TZ_BIAS
from local_cortex.wire.types import INTEGER, MAX_TEXT, TEXT, TIMESTAMP_LTZ, SqlType, of_duckdb

if TYPE_CHECKING:
    import pyarrow as pa

# statementTypeId, as in Snowflake's JDBC driver
SELECT, SHOW, DDL = 0x1000, 0x4400, 0x6000
DONE = "Statement executed successfully."
BYTES_PER_CHAR = 4  # of UTF-8, at most
MICROS = 1_000_000  # in a second
BATCH_ROWS = 2_048  # DuckDB's own; larger ones hold more of a result before it is measured

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
        entry: dict[str, Any] = {
            "name": self.name,
            "type": kind.name.lower(),
            "nullable": self.nullable,
            "length": length,
            "byteLength": byte_length,
            "precision": 0 if kind.scale is not None and kind.name != "FIXED" else kind.precision,
            "scale": kind.scale,
            **dict.fromkeys(("database", "schema", "table"), ""),
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
    it. The connector counts affected rows by ``statement_type_id``, the kind of statement.
    """

    columns: tuple[SqlColumn, ...]
    table: pa.Table
    statement_type_id: int

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
        return cls(columns, table, statement_type_id)

    @classmethod
    def named(cls, names: str, rows: Iterable[Sequence[Any]], statement_type_id: int) -> SqlResult:
        """Return rows whose columns are named in one text; see :func:`columns_named`."""
        return cls.of_rows(columns_named(names), rows, statement_type_id)

    @classmethod
    def done(cls, statement_type_id: int, message: str = DONE) -> SqlResult:
        """Return the result of a statement that has nothing to show."""
        return cls.of_rows([SqlColumn("status", TEXT)], [(message,)], statement_type_id)

    @classmethod
    def described(cls) -> SqlResult:
        """Return what such a statement would give, which was only described."""
        return cls.of_rows([SqlColumn("status", TEXT)], [], SELECT)

    @classmethod
    def of_relation(
        cls,
        relation: Any,
        names: Sequence[str],
        kinds: Sequence[SqlType | None],
        *,
        rows: bool,
    ) -> SqlResult:
        """Run a DuckDB relation (``cursor.sql(select)``), or only describe it.

        ``kinds`` are the Snowflake types where they are known; ``None`` takes DuckDB's own. A
        relation and not an executed cursor, because DuckDB can't give a VARIANT that holds a
        HUGEINT to Arrow: values are converted in a last projection.
        """
        columns, values = [], []
        for index, found in enumerate(relation.types):
            kind = kinds[index] or of_duckdb(found)
            columns.append(SqlColumn(names[index], kind))
            values.append(f'{_projected(index + 1, kind, found)} AS "{index}"')
        projected = relation.project(", ".join(values))
        table = _read(projected if rows else projected.limit(0))
        for index, column in enumerate(columns):
            if column.type.is_json:
                table = table.set_column(index, str(index), _indented(table.column(index)))
        return cls(tuple(columns), table.rename_columns(list(names)), SELECT)

    @property
    def row_count(self) -> int:
        return int(self.table.num_rows)

    @property
    def weight(self) -> int:
        """About how many bytes the rows take."""
        return int(self.table.nbytes)

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
    """Run a relation, and give up with 000002 at the first byte that cannot be sent."""
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
    """Indent DuckDB's pretty JSON by two instead of four; its texts have no ends of lines."""
    import pyarrow as pa

    def halved(found: re.Match[str]) -> str:
        return found[0][: 1 + len(found[0]) // 2]

    texts = [text and re.sub(r"\n +", halved, text) for text in column.to_pylist()]
    return pa.array(texts, pa.string())


def _texts(kind: SqlType, column: pa.ChunkedArray) -> list[str | None]:
    """Write a column's values as text."""
    import pyarrow as pa

    write: Callable[[Any], str] = _WRITERS.get(kind.name, str)
    if kind.name == "TIME" or kind.is_timestamp:
        column, zone = column.cast(pa.int64()), f" {TZ_BIAS}" if kind.name == "TIMESTAMP_TZ" else ""
        write = lambda micros: _seconds(micros, kind.scale or 0) + zone  # noqa: E731
    elif kind.name == "DATE":
        column = column.cast(pa.int32())
    elif kind.name == "FIXED" and kind.scale:
        write = "{:f}".format
    return [None if value is None else write(value) for value in column.to_pylist()]


def _seconds(micros: int, scale: int) -> str:
    whole, fraction = divmod(abs(micros), MICROS)
    point = f".{fraction:06}000"[: scale + 1] if scale else ""
    return f"{'-' if micros < 0 else ''}{whole}{point}"


_WRITERS: Final[dict[str, Callable[[Any], str]]] = {
    "BOOLEAN": lambda value: "1" if value else "0",
    "BINARY": lambda value: value.hex().upper(),
    "VECTOR": json.dumps,
}

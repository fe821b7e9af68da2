"""Snowflake data types: how SQL declares them, DuckDB stores them and DESCRIBE shows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from local_cortex.sql.sql_error import SqlError, compile_error, not_run

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

# The types without sizes of their own are public, too: INTEGER, TEXT, DATE, ...
MAX_PRECISION = 38  # digits of a NUMBER
MAX_SCALE = 37
MAX_TEXT = 16_777_216  # characters of a VARCHAR without a length, and its bytes
MAX_BINARY = 8_388_608  # bytes of a BINARY without a length
MAX_DIMENSION = 4_096  # numbers in a VECTOR
MAX_FRACTION = 9  # decimals of a second


@dataclass(frozen=True, slots=True)
class SqlType:
    """A type; ``name`` is what the wire calls it, in capitals: ``FIXED``, ``TEXT``, ...

    ``scale`` counts decimals: of a number, or of the seconds of a TIME or TIMESTAMP. ``length``
    counts characters (TEXT) or bytes (BINARY). ``dimension`` and ``element`` describe a VECTOR;
    ``element`` is REAL or FIXED.
    """

    name: str
    precision: int | None = None
    scale: int | None = None
    length: int | None = None
    dimension: int | None = None
    element: str | None = None

    @property
    def is_json(self) -> bool:
        return self.name in {"VARIANT", "OBJECT", "ARRAY"}

    @property
    def is_timestamp(self) -> bool:
        return self.name.startswith("TIMESTAMP")

    @property
    def duckdb(self) -> str:
        """The DuckDB type that stores these values."""
        if self.name == "FIXED":
            return f"DECIMAL({self.precision}, {self.scale})" if self.scale else "HUGEINT"
        if self.name == "VECTOR":
            return f"{'FLOAT' if self.element == 'REAL' else 'INTEGER'}[{self.dimension}]"
        return _DUCKDB[self.name]

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type of these values between DuckDB and the wire; JSON is text."""
        import pyarrow as pa

        if self.name == "FIXED":
            return pa.decimal128(MAX_PRECISION, self.scale or 0)
        if self.name == "VECTOR":
            return pa.list_(pa.float32() if self.element == "REAL" else pa.int32(), self.dimension)
        if self.is_timestamp:
            return pa.timestamp("us", tz=None if self.name == "TIMESTAMP_NTZ" else "UTC")
        return {
            "REAL": pa.float64(),
            "BOOLEAN": pa.bool_(),
            "BINARY": pa.binary(),
            "DATE": pa.date32(),
            "TIME": pa.time64("us"),
        }.get(self.name, pa.string())

    def __str__(self) -> str:
        name = {"FIXED": "NUMBER", "TEXT": "VARCHAR", "REAL": "FLOAT"}.get(self.name, self.name)
        if self.name == "FIXED":
            return f"NUMBER({self.precision},{self.scale})"
        if self.name == "VECTOR":
            return f"VECTOR({'FLOAT' if self.element == 'REAL' else 'INT'}, {self.dimension})"
        size = self.length if self.scale is None else self.scale
        return name if size is None else f"{name}({size})"


def number(precision: int = MAX_PRECISION, scale: int = 0) -> SqlType:
    """Return NUMBER(precision, scale), both cut to what Snowflake allows."""
    scale = min(scale, MAX_SCALE)
    return SqlType("FIXED", max(1, min(precision, MAX_PRECISION), scale), scale)


def text(length: int = MAX_TEXT) -> SqlType:
    """Return VARCHAR(length); ``length`` counts characters."""
    return SqlType("TEXT", length=max(length, 1))


def vector(element: str, dimension: int) -> SqlType:
    """Return VECTOR(element, dimension); ``element`` is ``REAL`` or ``FIXED``."""
    return SqlType("VECTOR", dimension=dimension, element=element)


INTEGER: Final = number()
REAL: Final = SqlType("REAL")
TEXT: Final = text()
BOOLEAN: Final = SqlType("BOOLEAN")
BINARY: Final = SqlType("BINARY", length=MAX_BINARY)
DATE: Final = SqlType("DATE")
TIME: Final = SqlType("TIME", scale=MAX_FRACTION)
TIMESTAMP_NTZ: Final = SqlType("TIMESTAMP_NTZ", scale=MAX_FRACTION)
TIMESTAMP_LTZ: Final = SqlType("TIMESTAMP_LTZ", scale=MAX_FRACTION)
TIMESTAMP_TZ: Final = SqlType("TIMESTAMP_TZ", scale=MAX_FRACTION)
VARIANT: Final = SqlType("VARIANT")
OBJECT: Final = SqlType("OBJECT")
ARRAY: Final = SqlType("ARRAY")

_DUCKDB: Final = {
    "REAL": "DOUBLE",
    "TEXT": "VARCHAR",
    "BOOLEAN": "BOOLEAN",
    "BINARY": "BLOB",
    "DATE": "DATE",
    "TIME": "TIME",
    "TIMESTAMP_NTZ": "TIMESTAMP",
    "TIMESTAMP_LTZ": "TIMESTAMPTZ",
    "TIMESTAMP_TZ": "TIMESTAMPTZ",
    "VARIANT": "VARIANT",
    "OBJECT": "JSON",
    "ARRAY": "VARIANT[]",
}

# By sqlglot's name of the type, which folds Snowflake's synonyms.
_DECLARED: Final[dict[str, SqlType]] = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INT", "BIGINT", "INT128", "DECIMAL"), INTEGER),
    **dict.fromkeys(("FLOAT", "DOUBLE"), REAL),
    **dict.fromkeys(("VARCHAR", "NVARCHAR", "TEXT"), TEXT),
    **dict.fromkeys(("CHAR", "NCHAR"), text(1)),
    **dict.fromkeys(("BINARY", "VARBINARY", "BLOB"), BINARY),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMPNTZ", "DATETIME"), TIMESTAMP_NTZ),
    **dict.fromkeys(("ARRAY", "LIST"), ARRAY),
    **dict.fromkeys(("OBJECT", "STRUCT", "MAP"), OBJECT),
    **dict.fromkeys(("VARIANT", "JSON"), VARIANT),
    "BOOLEAN": BOOLEAN,
    "DATE": DATE,
    "TIME": TIME,
    "TIMESTAMPLTZ": TIMESTAMP_LTZ,
    "TIMESTAMPTZ": TIMESTAMP_TZ,
}

# By DuckDB's name of the type; integers of any width are NUMBER(38,0).
_OF_DUCKDB: Final[dict[str, SqlType]] = {
    **{name.lower(): kind for name, kind in _DECLARED.items()},
    **dict.fromkeys(("hugeint", "uhugeint", "integer", "ubigint", "uinteger"), INTEGER),
    **dict.fromkeys(("usmallint", "utinyint", "bignum"), INTEGER),
    **dict.fromkeys(("timestamp_s", "timestamp_ms", "timestamp_ns"), TIMESTAMP_NTZ),
    "time_ns": TIME,
    **dict.fromkeys(("timestamp with time zone", "timestamptz_ns"), TIMESTAMP_LTZ),
}


def declared(node: exp.DataType) -> SqlType:
    """Translate a declared type; 002040, a size is out of range; 000002, there is no such type."""
    name = getattr(node.this, "name", str(node.this))
    if name == "VECTOR":
        return _declared_vector(node)
    base = _DECLARED.get(name)
    if base is None:
        raise not_run(f"data type {node.sql('snowflake')}")
    sizes = [] if base.is_json else [_size(node, parameter) for parameter in node.expressions]
    if not sizes:
        return base
    fits, kind = True, base
    if base.name == "FIXED":
        scale = sizes[1] if len(sizes) > 1 else 0
        fits = 0 < sizes[0] <= MAX_PRECISION and scale <= min(sizes[0], MAX_SCALE)
        kind = number(sizes[0], scale)
    elif base.length is not None:
        fits = 0 < sizes[0] <= 8 * MAX_TEXT  # Snowflake's largest VARCHAR holds 128 MB
        kind = replace(base, length=sizes[0])
    elif base.scale is not None:
        fits, kind = sizes[0] <= MAX_FRACTION, replace(base, scale=sizes[0])
    if not fits:
        raise _unsupported(node)
    return kind


def _declared_vector(node: exp.DataType) -> SqlType:
    element, size = (*node.expressions, None, None)[:2]
    kind = _DECLARED.get(getattr(getattr(element, "this", None), "name", ""))
    dimension = _size(node, size)
    if kind not in (INTEGER, REAL) or not 0 < dimension <= MAX_DIMENSION:
        raise _unsupported(node)
    return vector(kind.name, dimension)


def _size(node: exp.DataType, parameter: Any) -> int:
    written = getattr(parameter, "name", "")
    if not written.isdecimal():
        raise _unsupported(node)
    return int(written)


def _unsupported(node: exp.DataType) -> SqlError:
    message = f"Unsupported data type '{node.sql('snowflake')}'."
    return compile_error(message, "002040", "42601")


def of_duckdb(kind: Any) -> SqlType:
    """Return the Snowflake type of a DuckDB type, as a cursor's description gives it."""
    name: str = kind.id
    if name == "decimal":
        sizes = dict(kind.children)
        return number(sizes["precision"], sizes["scale"])
    if name == "array":
        child, size = dict(kind.children)["child"], dict(kind.children)["size"]
        return vector("FIXED" if of_duckdb(child).name == "FIXED" else "REAL", size)
    if name == "varchar" and str(kind) == "JSON":
        return OBJECT
    return _OF_DUCKDB.get(name, TEXT)

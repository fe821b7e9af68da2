"""Snowflake's types: how SQL declares them, how DuckDB stores them, how DESCRIBE shows them."""

from __future__ import annotations

import duckdb
import pytest
from sqlglot import exp, parse_one

from local_cortex.sql import SqlError
from local_cortex.wire import types
from local_cortex.wire.types import declared, of_duckdb


def parsed(written: str) -> exp.DataType:
    cast = parse_one(f"SELECT x::{written}", read="snowflake").find(exp.Cast)
    assert cast is not None
    return cast.to


DECLARED = [
    *[
        (name, "NUMBER(38,0)", "HUGEINT")
        for name in (
            *("NUMBER", "DECIMAL", "DEC", "NUMERIC", "INT", "INTEGER", "BIGINT", "SMALLINT"),
            *("TINYINT", "BYTEINT"),
        )
    ],
    ("NUMBER(10)", "NUMBER(10,0)", "HUGEINT"),
    ("DECIMAL(10, 2)", "NUMBER(10,2)", "DECIMAL(10, 2)"),
    *[
        (name, "FLOAT", "DOUBLE")
        for name in ("FLOAT", "FLOAT4", "FLOAT8", "DOUBLE", "DOUBLE PRECISION", "REAL")
    ],
    *[
        (name, "VARCHAR(16777216)", "VARCHAR")
        for name in ("VARCHAR", "STRING", "TEXT", "NVARCHAR", "NVARCHAR2", "CHAR VARYING")
    ],
    ("STRING(5)", "VARCHAR(5)", "VARCHAR"),
    *[(name, "VARCHAR(1)", "VARCHAR") for name in ("CHAR", "CHARACTER", "NCHAR")],
    ("CHAR(3)", "VARCHAR(3)", "VARCHAR"),
    ("BINARY", "BINARY(8388608)", "BLOB"),
    ("VARBINARY(16)", "BINARY(16)", "BLOB"),
    ("BOOLEAN", "BOOLEAN", "BOOLEAN"),
    ("DATE", "DATE", "DATE"),
    ("TIME", "TIME(9)", "TIME"),
    ("TIME(3)", "TIME(3)", "TIME"),
    *[
        (name, "TIMESTAMP_NTZ(9)", "TIMESTAMP")
        for name in (
            *("TIMESTAMP", "TIMESTAMP_NTZ", "TIMESTAMPNTZ", "DATETIME"),
            "TIMESTAMP WITHOUT TIME ZONE",
        )
    ],
    ("TIMESTAMP_NTZ(6)", "TIMESTAMP_NTZ(6)", "TIMESTAMP"),
    ("TIMESTAMP_LTZ", "TIMESTAMP_LTZ(9)", "TIMESTAMPTZ"),
    ("TIMESTAMP WITH LOCAL TIME ZONE", "TIMESTAMP_LTZ(9)", "TIMESTAMPTZ"),
    ("TIMESTAMP_TZ", "TIMESTAMP_TZ(9)", "TIMESTAMPTZ"),
    ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP_TZ(9)", "TIMESTAMPTZ"),
    ("VARIANT", "VARIANT", "VARIANT"),
    ("OBJECT", "OBJECT", "JSON"),
    ("OBJECT(a INT, b VARCHAR)", "OBJECT", "JSON"),
    ("MAP(VARCHAR, INT)", "OBJECT", "JSON"),
    ("ARRAY", "ARRAY", "VARIANT[]"),
    ("ARRAY(INT)", "ARRAY", "VARIANT[]"),
    ("VECTOR(FLOAT, 3)", "VECTOR(FLOAT, 3)", "FLOAT[3]"),
    ("VECTOR(INT, 16)", "VECTOR(INT, 16)", "INTEGER[16]"),
]


def test_a_declared_type_is_shown_as_describe_does_and_stored_in_duckdb() -> None:
    with duckdb.connect() as connection:
        for written, shown, stored in DECLARED:
            kind = declared(parsed(written))
            assert (str(kind), kind.duckdb) == (shown, stored), written
            connection.execute(f"SELECT NULL::{kind.duckdb}")


@pytest.mark.parametrize("written", ["GEOGRAPHY", "GEOMETRY", "UUID", "FILE", "DECFLOAT"])
def test_a_type_that_local_cortex_lacks_is_refused_by_name(written: str) -> None:
    with pytest.raises(SqlError, match=f"'data type {written}'") as refused:
        declared(parsed(written))
    assert refused.value.code == "000002"


@pytest.mark.parametrize(
    "written",
    [
        *("NUMBER(39)", "NUMBER(2, 5)", "NUMBER(0)", "VARCHAR(0)", "VARCHAR(134217729)"),
        *("TIME(10)", "TIMESTAMP_TZ(10)", "VECTOR(VARCHAR, 3)", "VECTOR(FLOAT, 4097)"),
    ],
)
def test_a_size_out_of_range_is_refused(written: str) -> None:
    with pytest.raises(SqlError, match="Unsupported data type") as refused:
        declared(parsed(written))
    assert refused.value.code == "002040"


RESULTS = [
    *[
        (f"1::{name}", types.INTEGER)
        for name in (
            *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "UBIGINT"),
            "UHUGEINT",
        )
    ],
    ("1.50", types.number(3, 2)),
    ("1::FLOAT", types.REAL),
    ("1::DOUBLE", types.REAL),
    ("'a'", types.TEXT),
    ("NULL", types.TEXT),
    ("TRUE", types.BOOLEAN),
    ("'a'::BLOB", types.BINARY),
    ("'2020-01-01'::DATE", types.DATE),
    ("'10:00'::TIME", types.TIME),
    ("'2020-01-01'::TIMESTAMP", types.TIMESTAMP_NTZ),
    ("'2020-01-01'::TIMESTAMP_NS", types.TIMESTAMP_NTZ),
    ("'2020-01-01'::TIMESTAMPTZ", types.TIMESTAMP_LTZ),
    ("1::VARIANT", types.VARIANT),
    ("[1::VARIANT]", types.ARRAY),
    ("[1]", types.ARRAY),
    ("'{}'::JSON", types.OBJECT),
    ("{'a': 1}", types.OBJECT),
    ("MAP {'a': 1}", types.OBJECT),
    ("[1, 2]::FLOAT[2]", types.vector("REAL", 2)),
    ("[1, 2]::INTEGER[2]", types.vector("FIXED", 2)),
]


def test_a_results_type_follows_from_duckdbs() -> None:
    with duckdb.connect() as connection:
        for value, kind in RESULTS:
            assert of_duckdb(connection.sql(f"SELECT {value}").types[0]) == kind, value

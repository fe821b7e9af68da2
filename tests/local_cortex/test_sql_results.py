"""Results on the wire, as JSON and as Arrow, read by the connector's own code."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from snowflake.connector.arrow_context import ArrowConverterContext
from snowflake.connector.converter import SnowflakeConverter
from snowflake.connector.nanoarrow_arrow_iterator import PyArrowRowIterator, PyArrowTableIterator

from local_cortex.sql import SqlColumn, SqlResult
from local_cortex.wire import types
from local_cortex.wire.arrow import encode
from local_cortex.wire.types import SqlType
from tests.local_cortex.sql_support import run

SELECT = 0x1000
CONTEXT = {"TIMEZONE": "UTC"}


def result_of(
    sql: str, kinds: Sequence[SqlType | None] | None = None, *, rows: bool = True
) -> SqlResult:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        relation = connection.sql(sql)
        told = kinds or [None] * len(relation.columns)
        return SqlResult.of_relation(relation, relation.columns, told, rows=rows)


def from_json(result: SqlResult) -> list[tuple[Any, ...]]:
    """Read a result as the connector reads JSON."""
    converter = SnowflakeConverter()
    converter.set_parameters(dict(CONTEXT))
    convert = [
        converter.to_python_method(entry["type"].upper(), entry) for entry in result.rowtype()
    ]
    return [
        tuple(
            value if value is None or each is None else each(value)
            for each, value in zip(convert, row, strict=True)
        )
        for row in result.rowset()
    ]


def from_arrow(result: SqlResult) -> list[tuple[Any, ...]]:
    """Read a result row by row as the connector reads Arrow."""
    context = ArrowConverterContext(dict(CONTEXT))
    return list(PyArrowRowIterator(None, encode(result), context, False, False, False, True))


def arrow_table(result: SqlResult) -> pa.Table:
    """Read a result as the connector does for ``fetch_arrow_all`` and ``fetch_pandas_all``."""
    context = ArrowConverterContext(dict(CONTEXT))
    return next(PyArrowTableIterator(None, encode(result), context, False, False, False, True))


VALUES: list[tuple[str, Any]] = [
    ("1", 1),
    ("-129", -129),
    ("128", 128),
    ("9223372036854775807", 2**63 - 1),
    ("99999999999999999999999999999999999999", 10**38 - 1),
    ("-99999999999999999999999999999999999999", 1 - 10**38),
    ("-1.50", Decimal("-1.50")),
    ("0.00000000001", Decimal("0.00000000001")),
    (
        "123456789012345678.12345678901234567890",
        Decimal("123456789012345678.1234567890123456789"),
    ),
    ("1.5::DOUBLE", 1.5),
    ("0.1::DOUBLE", 0.1),
    ("-1e300", -1e300),
    ("'-inf'::DOUBLE", -math.inf),
    ("'한글 👨‍👩‍👧‍👦'", "한글 👨‍👩‍👧‍👦"),
    ("''", ""),
    ("TRUE", True),
    ("FALSE", False),
    ("'\\x00\\xFF'::BLOB", b"\x00\xff"),
    ("'0001-01-01'::DATE", dt.date(1, 1, 1)),
    ("'9999-12-31'::DATE", dt.date(9999, 12, 31)),
    ("'23:59:59.123456'::TIME", dt.time(23, 59, 59, 123_456)),
    ("'0001-01-01'::TIMESTAMP", dt.datetime(1, 1, 1)),
    ("'1969-12-31 23:59:58.5'::TIMESTAMP", dt.datetime(1969, 12, 31, 23, 59, 58, 500_000)),
    (
        "'9999-12-31 23:59:59.999999+00'::TIMESTAMPTZ",
        dt.datetime(9999, 12, 31, 23, 59, 59, 999_999, dt.UTC),
    ),
    ("[1.5, -2]::FLOAT[2]", [1.5, -2.0]),
    ("[1, -2]::INTEGER[2]", [1, -2]),
    ("'\"text\"'::JSON::VARIANT", '"text"'),
    ("12345678901234567890123456789::HUGEINT::VARIANT", "12345678901234567890123456789"),
    (
        '\'{"b": {"z": [[], {}]}, "a": "    x"}\'::JSON',
        '{\n  "a": "    x",\n  "b": {\n    "z": [\n      [],\n      {}\n    ]\n  }\n}',
    ),
    ("[1::VARIANT, NULL, 'x'::VARIANT]", '[\n  1,\n  null,\n  "x"\n]'),
]


@pytest.mark.parametrize("read", [from_json, from_arrow])
def test_a_value_arrives_as_it_was_and_so_does_a_null(read: Any) -> None:
    for written, value in VALUES:
        result = result_of(f"SELECT {written} AS v UNION ALL SELECT NULL")
        assert read(result) == [(value,), (None,)], written


@pytest.mark.parametrize("read", [from_json, from_arrow])
def test_a_float_that_is_no_number_arrives_as_one(read: Any) -> None:
    assert math.isnan(read(result_of("SELECT 'nan'::DOUBLE"))[0][0])


@pytest.mark.parametrize("read", [from_json, from_arrow])
@pytest.mark.parametrize("name", ["TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ", "TIME"])
def test_times_of_every_scale_keep_that_many_decimals(read: Any, name: str) -> None:
    for scale in (0, 3, 6, 9):
        keeps_its_decimals(read, name, scale)


def keeps_its_decimals(read: Any, name: str, scale: int) -> None:
    zone = None if name in {"TIMESTAMP_NTZ", "TIME"} else dt.UTC
    moment = dt.datetime(1969, 5, 6, 7, 8, 9, 123_456, zone)
    value: Any = moment.timetz() if name == "TIME" else moment
    micros = 123_456 // 10 ** max(0, 6 - scale) * 10 ** max(0, 6 - scale)
    column = SqlColumn("T", SqlType(name, scale=scale))
    result = SqlResult.of_rows([column], [(value.replace(microsecond=micros),)], SELECT)
    expected = value.replace(microsecond=micros)
    assert read(result) == [(expected,)]
    assert arrow_table(result).to_pydict() == {"T": [expected]}


def test_a_moment_with_a_zone_has_the_offset_of_utc() -> None:
    result = result_of("SELECT '2020-01-01 09:00+09'::TIMESTAMPTZ", [types.TIMESTAMP_TZ])
    assert result.rowset() == [["1577836800.000000000 1440"]]
    for read in (from_json, from_arrow):
        assert read(result)[0][0].utcoffset() == dt.timedelta(0)


def test_the_columns_say_type_precision_scale_and_length() -> None:
    result = result_of(
        "SELECT 1 AS i, 1.50 AS d, 'x' AS t, 'x'::BLOB AS b, now()::TIMESTAMP AS ts, NULL AS n,"
        "[1]::FLOAT[1] AS v, 1.5::DOUBLE AS f"
    )
    keys = ("name", "type", "precision", "scale", "length", "byteLength", "nullable")
    assert [tuple(entry[key] for key in keys) for entry in result.rowtype()] == [
        ("i", "fixed", 38, 0, None, None, True),
        ("d", "fixed", 3, 2, None, None, True),
        ("t", "text", None, None, 16_777_216, 16_777_216, True),
        ("b", "binary", None, None, 8_388_608, 8_388_608, True),
        ("ts", "timestamp_ntz", 0, 9, None, None, True),
        ("n", "text", None, None, 16_777_216, 16_777_216, True),
        ("v", "vector", None, None, None, None, True),
        ("f", "real", None, None, None, None, True),
    ]
    vector = result.rowtype()[6]
    assert vector["vectorDimension"] == 1
    assert [field["type"] for field in vector["fields"]] == ["real"]


def test_a_told_type_is_kept() -> None:
    result = result_of("SELECT 1.5, 'x', 3", [types.number(10, 2), types.text(7), types.number(5)])
    assert [str(column.type) for column in result.columns] == [
        *("NUMBER(10,2)", "VARCHAR(7)", "NUMBER(5,0)")
    ]
    assert result.rowset() == [["1.50", "x", "3"]]


def test_a_described_result_has_the_same_columns_and_no_rows() -> None:
    sql = "SELECT 1 AS a, 'x'::JSON::VARIANT AS b, error('must not run') AS c"
    result = result_of(sql, rows=False)
    assert [column.name for column in result.columns] == ["a", "b", "c"]
    assert (result.row_count, result.rowset(), encode(result)) == (0, [], b"")


def test_columns_of_one_name_stay_apart() -> None:
    assert result_of("SELECT 1 AS a, 2 AS a").rowset() == [["1", "2"]]


def test_rows_of_python_values_are_a_result_too() -> None:
    columns = [
        SqlColumn("status", types.TEXT),
        SqlColumn("n", types.INTEGER),
        SqlColumn("at", types.TIMESTAMP_LTZ),
    ]
    rows = [("ok", 5, dt.datetime(2020, 1, 1, tzinfo=dt.UTC)), (None, None, None)]
    result = SqlResult.of_rows(columns, rows, SELECT)
    assert from_json(result) == from_arrow(result) == rows
    assert SqlResult.of_rows(columns, [], SELECT).rowset() == []
    assert SqlResult.of_rows([], [], SELECT).rowset() == []


def test_numbers_come_to_pandas_in_the_narrowest_type_as_from_an_account() -> None:
    frame = arrow_table(
        result_of("SELECT 1 AS a, 300 AS b, 100000 AS c, 1.5 AS d, 12345678901234567890 AS e")
    ).to_pandas()
    assert [str(kind) for kind in frame.dtypes] == ["int8", "int16", "int32", "float64", "object"]


def test_a_column_is_described_to_clients_by_these_fields() -> None:
    plain: dict[str, Any] = dict.fromkeys(
        ("length", "byteLength", "precision", "scale", "collation")
    )
    plain |= dict.fromkeys(("database", "schema", "table"), "")
    element = {**plain, "name": "", "type": "real", "nullable": False, "precision": 0, "scale": 0}
    described: dict[str, dict[str, Any]] = {
        "1::NUMBER(5, 2)": {"type": "fixed", "precision": 5, "scale": 2},
        "'x'::VARCHAR(3)": {"type": "text", "length": 3, "byteLength": 12},
        "''::BINARY(4)": {"type": "binary", "length": 4, "byteLength": 4},
        "'2026-01-02'::TIMESTAMP_NTZ(3)": {"type": "timestamp_ntz", "precision": 0, "scale": 3},
        "1.5::FLOAT": {"type": "real"},
        "TRUE": {"type": "boolean"},
        "1::VARIANT": {"type": "variant"},
        "[1, 2, 3]::VECTOR(FLOAT, 3)": {
            "type": "vector",
            "vectorDimension": 3,
            "fields": [element],
        },
    }
    for expression, fields in described.items():
        (column,) = run(f"SELECT {expression} AS a", describe_only=True).columns
        assert column.wire() == {**plain, "name": "A", "nullable": True, **fields}, expression

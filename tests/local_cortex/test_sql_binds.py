"""Bound values as the connector sends them: read, written as literals, and as Arrow columns."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from snowflake.connector.converter import SnowflakeConverter

from local_cortex.sql import SqlError
from local_cortex.wire import types
from local_cortex.wire.binds import arrow_table, decode_binds
from local_cortex.wire.types import SqlType, of_duckdb

SEOUL = dt.timezone(dt.timedelta(hours=9))
CONVERTER = SnowflakeConverter()


def wire(value: Any, kind: str | None = None) -> dict[str, Any]:
    """Encode a value as the connector does."""
    name = kind or CONVERTER.snowflake_type(value)
    return {"type": name, "value": CONVERTER.to_snowflake_bindings(name, value)}


def selected(entry: dict[str, Any]) -> tuple[Any, SqlType]:
    """Bind one value and select it."""
    literal = decode_binds({"1": entry})["1"].literal().sql("duckdb")
    with duckdb.connect() as connection:
        cursor = connection.execute(f"SELECT {literal}")
        return cursor.fetchall()[0][0], of_duckdb(cursor.description[0][1])


BOUND: list[tuple[Any, SqlType]] = [
    (5, types.INTEGER),
    (-5, types.INTEGER),
    (10**38 - 1, types.INTEGER),
    (1 - 10**38, types.INTEGER),
    (Decimal("1.50"), types.number(3, 2)),
    (Decimal("-1E+3"), types.INTEGER),
    (Decimal("0.00000000001"), types.number(12, 11)),
    (1.5, types.REAL),
    (-1e300, types.REAL),
    (math.inf, types.REAL),
    ('it\'s "한글" 👨‍👩‍👧‍👦 \\ \n ? :1 \x00', types.TEXT),
    ("", types.TEXT),
    (True, types.BOOLEAN),
    (False, types.BOOLEAN),
    (b"\x00\xff", types.BINARY),
    (b"", types.BINARY),
    (dt.date(1, 1, 1), types.DATE),
    (dt.date(9999, 12, 31), types.DATE),
    (dt.time(23, 59, 59, 999_999), types.TIME),
    (dt.datetime(1, 1, 1), types.TIMESTAMP_NTZ),
    (dt.datetime(1969, 12, 31, 23, 59, 59, 500_000), types.TIMESTAMP_NTZ),
]


def test_a_bound_value_is_selected_unchanged_and_of_its_type() -> None:
    for value, kind in BOUND:
        assert selected(wire(value)) == (value, kind), value


def test_a_float_that_is_no_number_stays_one() -> None:
    assert math.isnan(selected(wire(math.nan))[0])


@pytest.mark.parametrize("kind", ["TIMESTAMP_LTZ", "TIMESTAMP_TZ"])
def test_a_time_with_a_zone_stays_the_same_moment(kind: str) -> None:
    moment = dt.datetime(2020, 1, 2, 12, 30, tzinfo=SEOUL)
    bind = decode_binds({"1": wire(moment, kind)})["1"]
    assert bind.values == (moment,)
    assert str(bind.type) == f"{kind}(9)"
    assert selected(wire(moment, kind))[0] == moment


NULLS = [
    ("ANY", types.TEXT),
    ("TEXT", types.TEXT),
    ("FIXED", types.INTEGER),
    ("REAL", types.REAL),
    ("BOOLEAN", types.BOOLEAN),
    ("BINARY", types.BINARY),
    ("DATE", types.DATE),
    ("TIME", types.TIME),
    ("TIMESTAMP_NTZ", types.TIMESTAMP_NTZ),
    ("TIMESTAMP_LTZ", types.TIMESTAMP_LTZ),
]


def test_a_null_keeps_the_type_it_was_bound_with() -> None:
    for kind, found in NULLS:
        assert selected(wire(None, kind)) == (None, found), kind


UNREADABLE: list[object] = [
    {"type": "FIXED", "value": "abc"},
    {"type": "FIXED", "value": "1" * 39},
    {"type": "FIXED", "value": "NaN"},
    {"type": "FIXED", "value": "0." + "1" * 39},
    {"type": "REAL", "value": "abc"},
    {"type": "DATE", "value": "2020-01-01"},
    {"type": "BINARY", "value": "zz"},
    {"type": "TIMESTAMP_NTZ", "value": "9" * 30},
    {"type": "TIMESTAMP_TZ", "value": "1 99999"},
    {"value": "1"},
    "x",
    None,
    [],
]


def test_a_value_that_cannot_be_read_is_an_sql_error() -> None:
    for entry in UNREADABLE:
        with pytest.raises(SqlError, match="Bind variable 1 cannot be read") as failed:
            decode_binds({"1": entry})
        assert failed.value.code == "002128", entry


def test_half_of_a_surrogate_pair_becomes_the_replacement_character() -> None:
    assert selected({"type": "TEXT", "value": "a\ud83d"})[0] == "a\ufffd"


def test_the_rows_of_a_bulk_insert_become_typed_columns() -> None:
    rows = [
        (1, Decimal("1.5"), 0.5, "한글", True, b"\x01", dt.date(2020, 1, 1), dt.time(1, 2, 3)),
        (2, Decimal(2), 1.0, "", False, b"", dt.date(1, 1, 1), dt.time(0)),
    ]
    columns = {
        str(index): {
            "type": wire(column[0])["type"],
            "value": [wire(value)["value"] for value in column],
        }
        for index, column in enumerate(zip(*rows, strict=True), 1)
    }
    binds = decode_binds(columns)
    assert all(bind.array for bind in binds.values())
    with duckdb.connect() as connection:
        connection.register("bound", arrow_table(binds))
        assert connection.sql("FROM bound").fetchall() == rows
        assert list(map(str, connection.sql("FROM bound").types)) == [
            *("DECIMAL(38,0)", "DECIMAL(38,1)", "DOUBLE", "VARCHAR", "BOOLEAN", "BLOB"),
            *("DATE", "TIME"),
        ]


def test_a_column_with_nulls_is_read_as_the_type_it_is_inserted_into() -> None:
    # The connector calls values of different types TEXT, and the type of None is ANY.
    day, moment = dt.date(2020, 1, 1), dt.datetime(1960, 1, 1, 12)
    binds = decode_binds(
        {
            "1": {"type": "TEXT", "value": [None, wire(day)["value"]]},
            "2": {"type": "TEXT", "value": [wire(moment)["value"], None]},
            "3": {"type": "TEXT", "value": [wire(b"\x01")["value"], None]},
            "4": {"type": "TEXT", "value": ["2020-01-01", None]},
        }
    )
    table = arrow_table(binds, [types.DATE, types.TIMESTAMP_NTZ, types.BINARY, types.DATE])
    assert table.to_pydict() == {
        "1": [None, day],
        "2": [moment, None],
        "3": [b"\x01", None],
        "4": ["2020-01-01", None],
    }


def test_binds_of_different_lengths_are_refused() -> None:
    entries = {"1": {"type": "TEXT", "value": ["a"]}, "2": {"type": "TEXT", "value": ["b", "c"]}}
    with pytest.raises(SqlError) as failed:
        arrow_table(decode_binds(entries))
    assert failed.value.code == "002128"

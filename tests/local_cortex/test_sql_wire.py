"""Results and binds on the wire, checked with the connector's own converter."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from snowflake.connector.converter import SnowflakeConverter

from local_cortex.sql import SqlError, SqlResult, decode_binds
from tests.local_cortex.sql_support import run, value

ZONE = dt.timezone(dt.timedelta(hours=9))


def received(result: SqlResult) -> list[Any]:
    """Return the first row as the connector decodes it."""
    converter = SnowflakeConverter()
    converter.set_parameter("TIMEZONE", "UTC")
    decoded: list[Any] = []
    for column, text in zip(result.rowtype(), result.rowset()[0], strict=True):
        convert = converter.to_python_method(column["type"].upper(), column)
        decoded.append(text if text is None or convert is None else convert(text))
    return decoded


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1", 1),
        ("-99999999999999999999999999999999999999", -99999999999999999999999999999999999999),
        ("1.50", Decimal("1.50")),
        ("-0.000001", Decimal("-0.000001")),
        ("2.5::float", 2.5),
        ("1e300", 1e300),
        ("'한 \\'글\\''", "한 '글'"),
        ("''", ""),
        ("TRUE", True),
        ("FALSE", False),
        ("NULL", None),
        ("'2020-02-29'::date", dt.date(2020, 2, 29)),
        ("'1912-01-01'::date", dt.date(1912, 1, 1)),
        ("'01:02:03.000004'::time", dt.time(1, 2, 3, 4)),
        ("'2020-01-02 03:04:05.000006'::timestamp", dt.datetime(2020, 1, 2, 3, 4, 5, 6)),
        ("'1969-12-31 23:59:59.5'::timestamp", dt.datetime(1969, 12, 31, 23, 59, 59, 500000)),
        (
            "'2020-01-02 03:04:05+09:00'::timestamp_tz",
            dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=ZONE),
        ),
        (
            "'2020-01-02 03:04:05+09:00'::timestamp_ltz",
            dt.datetime(2020, 1, 1, 18, 4, 5, tzinfo=dt.UTC),
        ),
        ("'00ff'::binary", b"\x00\xff"),
        ('PARSE_JSON(\'{"a": [1, "한"]}\')', '{\n  "a": [\n    1,\n    "한"\n  ]\n}'),
        ("PARSE_JSON('null')", "null"),
        ("PARSE_JSON('\"text\"')", '"text"'),
        ("ARRAY_CONSTRUCT()", "[]"),
    ],
)
def test_the_connector_reads_what_was_meant(expression: str, expected: object) -> None:
    assert received(run(f"SELECT {expression}")) == [expected]


def test_columns_are_described_as_the_connector_expects() -> None:
    (column,) = run("SELECT 1.25 AS x").rowtype()
    assert column["name"] == "X"
    assert (column["type"], column["precision"], column["scale"]) == ("fixed", 3, 2)
    (column,) = run("SELECT 'abc' AS x").rowtype()
    assert (column["type"], column["length"], column["nullable"]) == ("text", 3, False)


@pytest.mark.parametrize(
    "given",
    [
        1,
        -5,
        2.5,
        "it's 한국어 \\ \n",
        "",
        True,
        False,
        None,
        b"\x00\xff",
        Decimal("1.25"),
        dt.date(1912, 2, 29),
        dt.time(1, 2, 3, 4),
        dt.datetime(2020, 1, 2, 3, 4, 5, 6),
        dt.datetime(1969, 12, 31, 23, 59, 59, 500000),
    ],
)
def test_a_bound_value_comes_back(given: object) -> None:
    converter = SnowflakeConverter()
    kind = converter.snowflake_type(given)
    entry = {"type": kind, "value": converter.to_snowflake_bindings(kind, given)}
    assert value("?", binds={"1": entry}) == given


def test_a_bound_timestamp_keeps_its_zone() -> None:
    moment = dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=ZONE)
    converter = SnowflakeConverter()
    entry = {"type": "TIMESTAMP_TZ"}
    entry["value"] = converter.to_snowflake_bindings("TIMESTAMP_TZ", moment)
    (bind,) = decode_binds({"1": entry}).values()
    assert bind.values == (moment,)
    assert bind.values[0].utcoffset() == dt.timedelta(hours=9)


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "FIXED", "value": "many"},
        {"type": "FIXED", "value": "1e999999999"},
        {"type": "DATE", "value": "tomorrow"},
        {"type": "BINARY", "value": "zz"},
        {"value": "1"},
        "1",
    ],
)
def test_a_bind_that_cannot_be_read_is_refused(entry: object) -> None:
    with pytest.raises(SqlError) as caught:
        decode_binds({"1": entry})
    assert caught.value.code == "002128"

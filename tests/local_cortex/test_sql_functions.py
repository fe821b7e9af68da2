"""Snowflake's functions and operators on DuckDB; examples after docs.snowflake.com."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pytest
import sqlglot

from local_cortex.ai import cortex_functions as cortex
from local_cortex.dialect.expressions import Calls, rewrite
from local_cortex.dialect.functions import NAMES
from local_cortex.dialect.macros import MACROS
from local_cortex.sql.sql_error import SqlError
from tests.local_cortex.sql_support import wrong


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for macro in MACROS:
        connection.execute(macro)
    yield connection
    connection.close()


class Database:
    """Runs Snowflake's SQL on DuckDB."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        tree = rewrite(sqlglot.parse_one(sql, dialect=Calls))
        found: list[tuple[Any, ...]] = self.connection.execute(tree.sql("duckdb")).fetchall()
        return found

    def value(self, expression: str) -> Any:
        ((only,),) = self.rows(f"SELECT {expression}")
        return only


@pytest.fixture(scope="module")
def sql(database: duckdb.DuckDBPyConnection) -> Database:
    return Database(database)


def as_written(found: Any, expected: object) -> object:
    """Return a value as a table writes it: documents parsed, floats rounded."""
    if isinstance(expected, dict):
        return json.loads(found)
    return round(float(found), 6) if isinstance(expected, float) else found


def misses(
    table: Sequence[tuple[str, object]], give: Callable[[str], Any]
) -> dict[str, tuple[object, object]]:
    expected = dict(table)
    assert len(expected) == len(table), "an expression stands in the table twice"
    return wrong(table, lambda asked: as_written(give(asked), expected[asked]))


NUMBERS: list[tuple[str, object]] = [
    ("1 / 3", Decimal("0.333333")),
    ("100000 * 100000", 10_000_000_000),
    ("'1.5' + 1", 2.5),
    ("PARSE_JSON('1.5') + 1", 2.5),
    ("PARSE_JSON('{\"a\": 1.5}'):a = 1.5", True),
    ("1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1", 20),
    ("CEIL(135.135, 2)", 135.14),
    ("FLOOR(-1.5)", -2),
    ("ROUND(2.5)", 3),
    ("ROUND(-2.5)", -3),
    ("ROUND(12345, -2)", 12300),
    ("TRUNC(-975.975, 1)", Decimal("-975.9")),
    ("MOD(5, 3)", 2),
    ("DIV0(1, 0)", 0),
    ("DIV0(7, 2)", 3.5),
    ("DIV0NULL(1, NULL)", 0),
    ("GREATEST(1, 3, NULL)", None),
    ("LOG(10, 1000)", 3.0),
    ("SQUARE(3)", 9.0),
    ("ZEROIFNULL(NULL)", 0),
    ("UNIFORM(1, 1, RANDOM())", 1),
]


def test_numbers(sql: Database) -> None:
    assert misses(NUMBERS, sql.value) == {}


STRINGS_AND_CONDITIONS: list[tuple[str, object]] = [
    ("CONCAT('a', 1, TRUE)", "a1true"),
    ("CONCAT_WS('-', 'a', 'b')", "a-b"),
    ("CONCAT_WS('-', 'a', NULL)", None),
    ("1.0::FLOAT || ''", "1"),
    ("LENGTH(12345)", 5),
    ("INITCAP('hello wORLD')", "Hello World"),
    ("UPPER('straße')", "STRASSE"),
    ("SUBSTR('hello', 0, 2)", "he"),
    ("SUBSTR('hello', -3, 2)", "ll"),
    ("LPAD('7', 3, '0')", "007"),
    ("SPLIT('a,b', ',')[1]::VARCHAR", "b"),
    ("SPLIT_PART('a,b,c', ',', -1)", "c"),
    ("STRTOK('a.b c', '. ', 3)", "c"),
    ("TRANSLATE('abc', 'ab', 'x')", "xc"),
    ("INSERT('abcdef', 2, 3, 'zz')", "azzef"),
    ("CHARINDEX('an', 'banana', 3)", 4),
    ("POSITION('b' IN 'abc')", 2),
    ("REGEXP_REPLACE('a1b22', '[0-9]+', '#')", "a#b#"),
    ("REGEXP_REPLACE('a1b22', '([a-z])[0-9]+', '\\\\1', 1, 1)", "ab22"),
    ("REGEXP_SUBSTR('a1b22', '[0-9]+', 1, 2)", "22"),
    ("REGEXP_SUBSTR('key=Val', '(\\\\w+)=(\\\\w+)', 1, 1, 'e', 2)", "Val"),
    ("REGEXP_COUNT('a1b22', '[0-9]')", 3),
    ("'abc' RLIKE 'b'", False),
    ("REGEXP_LIKE('ABC', 'a.c', 'i')", True),
    ("'abc' LIKE ANY ('x', '%c')", True),
    ("'abc' LIKE ALL ('a%', '%x')", False),
    ("'a%c' LIKE 'a^%c' ESCAPE '^'", True),
    ("'ABC' NOT ILIKE 'a%'", False),
    ("EDITDISTANCE('kitten', 'sitting')", 3),
    ("JAROWINKLER_SIMILARITY('abc', 'abc')", 100),
    ("MD5('a')", "0cc175b9c0f1b6a831c399e269772661"),
    ("BASE64_DECODE_STRING(BASE64_ENCODE('한글'))", "한글"),
    ("HEX_ENCODE('ab')", "6162"),
    ("DECODE(NULL, 1, 'x', NULL, 'none', 'else')", "none"),
    ("NVL2(NULL, 1, 2)", 2),
    ("IFF(PARSE_JSON('true'), 'a', 'b')", "a"),
    ("EQUAL_NULL(NULL, NULL)", True),
    ("LENGTH(UUID_STRING())", 36),
]


def test_strings_and_conditions(sql: Database) -> None:
    assert misses(STRINGS_AND_CONDITIONS, sql.value) == {}


DATES: list[tuple[str, object]] = [
    ("DATEADD(month, 1, '2023-01-31'::DATE)", dt.date(2023, 2, 28)),
    ("DATEADD('hour', 2, '2023-01-31'::DATE)", dt.datetime(2023, 1, 31, 2)),
    ("DATEADD(day, -1, '2023-03-01')", dt.datetime(2023, 2, 28)),
    ("DATEADD(year, 1, DATE '2024-02-29')", dt.date(2025, 2, 28)),
    ("DATE '2024-01-01' + 1", dt.date(2024, 1, 2)),
    ("DATE '2024-01-03' - DATE '2024-01-01'", 2),
    ("DATE '2024-01-01' + INTERVAL '1 day, 2 hours'", dt.datetime(2024, 1, 2, 2)),
    ("DATE '2024-01-01' + INTERVAL '2 weeks'", dt.date(2024, 1, 15)),
    ("DATE '2024-01-31' + INTERVAL '1 month'", dt.date(2024, 2, 29)),
    ("DATE '2024-01-31' + INTERVAL '1 quarter'", dt.date(2024, 4, 30)),
    ("INTERVAL '1 year' + DATE '2024-02-29'", dt.date(2025, 2, 28)),
    ("DATE '2024-01-01' - INTERVAL '1 d'", dt.date(2023, 12, 31)),
    ("DATE '2024-01-01' + INTERVAL '1 minute'", dt.datetime(2024, 1, 1, 0, 1)),
    ("DATE '2024-01-01' - INTERVAL '1 s'", dt.datetime(2023, 12, 31, 23, 59, 59)),
    ("DATEDIFF(month, '2024-01-31'::DATE, '2024-02-01'::DATE)", 1),
    ("DATEDIFF('day', '2024-01-01', '2024-01-03')", 2),
    ("DATE_TRUNC('month', DATE '2024-02-15')", dt.date(2024, 2, 1)),
    ("DATE_TRUNC(week, '2024-02-15 10:00:00'::TIMESTAMP)", dt.datetime(2024, 2, 12)),
    ("DATE_PART(epoch_second, '2024-01-01'::TIMESTAMP)", 1704067200),
    ("EXTRACT(year FROM DATE '2024-01-01')", 2024),
    ("DAYOFWEEK(DATE '2024-01-07')", 0),
    ("QUARTER('2024-05-01'::DATE)", 2),
    ("DAYNAME(DATE '2024-01-07')", "Sun"),
    ("LAST_DAY(DATE '2024-02-05')", dt.date(2024, 2, 29)),
    ("LAST_DAY(DATE '2024-02-05', 'year')", dt.date(2024, 12, 31)),
    ("NEXT_DAY(DATE '2024-01-05', 'Friday')", dt.date(2024, 1, 12)),
    ("PREVIOUS_DAY(DATE '2024-01-05', 'Fr')", dt.date(2023, 12, 29)),
    ("ADD_MONTHS(DATE '2024-02-29', 1)", dt.date(2024, 3, 31)),
    ("MONTHS_BETWEEN('2019-03-01'::DATE, '2019-02-15'::DATE)", 0.548387),
    ("TO_DATE('02/15/2024', 'MM/DD/YYYY')", dt.date(2024, 2, 15)),
    ("TRY_TO_DATE('x')", None),
    ("TRY_TO_DATE('x', 'YYYY')", None),
    ("TO_TIMESTAMP(1704067200)", dt.datetime(2024, 1, 1)),
    ("TO_TIMESTAMP('1704067200')", dt.datetime(2024, 1, 1)),
    ("TO_TIMESTAMP(1704067200123, 3)", dt.datetime(2024, 1, 1, 0, 0, 0, 123000)),
    ("DATE_FROM_PARTS(2024, 2, 0)", dt.date(2024, 1, 31)),
    ("TIMESTAMP_FROM_PARTS(2024, 1, 2, 3, 4, 5)", dt.datetime(2024, 1, 2, 3, 4, 5)),
    ("TIME_FROM_PARTS(1, 2, 3)", dt.time(1, 2, 3)),
    ("TO_CHAR(DATE '2024-02-05', 'YYYY-MM')", "2024-02"),
    (
        "TO_VARCHAR('2024-02-05 13:04:05'::TIMESTAMP, 'DD MON YYYY HH12:MI AM')",
        "05 Feb 2024 01:04 PM",
    ),
    ("'2024-02-05 13:04:05'::TIMESTAMP::VARCHAR", "2024-02-05 13:04:05.000"),
    (
        "CONVERT_TIMEZONE('UTC', 'Asia/Seoul', '2024-01-01 00:00:00'::TIMESTAMP)",
        dt.datetime(2024, 1, 1, 9),
    ),
]


def test_dates(sql: Database) -> None:
    assert misses(DATES, sql.value) == {}


CONVERSIONS: list[tuple[str, object]] = [
    ("2.5::FLOAT::INT", 3),
    ("'1.26'::NUMBER(10, 1)", Decimal("1.3")),
    ("'abcdef'::VARCHAR(3)", "abc"),
    ("TRUE::VARCHAR", "true"),
    ("'yes'::BOOLEAN", True),
    ("TRY_CAST('x' AS INT)", None),
    ("TO_NUMBER('$1,234.50', '$9,999.99')", Decimal("1234.50")),
    ("TO_DECIMAL('12.346', 10, 2)", Decimal("12.35")),
    ("TRY_TO_NUMBER('x')", None),
    ("TO_CHAR(1234.5, '9,999.00')", " 1,234.50"),
    ("TO_CHAR(12, '00000')", " 00012"),
    ("TO_CHAR(1234.5, '00,000.00')", " 01,234.50"),
    ("TO_CHAR(1234.5, 'FM$9,999.00')", "$1,234.50"),
    ("TO_BOOLEAN(1)", True),
    ("TO_BINARY('6162')", b"ab"),
    ("[1, 2, 3]::VECTOR(FLOAT, 3)", (1.0, 2.0, 3.0)),
    ("VECTOR_L2_DISTANCE([1, 2]::VECTOR(FLOAT, 2), [4, 6]::VECTOR(FLOAT, 2))", 5.0),
    ("VECTOR_COSINE_SIMILARITY([1, 2]::VECTOR(INT, 2), [2, 4]::VECTOR(INT, 2))", 1.0),
]


def test_conversions(sql: Database) -> None:
    assert misses(CONVERSIONS, sql.value) == {}


SEMI_STRUCTURED_VALUES: list[tuple[str, object]] = [
    ('PARSE_JSON(\'{"a": {"b": [1, 2]}}\'):a.b[1]::INT', 2),
    ('PARSE_JSON(\'{"a b": 1}\'):"a b"::INT', 1),
    ("PARSE_JSON('{\"a\": {\"c\": 1}}')['a']['c']::INT", 1),
    ("GET(ARRAY_CONSTRUCT(10, 20), 1)::INT", 20),
    ("GET_PATH(PARSE_JSON('{\"a\": [5]}'), 'a[0]')::INT", 5),
    ("PARSE_JSON('{\"a\": 1}')::VARCHAR", '{"a":1}'),
    ("TRY_PARSE_JSON('{')", None),
    ("OBJECT_CONSTRUCT('a', 1, 'b', NULL)", {"a": 1}),
    ("OBJECT_CONSTRUCT_KEEP_NULL('a', 1, 'b', NULL)", {"a": 1, "b": None}),
    ("{'a': 1, 'b': [1, {'c': 'x'}]}", {"a": 1, "b": [1, {"c": "x"}]}),
    ("OBJECT_INSERT(OBJECT_CONSTRUCT('a', 1), 'b', 2)", {"a": 1, "b": 2}),
    ("OBJECT_DELETE(OBJECT_CONSTRUCT('a', 1, 'b', 2), 'a')", {"b": 2}),
    ("OBJECT_KEYS(OBJECT_CONSTRUCT('a', 1))", ["a"]),
    ("ARRAY_CONSTRUCT(1, 'x', NULL)", [1, "x", None]),
    ("ARRAY_SIZE(PARSE_JSON('[1, 2]'))", 2),
    ("ARRAY_CONTAINS('a'::VARIANT, ['a', 'b'])", True),
    ("ARRAY_POSITION('b'::VARIANT, ['a', 'b'])", 1),
    ("ARRAY_CAT([1], [2])", [1, 2]),
    ("ARRAY_SLICE([1, 2, 3, 4], 1, -1)", [2, 3]),
    ("ARRAY_TO_STRING(['a', 1], '-')", "a-1"),
    ("ARRAY_DISTINCT(['a', 'b', 'a'])", ["a", "b"]),
    ("ARRAY_INTERSECTION(['a', 'b'], ['b'])", ["b"]),
    ("ARRAY_SORT([3, 1, 2])", [1, 2, 3]),
    ("ARRAY_FLATTEN([[1, 2], [3]])", [1, 2, 3]),
    ("ARRAY_INSERT([1, 3], 1, 2)", [1, 2, 3]),
    ("TYPEOF(PARSE_JSON('[1]'))", "ARRAY"),
    ("TYPEOF(1.5::VARIANT)", "DECIMAL"),
    ("IS_OBJECT(PARSE_JSON('{}'))", True),
    ("AS_INTEGER(5::VARIANT)", 5),
    ("TO_JSON(OBJECT_CONSTRUCT('a', 'x'))", '{"a":"x"}'),
]


def test_semi_structured_values(sql: Database) -> None:
    assert misses(SEMI_STRUCTURED_VALUES, sql.value) == {}


SALES = "(SELECT * FROM VALUES ('a', 1), ('a', 3), ('b', NULL), ('b', 5) AS t(k, n))"


AGGREGATES: list[tuple[str, object]] = [
    ("COUNT(*)", 4),
    ("COUNT(k, n)", 3),
    ("COUNT(DISTINCT k, n)", 3),
    ("AVG(n)", Decimal("3.000000")),
    ("SUM(n) / COUNT(*)", 2.25),
    ("MEDIAN(n)", 3.0),
    ("LISTAGG(k, ',') WITHIN GROUP (ORDER BY k DESC)", "b,b,a,a"),
    ("LISTAGG(DISTINCT k, ',') WITHIN GROUP (ORDER BY k)", "a,b"),
    ("ARRAY_AGG(n) WITHIN GROUP (ORDER BY n DESC)", [5, 3, 1]),
    ("ARRAY_AGG(DISTINCT k) WITHIN GROUP (ORDER BY k)", ["a", "b"]),
    ("OBJECT_AGG(k || n, n)", {"a1": 1, "a3": 3, "b5": 5}),
    ("COUNT_IF(n > 1)", 2),
    ("MAX_BY(k, n)", "b"),
    ("BOOLOR_AGG(n > 4)", True),
    ("APPROX_COUNT_DISTINCT(k)", 2),
    ("PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY n)", 3.0),
    ("PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY n DESC)", 4.0),
    ("STDDEV(n)", 2.0),
    ("ROUND(AVG(n), 1)", 3.0),
]


def test_aggregates(sql: Database) -> None:
    def aggregate(expression: str) -> Any:
        ((found,),) = sql.rows(f"SELECT {expression} FROM {SALES}")
        return found

    assert misses(AGGREGATES, aggregate) == {}


WINDOW_FUNCTIONS: list[tuple[str, object]] = [
    ("SUM(n) OVER (PARTITION BY k)", [4, 4, 5, 5]),
    ("AVG(n) OVER (PARTITION BY k)", [2, 2, 5, 5]),
    ("ROW_NUMBER() OVER (ORDER BY n)", [1, 2, 4, 3]),
    ("LAG(n, 1, 0) OVER (ORDER BY n)", [0, 1, 5, 3]),
    ("LAST_VALUE(n) IGNORE NULLS OVER (PARTITION BY k ORDER BY n)", [3, 3, 5, 5]),
    (
        "LISTAGG(k, '') WITHIN GROUP (ORDER BY k) OVER (PARTITION BY k)",
        ["aa", "aa", "bb", "bb"],
    ),
]


def test_window_functions(sql: Database) -> None:
    def column(expression: str) -> list[object]:
        found = sql.rows(f"SELECT {expression} FROM {SALES} ORDER BY k, n IS NULL DESC, n")
        return [one for (one,) in found]

    assert misses(WINDOW_FUNCTIONS, column) == {}


RELATIONS: list[tuple[str, object]] = [
    ("SELECT $1, column2 FROM VALUES (1, 'a'), (2, 'b') ORDER BY 1", [(1, "a"), (2, "b")]),
    ("SELECT SEQ4() FROM TABLE(GENERATOR(ROWCOUNT => 3))", [(0,), (1,), (2,)]),
    ("SELECT column1 FROM VALUES (1), (NULL), (2) ORDER BY 1 DESC", [(None,), (2,), (1,)]),
    (
        "SELECT value::VARCHAR, index FROM TABLE(SPLIT_TO_TABLE('a.b', '.'))",
        [("a", 1), ("b", 2)],
    ),
    (
        'SELECT key, path, index, value::INT FROM TABLE(FLATTEN(PARSE_JSON(\'{"a": 1, "b": 2}\')))',
        [("a", "a", None, 1), ("b", "b", None, 2)],
    ),
    (
        "SELECT t.id, f.index, f.value:n::INT FROM (SELECT 1 AS id, "
        'PARSE_JSON(\'[{"n": 5}, {"n": 6}]\') AS v) t, '
        "LATERAL FLATTEN(INPUT => t.v) f ORDER BY 2",
        [(1, 0, 5), (1, 1, 6)],
    ),
    (
        "SELECT t.id, f.value::INT FROM (SELECT 1 AS id, PARSE_JSON('{\"a\": []}') AS v) t, "
        "LATERAL FLATTEN(INPUT => t.v:a, OUTER => TRUE) f",
        [(1, None)],
    ),
    (
        f"SELECT k, SUM(n) FROM {SALES} GROUP BY ROLLUP (k) ORDER BY 2",
        [("a", 4), ("b", 5), (None, 9)],
    ),
    (
        f"SELECT k, n FROM {SALES} "
        "QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY n) = 1 ORDER BY k",
        [("a", 1), ("b", 5)],
    ),
    ("SELECT 2 AS a, a * 2 AS b, b || 'x' AS c", [(2, 4, "4x")]),
    ("SELECT * EXCLUDE (n) FROM (SELECT 1 AS k, 2 AS n)", [(1,)]),
    (f"SELECT * FROM {SALES} PIVOT (SUM(n) FOR k IN ('a', 'b')) AS p (x, y)", [(4, 5)]),
    ("SELECT a <> 0 AND 6 / a > 2 FROM VALUES (0), (2) AS t(a)", [(False,), (True,)]),
]


def test_relations(sql: Database) -> None:
    assert misses(RELATIONS, sql.rows) == {}


# What the parser knows as syntax, and never gives to DuckDB as a call.
PARSED = {
    *("CASE", "CAST", "TRY_CAST", "EXTRACT", "ANY", "TRANSFORM", "FILTER", "REDUCE", "IF"),
    "FLATTEN",
}


@pytest.mark.parametrize(
    "form",
    [
        "SELECT {}(1)",
        pytest.param("SELECT * FROM TABLE({}(1))", marks=pytest.mark.thorough),
        pytest.param("SELECT main.{}(1)", marks=pytest.mark.thorough),
    ],
)
def test_no_function_of_duckdbs_own_can_be_called(
    database: duckdb.DuckDBPyConnection, form: str
) -> None:
    asked = "SELECT DISTINCT function_name FROM duckdb_functions()"
    found = {name.upper() for (name,) in database.execute(asked).fetchall() if name.isidentifier()}
    names = sorted(found - NAMES - cortex.FUNCTIONS - PARSED)
    assert len(names) > 300
    for name in names:
        with pytest.raises((SqlError, sqlglot.ParseError)):
            rewrite(sqlglot.parse_one(form.format(name), dialect=Calls))
            raise AssertionError(name)

"""What a Snowpark user does in the first hour, step by step, with the real clients."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator

import pandas as pd
import pytest
from snowflake.connector.pandas_tools import write_pandas
from snowflake.snowpark import Session, Window
from snowflake.snowpark import functions as f
from snowflake.snowpark.exceptions import SnowparkSQLException

from local_cortex import LocalCortex, Settings

MODEL = "llama3.1-8b"


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    cortex = LocalCortex.start(settings=Settings(first_token=0, tokens_per_second=100_000))
    try:
        opened = cortex.session()
        yield opened
        opened.close()
    finally:
        cortex.close()


def rows(
    session: Session, sql: str, params: list[object] | None = None
) -> list[tuple[object, ...]]:
    return [tuple(row) for row in session.sql(sql, params=params).collect()]


def test_01_asks_for_the_version(session: Session) -> None:
    assert rows(session, "SELECT CURRENT_VERSION()")[0][0]


def test_02_makes_a_range(session: Session) -> None:
    assert [row[0] for row in session.range(3).collect()] == [0, 1, 2]


def test_03_makes_a_frame_of_rows_with_korean_and_null(session: Session) -> None:
    frame = session.create_dataframe([["김", 1], [None, 2]], schema=["name", "n"])
    assert [tuple(row) for row in frame.sort("n").collect()] == [("김", 1), (None, 2)]


def test_04_filters_and_groups(session: Session) -> None:
    frame = session.create_dataframe([["a", 1], ["b", 2], ["a", 3]], schema=["k", "n"])
    found = frame.filter(f.col("n") > 0).group_by("k").agg(f.sum("n").alias("s")).sort("k")
    assert [tuple(row) for row in found.collect()] == [("a", 4), ("b", 2)]


def test_05_joins(session: Session) -> None:
    left = session.create_dataframe([[1, "a"], [2, "b"]], schema=["id", "x"])
    right = session.create_dataframe([[1, "c"]], schema=["id", "y"])
    found = left.join(right, "id", "left").sort("id").collect()
    assert [tuple(row) for row in found] == [(1, "a", "c"), (2, "b", None)]


def test_06_binds_parameters(session: Session) -> None:
    given = ["it's", 5, 2.5, True, None, dt.date(2020, 1, 2), b"ab"]
    assert rows(session, "SELECT ?, ?, ?, ?, ?, ?, ?", given) == [tuple(given)]


def test_07_turns_a_frame_into_pandas(session: Session) -> None:
    frame = session.create_dataframe([[1, "a"], [2, None]], schema=["n", "t"]).to_pandas()
    assert list(frame.columns) == ["N", "T"]
    assert frame["N"].tolist() == [1, 2]


def test_08_reads_paths_of_a_variant_and_builds_one(session: Session) -> None:
    sql = """SELECT v:a.b[1]::INT, v['c']::STRING, OBJECT_CONSTRUCT('k', 1), ARRAY_CONSTRUCT(1, 'x')
             FROM (SELECT PARSE_JSON('{"a": {"b": [1, 2]}, "c": "한"}') AS v)"""
    ((number, text, built, listed),) = rows(session, sql)
    assert (number, text) == (2, "한")
    assert (json.loads(str(built)), json.loads(str(listed))) == ({"k": 1}, [1, "x"])


def test_09_creates_a_table_inserts_and_reads_it(session: Session) -> None:
    session.sql("CREATE OR REPLACE TABLE people (id INT, name STRING, born DATE)").collect()
    session.sql("INSERT INTO people VALUES (1, 'Kim', '2000-01-02'), (2, 'Lee', NULL)").collect()
    found = session.table("people").sort("id").collect()
    assert [tuple(row) for row in found] == [(1, "Kim", dt.date(2000, 1, 2)), (2, "Lee", None)]


def test_10_updates_and_deletes(session: Session) -> None:
    session.sql(
        "CREATE OR REPLACE TABLE t10 AS SELECT * FROM VALUES (1, 'a'), (2, 'b') v(id, x)"
    ).collect()
    assert session.table("t10").update({"x": f.lit("z")}, f.col("id") == 1).rows_updated == 1
    assert session.table("t10").delete(f.col("id") == 2).rows_deleted == 1
    assert rows(session, "SELECT * FROM t10") == [(1, "z")]


def test_11_merges(session: Session) -> None:
    session.sql("CREATE OR REPLACE TABLE t11 AS SELECT 1 AS id, 'old' AS x").collect()
    found = rows(
        session,
        """MERGE INTO t11 USING (SELECT 1 AS id, 'new' AS x UNION ALL SELECT 2, 'two') s
           ON t11.id = s.id WHEN MATCHED THEN UPDATE SET x = s.x
           WHEN NOT MATCHED THEN INSERT (id, x) VALUES (s.id, s.x)""",
    )
    assert found == [(1, 1)]
    assert rows(session, "SELECT * FROM t11 ORDER BY id") == [(1, "new"), (2, "two")]


def test_12_saves_a_frame_as_a_table(session: Session) -> None:
    frame = session.create_dataframe([[1, "a"]], schema=["id", "x"])
    frame.write.mode("overwrite").save_as_table("t12")
    frame.write.mode("append").save_as_table("t12")
    assert session.table("t12").count() == 2


def test_13_creates_a_view(session: Session) -> None:
    frame = session.create_dataframe([[1], [5]], schema=["n"])
    frame.write.mode("overwrite").save_as_table("t13")
    session.table("t13").filter(f.col("n") > 2).create_or_replace_view("v13")
    assert [row[0] for row in session.table("v13").collect()] == [5]


def test_14_uses_a_database_a_schema_and_a_name_of_three_parts(session: Session) -> None:
    for statement in ("CREATE OR REPLACE DATABASE shop", "CREATE SCHEMA shop.sales"):
        session.sql(statement).collect()
    session.sql("CREATE TABLE shop.sales.orders AS SELECT 7 AS id").collect()
    assert rows(session, "SELECT shop.sales.orders.id FROM shop.sales.orders") == [(7,)]
    session.use_schema("shop.sales")
    assert session.table("orders").count() == 1
    session.use_schema("course.public")


def test_15_flattens(session: Session) -> None:
    sql = 'SELECT index, value FROM TABLE(FLATTEN(INPUT => PARSE_JSON(\'["a", "b"]\')))'
    assert rows(session, sql) == [(0, '"a"'), (1, '"b"')]


def test_16_flattens_laterally(session: Session) -> None:
    sql = """SELECT o.id, i.value:sku::STRING FROM
             (SELECT 1 AS id, PARSE_JSON('[{"sku": "x"}, {"sku": "y"}]') AS items) o,
             LATERAL FLATTEN(INPUT => o.items) i ORDER BY 2"""
    assert rows(session, sql) == [(1, "x"), (1, "y")]


def test_17_ranks_with_a_window_and_qualify(session: Session) -> None:
    sql = """SELECT k, n FROM VALUES ('a', 1), ('a', 3), ('b', 2) v(k, n)
             QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY n DESC) = 1 ORDER BY k"""
    assert rows(session, sql) == [("a", 3), ("b", 2)]
    frame = session.create_dataframe([["a", 1], ["a", 3]], schema=["k", "n"])
    ranked = frame.select(
        "n", f.row_number().over(Window.partition_by("k").order_by("n")).alias("r")
    )
    assert [tuple(row) for row in ranked.sort("n").collect()] == [(1, 1), (3, 2)]


def test_18_computes_with_dates(session: Session) -> None:
    sql = """SELECT DATEADD(month, 1, '2024-01-31'::DATE),
             DATEDIFF(day, '2024-01-01'::DATE, '2024-03-01'::DATE),
             DATE_TRUNC('month', '2024-05-17 10:00:00'::TIMESTAMP)"""
    (found,) = rows(session, sql)
    assert found == (dt.date(2024, 2, 29), 60, dt.datetime(2024, 5, 1))


def test_19_works_on_texts(session: Session) -> None:
    sql = """SELECT REGEXP_REPLACE('a1b22', '[0-9]+', '#'), SPLIT('a,b', ',')[1]::STRING,
             (SELECT LISTAGG(x, '|') WITHIN GROUP (ORDER BY x) FROM VALUES ('b'), ('a') v(x))"""
    assert rows(session, sql) == [("a#b#", "b", "a|b")]


def test_20_describes_a_table(session: Session) -> None:
    session.sql("CREATE OR REPLACE TABLE t20 (id NUMBER(10,2) NOT NULL, x VARCHAR(5))").collect()
    found = rows(session, "DESCRIBE TABLE t20")
    assert [row[:4] for row in found] == [
        ("ID", "NUMBER(10,2)", "COLUMN", "N"),
        ("X", "VARCHAR(5)", "COLUMN", "Y"),
    ]


def test_21_shows_tables(session: Session) -> None:
    session.sql("CREATE OR REPLACE TABLE t21 (id INT)").collect()
    (row,) = session.sql("SHOW TABLES LIKE 't21' IN SCHEMA course.public").collect()
    assert (row["name"], row["kind"], row["rows"]) == ("T21", "TABLE", 0)


def test_22_reads_the_information_schema(session: Session) -> None:
    session.sql("CREATE OR REPLACE TABLE t22 (id INT, x STRING)").collect()
    sql = """SELECT column_name, data_type FROM information_schema.columns
             WHERE table_name = 'T22' ORDER BY ordinal_position"""
    assert rows(session, sql) == [("ID", "NUMBER"), ("X", "TEXT")]


def test_23_writes_a_pandas_frame(session: Session) -> None:
    frame = pd.DataFrame({"ID": [1, 2], "X": ["한", None]})
    done, _, count, _ = write_pandas(
        session.connection, frame, "T23", auto_create_table=True, overwrite=True
    )
    assert (done, count) == (True, 2)
    assert rows(session, "SELECT * FROM t23 ORDER BY id") == [(1, "한"), (2, None)]


def test_24_fetches_a_pandas_frame(session: Session) -> None:
    with session.connection.cursor() as cursor:
        frame = cursor.execute("SELECT 1 AS a, 1.5::NUMBER(3,1) AS b, 'x' AS c").fetch_pandas_all()
    assert frame.to_dict("records") == [{"A": 1, "B": 1.5, "C": "x"}]


def test_25_collects_without_waiting(session: Session) -> None:
    job = session.sql("SELECT 42 AS n").collect_nowait()
    assert job.result()[0]["N"] == 42
    assert job.is_done()


def test_26_walks_over_rows(session: Session) -> None:
    assert [row[0] for row in session.range(3).to_local_iterator()] == [0, 1, 2]


def test_27_completes(session: Session) -> None:
    ((answer,),) = rows(
        session, "SELECT SNOWFLAKE.CORTEX.COMPLETE(?, ?)", [MODEL, "What is Streamlit?"]
    )
    assert len(str(answer)) > 20


def test_28_completes_with_ai_complete(session: Session) -> None:
    ((answer,),) = rows(session, f"SELECT AI_COMPLETE('{MODEL}', 'What is Streamlit?')")
    assert len(str(answer)) > 20


def test_29_completes_with_a_schema(session: Session) -> None:
    form = """{'type': 'json', 'schema': {'type': 'object', 'properties':
              {'name': {'type': 'string'}, 'age': {'type': 'integer'}}, 'required': ['name']}}"""
    sql = f"SELECT AI_COMPLETE(model => '{MODEL}', prompt => 'Who?', response_format => {form})"
    ((answer,),) = rows(session, sql)
    assert isinstance(json.loads(str(answer))["name"], str)


def test_30_embeds_and_compares(session: Session) -> None:
    embed = "AI_EMBED('snowflake-arctic-embed-l-v2.0', {})"
    known, asked = embed.format("'a cat sleeps'"), embed.format("?")
    sql = f"SELECT VECTOR_COSINE_SIMILARITY({known}, {asked})"
    ((near,),), ((far,),) = (
        rows(session, sql, ["the cat sleeps"]),
        rows(session, sql, ["주가 지수"]),
    )
    assert float(str(near)) > float(str(far))


def test_31_keeps_vectors(session: Session) -> None:
    session.sql("CREATE OR REPLACE TABLE t31 (v VECTOR(FLOAT, 3))").collect()
    session.sql("INSERT INTO t31 SELECT [1.5, 2, 3]::VECTOR(FLOAT, 3)").collect()
    ((kept, length),) = rows(
        session, "SELECT v, VECTOR_L2_DISTANCE(v, [1.5, 2, 0]::VECTOR(FLOAT, 3)) FROM t31"
    )
    assert (kept, length) == ([1.5, 2.0, 3.0], 3.0)


def test_32_classifies(session: Session) -> None:
    sql = "SELECT AI_CLASSIFY('I want my money back', ['refund money', 'praise']):labels[0]::STRING"
    assert rows(session, sql) == [("refund money",)]


def test_33_summarizes(session: Session) -> None:
    text = "Snow fell. It fell all day. Roads were closed."
    assert str(rows(session, "SELECT SNOWFLAKE.CORTEX.SUMMARIZE(?)", [text])[0][0])


def test_34_translates(session: Session) -> None:
    assert str(rows(session, "SELECT AI_TRANSLATE('안녕하세요', 'ko', 'en')")[0][0])


def test_35_rolls_a_transaction_back(session: Session) -> None:
    session.sql("CREATE OR REPLACE TABLE t35 (n INT)").collect()
    for statement in ("BEGIN", "INSERT INTO t35 VALUES (1)", "ROLLBACK"):
        session.sql(statement).collect()
    assert rows(session, "SELECT COUNT(*) FROM t35") == [(0,)]


def test_36_is_told_which_table_is_missing(session: Session) -> None:
    with pytest.raises(SnowparkSQLException) as failed:
        session.table("nowhere").collect()
    assert failed.value.error_code == "1304"
    assert "002003 (42S02)" in str(failed.value)
    assert "NOWHERE" in str(failed.value)

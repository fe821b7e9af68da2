"""The real Snowpark session and connector, against a running Local Cortex."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest
from snowflake.snowpark import Session, Window
from snowflake.snowpark.exceptions import SnowparkSQLException
from snowflake.snowpark.functions import (
    ai_complete,
    avg,
    col,
    count,
    length,
    lit,
    row_number,
    upper,
    when,
)

MODEL = "llama3.1-8b"


def test_sql_is_collected(session: Session) -> None:
    (row,) = session.sql("select current_version() as v, 'it''s 한국어' as t").collect()
    assert (row["V"], row["T"]) == ("0.1.0-local-cortex", "it's 한국어")


def test_ai_complete_over_a_range_gives_json_text(session: Session) -> None:
    rows = (
        session.range(2).select(ai_complete(model=MODEL, prompt='Say "hi" 한').alias("r")).collect()
    )
    assert [len(json.loads(row["R"])) > 20 for row in rows] == [True, True]


def test_ai_complete_with_all_its_arguments(session: Session) -> None:
    call = ai_complete(
        model=MODEL,
        prompt="Hello",
        model_parameters={"temperature": 0.1, "max_tokens": 8},
        show_details=True,
        return_error_details=True,
    )
    ((answer,),) = session.range(1).select(call).collect()
    found = json.loads(answer)
    assert found["error"] is None
    assert found["value"]["usage"]["completion_tokens"] <= 8


def test_ai_complete_over_a_column_leaves_nulls(session: Session) -> None:
    frame = session.create_dataframe([["What is 'SQL'?\n"], [None]], schema=["prompt"])
    rows = frame.select("prompt", ai_complete(MODEL, col("prompt")).alias("r")).collect()
    assert rows[0]["PROMPT"] == "What is 'SQL'?\n"
    assert json.loads(rows[0]["R"])
    assert (rows[1]["PROMPT"], rows[1]["R"]) == (None, None)


def test_a_small_frame_keeps_every_type(session: Session) -> None:
    row = [1, "x", 2.5, True, None, Decimal("1.5"), dt.date(2020, 1, 2), dt.time(1, 2, 3), b"ab"]
    row.append(dt.datetime(2020, 1, 2, 3, 4, 5, 6))
    frame = session.create_dataframe([[*row, [1, 2], {"a": 1}]], schema=list("abcdefghijkl"))
    (found,) = frame.collect()
    assert list(found)[:10] == row
    assert [json.loads(one) for one in list(found)[10:]] == [[1, 2], {"a": 1}]
    assert [str(field.datatype) for field in frame.schema][:4] == [
        *("LongType()", "StringType()", "DoubleType()", "BooleanType()"),
    ]


def test_a_large_frame_goes_through_a_temporary_table(session: Session) -> None:
    frame = session.create_dataframe([[n, f"t{n}", None] for n in range(600)], schema=list("abc"))
    assert frame.count() == 600
    assert list(frame.sort(col("a").desc()).first()) == [599, "t599", None]


def test_frames_are_transformed(session: Session) -> None:
    frame = session.create_dataframe([["kim", 3], ["lee", None], ["ann", 1]], schema=["name", "n"])
    changed = frame.with_column("big", upper(col("name"))).with_column("l", length("big"))
    assert list(changed.filter(col("n") > 1).first()) == ["kim", 3, "KIM", 3]
    assert [row[0] for row in frame.sort("name").limit(2).collect()] == ["ann", "kim"]
    assert frame.union_all(frame).count() == 6
    assert frame.union(frame).count() == 3
    assert frame.where(col("name").isin("kim", "ann") & col("n").is_not_null()).count() == 2
    assert len(frame.drop("n").distinct().collect()) == 3
    kinds = frame.select(when(col("n").is_null(), lit("none")).otherwise(lit("some"))).collect()
    assert [row[0] for row in kinds] == ["some", "none", "some"]


def test_frames_are_aggregated(session: Session) -> None:
    frame = session.create_dataframe([["a", 1], ["b", 2], ["a", 3]], schema=["k", "n"])
    assert list(frame.agg(count("*"), avg("n")).first()) == [3, Decimal("2.000000")]
    grouped = frame.group_by("k").agg(count("*").alias("c")).sort("k").collect()
    assert [tuple(row) for row in grouped] == [("a", 2), ("b", 1)]


def test_frames_are_joined_and_ranked(session: Session) -> None:
    left = session.create_dataframe([[1, "a"], [2, "b"]], schema=["id", "x"])
    right = session.create_dataframe([[1, "c"]], schema=["id", "y"])
    joined = left.join(right, "id", "left").sort("id").collect()
    assert [tuple(row) for row in joined] == [(1, "a", "c"), (2, "b", None)]
    frame = session.create_dataframe([["a", 1], ["a", 3]], schema=["k", "n"])
    rank = row_number().over(Window.partition_by("k").order_by("n"))
    ranked = frame.select("n", rank.alias("r")).sort("n").collect()
    assert [tuple(row) for row in ranked] == [(1, 1), (3, 2)]


def test_a_tables_rows_are_changed_deleted_and_seen_through_a_view(session: Session) -> None:
    frame = session.create_dataframe([[1, "a"], [2, "b"]], schema=["id", "x"])
    frame.write.save_as_table("changing", table_type="temp")
    table = session.table("changing")
    assert table.update({"x": lit("z")}, col("id") == 1).rows_updated == 1
    assert table.delete(col("id") == 2).rows_deleted == 1
    table.create_or_replace_temp_view("changed")
    assert [tuple(row) for row in session.table("changed").collect()] == [(1, "z")]


def test_a_session_uses_a_schema_and_keeps_vectors_in_its_tables(session: Session) -> None:
    for statement in (
        "create or replace database shop",
        "create schema shop.sales",
        "create table shop.sales.near (v vector(float, 3))",
        "insert into shop.sales.near select [1.5, 2, 3]::vector(float, 3)",
    ):
        session.sql(statement).collect()
    session.use_schema("shop.sales")
    ((kept, far),) = session.sql(
        "select shop.sales.near.v, vector_l2_distance(v, [1.5, 2, 0]::vector(float, 3)) from near"
    ).collect()
    assert (kept, far) == ([1.5, 2.0, 3.0], 3.0)
    session.use_schema("course.public")
    session.sql("drop database shop").collect()


def test_frames_are_shown_and_turned_into_pandas(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = session.create_dataframe([["한", 1]], schema=["a", "b"])
    frame.show()
    assert "|한" in capsys.readouterr().out
    pandas = frame.to_pandas()
    assert pandas.values.tolist() == [["한", 1]]


def test_a_frame_is_cached_and_stored_for_the_session(session: Session) -> None:
    frame = session.create_dataframe([[1], [2]], schema=["a"])
    assert frame.cache_result().count() == 2
    frame.write.save_as_table("kept", table_type="temp")
    frame.write.mode("append").save_as_table("kept", table_type="temp")
    assert session.table("kept").count() == 4


def test_models_are_shown_and_filtered(session: Session) -> None:
    shown = session.sql("show cortex base models in schema snowflake.models")
    assert "LLAMA3.1-8B" in [row["name"] for row in shown.collect()]
    assert shown.filter(col('"name"') == lit("LLAMA3.1-8B")).count() == 1


def test_the_session_is_steered(session: Session) -> None:
    session.use_role("teacher")
    assert session.get_current_role() == '"TEACHER"'
    session.query_tag = "day 3"
    assert session.query_tag == "day 3"


def test_executemany_counts_its_rows(session: Session) -> None:
    cursor = session.connection.cursor()
    cursor.execute("create temporary table many (a int, b text)")
    cursor.executemany("insert into many values (?, ?)", [[1, "x"], [2, None]])
    assert cursor.rowcount == 2
    assert cursor.execute("select * from many").fetchall() == [(1, "x"), (2, None)]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select foo(1)", "Unknown function FOO"),
        ("selec 1", "syntax error line 1 at position 0 unexpected 'selec'"),
        ("select * from nowhere", "does not exist or not authorized"),
        ("select * from table(generator(rowcount => 10000001))", "Local Cortex allows 10,000,000"),
        ("call p()", "Local Cortex does not run it"),
    ],
)
def test_an_error_reaches_the_learner_in_words(session: Session, sql: str, message: str) -> None:
    with pytest.raises(SnowparkSQLException) as caught:
        session.sql(sql).collect()
    assert message in str(caught.value)

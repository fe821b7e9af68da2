"""write_pandas, DataFrames from and into staged files, and INFER_SCHEMA, with the real clients."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from snowflake.connector.pandas_tools import write_pandas
from snowflake.snowpark import Session
from snowflake.snowpark.functions import col
from snowflake.snowpark.types import DecimalType, IntegerType, StringType, StructField, StructType

FRAME = pd.DataFrame({"ID": [1, 2, 3], "NAME": ["a", None, "다"], "PRICE": [1.5, 2.5, None]})
ROWS = [(1, "a", 1.5), (2, None, 2.5), (3, "다", None)]


@pytest.fixture(autouse=True)
def _stage(session: Session) -> Iterator[None]:
    session.sql("create or replace temp stage landing").collect()
    yield
    session.sql("drop table if exists loaded").collect()


def rows(session: Session, table: str = "loaded") -> list[tuple[object, ...]]:
    return [tuple(row) for row in session.table(table).collect()]


def put(session: Session, folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content)
    session.file.put(str(folder / name), "@landing")


def test_write_pandas_fills_a_table(session: Session) -> None:
    session.sql("create table loaded (id int, name varchar, price float)").collect()
    done, chunks, count, _ = write_pandas(session.connection, FRAME, "LOADED", chunk_size=2)
    assert (done, chunks, count) == (True, 2, 3)
    assert rows(session) == ROWS


def test_write_pandas_creates_a_table_of_the_frames_types(session: Session) -> None:
    frame = pd.DataFrame(
        {
            "whole": [1],
            "text": ["x"],
            "day": [dt.date(2024, 1, 2)],
            "moment": pd.to_datetime(["2024-01-02 03:04:05.5"]),
            "bytes": [b"ab"],
            "list": [[1, 2]],
            "yes": [True],
        }
    )
    write_pandas(session.connection, frame, "LOADED", auto_create_table=True, table_type="temp")
    described = session.sql("describe table loaded").collect()
    assert {row["name"]: row["type"].partition("(")[0] for row in described} == {
        "whole": "NUMBER",
        "text": "VARCHAR",
        "day": "DATE",
        "moment": "TIMESTAMP_NTZ",
        "bytes": "BINARY",
        "list": "ARRAY",
        "yes": "BOOLEAN",
    }
    ((*plain, listed, yes),) = rows(session)
    moment = dt.datetime(2024, 1, 2, 3, 4, 5, 500_000)
    assert plain == [1, "x", dt.date(2024, 1, 2), moment, b"ab"]
    assert (str(listed).split(), yes) == (["[", "1,", "2", "]"], True)


@pytest.mark.parametrize("create", [True, False], ids=["replacing the table", "truncating it"])
def test_write_pandas_overwrites(session: Session, create: bool) -> None:
    write_pandas(session.connection, FRAME, "LOADED", auto_create_table=True)
    write_pandas(
        session.connection, FRAME.head(1), "LOADED", auto_create_table=create, overwrite=True
    )
    assert rows(session) == ROWS[:1]


def test_a_session_writes_and_reads_pandas(session: Session) -> None:
    written = session.write_pandas(FRAME, "LOADED", auto_create_table=True)
    assert [tuple(row) for row in written.collect()] == ROWS
    made = session.create_dataframe(FRAME).filter(col("ID") > 1)
    assert [tuple(row) for row in made.collect()] == ROWS[1:]


def test_csv_is_read_with_a_schema_and_without(session: Session, tmp_path: Path) -> None:
    put(session, tmp_path, "a.csv", "id,name,price\n1,a,1.50\n2,,2.25\n")
    schema = StructType(
        [
            StructField("ID", IntegerType()),
            StructField("NAME", StringType()),
            StructField("PRICE", DecimalType(10, 2)),
        ]
    )
    expected = [(1, "a", Decimal("1.50")), (2, None, Decimal("2.25"))]
    given = session.read.schema(schema).option("skip_header", 1).csv("@landing/a.csv")
    assert [tuple(row) for row in given.collect()] == expected
    guessing = session.read.options({"parse_header": True, "infer_schema": True})
    guessed = guessing.csv("@landing/a.csv")
    assert guessed.columns == ['"id"', '"name"', '"price"']
    assert [tuple(row) for row in guessed.collect()] == expected


def test_bad_rows_of_a_csv_can_be_passed_over(session: Session, tmp_path: Path) -> None:
    put(session, tmp_path, "a.csv", "1\nx\n3\n")
    reader = session.read.schema(StructType([StructField("N", IntegerType())]))
    found = reader.option("on_error", "continue").csv("@landing/a.csv").collect()
    assert [row[0] for row in found] == [1, 3]


def test_json_is_read_as_documents_or_columns(session: Session, tmp_path: Path) -> None:
    put(session, tmp_path, "a.json", '{"a": 1, "b": "x"}\n{"a": 2}\n')
    documents = session.read.json("@landing/a.json").select(col("$1")["a"].cast("int"))
    assert [row[0] for row in documents.collect()] == [1, 2]
    columns = session.read.option("infer_schema", True).json("@landing/a.json")
    assert [tuple(row) for row in columns.collect()] == [(1, "x"), (2, None)]


def test_a_table_takes_its_columns_from_files(session: Session, tmp_path: Path) -> None:
    put(session, tmp_path, "a.json", '{"N": 1, "T": "x"}\n')
    session.sql("create or replace temp file format documents type = json").collect()
    session.sql(
        "create table loaded using template (select array_agg(object_construct(*)) from "
        "table(infer_schema(location => '@landing', file_format => 'documents')))"
    ).collect()
    session.sql(
        "copy into loaded from @landing file_format = (format_name = documents) "
        "match_by_column_name = case_sensitive"
    ).collect()
    assert rows(session) == [(1, "x")]

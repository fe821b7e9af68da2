"""Files of SQL statements that run before a program."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from local_cortex import StartError, launch
from local_cortex.setup_file import split
from tests.local_cortex.programs import command_line, variables

SECONDS = 240


def statements(text: str) -> list[str]:
    return [" ".join(sql.split()) for _, sql in split(text)]


# --- where one statement ends


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 'a;b', 'it''s;', 'it\\'s;'",
        'SELECT ";" FROM "a"";b"',
        "CREATE FUNCTION f() RETURNS INT AS $$ 1; 'two; $$",
        "PUT file:///tmp/*.csv @docs",
        "put 'file:///tmp/a;b//*.csv' @docs",
        "BEGIN SELECT 1; SELECT CASE WHEN TRUE THEN 2 END; END",
        "BEGIN IF (TRUE) THEN SELECT 1; END IF; FOR i IN 1 TO 2 DO CALL f(:i); END FOR; END",
        "DECLARE a INT; BEGIN a := 1; RETURN a; END",
        "CREATE OR REPLACE PROCEDURE p() RETURNS INT LANGUAGE SQL AS BEGIN RETURN 1; END",
        "SELECT begin, case FROM t",
    ],
)
def test_a_statement_ends_where_snowflakes_clients_end_it(statement: str) -> None:
    assert statements(f"{statement};\nSELECT 'next'") == [statement, "SELECT 'next'"]


@pytest.mark.parametrize("comment", ["-- not; yet\n", "// not; yet\n", "/* not; yet */"])
def test_a_comment_is_left_out(comment: str) -> None:
    assert statements(f"SELECT 1 {comment} + 1; SELECT 2") == ["SELECT 1 + 1", "SELECT 2"]


@pytest.mark.parametrize("begin", ["BEGIN", "BEGIN TRANSACTION", "begin work", "BEGIN NAME t1"])
def test_a_transaction_is_no_block(begin: str) -> None:
    assert statements(f"{begin}; INSERT INTO t VALUES (1); COMMIT") == [
        begin,
        "INSERT INTO t VALUES (1)",
        "COMMIT",
    ]


def test_empty_statements_and_comments_alone_are_none() -> None:
    assert statements(" ; -- nothing\n;; /* here */ ;// or here") == []


@pytest.mark.parametrize("rest", ["'open; SELECT 2", "/* open; SELECT 2", "$$ open; SELECT 2"])
def test_what_is_never_closed_reaches_to_the_end(rest: str) -> None:
    assert len(statements(f"SELECT 1; SELECT {rest}")) == 2


def test_a_statement_knows_the_line_of_its_end() -> None:
    found = split("-- first\n\nCREATE OR REPLACE\n  TABLE t (a INT);\n\n  DROP TABLE t;")
    assert [line for line, _ in found] == [4, 6]


# --- before a program

FIRST = """\
CREATE DATABASE shop;
CREATE SCHEMA shop.app;
USE SCHEMA shop.app;
SET greeting = 'hello';
CREATE TABLE words AS SELECT $greeting AS word;
CREATE PROCEDURE p() RETURNS INT LANGUAGE PYTHON AS $$ return 1; $$;
PUT 'file://{file}' @~;
"""
LOADING = """\
CREATE FILE FORMAT csv TYPE = CSV PARSE_HEADER = TRUE;
PUT 'file://{file}' @~ AUTO_COMPRESS = FALSE;
CREATE TABLE t USING TEMPLATE (
  SELECT ARRAY_AGG(OBJECT_CONSTRUCT(*))
  FROM TABLE(INFER_SCHEMA(LOCATION => '@~', FILE_FORMAT => 'csv', IGNORE_CASE => TRUE)));
COPY INTO t FROM @~ FILE_FORMAT = (FORMAT_NAME = csv) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE;
"""
SECOND = "INSERT INTO words VALUES ('again');\nSELECT * FROM nowhere;\n"
PROGRAM = """
import os, warnings
warnings.simplefilter("ignore")
import snowflake.connector
import streamlit
with snowflake.connector.connect(**streamlit.secrets["snowflake"]) as connection:
    sql = "SELECT CURRENT_SCHEMA(), COUNT(*) FROM words GROUP BY ALL"
    print(connection.cursor().execute(sql).fetchone())
with snowflake.connector.connect(database="OTHER") as connection:
    print(connection.cursor().execute("SELECT CURRENT_SCHEMA()").fetchone())
print(os.environ["SNOWFLAKE_DATABASE"], os.environ["SNOWFLAKE_SCHEMA"])
"""


@pytest.mark.thorough
def test_the_program_starts_where_set_up_ended_with_the_files_that_it_loaded(
    tmp_path: Path,
) -> None:
    staged = tmp_path / "staged.csv"
    staged.write_text("a,b\n1,x\n")
    # Loading comes first: the memory that there is must do for a server that just started.
    for name, sql in (("load", LOADING), ("first", FIRST), ("second", SECOND)):
        text = sql.replace("{file}", staged.as_posix())
        (tmp_path / f"{name}.sql").write_text(f"\ufeff{text}", encoding="utf-8")
    (tmp_path / "app.py").write_text(PROGRAM)
    files = ("load.sql", "first.sql", "second.sql")
    options = ("--first-token", "0", *(word for name in files for word in ("--setup", name)))
    ended = subprocess.run(
        command_line("python", "app.py", options=options),
        cwd=tmp_path,
        env=variables(tmp_path),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    assert ended.stdout.splitlines() == ["('APP', 2)", "('PUBLIC',)", "SHOP APP"]
    said = ended.stderr.splitlines()
    assert said[0] == "Set-up load.sql: 4 of 4 statements ran."
    assert said[1] == "Set-up first.sql: 6 of 7 statements ran."
    assert said[3].startswith("  line 6: Unsupported feature 'CREATE PROCEDURE'")
    assert said[4] == "Set-up second.sql: 1 of 2 statements ran."
    assert said[6].startswith("  line 2: Object 'NOWHERE' does not exist")
    assert said[7] == "The program starts in SHOP.APP."


def test_a_set_up_file_that_is_not_there_stops_everything() -> None:
    with pytest.raises(StartError, match=r"no set-up file 'nowhere\.sql'"):
        launch.run(["python", "-c", "raise SystemExit(3)"], setup=["nowhere.sql"])

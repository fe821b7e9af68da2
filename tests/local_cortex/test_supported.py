"""The tables of local_cortex/README.md list what the code has, and what they list runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from snowflake.snowpark import Session
from snowflake.snowpark.exceptions import SnowparkSQLException

from local_cortex import LocalCortex, Settings
from local_cortex.__main__ import main
from local_cortex.ai.cortex_functions import FORMS
from local_cortex.database.listings import ACCOUNT_USAGE, INFORMATION, SHOWN
from local_cortex.dialect.functions import NAMES, NOT_RUN
from local_cortex.dialect.relations import TABLE_FUNCTIONS
from local_cortex.sql import bounds
from local_cortex.sql.session_functions import SESSION_FUNCTIONS
from local_cortex.stages.stage_files import MAX_STAGE_BYTES, MAX_STAGE_FILES
from tests.local_cortex.sql_support import wrong

HERE = Path(__file__).parent
CONDITIONS = [
    line
    for line in (HERE / "functions.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
MOMENTS = "SELECT '2026-01-02'::DATE AS d, '2026-01-02 03:04:05'::TIMESTAMP_NTZ AS m"
README = Path(__file__).parents[2] / "local_cortex" / "README.md"
# Every table between the README's two marks: its rows, and the names in the second column.
TOLD = README.read_text("utf-8").split("supported -->\n")[1].removesuffix("<!-- /")
STATEMENTS, FUNCTIONS, CORTEX = (
    {
        row: re.findall(r"`([^`]+)`", cells)
        for row, cells in re.findall(r"^\| (.+) \| (.+) \|$", table, re.MULTILINE)[1:]
    }
    for table in TOLD.split("\n\n")[:3]
)
IGNORED = STATEMENTS.pop("accepted without effect")
REFUSED = STATEMENTS.pop("refused by name")
LISTS: dict[str, Iterable[str]] = {
    "SHOW": SHOWN,
    "INFORMATION_SCHEMA": INFORMATION,
    "SNOWFLAKE.ACCOUNT_USAGE, without rows": ACCOUNT_USAGE,
}
LISTED = {row: STATEMENTS.pop(row) for row in LISTS}

# The forms of the README, in an order in which they can be run.
EXAMPLES = {
    "CREATE DATABASE": "CREATE DATABASE shop",
    "CREATE SCHEMA": "CREATE SCHEMA shop.raw",
    "USE DATABASE": "USE DATABASE shop",
    "USE SCHEMA": "USE SCHEMA shop.raw",
    "CREATE TABLE": "CREATE TABLE t (id INT, name VARCHAR)",
    "INSERT": "INSERT INTO t VALUES (1, 'a'), (2, 'b')",
    "INSERT OVERWRITE": "INSERT OVERWRITE INTO t SELECT 1, 'a'",
    "UPDATE": "UPDATE t SET name = 'c' WHERE id = 1",
    "DELETE": "DELETE FROM t WHERE id = 2",
    "MERGE": "MERGE INTO t USING (SELECT 3 AS id) s ON t.id = s.id "
    "WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)",
    "CREATE TABLE AS": "CREATE TABLE u AS SELECT * FROM t",
    "CREATE TABLE LIKE": "CREATE TABLE l LIKE t",
    "CREATE TABLE CLONE": "CREATE TABLE c CLONE t",
    "CREATE TEMPORARY TABLE": "CREATE OR REPLACE TEMPORARY TABLE mine (a INT)",
    "ALTER TABLE": "ALTER TABLE u ADD COLUMN z INT",
    "CREATE VIEW": "CREATE VIEW v AS SELECT * FROM t",
    "CREATE AGENT": "CREATE AGENT helper FROM SPECIFICATION 'tools: []'",
    "DESCRIBE AGENT": "DESCRIBE AGENT helper",
    "DROP AGENT": "DROP AGENT helper",
    "DESCRIBE TABLE": "DESCRIBE TABLE t",
    "COMMENT ON": "COMMENT ON TABLE t IS 'what it is'",
    "SELECT": "SELECT DISTINCT TOP 1 id FROM t ORDER BY id",
    "WITH [RECURSIVE]": "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r "
    "WHERE n < 3) SELECT * FROM r",
    "JOIN": "SELECT * FROM t LEFT JOIN u USING (id) CROSS JOIN l",
    "LATERAL": "SELECT f.value FROM t, LATERAL FLATTEN(INPUT => ARRAY_CONSTRUCT(t.id)) f",
    "GROUP BY ALL": "SELECT name, COUNT(*) FROM t GROUP BY ALL HAVING COUNT(*) > 0",
    "QUALIFY": "SELECT * FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY id) = 1",
    "PIVOT": "SELECT * FROM (SELECT 1 AS a, 'x' AS k) PIVOT (SUM(a) FOR k IN ('x'))",
    "UNPIVOT": "SELECT * FROM (SELECT 1 AS a, 2 AS b) UNPIVOT (v FOR n IN (a, b))",
    "SAMPLE": "SELECT * FROM t SAMPLE (10)",
    "UNION": "SELECT 1 AS a UNION ALL SELECT 2",
    "INTERSECT": "SELECT 1 AS a INTERSECT SELECT 1",
    "MINUS": "SELECT 1 AS a MINUS SELECT 2",
    "VALUES": "SELECT * FROM VALUES (1, 'a') AS w (id, name)",
    "CREATE STAGE": "CREATE STAGE files",
    "CREATE FILE FORMAT": "CREATE FILE FORMAT lines TYPE = CSV",
    "PUT": "PUT file://{file} @files AUTO_COMPRESS = FALSE",
    "LIST": "LIST @files",
    "$1 FROM @stage": "SELECT $1, $2 FROM @files (FILE_FORMAT => 'lines')",
    "COPY INTO table": "COPY INTO l FROM @files FILE_FORMAT = (FORMAT_NAME = 'lines')",
    "GET": "GET @files/more.csv file://{folder}",
    "REMOVE": "REMOVE @files/more.csv",
    "DESCRIBE STAGE": "DESCRIBE STAGE files",
    "DROP STAGE": "DROP STAGE files",
    "DROP FILE FORMAT": "DROP FILE FORMAT lines",
    "CREATE CORTEX SEARCH SERVICE": "CREATE CORTEX SEARCH SERVICE found ON name ATTRIBUTES id "
    "WAREHOUSE = w TARGET_LAG = '1 hour' AS (SELECT id, name FROM t)",
    "DESCRIBE CORTEX SEARCH SERVICE": "DESCRIBE CORTEX SEARCH SERVICE found",
    "ALTER CORTEX SEARCH SERVICE": "ALTER CORTEX SEARCH SERVICE found REFRESH",
    "DROP CORTEX SEARCH SERVICE": "DROP CORTEX SEARCH SERVICE IF EXISTS found",
    "SET": "SET (low, high) = (1, 2)",
    "UNSET": "UNSET (low, high)",
    "ALTER SESSION": "ALTER SESSION SET QUERY_TAG = 'mine'",
    "BEGIN": "BEGIN",
    "COMMIT": "COMMIT",
    "ROLLBACK": "ROLLBACK",
    "TRUNCATE TABLE": "TRUNCATE TABLE t",
    "DROP VIEW": "DROP VIEW v",
    "DROP TABLE": "DROP TABLE t",
    "DROP SCHEMA": "DROP SCHEMA shop.raw",
    "DROP DATABASE": "DROP DATABASE shop",
    "CREATE WAREHOUSE": "CREATE WAREHOUSE w WAREHOUSE_SIZE = 'XSMALL'",
    "ALTER WAREHOUSE": "ALTER WAREHOUSE w SUSPEND",
    "USE WAREHOUSE": "USE WAREHOUSE w",
    "CREATE ROLE": "CREATE ROLE r",
    "USE ROLE": "USE ROLE r",
    "GRANT": "GRANT USAGE ON DATABASE course TO ROLE r",
    "REVOKE": "REVOKE USAGE ON DATABASE course FROM ROLE r",
}
REFUSALS = {
    "CREATE FUNCTION": "CREATE FUNCTION f(x INT) RETURNS INT AS 'x + 1'",
    "CREATE PROCEDURE": "CREATE PROCEDURE p() RETURNS INT LANGUAGE SQL AS 'RETURN 1'",
    "CREATE SEQUENCE": "CREATE SEQUENCE q",
    "CALL": "CALL p()",
    "CREATE TASK": "CREATE TASK k AS SELECT 1",
    "CREATE STREAM": "CREATE STREAM s ON TABLE t",
    "CREATE PIPE": "CREATE PIPE p AS COPY INTO t FROM @s",
    "CREATE DYNAMIC TABLE": "CREATE DYNAMIC TABLE d TARGET_LAG = '1 day' WAREHOUSE = w AS SELECT 1",
    "CREATE EXTERNAL TABLE": "CREATE EXTERNAL TABLE e (a INT) LOCATION = @s",
    "AT and BEFORE": "SELECT * FROM course.public.there AT (OFFSET => -60)",
    "COPY INTO @stage": "COPY INTO @files FROM course.public.there",
    "UNDROP": "UNDROP TABLE t",
    "EXPLAIN": "EXPLAIN SELECT 1",
    "INSERT ALL": "INSERT ALL INTO t VALUES (1) SELECT 1",
    "MATCH_RECOGNIZE": "SELECT * FROM course.public.there MATCH_RECOGNIZE "
    "(ORDER BY a MEASURES a AS m PATTERN (x) DEFINE x AS a > 1)",
    "->>": "SHOW TABLES ->> SELECT * FROM $1",
}


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """Open a session on a server of its own: statements that are tried here drop a database."""
    cortex = LocalCortex.start(settings=Settings(first_token=0, tokens_per_second=100_000))
    session = cortex.session()
    session.sql("CREATE TABLE course.public.there (a INT)").collect()
    session.sql("CREATE TABLE n AS SELECT * FROM VALUES (1, 2), (2, 4) AS v (x, y)").collect()
    yield session
    session.close()
    cortex.close()


def test_the_command_prints_what_the_readme_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["supported"]) == 0
    assert capsys.readouterr().out.strip() == TOLD.strip()


def test_the_readme_lists_what_the_code_has_each_once() -> None:
    assert {row: sorted(names) for row, names in LISTED.items()} == {
        row: sorted(names) for row, names in LISTS.items()
    }
    named = [name for names in FUNCTIONS.values() for name in names]
    assert sorted(named) == sorted([*NAMES, *SESSION_FUNCTIONS, *TABLE_FUNCTIONS])
    answered = [name for row in CORTEX for name in re.findall(r"`([A-Z0-9_]+)`", row)]
    assert sorted(answered) == sorted(
        name for name, form in FORMS.items() if form.asks or form.computes
    )
    refused = re.findall(r"`(\w+)`", TOLD.rpartition("Functions refused by name:")[2])
    assert sorted(refused) == sorted(
        {*NOT_RUN, *(name for name, form in FORMS.items() if form.refused)}
    )


def test_the_readme_has_the_limits_that_hold() -> None:
    text = README.read_text("utf-8")
    settings = Settings()
    for limit in (
        f"{settings.statement_timeout:g} s of computing",
        f"{bounds.MAX_SQL_CHARS:,} characters",
        f"{bounds.MAX_AI_CALLS:,} model calls",
        f"{bounds.MAX_RESULT_BYTES // 1_000_000} MB |",
        f"{bounds.MEMORY.removesuffix('MB')} MB of memory",
        f"{bounds.SPILL.removesuffix('GB')} GB of temporary files",
        f"{MAX_STAGE_BYTES // 1_000_000} MB, {MAX_STAGE_FILES:,} files",
        f"{settings.memory:,} MB (`COURSE_CORTEX_MEMORY`)",
        f"| {bounds.MAX_OBJECTS:,} |",
        f"{bounds.MAX_SEARCH_SERVICES} services, each of {bounds.MAX_SEARCH_ROWS:,} rows",
        f"{bounds.MAX_SEARCH_CHARS:,} characters to search",
    ):
        assert limit in text


def test_every_form_of_a_statement_has_an_example() -> None:
    forms = [form for group in STATEMENTS.values() for form in group]
    assert sorted(EXAMPLES) == sorted([*forms, *IGNORED])
    assert sorted(REFUSALS) == sorted(REFUSED)


def test_every_form_of_a_statement_runs(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "more.csv"
    file.write_text("2,b\n")
    failed = {}
    for form, sql in EXAMPLES.items():
        try:
            session.sql(sql.format(file=file, folder=tmp_path)).collect()
        except SnowparkSQLException as error:
            failed[form] = error.message
    session.use_schema("course.public")
    assert failed == {}


def test_what_does_not_run_is_refused_by_name(session: Session) -> None:
    def named(form: str) -> bool:
        with pytest.raises(SnowparkSQLException) as refused:
            session.sql(REFUSALS[form]).collect()
        told = re.sub(r"\W|_", "", str(refused.value.message)).upper()
        return refused.value.sql_error_code == 2 and re.sub(r"\W|_", "", form).upper() in told

    assert wrong([(form, True) for form in REFUSALS], named) == {}


def test_every_show_answers(session: Session) -> None:
    for what in SHOWN:
        session.sql(f"SHOW {what}").collect()


def test_every_view_of_the_information_schema_can_be_read(session: Session) -> None:
    for view in ACCOUNT_USAGE:
        assert session.sql(f"SELECT * FROM snowflake.account_usage.{view}").collect() == []
    for view in INFORMATION:
        session.sql(f"SELECT * FROM course.information_schema.{view}").collect()


def test_a_function_answers_as_in_snowflake(session: Session) -> None:
    def answer(condition: str) -> object:
        sql = f"WITH moments AS ({MOMENTS}) SELECT {condition} FROM moments"
        return session.sql(sql).collect()[0][0]

    assert wrong([(condition, True) for condition in CONDITIONS], answer) == {}


def test_every_function_is_called_by_a_test() -> None:
    texts = [path.read_text("utf-8") for path in HERE.glob("test_*.py")]
    calls = set(re.findall(r"\b([A-Z_][A-Z0-9_$]*)\(", "\n".join([*texts, *CONDITIONS]).upper()))
    assert set(NAMES) <= calls

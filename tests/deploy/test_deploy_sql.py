"""The SQL of `deploy/` is Snowflake's, and speaks of what `snowflake.yml` names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlglot

from course.progress.stores import SnowflakeStore
from tests.deploy.shipping import ROOT, entity

SNOWFLAKE = ROOT / "deploy" / "snowflake"
FILES = sorted((ROOT / "deploy").glob("*/*.sql"))


def code(path: Path) -> str:
    return re.sub(r"--.*", "", path.read_text("utf-8"))


def test_there_is_sql_to_look_at() -> None:
    assert len(FILES) == 3


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_statement_can_be_read_and_says_that_it_was_not_run(path: Path) -> None:
    # What sqlglot has no grammar for it keeps as a command, unbalanced quotes and brackets it does
    # not take.
    statements = sqlglot.parse(code(path), dialect="snowflake")
    assert all(statement is not None for statement in statements)
    assert len(statements) == code(path).count(";")
    assert "Not run on a real account" in path.read_text("utf-8")


def test_what_snowflake_yml_names_is_made_and_granted_to_the_owner() -> None:
    made = code(SNOWFLAKE / "setup.sql")
    app, where = entity(), entity()["identifier"]
    for kind, name in (
        ("WAREHOUSE", app["query_warehouse"]),
        ("COMPUTE POOL", app["compute_pool"]),
        ("DATABASE", where["database"]),
        ("SCHEMA", f"{where['database']}.{where['schema']}"),
    ):
        assert re.search(rf"CREATE {kind} IF NOT EXISTS {re.escape(name)}\b", made), name
        assert re.search(rf"GRANT [A-Z, ]+\s+ON {kind} {re.escape(name)}\s+TO", made), name


def test_the_app_gets_packages_stops_when_idle_and_is_opened_by_learners_only() -> None:
    app = entity()
    assert app["artifact_repositories"] == ["snowflake.snowpark.pypi_shared_repository"]
    assert 0 < app["idle_auto_shutdown_time_seconds"] <= 24 * 3600
    assert app["grants"] == [{"privilege": "USAGE", "role": "CORTEX_STREAMING_LEARNER"}]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_statement_runs_as_a_role_that_the_file_names(path: Path) -> None:
    assert code(path).strip().startswith("USE ROLE ")


def test_the_owner_may_make_the_table_of_progress_and_call_cortex() -> None:
    made = code(SNOWFLAKE / "setup.sql")
    assert "CREATE TABLE" in re.findall(r"GRANT ([\w, ]+)\s+ON SCHEMA", made)[0]
    assert SnowflakeStore.CREATE.startswith("CREATE TABLE")
    assert "SNOWFLAKE.CORTEX_USER TO ROLE CORTEX_STREAMING_OWNER" in made


def test_learners_get_no_table_no_cortex_and_no_compute() -> None:
    for path in FILES:
        granted = re.findall(r"GRANT ([^;]+?)\s+TO ROLE CORTEX_STREAMING_LEARNER", code(path))
        for what in granted:
            assert re.match(r"USAGE ON (DATABASE|SCHEMA|STREAMLIT)|SERVICE ROLE", what), what

"""What a program under ``run`` can't find."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_cortex.out_of_sight import found, is_secret, places


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SNOWFLAKE_PASSWORD", "x"),
        ("snowflake_account", "x"),
        ("SNOWFLAKE_CONNECTIONS_PROD_TOKEN", "x"),
        ("DBT_ENV_SECRET_SNOWFLAKE_PASSWORD", "x"),
        ("SNOWSQL_PWD", "x"),
        ("SF_PASSWORD", "x"),
        ("PRIVATE_KEY_PASSPHRASE", "x"),
        ("STREAMLIT_SECRETS_FILES", "elsewhere.toml"),
        ("COURSE_CONNECTION_NAME", "prod"),
        ("COURSE_RELAY_API_KEY", "x"),
        ("DATABASE_URL", "snowflake://user:x@account/db"),
        ("CORTEX_URL", "https://account.SnowflakeComputing.com/api/v2/cortex/v1"),
    ],
)
def test_a_variable_that_leads_to_an_account_is_a_secret(name: str, value: str) -> None:
    assert is_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENAI_API_KEY", "sk-x"),
        ("PWD", "/home/somebody/snowflake-course"),
        ("HTTPS_PROXY", "http://corp.example:8080"),
    ],
)
def test_any_other_variable_is_the_programs(name: str, value: str) -> None:
    assert not is_secret(name, value)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of somebody who has accounts; the working folder is a project in it."""
    project = tmp_path / "home" / "project"
    project.mkdir(parents=True)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(project.parent))
    monkeypatch.chdir(project)
    return project.parent


def test_a_folder_that_a_variable_names_is_hidden_by_its_files_alone(home: Path) -> None:
    # It may be the project itself.
    hidden = places({"SNOWFLAKE_HOME": str(home / "project")})
    assert str(home / "project") not in hidden
    assert str(home / "project" / "config.toml") in hidden


def test_what_is_hidden_is_listed_once_and_by_name_alone(home: Path) -> None:
    for name in ("project/app/.streamlit/secrets.toml", ".snowflake/config.toml"):
        (home / name).parent.mkdir(parents=True)
        (home / name).write_text("password = 'planted'")
    (home / "project" / "app" / "app.py").touch()
    listed = found(["streamlit", "run", "app/app.py"], {"SNOWFLAKE_USER": "planted", "PATH": "x"})
    assert listed == ["app/.streamlit/secrets.toml", "~/.snowflake/config.toml", "SNOWFLAKE_USER"]


def test_where_there_is_nothing_to_hide_nothing_is_listed(home: Path) -> None:
    assert found(["python", "-c", "a" * 5000, "\0"], {"PATH": "x"}) == []

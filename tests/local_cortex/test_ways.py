"""Every way in which a program under ``run`` comes to a session."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local_cortex import launch
from local_cortex.routes.web import launch_name
from local_cortex.startup.local_cortex_ways import explain_secrets, inside, led
from local_cortex.startup.sitecustomize import is_snowflake
from tests.local_cortex.programs import command_line, variables

SECONDS = 240
OURS = tomllib.loads(launch.connection_block(4321, "ours", header="x"))["x"]


def arguments(**given: Any) -> dict[str, Any]:
    """Return what the connector gets in place of ``given``."""
    found = led(OURS, given, is_snowflake)
    assert found is not None
    return found


# --- the connector's arguments, one by one


LOGINS: list[dict[str, Any]] = [
    {},
    {"account": None, "user": None, "password": None},
    {"account": "", "user": ""},
    {"authenticator": "externalbrowser"},
    {"authenticator": "SNOWFLAKE_JWT", "private_key_file": "/nowhere/rsa_key.p8"},
    {"private_key": b"theirs", "private_key_file_pwd": "theirs"},
    {"authenticator": "PROGRAMMATIC_ACCESS_TOKEN", "token": "theirs"},
    {"authenticator": "oauth", "token_file_path": "/snowflake/session/token"},
    {"authenticator": "oauth_client_credentials", "oauth_client_secret": "theirs"},
    {"authenticator": "WORKLOAD_IDENTITY", "workload_identity_provider": "AWS"},
    {"password": "theirs", "passcode": "123456"},
    {"host": "xy1.snowflakecomputing.com", "port": 443, "protocol": "https"},
    {"host": "https://xy1.privatelink.snowflakecomputing.com/"},
    {"host": "127.0.0.1:4321"},
    {"host": "127.0.0.1:4321/sf", "port": 1},
    {"host": "localhost", "port": 4321},
    {"region": "us-east-1", "proxy_host": "proxy.example", "proxy_password": "theirs"},
]


def test_every_kind_of_login_becomes_ours_and_no_credentials_are_left() -> None:
    for given in LOGINS:
        assert arguments(**given) == OURS, given


def test_what_is_no_credential_is_the_programs() -> None:
    given = {"account": "org-account", "user": "jane", "role": "ANALYST", "paramstyle": "qmark"}
    assert arguments(**given) == OURS | given


def test_arguments_in_capital_letters_count_where_there_are_no_others() -> None:
    given = arguments(USER="jane", ACCOUNT="their-account", account="org-account")
    assert given == OURS | {"user": "jane", "account": "org-account"}


@pytest.mark.parametrize("given", [{"host": "127.0.0.1", "port": 9}, {"host": "db.example"}])
def test_a_server_of_the_programs_own_is_left_alone(given: dict[str, Any]) -> None:
    assert led(OURS, given, is_snowflake) is None


# --- what is not there says so


def test_a_secret_that_is_missing_says_why() -> None:
    module: Any = SimpleNamespace(_missing_key_error_message=lambda key: f"no key {key}.")
    explain_secrets(module)
    message = module._missing_key_error_message("openai_key")
    assert message.startswith("no key openai_key. Under `local_cortex run`, st.secrets holds")


def test_the_module_inside_snowflake_says_what_it_has_and_how_to_give_a_secret() -> None:
    said = "has send_snow_api_request in _snowflake, and no x.* as environment variables"
    with pytest.raises(AttributeError, match=said):
        _ = inside({}).x


def test_the_name_in_a_handshake_does_not_give_the_secret_away() -> None:
    name = launch_name("secret")
    assert is_snowflake(name)
    assert "secret" not in name
    assert name != launch_name("another")


def test_secrets_are_toml_with_an_account_in_every_table_that_programs_read() -> None:
    secrets = tomllib.loads(launch.secrets_text(4321, 'a"b'))
    assert secrets["SNOWFLAKE_ACCOUNT"] == secrets["account"] == "local-cortex"
    tables = [secrets["snowflake"], secrets["snowpark"], *secrets["connections"].values()]
    assert len(tables) == 4
    for table in tables:
        assert table["password"] == table["PASSWORD"] == 'a"b'
        assert arguments(**table)["database"] == table["DATABASE"]


# --- one program that tries them all

PROGRAM = """
import http.client, json, os, sys, threading, urllib.request, warnings
from functools import partial

warnings.simplefilter("ignore")
import httpx
import requests
import snowflake.connector
import streamlit
from cryptography.hazmat.primitives.asymmetric import rsa
from snowflake.cortex import Complete
from snowflake.snowpark import Session
from snowflake.snowpark.context import get_active_session
from streamlit.testing.v1 import AppTest

seen = {}
MODEL = "claude-3-5-sonnet"


def ask(name):
    def record(way):
        try:
            seen[name] = way()
        except Exception as error:
            seen[name] = f"{type(error).__name__}: {error}"
    return record


def user(**given):
    with snowflake.connector.connect(**given) as connection:
        return connection.cursor().execute("SELECT CURRENT_USER()").fetchone()[0]


def told(name):
    return {key: os.environ[f"SNOWFLAKE_{key.upper()}"] for key in name.split()}


@ask("no session: Complete")
def _():
    return bool(Complete(MODEL, "Hi"))

@ask("active session")
def _():
    return get_active_session().sql("SELECT CURRENT_USER()").collect()[0][0]

@ask("active session is one")
def _():
    found = []
    threads = [threading.Thread(target=lambda: found.append(get_active_session())) for _ in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len({id(session) for session in found}) == 1

@ask("active session beside another")
def _():
    before = get_active_session()
    with Session.builder.configs({"connection_name": "theirs"}).create():
        return get_active_session() is before

@ask("active session in Streamlit")
def _():
    def page():
        import streamlit as st
        from snowflake.snowpark.context import get_active_session
        st.write(get_active_session().sql("SELECT CURRENT_ROLE()").collect()[0][0])

    return AppTest.from_function(page, default_timeout=200).run().markdown[0].value

@ask("getOrCreate keeps its settings")
def _():
    get_active_session().close()
    with Session.builder.configs({"schema": "theirs"}).getOrCreate() as session:
        return session.get_current_schema()

@ask("st.connection")
def _():
    def page():
        import streamlit as st
        for name, more in (("snowflake", {}), ("theirs", {"type": "snowflake"})):
            session = st.connection(name, **more).session()
            st.write(session.sql("SELECT CURRENT_USER()").collect()[0][0])

    return [text.value for text in AppTest.from_function(page, default_timeout=200).run().markdown]

ask("no arguments")(user)
ask("connection_name")(partial(user, connection_name="theirs"))
ask("secrets")(lambda: user(**streamlit.secrets["snowflake"]))
ask("variables")(lambda: user(**told("account user password role warehouse database schema")))
ask("a host of the environment")(lambda: user(**told("account host"), authenticator="oauth"))
ask("externalbrowser")(partial(user, account="a-b", user="jane", authenticator="externalbrowser"))
key = rsa.generate_private_key(65537, 2048)
ask("key pair")(partial(user, account="a-b", user="jane", private_key=key))
ask("key pair, no file")(partial(user, account="a-b", user="jane", private_key_file="/nowhere/k"))
ask("access token")(
    partial(user, account="a-b", authenticator="PROGRAMMATIC_ACCESS_TOKEN", token="theirs")
)

@ask("a container's token")
def _():
    with open("/snowflake/session/token") as file:
        return user(account="a-b", authenticator="oauth", token=file.read())

ask("a container's token, first looked for")(lambda: os.path.exists("/snowflake/session/token"))

BODY = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "stream": False}
ADDRESS = "https://org-account.snowflakecomputing.com"
COMPLETE = "/api/v2/cortex/inference:complete"
JWT = {"authorization": "Bearer a.b.c", "x-snowflake-authorization-token-type": "KEYPAIR_JWT"}

ask("requests")(lambda: requests.post(ADDRESS + COMPLETE, json=BODY, headers=JWT).status_code)
ask("httpx")(lambda: httpx.post(ADDRESS + COMPLETE, json=BODY, headers=JWT).status_code)

@ask("urllib")
def _():
    request = urllib.request.Request(ADDRESS + COMPLETE, json.dumps(BODY).encode(), JWT)
    return urllib.request.urlopen(request).status

@ask("http.client")
def _():
    connection = http.client.HTTPSConnection("org-account.snowflakecomputing.com")
    connection.request("POST", COMPLETE, json.dumps(BODY), JWT)
    return connection.getresponse().status

@ask("a session's token")
def _():
    with snowflake.connector.connect() as connection:
        headers = {"authorization": f'Snowflake Token="{connection.rest.token}"'}
        return requests.post(ADDRESS + COMPLETE, json=BODY, headers=headers).status_code

@ask("openai")
def _():
    from openai import OpenAI
    client = OpenAI(base_url=f"{ADDRESS}/api/v2/cortex/v1", api_key="theirs")
    answer = client.chat.completions.create(model=MODEL, messages=BODY["messages"])
    return bool(answer.choices[0].message.content)

@ask("_snowflake")
def _():
    import _snowflake
    answer = _snowflake.send_snow_api_request("POST", COMPLETE, {}, {}, BODY, None, 50_000)
    return answer["status"], "message" in json.loads(answer["content"])["choices"][0]

@ask("_snowflake, a stream")
def _():
    import _snowflake
    headers, body = {"Accept": "application/json, text/event-stream"}, {**BODY, "stream": True}
    answer = _snowflake.send_snow_api_request("POST", COMPLETE, {}, headers, body, None, 50_000)
    first = json.loads(answer["content"])[0]
    return answer["headers"]["content-type"], first["event"], "choices" in first["data"]

@ask("not served")
def _():
    import _snowflake
    answer = _snowflake.send_snow_api_request("GET", "/api/v2/databases", {}, {}, None, None, None)
    return answer["status"], json.loads(answer["content"])["message"].partition(".")[0]

ask("a secret that is missing")(lambda: streamlit.secrets["openai_key"])
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each way gave a program that was run from the command line."""
    home = tmp_path_factory.mktemp("home")
    script = home / "script.py"
    script.write_text(PROGRAM)
    done = subprocess.run(
        command_line(sys.executable, str(script)),
        cwd=home,
        env=variables(home, TMPDIR=str(home), SNOWFLAKE_PASSWORD="theirs"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


EXPECTED = {
    "no session: Complete": True,
    "active session": "LEARNER",
    "active session is one": True,
    "active session beside another": True,
    "active session in Streamlit": "LEARNER",
    "getOrCreate keeps its settings": '"THEIRS"',
    "st.connection": ["LEARNER", "LEARNER"],
    "no arguments": "LEARNER",
    "connection_name": "LEARNER",
    "secrets": "LEARNER",
    "variables": "LEARNER",
    "a host of the environment": "LEARNER",
    "externalbrowser": "JANE",
    "key pair": "JANE",
    "key pair, no file": "JANE",
    "access token": "LEARNER",
    "a container's token": "LEARNER",
    "a container's token, first looked for": False,
    "requests": 200,
    "httpx": 200,
    "urllib": 200,
    "http.client": 200,
    "a session's token": 200,
    "openai": True,
    "_snowflake": [200, True],
    "_snowflake, a stream": ["application/json", "message", True],
    "not served": [501, "Local Cortex does not serve GET /api/v2/databases"],
}


@pytest.mark.thorough
def test_a_program_comes_to_a_session_in_every_way(seen: dict[str, Any]) -> None:
    assert {way: seen[way] for way in EXPECTED} == EXPECTED


@pytest.mark.thorough
def test_a_secret_that_a_program_lacks_is_explained(seen: dict[str, Any]) -> None:
    assert "pass on anything else as an environment variable" in seen["a secret that is missing"]


def test_without_a_launch_nothing_is_given(tmp_path: Path) -> None:
    """A program that outlives its Local Cortex, or finds no settings, runs as it is."""
    code = "import sys; print('_snowflake' in sys.modules)"
    environment = variables(
        tmp_path, PYTHONPATH=launch.STARTUP, LOCAL_CORTEX_RUN=str(tmp_path / "gone.json")
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("False\n", "")

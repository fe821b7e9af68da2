"""Running somebody's unmodified program against a server of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_cortex import Settings, StartError, launch
from local_cortex.launch import connection_block, environment
from local_cortex.loopback import SNOWFLAKE_DOMAINS
from tests.local_cortex.programs import ROOT, command_line, variables

SECONDS = 240
posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")

PROGRAM = """
import json, os, socket, ssl, stat, subprocess, sys, tomllib, warnings
from pathlib import Path

warnings.simplefilter("ignore")
import httpx
import requests
import streamlit
from snowflake.cortex import Complete
from snowflake.snowpark import Session

folder = Path(os.environ["SNOWFLAKE_HOME"])
session = Session.builder.configs({"connection_name": "snowflake"}).create()
pieces = list(Complete("claude-3-5-sonnet", "Hi", session=session, stream=True))
whole = Complete("claude-3-5-sonnet", "Hi", session=session)
asked = "SELECT SNOWFLAKE.CORTEX.COMPLETE('claude-3-5-sonnet', 'Hi')"
by_sql = session.sql(asked).collect()[0][0]
session.close()
by_default = Session.builder.getOrCreate()
user = by_default.sql("SELECT CURRENT_USER()").collect()[0][0]
by_default.close()
entry = tomllib.loads((folder / "connections.toml").read_text())["snowflake"]
secrets = streamlit.secrets.to_dict()
ours = {"authorization": f"Bearer {entry['password']}"}
models = httpx.get(f"https://{entry['host']}/api/v2/cortex/models", headers=ours)
theirs = {"authorization": "Bearer planted"}
at_account = "https://{}.snowflakecomputing.com/api/v2/cortex/models"
with socket.socket() as plain:
    plain.connect(("Some-Account.SnowflakeComputing.com.", 443))
    peer = plain.getpeername()[0]


def read(name):
    try:
        return Path(name).exists() or Path(name).read_text()
    except OSError as error:
        return error.strerror


print(json.dumps({
    "arguments": sys.argv[1:],
    "started_up": sys.mark,
    "startup_on_path": [part for part in sys.path if part.endswith("startup")],
    "pieces": len(pieces),
    "same": "".join(pieces) == whole == by_sql,
    "user": user,
    "secrets": entry.items() <= secrets["connections"]["snowflake"].items(),
    "models": models.status_code,
    "planted": [read(name) for name in json.loads(os.environ["PLANTED"])],
    "by_a_child": subprocess.run(
        [sys.executable, "-c", "open('.streamlit/secrets.toml')"], capture_output=True, text=True
    ).stderr.splitlines()[-1],
    "variables": [name for name, value in os.environ.items() if "planted" in value],
    "account": httpx.get(at_account.format("local-cortex"), headers=ours).status_code,
    "deep": httpx.get(at_account.format("xy1.us-east-1.privatelink"), headers=ours).status_code,
    "theirs": requests.get(at_account.format("their-account"), headers=theirs).status_code,
    "nobody": requests.get(at_account.format("their-account")).status_code,
    "elsewhere": requests.get(
        f"https://{entry['host']}/api/v2/cortex/models", headers=theirs
    ).status_code,
    "peer": peer,
    "folder": str(folder),
    "modes": {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()},
    "folder_mode": stat.S_IMODE(folder.stat().st_mode),
}))
sys.exit(7)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files, which must be empty in the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def run(*words: str) -> int:
    return launch.run(words, settings=Settings(first_token=0))


# --- the program's environment


@pytest.mark.parametrize(("tls", "protocol"), [(True, "https"), (False, "http")])
def test_the_block_is_toml_that_both_clients_find_the_server_by(tls: bool, protocol: str) -> None:
    block = connection_block(1234, "the-secret", tls=tls)
    assert tomllib.loads(block) == {
        "connections": {
            "snowflake": {
                "account": "local-cortex",
                "user": "learner",
                "password": "the-secret",
                "host": "127.0.0.1:1234/sf",
                "port": 1,
                "protocol": protocol,
                "login_timeout": 10,
                "network_timeout": launch.STATEMENT_SECONDS,
                "socket_timeout": 10,
                "platform_detection_timeout_seconds": 0.0,
            }
        }
    }


def test_the_block_can_have_another_name_and_any_secret() -> None:
    parsed = tomllib.loads(connection_block(1, 'a"b\\c\n', header="snowflake"))
    assert parsed["snowflake"]["password"] == 'a"b\\c\n'


def test_a_statement_may_take_as_long_as_a_long_answer_does() -> None:
    # 2,000 tokens at the default pace; the connector calls a statement off after network_timeout.
    assert 2_000 / Settings().tokens_per_second < launch.STATEMENT_SECONDS


def test_the_program_is_told_by_its_environment_alone(tmp_path: Path) -> None:
    inherited = {
        "PATH": "/bin",
        "NO_PROXY": "corp.example",
        "REQUESTS_CA_BUNDLE": "/etc/other.pem",
        "SNOWFLAKE_HOME": "/home/somebody/.snowflake",
        "SNOWFLAKE_CONNECTIONS": "[prod]",
        "SNOWFLAKE_PASSWORD": "theirs",
        "COURSE_CONNECTION_NAME": "prod",
        "PYTHONPATH": "/home/somebody/lib",
        "COURSE_CONNECTION": "local",
    }
    told = environment(tmp_path, tmp_path / "all.pem", inherited)
    here = ",".join(["127.0.0.1", "localhost", *SNOWFLAKE_DOMAINS])
    assert told == {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/bin"]),
        "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "full",
        "no_proxy": f"corp.example,{here}",
        "NO_PROXY": f"corp.example,{here}",
        "REQUESTS_CA_BUNDLE": str(tmp_path / "all.pem"),
        "SSL_CERT_FILE": str(tmp_path / "all.pem"),
        "SNOWFLAKE_HOME": str(tmp_path),
        "SNOWFLAKE_DEFAULT_CONNECTION_NAME": "snowflake",
        "SNOWFLAKE_DISABLE_PLATFORM_DETECTION": "true",
        "SF_TEMPORARY_CREDENTIAL_CACHE_DIR": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "LOCAL_CORTEX_RUN": str(tmp_path / "run.json"),
        "PYTHONPATH": os.pathsep.join([launch.STARTUP, "/home/somebody/lib"]),
        "STREAMLIT_SECRETS_FILES": str(tmp_path / "secrets.toml"),
        "STREAMLIT_SERVER_SHOW_EMAIL_PROMPT": "false",
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
        "COURSE_CONNECTION": "account",
    }


def secrets_files(folder: Path) -> str:
    return environment(folder, folder, {})["STREAMLIT_SECRETS_FILES"]


def test_a_folder_with_a_blank_in_its_name_is_told_relative_to_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "Ada Lovelace"
    (home / "course").mkdir(parents=True)
    monkeypatch.chdir(home / "course")
    assert secrets_files(home / "temp") == str(Path("..", "temp", "secrets.toml"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StartError, match=r"white space .* Set TMPDIR"):
        secrets_files(home / "temp")


# --- an unmodified program

# What the program's owner has: credentials of a real account.
PLANTED = [".streamlit/secrets.toml", ".env", ".snowflake/connections.toml", ".snowsql/config"]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a program saw that was run from the command line, and how it ended."""
    home = tmp_path_factory.mktemp("home")
    temporary = tmp_path_factory.mktemp("temporary")
    script = home / "script.py"
    script.write_text(PROGRAM)
    theirs = home / "sitecustomize.py"
    theirs.write_text("import sys; sys.mark = 'ran'\n")
    for name in PLANTED:
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text("[snowflake]\naccount = 'planted'\npassword = 'planted'\n")
    done = subprocess.run(
        command_line(sys.executable, str(script), "--first-token", "an argument"),
        cwd=home,
        env=variables(
            home,
            TMPDIR=str(temporary),
            PYTHONPATH=os.pathsep.join([str(ROOT), str(home)]),
            PYTHONDONTWRITEBYTECODE="1",
            HTTPS_PROXY="http://127.0.0.1:1",
            SNOWFLAKE_PASSWORD="planted",
            PLANTED=json.dumps(PLANTED),
        ),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    known = {script, theirs, *(home / name for name in PLANTED)}
    files = (path for folder in (home, temporary) for path in folder.rglob("*") if path.is_file())
    left = [path for path in files if path not in known]
    return {
        **json.loads(done.stdout),
        "code": done.returncode,
        "left": left,
        "stderr": done.stderr.splitlines(),
    }


def test_an_unmodified_program_streams_completes_and_asks_by_sql(seen: dict[str, Any]) -> None:
    assert seen["pieces"] > 20
    assert seen["same"]


def test_the_program_finds_the_server_by_name_and_as_the_default(seen: dict[str, Any]) -> None:
    assert seen["user"] == "LEARNER"


def test_streamlits_secrets_say_the_same_as_snowflakes(seen: dict[str, Any]) -> None:
    assert seen["secrets"] is True


def test_no_credentials_of_the_owner_are_there_and_one_line_says_so(seen: dict[str, Any]) -> None:
    assert seen["planted"] == ["Out of sight under `local_cortex run`"] * len(PLANTED)
    assert seen["by_a_child"].startswith("FileNotFoundError")
    assert seen["variables"] == []
    assert seen["stderr"] == [
        "Out of sight for the program: .streamlit/secrets.toml, .env, .snowflake/connections.toml, "
        ".snowsql/config, SNOWFLAKE_PASSWORD. It gets the credentials of Local Cortex; pass on "
        "anything else that it needs as an environment variable."
    ]


def test_an_accounts_address_leads_to_local_cortex(seen: dict[str, Any]) -> None:
    assert seen["account"] == seen["deep"] == 200
    assert seen["peer"] == "127.0.0.1"


def test_an_accounts_token_opens_that_way_alone(seen: dict[str, Any]) -> None:
    assert seen["theirs"] == 200
    assert seen["nobody"] == 401
    assert seen["elsewhere"] == 401, "only the way past the program's own start-up shows who it is"


def test_the_programs_own_start_up_module_runs_and_ours_is_not_on_its_path(
    seen: dict[str, Any],
) -> None:
    assert (seen["started_up"], seen["startup_on_path"]) == ("ran", [])


def test_other_http_clients_trust_the_certificate(seen: dict[str, Any]) -> None:
    assert seen["models"] == 200


def test_arguments_and_the_exit_code_are_passed_on(seen: dict[str, Any]) -> None:
    assert seen["arguments"] == ["--first-token", "an argument"]
    assert seen["code"] == 7


@posix_only
def test_only_the_user_can_read_what_the_program_is_given(seen: dict[str, Any]) -> None:
    assert seen["folder_mode"] == 0o700
    modes = seen["modes"]
    private = {"connections.toml", "run.json", "secrets.toml", "token"}
    assert modes.keys() == {"authorities.pem"} | private, "and no key"
    assert {modes[name] for name in private} == {0o600}


def test_nothing_is_left_behind(seen: dict[str, Any]) -> None:
    # The connector keeps a log of its own beside its configuration, if at all.
    assert seen["left"] == []
    assert not Path(seen["folder"]).exists()


# --- how it ends


@pytest.mark.usefixtures("temporary")
def test_a_program_that_ends_well_gives_0_and_the_callers_own_signal_handlers_come_back() -> None:
    before = [signal.getsignal(number) for number in launch.SIGNALS]
    assert run(sys.executable, "-c", "") == 0
    assert [signal.getsignal(number) for number in launch.SIGNALS] == before


@posix_only
def test_a_signal_between_the_set_up_and_the_program_ends_the_run() -> None:
    with launch._passing_signals_on() as started:
        started.append(subprocess.Popen([sys.executable, "-c", ""]))
        started[0].wait()
        with pytest.raises(SystemExit) as ended:
            signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 128 + signal.SIGTERM


@posix_only
@pytest.mark.usefixtures("temporary")
def test_a_program_that_a_signal_ended_counts_as_in_a_shell() -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert run(sys.executable, "-c", code) == 128 + signal.SIGKILL


@pytest.mark.usefixtures("temporary")
def test_a_command_that_is_not_there_is_127(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("no-such-command", "x") == 127
    assert capsys.readouterr().err == "There is no command 'no-such-command' to run.\n"


@posix_only
@pytest.mark.usefixtures("temporary")
def test_a_file_that_may_not_be_run_is_126(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "script").touch(mode=0o600)
    assert run(str(tmp_path / "script")) == 126
    assert capsys.readouterr().err.endswith("script' cannot be run: Permission denied.\n")


@posix_only
@pytest.mark.usefixtures("temporary")
def test_being_told_to_end_before_the_program_runs_ends_us_cleanly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(**_: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("local_cortex.server.LocalCortex.start", interrupted)
    with pytest.raises(SystemExit) as ended:
        run(sys.executable, "-c", "")
    assert ended.value.code == 128 + signal.SIGTERM


PATIENT = """
import signal, sys

told = [signal.SIGINT, signal.SIGTERM]
signal.pthread_sigmask(signal.SIG_BLOCK, told)
print("ready", flush=True)
for _ in told:
    print(signal.sigwait(told).name, flush=True)
sys.exit(5)
"""


@posix_only
def test_a_signal_is_passed_on_and_the_program_ends_itself(tmp_path: Path) -> None:
    process = subprocess.Popen(
        command_line(sys.executable, "-c", PATIENT),
        env=variables(tmp_path, TMPDIR=str(tmp_path)),
        stdout=subprocess.PIPE,
        text=True,
        # No terminal that would have told the program as well.
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for told in (signal.SIGINT, signal.SIGTERM):
            process.send_signal(told)
            assert process.stdout.readline() == f"{told.name}\n"
        process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    assert process.returncode == 5
    assert list(tmp_path.iterdir()) == []


COUNTING = """
import signal

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
print("ready", flush=True)
signal.sigwait([signal.SIGINT])
# A second one would come from our parent, and at once.
print("again" if signal.sigtimedwait([signal.SIGINT], 0.5) else "once", flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts with sigtimedwait, which others lack")
def test_a_terminals_ctrl_c_reaches_the_program_once(tmp_path: Path) -> None:
    terminal = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    process = subprocess.Popen(
        [sys.executable, "-c", terminal, *command_line(sys.executable, "-c", COUNTING)],
        env=variables(tmp_path, TMPDIR=str(tmp_path)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("\x03")
        process.stdin.flush()
        line = ""
        while line.strip() not in ("once", "again"):
            line = process.stdout.readline().replace("^C", "")
            assert line, "the program ended"
        assert line.strip() == "once"
        assert process.wait(SECONDS) == 0
    finally:
        process.kill()
        process.communicate()


GREEDY = """
import resource, warnings
warnings.simplefilter("ignore")
import snowflake.connector
with snowflake.connector.connect() as connection, connection.cursor() as cursor:
    try:
        cursor.execute(
            "SELECT MAX(LENGTH(REPEAT(MD5(SEQ4()), 3000000))) FROM TABLE(GENERATOR(ROWCOUNT=>500))"
        )
    except snowflake.connector.errors.ProgrammingError:
        print("too much")
    print(cursor.execute("SELECT 1").fetchone())
print(resource.getrlimit(resource.RLIMIT_DATA)[0] == resource.RLIM_INFINITY)
"""


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing bounds the memory")
def test_a_statement_that_needs_too_much_memory_fails_alone(tmp_path: Path) -> None:
    ended = subprocess.run(
        command_line(sys.executable, "-c", GREEDY),
        env=variables(tmp_path, COURSE_CORTEX_MEMORY="700"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    assert ended.stdout.split("\n")[:3] == ["too much", "(1,)", "True"]

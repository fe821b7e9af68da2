"""Running somebody's unmodified program against Local Cortex.

The program finds its credentials where it would find real ones, in Streamlit's secrets, in
Snowflake's connections.toml and in the environment, and trusts the server's certificate. All of it
lies in a temporary folder that only the program knows. Real credentials are out of its sight
(out_of_sight.py), and what it sends to an account arrives here (startup/sitecustomize.py), however
it comes to a session (startup/local_cortex_ways.py).

The trick with the address. The connector takes ``host`` and ``port`` and asks
``https://{host}:{port}/session/...``; ``snowflake.cortex`` takes ``host`` alone and asks
``https://{host}/api/...`` (snowflake/cortex/_complete.py). With ``host = "127.0.0.1:PORT/sf"`` and
``port = 1`` the one asks under ``/sf:1`` and the other under ``/sf`` of the same server, and both
prefixes are served.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Collection, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from local_cortex import out_of_sight
from local_cortex.certificate import write_certificate
from local_cortex.out_of_sight import is_secret
from local_cortex.process.handle import ALLOCATOR
from local_cortex.proxies import SNOWFLAKE_DOMAINS, bypass
from local_cortex.routes.app import PATH_PREFIX
from local_cortex.routes.session import PLACES
from local_cortex.server import HOST, LocalCortex, StartError
from local_cortex.startup.sitecustomize import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_cortex.settings import Settings

__all__ = ["account_variables", "connection_block", "environment", "run", "secrets_text"]

STARTUP = str(Path(__file__).parent / "startup")
TOLD = "run.json"
# What programs know an account by, in the environment and in secrets.
ACCOUNT, USER = "local-cortex", "learner"
# The tables of secrets that public programs read.
TABLES = ("snowflake", "snowpark", "connections.snowflake", "connections.snowpark")
OUT_OF_SIGHT = (
    "Out of sight for the program: {}. It gets the credentials of Local Cortex; "
    "pass on anything else that it needs as an environment variable."
)
BESIDE = "There is a {0} beside the program. `run --setup {0} -- ...` runs it first."
# As the program itself: with its environment. -P: no neighbour takes the place of Python's modules.
SETUP = (sys.executable, "-P", str(Path(__file__).with_name("setup_file.py")))
# The connector repeats a request for as long as this, and also calls a statement off after it: long
# enough for a long answer, short enough not to keep a program that outlives its server.
STATEMENT_SECONDS = 120
# A shell's exit codes: command not found, not executable, ended by a signal.
NOT_FOUND = 127
NOT_EXECUTABLE = 126
SIGNALLED = 128
# Closing the terminal ends us as Ctrl-C does; Windows has no such signal.
SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


def connection_block(
    port: int, secret: str, *, tls: bool = True, header: str = "connections.snowflake"
) -> str:
    """Return the TOML table that tells the Snowflake clients where a Local Cortex is."""
    return f"""\
[{header}]
account = "{ACCOUNT}"
user = "{USER}"
password = {json.dumps(secret)}
host = "{HOST}:{port}{PATH_PREFIX}"
port = 1
protocol = "{"https" if tls else "http"}"
login_timeout = 10
network_timeout = {STATEMENT_SECONDS}
socket_timeout = 10
platform_detection_timeout_seconds = 0.0
"""


def account_variables(port: int, secret: str, places: Mapping[str, str] = PLACES) -> dict[str, str]:
    """Return the variables of the environment by which programs know their account.

    ``places`` are the role, warehouse, database and schema in which sessions start.
    """
    known = {"account": ACCOUNT, "user": USER, "password": secret, **places}
    return {
        **{f"SNOWFLAKE_{name.upper()}": value for name, value in known.items()},
        "SNOWFLAKE_HOST": f"{HOST}:{port}",
        "SNOWFLAKE_ACCOUNT_URL": f"https://{ACCOUNT}.{SNOWFLAKE_DOMAINS[0]}",
        # A programmatic access token is what the REST API asks for.
        "SNOWFLAKE_PAT": secret,
        "SNOWFLAKE_TOKEN": secret,
    }


def secrets_text(port: int, secret: str, places: Mapping[str, str] = PLACES) -> str:
    """Return Streamlit's secrets: the account in every table and spelling that programs read."""
    known = {"account": ACCOUNT, "user": USER, "password": secret, **places}
    top = known | account_variables(port, secret, places)
    lines = [f"{name} = {json.dumps(value)}" for name, value in top.items()]
    spelt = [
        f"{name} = {json.dumps(value)}"
        for name, value in (*places.items(), *((n.upper(), v) for n, v in known.items()))
    ]
    for table in TABLES:
        lines += ["", connection_block(port, secret, header=table).rstrip(), *spelt]
    return "\n".join([*lines, ""])


def environment(folder: Path, bundle: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a program whose credentials lie in ``folder``.

    Raises:
        StartError: the folder has a name that Streamlit cannot be told.
    """
    kept = {name: value for name, value in inherited.items() if not is_secret(name, value)}
    return {
        **kept,
        **bypass(inherited, *SNOWFLAKE_DOMAINS),
        # `run -- streamlit ...` means the one beside this Python, also where the virtual
        # environment is not switched on.
        "PATH": os.pathsep.join(filter(None, [_programs(), inherited.get("PATH", "")])),
        # requests (the Snowflake clients), then httpx and Python's ssl.
        "REQUESTS_CA_BUNDLE": str(bundle),
        "SSL_CERT_FILE": str(bundle),
        "SNOWFLAKE_HOME": str(folder),
        "SNOWFLAKE_DEFAULT_CONNECTION_NAME": "snowflake",
        # Otherwise the connector asks 169.254.169.254 for the cloud that this is.
        "SNOWFLAKE_DISABLE_PLATFORM_DETECTION": "true",
        # The connector's tokens of earlier logins: on Linux a file, elsewhere the system's keyring.
        "SF_TEMPORARY_CREDENTIAL_CACHE_DIR": str(folder),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        # The folder of sitecustomize.py, and its settings.
        "PYTHONPATH": os.pathsep.join(filter(None, [STARTUP, inherited.get("PYTHONPATH", "")])),
        VARIABLE: str(folder / TOLD),
        # For `streamlit run` by a Python that ignores PYTHONPATH (-E, -I).
        "STREAMLIT_SECRETS_FILES": _secrets_file(folder / "secrets.toml"),
        "STREAMLIT_SERVER_SHOW_EMAIL_PROMPT": "false",
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
        # Errors of a learner's own program are for the learner and name no real account.
        "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "full",
        # The course itself, started this way, uses the account that it is given here.
        "COURSE_CONNECTION": "account",
    }


def _programs() -> str:
    return str(Path(sys.executable).parent)


def run(
    command: Sequence[str],
    *,
    setup: Collection[str] = (),
    settings: Settings | None = None,
    memory: int | None = None,
) -> int:
    """Run ``command`` against a Local Cortex of its own and return its exit code.

    A program that a signal ended counts as 128 and the signal's number, as in a shell. The files of
    SQL in ``setup`` run before it (setup_file.py), and it starts in the schema where they end.
    ``memory`` bounds this process in megabytes, on Linux: for one that does nothing else.

    Raises:
        StartError: the server did not come up, there is no place for the program's secrets, or
            no such file.
    """
    if missing := [path for path in setup if not os.access(path, os.R_OK)]:
        raise StartError(f"There is no set-up file {missing[0]!r} that can be read.")
    with (
        _passing_signals_on() as started,
        tempfile.TemporaryDirectory(prefix="local-cortex-") as name,
    ):
        folder = Path(name)
        certificate, bundle, authority = write_certificate(folder, os.environ)
        variables = environment(folder, bundle, os.environ)
        if memory is not None:
            os.environ.update(ALLOCATOR)
        cortex = LocalCortex.start(settings=settings, certificate=certificate)
        # The server has read it; remove it before anything else can.
        certificate.unlink()
        try:
            block = connection_block(cortex.port, cortex.secret, header="snowflake")
            _write_secret(folder / "connections.toml", block)
            _write_secret(folder / "token", cortex.secret)
            told = {
                "port": cortex.port,
                "authority": authority,
                "name": cortex.name,
                "connection": tomllib.loads(block)["snowflake"],
                "token": str(folder / "token"),
                "token_place": out_of_sight.TOKEN,
                "secrets": [str(folder / "secrets.toml")],
                "shown": [str(folder), os.path.realpath(folder)],
                "hidden": out_of_sight.places(os.environ),
            }
            _write_secret(folder / TOLD, json.dumps(told))
            if found := out_of_sight.found(command, os.environ):
                print(OUT_OF_SIGHT.format(", ".join(found)), file=sys.stderr)
            if setup:
                place = folder / "place.json"
                if code := _run([*SETUP, str(place), *setup], variables, started, memory):
                    return code
                cortex.places.update(json.loads(place.read_text(encoding="utf-8")))
            elif beside := _setup_beside(command):
                print(BESIDE.format(beside), file=sys.stderr)
            account = (cortex.port, cortex.secret, cortex.places)
            _write_secret(folder / "secrets.toml", secrets_text(*account))
            return _run(command, variables | account_variables(*account), started, memory)
        finally:
            cortex.close()


def _run(
    command: Sequence[str],
    variables: Mapping[str, str],
    started: list[subprocess.Popen[bytes]],
    memory: int | None,
) -> int:
    try:
        started[:] = [subprocess.Popen(command, env=variables)]
    except FileNotFoundError:
        print(f"There is no command {command[0]!r} to run.", file=sys.stderr)
        return NOT_FOUND
    except OSError as error:
        print(f"{command[0]!r} cannot be run: {error.strerror}.", file=sys.stderr)
        return NOT_EXECUTABLE
    with _bounded(memory):
        code = started[0].wait()
    return code if code >= 0 else SIGNALLED - code


@contextmanager
def _bounded(megabytes: int | None) -> Iterator[None]:
    """Let a statement that needs too much memory fail alone, as in child.py.

    The limit is of this process, whose programs have been started without it.
    """
    if sys.platform != "linux" or megabytes is None:
        yield
        return
    import resource

    most, hard = resource.getrlimit(resource.RLIMIT_DATA)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 900_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _setup_beside(command: Sequence[str]) -> str | None:
    """Name the file beside a script of ``command`` that looks as if it were to run first."""
    # Unlike Path.is_file it raises nothing, whatever a word of a command looks like.
    beside = [Path(word).parent / "setup.sql" for word in command if os.path.isfile(word)]
    return next((str(path) for path in beside if os.path.isfile(path)), None)


def _secrets_file(ours: Path) -> str:
    """Name our secrets for Streamlit.

    `streamlit run` takes the variable for a list and splits it at white space; there is no quoting.
    """
    ways = [str(ours)]
    # From one drive of a Windows machine to another there is no such path.
    with suppress(ValueError):
        ways.append(os.path.relpath(ours))
    way = next((way for way in ways if len(way.split()) == 1), None)
    if way is None:
        raise StartError(
            f"Streamlit cannot be given secrets from {ours.parent.parent}, because of the white "
            "space in its name. Set TMPDIR (on Windows: TEMP) to a folder without any."
        )
    return way


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def heeded() -> list[signal.Signals]:
    """Return the signals to end by: all but those that were ignored before us, as nohup does."""
    return [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]


@contextmanager
def _passing_signals_on() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Pass signals on to the program in the list, so that it can end itself.

    Before there is one, we end at once, and clean up.
    """
    started: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _frame: object) -> None:
        if not started:
            raise SystemExit(SIGNALLED + number)
        if number != signal.SIGINT or not _has_terminal():
            started[0].send_signal(number)

    old = {number: signal.signal(number, pass_on) for number in heeded()}
    try:
        yield started
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def _has_terminal() -> bool:
    """Tell whether a terminal's Ctrl-C comes to us; it then comes to our program as well."""
    if not hasattr(os, "tcgetpgrp"):
        return True
    try:
        with Path("/dev/tty").open() as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False

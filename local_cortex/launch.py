"""Running somebody's unmodified program against Local Cortex.

The program finds credentials where it looks for real ones, in a temporary folder of its own. Real
ones are out of its sight (out_of_sight.py); what it sends to an account arrives here (startup/).

The connector asks ``https://{host}:{port}/session/...``; ``snowflake.cortex`` asks
``https://{host}/api/...`` (snowflake/cortex/_complete.py). With ``host = "127.0.0.1:PORT/sf"`` and
``port = 1`` the one asks under ``/sf:1`` and the other under ``/sf`` of the same server.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from local_cortex import out_of_sight
from local_cortex.environment import Settings, StartError
from local_cortex.loopback import HOST, SNOWFLAKE_DOMAINS, bypass, write_certificate
from local_cortex.process.child import bounded_memory
from local_cortex.process.parent import ALLOCATOR
from local_cortex.routes.app import PATH_PREFIX
from local_cortex.routes.session import PLACES
from local_cortex.server import LocalCortex
from local_cortex.startup.sitecustomize import VARIABLE

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
# As the program itself: with its environment. -P: no neighbour takes the place of Python's modules.
SETUP = (sys.executable, "-P", str(Path(__file__).with_name("setup_file.py")))
# The connector repeats a request for as long as this, and also calls a statement off after it: long
# enough for a long answer, short enough not to keep a program that outlives its server.
STATEMENT_SECONDS = 120
# A shell's exit codes: command not found, not executable, ended by a signal.
NOT_FOUND, NOT_EXECUTABLE, SIGNALLED = 127, 126, 128
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
    """Return the variables by which programs know their account; sessions start in ``places``."""
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
    spelt = {**places, **{name.upper(): value for name, value in known.items()}}

    def lines(entries: Mapping[str, str]) -> list[str]:
        return [f"{name} = {json.dumps(value)}" for name, value in entries.items()]

    text = lines(known | account_variables(port, secret, places))
    for table in TABLES:
        text += ["", connection_block(port, secret, header=table).rstrip(), *lines(spelt)]
    return "\n".join([*text, ""])


def environment(folder: Path, bundle: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a program whose credentials lie in ``folder``."""

    def before(first: str, name: str) -> str:
        return os.pathsep.join(filter(None, [first, inherited.get(name, "")]))

    kept = {
        name: value for name, value in inherited.items() if not out_of_sight.is_secret(name, value)
    }
    return {
        **kept,
        **bypass(inherited, *SNOWFLAKE_DOMAINS),
        # `run -- streamlit ...` means the one beside this Python, also where the virtual
        # environment is not switched on.
        "PATH": before(str(Path(sys.executable).parent), "PATH"),
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
        "PYTHONPATH": before(STARTUP, "PYTHONPATH"),
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


def _secrets_file(ours: Path) -> str:
    """Name our secrets for `streamlit run`, which splits the variable at white space."""
    ways = [str(ours)]
    # From one drive of a Windows machine to another there is no such path.
    with suppress(ValueError):
        ways.append(os.path.relpath(ours))
    for way in ways:
        if len(way.split()) == 1:
            return way
    raise StartError(
        f"Streamlit cannot be given secrets from {ours.parent.parent}, because of the white "
        "space in its name. Set TMPDIR (on Windows: TEMP) to a folder without any."
    )


def run(
    command: Sequence[str], *, setup: Collection[str] = (), settings: Settings | None = None
) -> int:
    """Run ``command`` against a Local Cortex of its own and return its exit code, as a shell does.

    The files of SQL in ``setup`` run before it (setup_file.py), and it starts in the schema where
    they end. ``StartError`` says what is missing.
    """
    if missing := [path for path in setup if not os.access(path, os.R_OK)]:
        raise StartError(f"There is no set-up file {missing[0]!r} that can be read.")
    settings = settings or Settings.from_environment(os.environ)
    with (
        _passing_signals_on() as started,
        tempfile.TemporaryDirectory(prefix="local-cortex-") as name,
    ):
        folder = Path(name)
        certificate, bundle, authority = write_certificate(folder, os.environ)
        variables = environment(folder, bundle, os.environ)
        os.environ.update(ALLOCATOR)
        cortex = LocalCortex.start(settings=settings, certificate=certificate)
        # The server has read it; remove it before anything else can.
        certificate.unlink()

        def run_one(command: Sequence[str], variables: Mapping[str, str]) -> int:
            try:
                started[:] = [subprocess.Popen(command, env=variables)]
            except FileNotFoundError:
                print(f"There is no command {command[0]!r} to run.", file=sys.stderr)
                return NOT_FOUND
            except OSError as error:
                print(f"{command[0]!r} cannot be run: {error.strerror}.", file=sys.stderr)
                return NOT_EXECUTABLE
            # The program has been started without the limit.
            with bounded_memory(settings.memory):
                code = started[0].wait()
            return code if code >= 0 else SIGNALLED - code

        try:
            block = connection_block(cortex.port, cortex.secret, header="snowflake")
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
            _write_secret(folder / "connections.toml", block)
            _write_secret(folder / "token", cortex.secret)
            _write_secret(folder / TOLD, json.dumps(told))
            if found := out_of_sight.found(command, os.environ):
                print(OUT_OF_SIGHT.format(", ".join(found)), file=sys.stderr)
            if setup:
                place = folder / "place.json"
                if code := run_one([*SETUP, str(place), *setup], variables):
                    return code
                cortex.places.update(json.loads(place.read_text(encoding="utf-8")))
            account = (cortex.port, cortex.secret, cortex.places)
            _write_secret(folder / "secrets.toml", secrets_text(*account))
            return run_one(command, variables | account_variables(*account))
        finally:
            cortex.close()


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def heeded() -> list[signal.Signals]:
    """Return the signals to end by: all but those that were ignored before us, as nohup does."""
    return [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]


@contextmanager
def _passing_signals_on() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Pass signals on to the program in the list; while none runs, end and clean up."""
    started: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _frame: object) -> None:
        if not started or started[0].poll() is not None:
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
    """Return whether a terminal's Ctrl-C comes to us; it then comes to our program as well."""
    if not hasattr(os, "tcgetpgrp"):
        return True
    try:
        with Path("/dev/tty").open() as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False

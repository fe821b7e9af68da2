"""Running somebody's unmodified program against Local Cortex.

The program finds its credentials where it would find real ones, in Streamlit's secrets and in
Snowflake's connections.toml, and trusts the server's certificate. All of it lies in a temporary
folder that only the program is told about.

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
from collections.abc import Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from local_cortex.app import PATH_PREFIX
from local_cortex.certificate import write_certificate
from local_cortex.proxies import bypass
from local_cortex.server import HOST, LocalCortex, StartError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_cortex.settings import Settings

__all__ = ["connection_block", "environment", "run"]

STARTUP = str(Path(__file__).parent / "startup")
# The connector repeats a request for as long as this, and also calls a statement off after it: long
# enough for a long answer, short enough not to keep a program that outlives its server.
STATEMENT_SECONDS = 120
# What a shell says of a command that it cannot find, or may not run, or that a signal ended.
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
account = "local-cortex"
user = "learner"
password = {json.dumps(secret)}
host = "{HOST}:{port}{PATH_PREFIX}"
port = 1
protocol = "{"https" if tls else "http"}"
login_timeout = 10
network_timeout = {STATEMENT_SECONDS}
socket_timeout = 10
platform_detection_timeout_seconds = 0.0
"""


def environment(folder: Path, bundle: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a program whose credentials lie in ``folder``.

    Raises:
        StartError: the folder has a name that Streamlit cannot be told.
    """
    # It would replace connections.toml.
    kept = {name: value for name, value in inherited.items() if name != "SNOWFLAKE_CONNECTIONS"}
    return {
        **kept,
        **bypass(inherited),
        # `run -- streamlit ...` means the one beside this Python, also where the virtual
        # environment is not switched on.
        "PATH": os.pathsep.join(filter(None, [_programs(), inherited.get("PATH", "")])),
        # requests (the Snowflake clients), then httpx and Python's ssl.
        "REQUESTS_CA_BUNDLE": str(bundle),
        "SSL_CERT_FILE": str(bundle),
        "SNOWFLAKE_HOME": str(folder),
        "SNOWFLAKE_DEFAULT_CONNECTION_NAME": "snowflake",
        # Where sitecustomize.py has plain Python programs heed the next variable, too.
        "PYTHONPATH": os.pathsep.join(filter(None, [STARTUP, inherited.get("PYTHONPATH", "")])),
        "STREAMLIT_SECRETS_FILES": _secrets_files(folder / "secrets.toml"),
        "STREAMLIT_SERVER_SHOW_EMAIL_PROMPT": "false",
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
        # A learner's own program: its errors are for them, and name nobody's account.
        "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "full",
        # The course itself, started this way, uses the account that it is given here.
        "COURSE_CONNECTION": "account",
    }


def _programs() -> str:
    return str(Path(sys.executable).parent)


def run(command: Sequence[str], *, settings: Settings | None = None) -> int:
    """Run ``command`` against a Local Cortex of its own and return its exit code.

    A program that a signal ended counts as 128 and the signal's number, as in a shell.

    Raises:
        StartError: the server did not come up, or there is no place for the program's secrets.
    """
    with (
        _passing_signals_on() as started,
        tempfile.TemporaryDirectory(prefix="local-cortex-") as name,
    ):
        folder = Path(name)
        certificate, bundle = write_certificate(folder, os.environ)
        variables = environment(folder, bundle, os.environ)
        cortex = LocalCortex.start(settings=settings, certificate=certificate)
        # The server has read it; nobody else is to.
        certificate.unlink()
        try:
            for file, header in (
                ("secrets", "connections.snowflake"),
                ("connections", "snowflake"),
            ):
                block = connection_block(cortex.port, cortex.secret, header=header)
                _write_secret(folder / f"{file}.toml", block)
            try:
                started.append(subprocess.Popen(command, env=variables))
            except FileNotFoundError:
                print(f"There is no command {command[0]!r} to run.", file=sys.stderr)
                return NOT_FOUND
            except OSError as error:
                print(f"{command[0]!r} cannot be run: {error.strerror}.", file=sys.stderr)
                return NOT_EXECUTABLE
            code = started[0].wait()
            return code if code >= 0 else SIGNALLED - code
        finally:
            cortex.close()


def _secrets_files(ours: Path) -> str:
    """Name the secrets that Streamlit reads: the project's own, then ours, which has precedence.

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
    project = Path(".streamlit") / "secrets.toml"
    return f"{project} {way}" if project.is_file() else way


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def heeded() -> list[signal.Signals]:
    """Return the signals to end by: all but those that were ignored before us, as nohup does."""
    return [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]


@contextmanager
def _passing_signals_on() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Let the program that is put into the list end itself when we are told to end.

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

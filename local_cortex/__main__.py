"""The command line: ``python -m local_cortex serve`` and ``python -m local_cortex run``."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

from local_cortex import faults, launch
from local_cortex.environment import Settings, SettingsError, StartError
from local_cortex.loopback import write_certificate
from local_cortex.server import LocalCortex

OPTIONS = ("first_token", "tokens_per_second", "strict_models", "inactive_account", "log_streams")
README = Path(__file__).with_name("README.md")


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code; 2 is a usage or settings error."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if asked.command == "faults":
        told = {name: fault.about for name, fault in faults.FAULTS.items()}
        listed = {**told, **faults.AGENT_FAULTS}.items()
        return _show("\n".join(f"{name:28}{about}" for name, about in listed))
    if asked.command == "supported":
        text = README.read_text("utf-8")
        return _show(text.partition("<!-- supported -->\n")[2].partition("<!--")[0])
    try:
        given = {name: getattr(asked, name) for name in OPTIONS if getattr(asked, name) is not None}
        settings = Settings.from_environment(os.environ).replace(given)
        if asked.command == "run":
            words = asked.program[1:] if asked.program[:1] == ["--"] else asked.program
            if not words:
                parser.error("name a command to run: python -m local_cortex run -- COMMAND ...")
            return launch.run(words, setup=asked.setup, settings=settings)
        return _serve(asked.port, asked.tls, settings)
    except (SettingsError, StartError) as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    option = shared.add_argument
    option("--first-token", type=float, metavar="SECONDS", help="wait before the first token (0.4)")
    option("--tokens-per-second", type=float, metavar="N", help="pace after the first token (40)")
    strict = "refuse retired models, as an account does"
    option("--strict-models", action="store_const", const=True, help=strict)
    inactive = "let COMPLETE and the other legacy functions of SQL fail"
    option("--inactive-account", action="store_const", const=True, help=inactive)
    streams = "print the tokens made and sent for each streamed answer"
    option("--log-streams", action="store_const", const=True, help=streams)
    parser = argparse.ArgumentParser(
        prog="python -m local_cortex",
        description="A Snowflake Cortex on 127.0.0.1, for the real Snowflake clients.",
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def command(
        name: str, about: str, *parents: argparse.ArgumentParser
    ) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=parents, help=about, description=about)

    serve = command("serve", "run the server and print how to connect to it", shared)
    serve.add_argument("--port", type=int, default=0, help="0, the default, is any free port")
    serve.add_argument(
        "--tls", action="store_true", help="speak https, which snowflake.cortex.Complete expects"
    )
    run = command("run", "run an unmodified program against a server of its own", shared)
    run.add_argument(
        "--setup",
        action="append",
        default=[],
        metavar="FILE.sql",
        help="run the file's statements first; the program starts in the schema where they end "
        "(may be given again, for further files)",
    )
    run.add_argument("program", nargs=argparse.REMAINDER, metavar="-- COMMAND ...")
    command("faults", "list the models that show what can go wrong")
    command("supported", "list the SQL that runs, as in local_cortex/README.md")
    return parser


def _show(text: str) -> int:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # `head` has read enough; at its end Python would write the rest, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _serve(port: int, tls: bool, settings: Settings) -> int:
    stopped = threading.Event()
    for number in launch.heeded():
        signal.signal(number, lambda *_: stopped.set())
    with ExitStack() as cleaning:
        certificate, bundle = None, Path()
        if tls:
            folder = tempfile.TemporaryDirectory(prefix="local-cortex-")
            certificate, bundle, _ = write_certificate(
                Path(cleaning.enter_context(folder)), os.environ
            )
        cortex = LocalCortex.start(port=port, settings=settings, certificate=certificate)
        cleaning.callback(cortex.close)
        if certificate is not None:
            # The server has read it; remove it before anything else can.
            certificate.unlink()
        block = launch.connection_block(cortex.port, cortex.secret, tls=tls)
        note = _trust(bundle) if tls else PLAIN_NOTE
        said = SERVING.format(engine=cortex.engine, url=cortex.url, note=note, block=block)
        print(said, flush=True)
        # Windows delivers a Ctrl-C only between two waits.
        while cortex.alive and not stopped.wait(1.0):
            pass
    return 0


def _trust(bundle: Path) -> str:
    """Return how to make a program trust the server's certificate, in this system's shell."""
    names = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
    if os.name == "nt":
        return "\n".join(f"$env:{name} = '{bundle}'" for name in names) + "\n"
    path = shlex.quote(str(bundle))
    return f"export {' '.join(f'{name}={path}' for name in names)}\n"


SERVING = """\
Local Cortex ({engine} engine) listens on {url}.
Ctrl-C stops it.

{note}
Put this into .streamlit/secrets.toml:

{block}
For other ways to connect:
    connections.toml, config.toml, snowflake.connector, Session.builder: the same block
    get_active_session(): Session.builder.configs(...).create() first
    REST: {url}/api/v2/cortex/..., "Authorization: Bearer PASSWORD"
    SNOWFLAKE_* variables: the block's values, for a program that reads them itself
Keys, browsers, OAuth and {{account}}.snowflakecomputing.com lead here only under
`python -m local_cortex run -- COMMAND`, which needs none of the above.

For an OpenAI client: base_url = {url}/api/v2/cortex/v1
and api_key = the password above."""
PLAIN_NOTE = """\
Without --tls, SQL and the OpenAI client work from this block; snowflake.cortex.Complete also needs
    session.connection.scheme = "http"
because it speaks https by default. `python -m local_cortex run` needs neither.
"""

if __name__ == "__main__":
    sys.exit(main())

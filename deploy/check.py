"""Checks of `deploy/` that need tools or a package index: run by `make deploy-check`.

Everything that can be checked without them is in tests/deploy. No account is asked for anything.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).parents[1]
TOOLS = Path(sys.prefix) / "bin"
PYTHON = "3.11"  # the only one of Snowflake's container runtime
# Wheels only: no target has a compiler. Community Cloud lets one choose among Pythons.
X86, ARM = "x86_64-manylinux_2_28", "aarch64-manylinux_2_28"
RESOLVED = ((PYTHON, X86), (PYTHON, ARM), ("3.12", X86), ("3.13", X86))
START_SECONDS = 60.0

# What each page imports and draws, in an interpreter that has nothing but what the target has.
DRAW = """\
import sys
from pathlib import Path
from streamlit.testing.v1 import AppTest

for path in [Path("Home.py"), *sorted(Path("pages").glob("*.py"))]:
    page = AppTest.from_file(str(path.absolute()), default_timeout=60).run()
    wrong = [f"{error.stack_trace}" for error in page.exception]
    if wrong or not (page.title or page.header or page.markdown):
        sys.exit(f"{path}: {wrong or 'nothing was drawn'}")
"""


class CheckFailed(Exception):
    """A check that did not pass; the text says which and why."""


def main() -> int:
    """Run every check, print a line for each, and return an exit code."""
    checks = (
        ("Dockerfile", lint_dockerfile),
        ("compose files", parse_compose_files),
        ("requirements.txt", resolve_requirements),
        ("snowflake.yml", run_the_bundle),
    )
    failed = False
    for name, check in checks:
        begun = time.monotonic()
        try:
            told = check()
        except CheckFailed as error:
            failed = True
            print(f"{name}: failed. {error}", flush=True)
        else:
            print(f"{name}: {told} ({time.monotonic() - begun:.0f} s)", flush=True)
    return int(failed)


def lint_dockerfile() -> str:
    """Run hadolint; it knows the Dockerfile's language, and shell."""
    file = ROOT / "deploy" / "container" / "Dockerfile"
    run(TOOLS / "hadolint", file)
    return "hadolint finds nothing"


def parse_compose_files() -> str:
    """Parse the compose files as the Compose Specification has them."""
    from compose_spec import PyCompose

    files = sorted((ROOT / "deploy" / "container").glob("compose*.yaml"))
    for file in files:
        try:
            PyCompose.from_yaml(file.read_text("utf-8")).validate()
        except ValueError as error:
            raise CheckFailed(f"{file.relative_to(ROOT)}: {error}") from error
    return f"{len(files)} files follow the Compose Specification"


def resolve_requirements() -> str:
    """Resolve the pins from wheels, wherever they are installed."""
    for python, platform in RESOLVED:
        run(
            *uv("pip", "compile", "requirements.txt", "--quiet", "--only-binary", ":all:"),
            *("--python-version", python, "--python-platform", platform),
        )
    where = ", ".join(f"{python} on {platform}" for python, platform in RESOLVED)
    return f"resolves from wheels for Python {where}"


def run_the_bundle() -> str:
    """Bundle the app as the CLI does, install what it asks for, draw every page, and serve it."""
    with tempfile.TemporaryDirectory(prefix="course-deploy-") as folder:
        app, environment = Path(folder, "app"), Path(folder, "environment")
        bundle(app, Path(folder))
        names = [path.relative_to(app).as_posix() for path in app.rglob("*") if path.is_file()]
        unwanted = [name for name in names if "__pycache__" in name or "secrets" in name]
        if unwanted:
            raise CheckFailed(f"the Snowflake CLI would upload {', '.join(unwanted)}")
        run(*uv("venv", "--quiet", "--python", PYTHON, "--no-python-downloads", environment))
        python = environment / "bin" / "python"
        install = ("pip", "install", "--quiet", "--python", python, "--requirement")
        run(*uv(*install, app / "requirements.txt"))
        home = Path(folder, "home")
        home.mkdir()
        variables = {"PATH": os.environ["PATH"], "HOME": str(home), "COURSE_CONNECTION": "local"}
        run(python, "-c", DRAW, folder=app, variables=variables)
        run(python, "-m", "practice", "prepare", folder=app, variables=variables)
        with served(python, app, variables) as url:
            wait_for(f"{url}/_stcore/health")
    return (
        f"valid for the Snowflake CLI; its {len(names)} files draw every page, compile the sandbox "
        f"and serve, with nothing but requirements.txt on Python {PYTHON}"
    )


def bundle(target: Path, home: Path) -> None:
    """Copy to ``target`` what `snow streamlit deploy` would upload."""
    # The CLI makes a folder for its settings; keep it out of the caller's home.
    os.environ["SNOWFLAKE_HOME"] = str(home)
    from snowflake.cli._plugins.streamlit.streamlit_entity import StreamlitEntity
    from snowflake.cli._plugins.workspace.context import WorkspaceContext
    from snowflake.cli.api.console.console import CliConsole
    from snowflake.cli.api.project.definition_manager import DefinitionManager
    from snowflake.cli.api.project.errors import SchemaValidationError

    try:
        definition = DefinitionManager(str(ROOT)).project_definition
    except SchemaValidationError as error:
        raise CheckFailed(str(error)) from error
    context = WorkspaceContext(
        console=CliConsole(),
        project_root=ROOT,
        get_default_role=lambda: None,
        get_default_warehouse=lambda: None,
    )
    app = StreamlitEntity(entity_model=definition.entities["course"], workspace_ctx=context)
    # It has to be in the project, and consists of links.
    made = ROOT / "output"
    try:
        app.bundle(made / "course")
        shutil.copytree(made / "course", target)
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def served(python: Path, app: Path, variables: dict[str, str]) -> Iterator[str]:
    """Serve the app on a free port and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(python), "-m", "streamlit", "run", "Home.py", "--server.headless", "true"]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port)]
    process = subprocess.Popen(
        command, cwd=app, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def wait_for(url: str) -> None:
    """Wait until ``url`` answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=1):
                return
        except (URLError, TimeoutError):
            time.sleep(0.1)
    raise CheckFailed(f"{url} did not answer within {START_SECONDS:.0f} s")


def uv(*words: str | Path) -> tuple[str | Path, ...]:
    """Return a command of the course's own uv, which pins its packages."""
    return (ROOT / ".venv" / "bin" / "uv", *words)


def run(*command: str | Path, folder: Path = ROOT, variables: dict[str, str] | None = None) -> None:
    """Run a command.

    Raises:
        CheckFailed: with what it says, if it fails.
    """
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        named = " ".join([Path(words[0]).name, *words[1:4]]).splitlines()[0]
        raise CheckFailed(f"`{named} ...` ended with {done.returncode}:\n{said}")


if __name__ == "__main__":
    sys.exit(main())

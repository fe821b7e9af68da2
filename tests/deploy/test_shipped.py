"""What each target is given is what the course needs, and nothing else."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.deploy.shipping import ROOT, artifacts, checkout, copied, lets_through, put

# Run in the sandbox only, where other modules are.
GUEST = Path("practice/guest")
# `local_cortex run` puts this folder on the path of the programs that it starts.
ON_A_PROGRAMS_PATH = Path("local_cortex/startup")
# Its types only; and in a step, for a client that learners install themselves.
OPTIONAL = {"openai"}
# What the app does not read: notes for people, marks for type checkers, what `new-day` starts from.
UNREAD = re.compile(r"(streaming|local_cortex)/README\.md|.*/py\.typed|course/templates/.*\.txt")
DRAW = """\
from pathlib import Path
from streamlit.testing.v1 import AppTest

for path in [Path("Home.py"), *sorted(Path("pages").glob("*.py"))]:
    page = AppTest.from_file(str(path.absolute()), default_timeout=300).run()
    assert not page.exception, (path, page.exception)
    assert page.markdown, path
"""


@cache
def image() -> set[Path]:
    """Return what the container image gets, by where it is there."""
    return {target for _, target in copied(checkout())}


@cache
def snowflake() -> set[Path]:
    return set().union(*artifacts().values())


@pytest.fixture(params=[image, snowflake], ids=["image", "snowflake"])
def shipped(request: pytest.FixtureRequest) -> set[Path]:
    found: set[Path] = request.param()
    return found


def test_every_artifact_of_the_snowflake_app_is_there() -> None:
    assert [artifact for artifact, files in artifacts().items() if not files] == []


def test_both_targets_get_the_same_but_for_what_the_app_does_not_read() -> None:
    differ = image() ^ snowflake()
    assert {path for path in differ if not UNREAD.fullmatch(path.as_posix())} == set()


def test_no_target_gets_a_secret_a_test_or_a_tool(shipped: set[Path]) -> None:
    tops = {path.parts[0] for path in shipped}
    assert tops.isdisjoint({"tests", "benchmarks", "deploy", "docs", ".git", ".ci", ".venv"})
    secret = re.compile(r"secrets?\.toml|connections\.toml|.*\.(pem|key|p8|env|sqlite3)|\.env.*")
    assert [path for path in shipped if secret.fullmatch(path.name)] == []
    assert [path for path in shipped if "__pycache__" in path.parts] == []


def test_secrets_and_caches_of_the_builders_folder_stay_out_of_both(tmp_path: Path) -> None:
    planted = [
        *(".streamlit/secrets.toml", "pages/secrets.toml"),
        *("course/__pycache__/page.cpython-311.pyc", "pages/__pycache__/x.cpython-311.pyc"),
        *(".env", ".git/config", "tests/test_x.py", "work/day3.py", "deploy/container/tls/key.pem"),
    ]
    for name in planted:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    files = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert list(copied(files)) == []
    assert set().union(*artifacts(tmp_path).values()) == set()


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("a.py", False),
        ("kept/a.py", True),
        ("kept/deep/a.py", True),
        ("kept/deep/cache/a.pyc", False),
        (".hidden/only.toml", True),
        (".hidden/other.toml", False),
    ],
)
def test_the_last_pattern_that_fits_decides_what_is_ignored(path: str, kept: bool) -> None:
    patterns = ["*", "!kept", "!.hidden/only.toml", "**/cache"]
    assert lets_through(patterns, Path(path)) is kept


def test_everything_that_is_imported_is_shipped_or_in_requirements(shipped: set[Path]) -> None:
    pinned = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    installed = packages_distributions()
    ours = {path.parts[0].removesuffix(".py") for path in shipped if path.suffix == ".py"}
    ours |= {path.stem for path in shipped if path.parent == ON_A_PROGRAMS_PATH}
    missing = {
        (path.as_posix(), module)
        for path in shipped
        if path.suffix == ".py" and not path.is_relative_to(GUEST)
        for module in imported(ROOT / path)
        if module not in sys.stdlib_module_names
        and module not in ours | OPTIONAL
        and pinned.isdisjoint(name.lower().replace("_", "-") for name in installed.get(module, ()))
    }
    assert missing == set()


def imported(path: Path) -> Iterator[str]:
    """Yield the top-level name of every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.thorough
def test_what_is_shipped_draws_every_page_without_the_rest(
    shipped: set[Path], tmp_path: Path
) -> None:
    put(((path, path) for path in shipped), tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", DRAW], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]

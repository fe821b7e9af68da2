"""What all tests share: an environment in which nothing of this machine shows through."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from course import ROOT

# `nohup make test` would have every program that the tests start ignore what they send it.
for number in (signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGINT)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)
# Hypothesis would fail an example that takes 0.2 s; Python may stop for longer than that to collect
# what all the tests before have left.
settings.register_profile("course", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=30)
settings.load_profile("course")
# Compiling every test file again costs each worker 6 s, so Python keeps what it has compiled even
# where PYTHONDONTWRITEBYTECODE is set.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_configure(config: pytest.Config) -> None:
    # pytest-xdist would begin with the files that have most tests and end with the browser's, which
    # are few and long: one worker would wait for the other's last file.
    config.option.loadscopereorder = False
    # `make test` tries fewer examples of each property than `make test-all`, which tries 100.
    if "not thorough" in config.option.markexpr:
        settings.load_profile("quick")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return three workers for two processors: one of them waits for something."""
    return max(1, (os.cpu_count() or 1) * 3 // 2)


@pytest.fixture(scope="session")
def everyones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of this test run that all its workers share."""
    mine = tmp_path_factory.getbasetemp()
    return mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine


@pytest.fixture(scope="session")
def compiled(pytestconfig: pytest.Config, everyones: Path) -> Path:
    """Return where the sandbox is compiled to, which takes two processors 7 s.

    It stays in pytest's cache until the file that compiles it changes, and is not where the course
    has its own.
    """
    source = (ROOT / "practice" / "sandbox" / "runtime.py").read_bytes()
    cache = getattr(pytestconfig, "cache", None)
    if cache is None:  # pytest was told to keep nothing
        return everyones / "compiled"
    folder: Path = cache.mkdir("sandbox") / hashlib.sha256(source).hexdigest()[:12]
    return folder


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside(
    tmp_path_factory: pytest.TempPathFactory, compiled: Path
) -> Iterator[None]:
    """Let no setting of the person who runs the tests change what they test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (
            *("COURSE_CONNECTION_NAME", "COURSE_STRICT_MODELS"),
            *("COURSE_RELAY_URL", "COURSE_RELAY_MODELS", "COURSE_RELAY_API_KEY", "COURSE_MODELS"),
            *("COURSE_PRACTICE_RUNTIME", "COURSE_PRACTICE_ACCOUNT", "COURSE_PRACTICE_MODELS"),
            *("COURSE_SOLUTIONS", "COURSE_SETTINGS"),
        ):
            patch.delenv(name, raising=False)
        # Not "auto": the developer's secrets.toml may hold an account.
        patch.setenv("COURSE_CONNECTION", "local")
        # Nobody's own progress is read or changed.
        patch.setenv("COURSE_DATA", str(tmp_path_factory.mktemp("progress")))
        patch.setenv("COURSE_PRACTICE_CACHE", str(compiled))
        # Each AppTest would read what every installed package says of itself, for 0.3 s.
        if "streamlit" in sys.modules:
            from streamlit.components.v2 import manifest_scanner

            scan = cache(manifest_scanner.scan_component_manifests)
            patch.setattr(manifest_scanner, "scan_component_manifests", scan)
            # And look a thousand times a second whether it has ended, for a tenth of its time.
            from streamlit.testing.v1 import local_script_runner

            look = local_script_runner.require_widgets_deltas

            def wait(runner: local_script_runner.LocalScriptRunner, timeout: float = 3) -> None:
                if runner._script_thread is not None:
                    runner._script_thread.join(timeout)
                look(runner, timeout)

            patch.setattr(local_script_runner, "require_widgets_deltas", wait)
        # The scripted engine answers at once; tests that measure its pace set their own.
        patch.setenv("COURSE_FIRST_TOKEN", "0")
        patch.setenv("COURSE_TOKENS_PER_SECOND", "10000")
        yield

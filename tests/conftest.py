"""What all tests share: an environment in which nothing of this machine shows through."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

# `nohup make test` would have every program that the tests start ignore what they send it.
for number in (signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGINT)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)
# Hypothesis would fail an example that takes 0.2 s; Python may stop for longer than that to collect
# what all the tests before have left.
settings.register_profile("course", deadline=None)
settings.load_profile("course")


def pytest_configure(config: pytest.Config) -> None:
    # pytest-xdist would begin with the files that have most tests and end with the browser's, which
    # are few and long: one worker would wait for the other's last file.
    config.option.loadscopereorder = False


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let no setting of the person who runs the tests change what they test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (
            *("COURSE_CONNECTION_NAME", "COURSE_STRICT_MODELS"),
            *("COURSE_RELAY_URL", "COURSE_RELAY_MODELS", "COURSE_RELAY_API_KEY", "COURSE_MODELS"),
            *("COURSE_PRACTICE_RUNTIME", "COURSE_PRACTICE_ACCOUNT", "COURSE_PRACTICE_MODELS"),
            *("COURSE_SOLUTIONS", "COURSE_SETTINGS"),
        ):
            patch.delenv(name, raising=False)
        # Not "auto": whoever runs the tests may have put an account into secrets.toml.
        patch.setenv("COURSE_CONNECTION", "local")
        # Nobody's own progress is read or changed.
        patch.setenv("COURSE_DATA", str(tmp_path_factory.mktemp("progress")))
        # The sandbox is compiled once for all tests, and not where the course has it.
        everyones = tmp_path_factory.getbasetemp()
        if "PYTEST_XDIST_WORKER" in os.environ:
            everyones = everyones.parent
        patch.setenv("COURSE_PRACTICE_CACHE", str(everyones / "compiled"))
        # The scripted engine answers at once; tests that measure its pace set their own.
        patch.setenv("COURSE_FIRST_TOKEN", "0")
        patch.setenv("COURSE_TOKENS_PER_SECOND", "10000")
        yield
